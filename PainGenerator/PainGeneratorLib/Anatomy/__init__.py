"""Name places of the body and give them codes.

Start at :class:`.places.Namer`. With an anatomy segmentation the names come from :mod:`.map_places`,
:mod:`.spine_places` and :mod:`.hips`. Without one they come from the body plan (:mod:`.body_plan`) and from the axes
of a prosthesis (:mod:`.zones`). :mod:`.codes` holds DICOM and terminology codes.

An anatomy segmentation is read by :mod:`.anatomy_files`: the file by :mod:`.label_files` (with :mod:`.nifti_labels`,
:mod:`.dicom_segmentation`, :mod:`.slicer_segments`) or :mod:`.mask_folder`; names by :mod:`.label_names` and
:mod:`.labels`; numbers of known programs by :mod:`.family_match`. :mod:`.plausibility` checks the meaning against
anatomy, :mod:`.level_count` counts levels, and :mod:`.anatomy_place` checks that the map lies on the reference series.
"""
