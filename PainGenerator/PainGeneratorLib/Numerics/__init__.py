"""What is computed from arrays alone: no DICOM, no files, no scene, no user interface.

There are six rooms on three floors, and imports only run downward:

* ``core``: images, regions, records, rules, words, errors;
* ``suv`` (PET values to SUV) and ``body`` (midline, spinal canal, discs, distances of anatomy), which use ``core``;
* ``pet`` (hot spots), ``mr`` (structural findings), and ``fusion`` (candidates from both), which use ``core`` and
  ``body``; ``fusion`` also uses ``pet`` and ``mr``.

Start at the docstring of a room, or at ``Workflow``, whose stages call the rooms in their order.
"""
