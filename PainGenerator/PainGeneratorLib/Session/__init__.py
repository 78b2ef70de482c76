"""The engine of the panel: one case in one scene, worked on step by step, without Qt.

Start with :class:`.session.Session`, which the panel, the tests and scripts use. It connects the parts of this room
and calls its listeners when something changed. The parts are:

``case_state``
    What the case is: series, SUV, alignment, anatomy, findings, candidates. Its only owner.
``scene_link``, ``case_settings``, ``case_writer``
    The scene: its nodes, the settings on the parameter node, and the writing of the case.
``steps``, ``step_states``, ``notifier``, ``types``
    The five steps and their order; how far each of them is; callbacks; plain values that the panel gets.
``case_step``, ``align_step``, ``find_step``
    The steps that compute. Each reads the scene (`prepare`), computes on plain data in any thread (`Job.compute`), and
    writes the scene (`apply`).
``case_inputs``, ``loaded_volumes``, ``volume_roles``, ``pet_source``
    What the user says about a case, the volumes with a role, and how PET values become SUV.
``alignment_control``
    Alignment before and after, landmarks, and the reader's judgment on an alignment.
``found_tools``, ``remeasure``
    What is needed to name and measure an outline.
``live_preview``, ``protocol_parameters``
    The slider, and the parameters of the protocol.
``review``, ``review_acts``
    The acts of the radiologist with undo and redo; the same acts shown in the scene.
``reading_aids``, ``restoring``, ``exporting``
    Help for reading, reopening a saved case, writing the results.
"""
