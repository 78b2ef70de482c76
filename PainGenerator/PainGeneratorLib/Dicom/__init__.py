"""Read DICOM files as series and give each series a role. This room never writes a file.

Start at :func:`.reader.read_folder`, which returns a :class:`.series.DicomFolder`. :func:`.roles.assign_roles` decides
what each series is used for. :mod:`.pet_header` collects what the computation of SUV needs.
"""
