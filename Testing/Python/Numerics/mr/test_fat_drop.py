"""Edema by a drop of the fat fraction, where no fluid-sensitive series was made."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.mr.findings import MRResult, find_mr_findings
from PainGeneratorLib.Workflow.protocol import load_protocol
from scipy import ndimage
from test_mr_findings import OEDEMA, SHAPE, grid, parameters, spine

pytestmark = pytest.mark.slow

PERCENT = {tissues.FAT: 92.0, tissues.MARROW: 45.0, tissues.MUSCLE: 6.0, tissues.DISC: 4.0, tissues.FLUID: 1.0}


FAINT = 0.88
"""T1 signal of the lesion over that of marrow: too faint to be found on T1 alone."""


def find(roles: str, lesion_percent: float | None, rules_off: tuple[str, ...] = (), lesions: tuple = ()) -> MRResult:
    """What is found in a low back with one lesion whose fat fraction is given; None without fat fraction.

    On T1 the lesion is faint, unless it is among `lesions`.
    """
    signals, code, level = spine(list(lesions))
    geometry = grid()
    fraction = None
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*SHAPE, 3)
    _, center, radii = OEDEMA
    inside = (((points - center) / radii) ** 2).sum(axis=-1) < 1
    if not lesions:
        signals["T1"][inside] *= FAINT
    if lesion_percent is not None:
        percent = np.full(SHAPE, 10.0)
        for tissue, value in PERCENT.items():
            percent[code == tissue] = value
        percent[inside] = lesion_percent
        percent = ndimage.gaussian_filter(percent, (0.2, 0.5, 0.5)) + np.random.default_rng(3).normal(0, 1.5, SHAPE)
        fraction = (Image(np.clip(percent, 0.1, 100).astype(np.float32), geometry), np.eye(4))
    series = {role: Image(signals[role], geometry) for role in roles.split()}
    own = parameters("low-back")
    if rules_off:
        protocol = load_protocol("low-back").with_values({"mr_findings.rules_off": list(rules_off)})
        own = protocol.stage("mr_findings", type(own))
    return find_mr_findings(
        series,
        {},
        next(iter(series.values())),
        own,
        group="low-back",
        anatomy_tissues=Image(code, geometry),
        levels=Image(level, geometry),
        fat_fraction=fraction,
    )


def drops(result: MRResult) -> list:
    return [finding for finding in [*result.findings, *result.weak] if finding.series_role == "FAT_FRACTION"]


def test_a_drop_of_the_fat_fraction_is_edema_of_the_lowest_grade_with_its_reason() -> None:
    (found,) = drops(find("T1", 18.0))
    assert (found.kind, found.rule, found.grade) == ("oedema", "fat-drop", 0.33)
    assert "fat-fraction" in found.flags
    assert found.z is not None
    assert found.z < -3
    assert np.linalg.norm(found.centroid_ras_mm - np.array(OEDEMA[1])) < 6


def test_what_t1_shows_already_is_not_found_twice() -> None:
    found = find("T1", 18.0, lesions=(OEDEMA,))
    assert [finding.rule for finding in found.findings] == ["replaced-marrow"]


def test_marrow_with_the_usual_fat_fraction_is_no_finding() -> None:
    assert drops(find("T1", 44.0)) == []


def test_where_a_fluid_sensitive_series_was_made_it_alone_decides() -> None:
    with_fat, without = (find("T1 FLUID", percent, lesions=(OEDEMA,)) for percent in (18.0, None))
    assert drops(with_fat) == []
    assert [one.volume_ml for one in with_fat.findings] == [one.volume_ml for one in without.findings]
    assert "FAT_FRACTION" in with_fat.z_maps
    assert "FAT_FRACTION" not in without.z_maps


def test_a_place_that_t2_shows_is_not_found_twice() -> None:
    found = find("T1 T2", 18.0, lesions=(OEDEMA,))
    taken: set[int] = set()
    for finding in [*found.findings, *found.weak]:
        if finding.kind == "oedema":
            voxels = set(finding.region.flat.tolist())
            assert not taken & voxels
            taken |= voxels


def test_the_rule_can_be_switched_off() -> None:
    assert drops(find("T1", 18.0, ("fat-drop",))) == []
