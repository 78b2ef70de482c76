"""What goes to archives and other people's software, and what comes back from them.

DICOM objects of a case (segmentation, structured report, key images, encapsulated PDF), PACS, de-identification, and
reading segmentations and structured reports. Start with ``choices.py`` and ``dicom_objects.py``.
"""
