"""Names places of the body and gives them codes.

Start at :class:`.places.Namer`. With an anatomy segmentation (:mod:`.anatomy_files`, :mod:`.labels`) names come from
:mod:`.map_places`, :mod:`.spine_places` and :mod:`.hips`; without one from the body plan (:mod:`.body_plan`) and the
axes of a prosthesis (:mod:`.zones`). :mod:`.codes` holds DICOM and terminology codes.
"""
