"""What the fusion is told about fields of view and references of a case."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.pet.reference_norms import REFUSED, USED
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.evidence import case_facts, series_fields
from PainGeneratorLib.Workflow.finding import PetSigns, has_reference
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((4, 4, 4), np.diag([5.0, 5.0, 5.0, 1.0]))
SHIFT = np.eye(4)
SHIFT[0, 3] = 30.0


class Alignment:
    """Every series but T2 is aligned; reference points lie 30 mm farther to the right in the fluid-sensitive one."""

    def is_aligned(self, role: str) -> bool:
        return role != "T2"

    def reference_to(self, role: str) -> np.ndarray:
        return SHIFT if role == "FLUID" else np.eye(4)


def case(*roles: str) -> Any:
    image = Image(np.zeros(GRID.shape, dtype=np.float32), GRID)
    return SimpleNamespace(
        series={role: SimpleNamespace(image=image) for role in roles},
        reference=SimpleNamespace(image=image),
        protocol=load_protocol("low-back"),
        patient={},
        options=CaseOptions(group="low-back"),
        group="low-back",
    )


def test_the_field_of_each_aligned_series_is_given_in_the_reference_frame() -> None:
    fields = series_fields(case("T1", "FLUID", "T2", "PET"), cast(Any, Alignment()))
    assert set(fields) == {"T1", "FLUID"}
    assert fields["T1"].is_same_grid(GRID)
    assert fields["FLUID"].contains(np.array([-25.0, 5.0, 5.0]))
    assert not fields["FLUID"].contains(np.array([5.0, 5.0, 5.0]))


def test_the_facts_hold_metal_and_whether_the_pet_has_a_reference() -> None:
    metal = Region(GRID, np.array([1, 2, 3]))
    facts = case_facts(case("T1"), cast(Any, Alignment()), metal=metal, has_pet_reference=False)
    assert facts.metal is metal
    assert not facts.has_pet_reference
    assert not facts.has_fluid_series
    assert set(facts.series_fields) == {"T1"}
    alone = facts.without_join()
    assert (alone.metal, alone.series_fields) == (None, {})


@pytest.mark.parametrize(("status", "expected"), [(USED, True), (REFUSED, False)])
def test_a_pet_has_a_reference_when_one_tissue_could_be_used(status: str, expected: bool) -> None:
    pet = cast(Any, SimpleNamespace(references=(SimpleNamespace(status=status),), hot_spots=[], unclear=[], weak=[]))
    assert has_reference(pet) is expected
    aligned = cast(Any, SimpleNamespace(is_aligned=lambda _role: False))
    assert PetSigns.of(pet, aligned).has_reference is expected
