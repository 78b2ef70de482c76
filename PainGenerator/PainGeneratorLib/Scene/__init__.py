"""A case in a MRML scene: plain data of the stages as nodes, and back. Nothing in here needs Qt.

Where to start:

* :func:`.write_case.write_case` puts a whole case into a scene, :func:`.write_case.write_candidates` brings the scene
  up to date after the reader changed candidates, and :func:`.read_case.read_case` reads the case again, with what was
  changed by Slicer's own tools. What they exchange with the stages is :class:`.scene_content.SceneContent`.
* ``node_keys`` says how the nodes of a case are found in a scene.

What is kept, and how:

* ``case_text`` writes everything that must come back to the last digit as one JSON text: plain values, arrays, grids,
  regions, and records. A record is a dataclass that derives from :class:`.kept.Kept`. It gives its own fields with
  ``to_kept`` and is made again with ``from_kept``; no other place lists its fields. To keep another record, derive it
  from ``Kept`` and add it to ``case_text.RECORDS``.
* ``to_json`` of a record is another thing: what a public file holds (``candidates.json``, ``suv.json``,
  ``alignment.json``), rounded. It is never read back.
* Images are volumes of the scene; a scene file rounds their grids and transforms, so the text has the exact ones.
* Everything else (segmentations, tables, points) is made from these each time, to be shown.

The parts:

* ``nodes`` (images and transforms), ``segments`` (regions as segmentations), ``tables``, ``markups`` (points),
  ``parameters`` (the module's parameter node) and ``subject_hierarchy`` (patients and studies) translate one kind of
  node each.
* ``appearance`` gives candidates and findings their names, colors and codes as segments. ``candidate_segments``
  changes single outlines in place, ``preview_layer`` paints the live preview of hot spots into the shared label map
  (``segment_layer``), and ``outline_brightness`` dims all outlines but one.
* ``common_grid`` finds one grid for regions of several grids, ``label_images`` reads an anatomy segmentation,
  ``volumes_in_scene`` and ``warped_volume`` read volumes that the user loaded, and ``segment_files`` writes and reads
  segmentation files.
"""
