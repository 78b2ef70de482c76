"""What goes to archives and other people's software.

DICOM objects of a case: segmentation, structured report, key images, encapsulated PDF. Start with ``choices.py`` and
``dicom_objects.py``.
"""
