"""Name places of the body and give them codes.

Start at :class:`.places.Namer`. With an anatomy segmentation (:mod:`.anatomy_files`, :mod:`.labels`) the names come
from :mod:`.map_places`, :mod:`.spine_places` and :mod:`.hips`. Without one they come from the body plan
(:mod:`.body_plan`) and from the axes of a prosthesis (:mod:`.zones`). :mod:`.codes` holds DICOM and terminology codes.
"""
