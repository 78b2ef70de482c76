"""Reads DICOM files as series with roles; nothing is ever written.

Start at :func:`.reader.read_folder`, which gives a :class:`.series.DicomFolder`. :func:`.roles.assign_roles` says what
each series is for, and :mod:`.pet_header` gathers what the SUV needs.
"""
