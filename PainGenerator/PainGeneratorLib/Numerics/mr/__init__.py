"""Finds structural changes on MR: edema, Modic changes, fluid, disc degeneration, and the artifact of an implant.

Start at :mod:`.findings`. :mod:`.bias` removes the shading of the coils, :mod:`.tissue_map` tells tissues apart,
:mod:`.signal` compares signal with that of normal tissue, :mod:`.marrow`, :mod:`.bright`, :mod:`.spine` and
:mod:`.hip` look for changes, :mod:`.kinds` names them, and :mod:`.implant` finds metal.
"""
