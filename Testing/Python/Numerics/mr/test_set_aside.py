"""What the rules take for normal is listed or counted, and the grade of a finding has no steps."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import MRFinding
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Numerics.mr.picture import grade
from PainGeneratorLib.Numerics.mr.set_aside import SetAside, not_listed_text
from PainGeneratorLib.Numerics.mr.verdicts import MRVerdict, artifact, grade_between, normal, reached
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((50, 50, 120), np.diag([1.0, 1.0, 1.0, 1.0]))
P = load_protocol("low-back").stage("mr_findings", MRParameters)
VEIN = ("body-vein", normal("basivertebral vein"))
RIM = ("endplate-rim", artifact("edge of marrow"))


def region(first: int, size: int) -> Region:
    return Region(GRID, np.arange(first, first + size))


def finding(where: Region) -> MRFinding:
    return MRFinding(0, "oedema", where, where.centroid_ras_mm, where.volume_ml, 5.0, None, "FLUID", 0.5)


def taken(*places: tuple[Region, tuple[str, MRVerdict]]) -> SetAside:
    aside = SetAside()
    for where, decided in places:
        aside.take(where, decided, lambda where=where: finding(where))
    return aside


def test_what_a_rule_takes_for_normal_is_a_finding_with_the_reason_and_the_rule() -> None:
    aside = taken((region(0, 500), VEIN))
    (one,) = aside.findings([], 0.3)
    assert (one.usual, one.usual_rule, one.rule) == ("basivertebral vein", "body-vein", "body-vein")
    assert one.volume_ml == pytest.approx(0.5)
    assert not aside.counts


def test_an_effect_of_voxels_is_no_finding_and_is_counted_with_its_rule() -> None:
    aside = taken((region(0, 500), RIM), (region(1000, 500), RIM))
    assert aside.findings([], 0.3) == []
    assert dict(aside.counts) == {"edge of marrow (endplate-rim)": 2}


def test_what_is_too_small_or_too_large_to_be_a_finding_is_counted() -> None:
    aside = taken((region(0, 200), VEIN), (region(1000, 260_000), VEIN))
    assert aside.findings([], 0.3) == []
    assert dict(aside.counts) == {
        "basivertebral vein, less than 0.3 ml (body-vein)": 1,
        "basivertebral vein, more than 250 ml (body-vein)": 1,
    }


def test_a_place_that_is_a_finding_already_or_was_set_aside_before_is_not_listed_again() -> None:
    aside = taken((region(0, 500), VEIN), (region(200, 500), VEIN), (region(2000, 500), VEIN), (region(0, 500), VEIN))
    kept = aside.findings([finding(region(2100, 1000))], 0.3)
    assert [int(one.region.flat[0]) for one in kept] == [0]
    assert not aside.counts


def test_the_places_in_no_list_are_said_in_one_sentence() -> None:
    assert not_listed_text({}) is None
    text = not_listed_text({"edge of marrow (endplate-rim)": 2, "few voxels (thin-in-marrow)": 1})
    assert text is not None
    assert text.startswith("3 bright or dark places on MR stand in no list")
    assert text.endswith("edge of marrow (endplate-rim): 2, few voxels (thin-in-marrow): 1.")


@pytest.mark.parametrize(("value", "part"), [(0.5, 0.0), (3.2, 0.0), (4.0, 0.5), (4.4, 0.75), (4.8, 1.0), (9.0, 1.0)])
def test_a_bound_is_reached_by_and_by(value: float, part: float) -> None:
    assert reached(value, 4.0) == pytest.approx(part)


def test_the_grade_rises_with_z_score_and_volume_without_a_step() -> None:
    for values in (
        [grade(z, 1.0, P.grade) for z in np.arange(0.0, 12.0, 0.05)],
        [grade(5.0, ml, P.grade) for ml in np.arange(0.0, 6.0, 0.01)],
    ):
        assert np.all(np.diff(values) >= 0.0)
        assert np.diff(values).max() < 0.05
    assert grade(0.0, 0.1, P.grade) == pytest.approx(0.33)
    assert grade(12.0, 0.1, P.grade) == pytest.approx(0.66)
    assert grade(12.0, 9.0, P.grade) == pytest.approx(1.0)
    assert (grade_between(0.0), grade_between(1.0)) == (pytest.approx(0.33), pytest.approx(0.66))
