"""The stages of a case, from a folder of files to ranked candidates, without a scene and without a user interface.

Start at :mod:`.analyze`: it runs all stages in order and returns an ``Analysis``. The stages are in :mod:`.reading`
(folder to case), :mod:`.stages` (SUV, alignment, MR findings, hot spots) and :mod:`.finding` (candidates).
:mod:`.case` holds what is known of a case, :mod:`.protocol` the parameters, :mod:`.warnings` what the user must know,
:mod:`.progress` the progress, and :mod:`.case_in_scene` what a scene keeps of a case.
"""
