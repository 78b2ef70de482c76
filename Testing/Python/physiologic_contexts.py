"""Contexts of foci for the tests of the rules for physiologic uptake."""

from __future__ import annotations

from typing import Any

from PainGeneratorLib.Numerics.pet.organ_places import FocusContext, PhysiologicParameters

PARAMETERS = PhysiologicParameters(
    volume_ml=20.0,
    suv=8.0,
    urine_suv=15.0,
    symmetric_ratio=1.25,
    symmetric_tbr=2.0,
    ventral_side_mm=100.0,
    abdomen_depth=0.45,
    excretion_suv=3.0,
    excretion_ratio=3.0,
    kidney_over_rich=1.6,
    thin_ratio=1.7,
    mirrored_ratio=1.1,
    other_levels_ratio=1.5,
    organ_part=0.4,
    tissue_part=0.4,
    bone_near_mm=8.0,
    bone_near_ml=0.1,
    seen_part=0.5,
    muscle_part=0.2,
)


def focus(**values: Any) -> FocusContext:
    """A small focus of moderate uptake whose place and surroundings are not known, but for the given values."""
    usual: dict[str, Any] = {
        "parameters": PARAMETERS,
        "typical_suv": 0.5,
        "rich_suv": 1.0,
        "suv_max": 2.0,
        "volume_ml": 1.0,
        "cluster_ml": 1.0,
    }
    return FocusContext(**usual | values)
