"""What is usual at a place speaks against a source of pain, removes nothing, and explains high uptake."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.evidence import EvidenceTable, points
from PainGeneratorLib.Numerics.fusion.reading import Reading, reason_below_bar

GRID = Geometry((20, 20, 60), np.diag([4.0, 4.0, 4.0, 1.0]))
"""Voxels of 4 mm; i runs to the right."""
PSOAS = Place("right psoas L2/L3", "psoas", "right", "L2/L3")
CANAL = Place("spinal canal T12/L1", "spinal canal", "midline", "T12/L1")
ON = facts()


def cube(i: int, size: int = 2) -> Region:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[8 : 8 + size, 8 : 8 + size, i : i + size] = True
    return Region.from_mask(mask, GRID)


def hot(i: int = 20, **more: object) -> HotSpot:
    """A hot spot for which all signs on PET speak fully."""
    region = cube(i)
    values: dict[str, object] = {
        "label": 1, "region": region, "centroid_ras_mm": region.centroid_ras_mm,
        "peak_ras_mm": region.centroid_ras_mm, "suv_max": 3.0, "suv_peak": 2.5, "suv_mean": 2.0, "mtv_ml": 0.5,
        "tlg_g": 1.0, "background": 1.0, "reference": 1.0, "reference_name": "muscle", "tbr": 2.5,
        "left_right_ratio": 2.0, "contour_method": "a50p", "contour_threshold": 1.5, "level_ratio": 2.0,
        "clearness": 2.0,
    }  # fmt: skip
    return HotSpot(**{**values, **more})


def held_for_organ(rule: str = "ureter-thin", sure: bool = False, **more: object) -> HotSpot:
    return hot(physiologic="ureter: thin", rule=rule, flags=[] if sure else ["usual-place"], **more)


def reading_of(*spots: HotSpot, findings: tuple[MRFinding, ...] = (), place: Place = PSOAS) -> Reading:
    weak = [
        dataclasses.replace(spot, physiologic=None, flags=[*spot.flags, "weak-uptake"])
        for spot in spots
        if "usual-place" in spot.flags
    ]
    return fuse(Signs(spots=spots, weak_spots=weak, findings=findings), lambda _: place, ON)


def one_of(reading: Reading) -> Candidate:
    (one,) = [*reading.candidates, *reading.set_apart, *reading.attention]
    return one


def entry(candidate: Candidate, sign: str) -> LedgerEntry:
    return next(entry for entry in candidate.ledger if entry.sign == sign)


def edema(i: int = 20) -> MRFinding:
    region = cube(i)
    return MRFinding(1, "oedema", region, region.centroid_ras_mm, region.volume_ml, 6.0, None, "FLUID", 1.0)


@pytest.mark.parametrize(
    ("rule", "sure", "sign"),
    [
        ("kidney-at-spine", True, "usual_organ"),
        ("ureter-thin", False, "usual_place"),
        ("muscles-alike", False, "usual_alike"),
        ("brown-fat", False, "usual_brown_fat"),
    ],
)
def test_uptake_that_is_held_for_an_organ_is_set_apart_by_a_sign_of_its_own(rule: str, sure: bool, sign: str) -> None:
    reading = reading_of(held_for_organ(rule, sure))
    assert [one.reason[:14] for one in reading.set_apart] == ["Usual uptake: "]
    assert entry(one_of(reading), sign).points == pytest.approx(points(ON.evidence.weights[sign].present), abs=0.01)


@pytest.mark.parametrize("sign", ["uptake", "clear_of_normal", "asymmetry"])
def test_what_an_organ_has_as_well_counts_little_for_a_focus_that_is_held_for_one(sign: str) -> None:
    shown, held = one_of(reading_of(hot())), one_of(reading_of(held_for_organ()))
    full = entry(shown, sign).points
    assert full > 2.0
    assert entry(held, sign).points == pytest.approx(0.2 * full, abs=0.01)
    assert entry(held, sign).text.endswith("(counted in part: what is usual here explains it).")
    assert "counted in part" not in entry(shown, sign).text


def test_a_usual_sign_without_weight_explains_nothing() -> None:
    weights = {
        **ON.evidence.weights,
        "usual_organ": dataclasses.replace(ON.evidence.weights["usual_organ"], present=1),
    }
    case = facts(evidence=EvidenceTable(weights))
    signs = Signs(spots=[held_for_organ("kidney-at-spine", sure=True)])
    held = one_of(fuse(signs, lambda _: PSOAS, case))
    assert entry(held, "usual_organ").points == 0.0
    assert entry(held, "uptake").points == entry(one_of(reading_of(hot())), "uptake").points


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        (40.0, "Too little speaks for it (13.0 points of evidence, below the bar of 40)."),
        (14.0, "Too little speaks for it (13.0 points of evidence, below the bar of 14)."),
    ],
)
def test_a_small_sign_against_a_candidate_is_not_given_as_the_reason(bar: float, reason: str) -> None:
    signs = (
        LedgerEntry("uptake", "pet", "Uptake 3.0 times that of muscle.", 3.0, 13.5, "x"),
        LedgerEntry("mr_normal", "mr", "MR shows nothing abnormal here.", None, -0.5, "x"),
    )
    one = dataclasses.replace(one_of(reading_of(hot())), ledger=signs, score=13.0)
    assert reason_below_bar(one, bar) == reason
    against = dataclasses.replace(signs[1], points=-1.0)
    assert reason_below_bar(dataclasses.replace(one, ledger=(signs[0], against)), bar).startswith("MR shows nothing")


@pytest.mark.parametrize(
    ("score", "bar", "text"),
    [(0.97, 1.0, "0.97"), (0.9996, 1.0, "0.9996"), (-0.015, 1.0, "0.0"), (-0.06, 0.0, "-0.1"), (-7.41, 1.0, "-7.4")],
)
def test_points_below_the_bar_read_as_below_the_bar(score: float, bar: float, text: str) -> None:
    one = dataclasses.replace(one_of(reading_of(hot())), ledger=(), score=score)
    assert f"({text} points of evidence, below the bar of {bar:g})" in reason_below_bar(one, bar)


def test_a_sign_against_a_source_of_pain_counts_in_full_for_an_organ() -> None:
    shown, held = (one_of(reading_of(one)) for one in (hot(clearness=0.5), held_for_organ(clearness=0.5)))
    assert entry(held, "clear_of_normal") == entry(shown, "clear_of_normal")


def test_the_clearest_ureter_beside_the_spine_stays_below_the_bar() -> None:
    reading = reading_of(held_for_organ(suv_max=25.0, tbr=20.0, level_ratio=10.0, clearness=9.0))
    assert reading.candidates == []
    assert reading.attention == []


def test_edema_beside_an_organ_that_is_sure_counts_as_it_would_without_the_organ() -> None:
    kidney = held_for_organ("kidney-at-spine", sure=True)
    reading = reading_of(kidney, findings=(edema(),))
    (candidate,) = reading.candidates
    assert (candidate.evidence, len(candidate.mr_findings)) == ("MR only", 1)
    assert [one.hot_spots for one in reading.set_apart] == [[kidney]]


def test_edema_at_uptake_whose_place_alone_speaks_for_an_organ_counts_with_it() -> None:
    reading = reading_of(held_for_organ(), findings=(edema(),))
    (candidate,) = reading.candidates
    assert candidate.evidence == "PET+MR"
    assert not any(entry.group == "usual" for entry in candidate.ledger)
    assert reading.set_apart == []


@pytest.mark.parametrize(("suv_max", "is_shown"), [(2.6, False), (4.0, True)])
def test_mild_uptake_at_the_neck_stays_below_the_bar_although_no_other_place_is_as_hot(
    suv_max: float, is_shown: bool
) -> None:
    neck = Place("right prosthesis neck", "prosthesis neck", "right")
    signs = Signs(spots=[hot(suv_max=suv_max, suv_peak=0.9 * suv_max)])
    reading = fuse(signs, lambda _: neck, facts("hip-replacement"))
    assert bool(reading.candidates) is is_shown
    assert bool(reading.set_apart) is not is_shown


# --- the conus


@pytest.mark.parametrize("level", ["T11/T12", "T12/L1", "L1"])
def test_uptake_of_the_conus_is_usual_and_named(level: str) -> None:
    place = dataclasses.replace(CANAL, level=level)
    reading = reading_of(hot(suv_max=3.7), place=place)
    assert reading.candidates == []
    (one,) = reading.set_apart
    assert entry(one, "usual_conus").points == pytest.approx(points(0.3), abs=0.001)
    assert "3.7 g/ml is seen in the conus" in one.reason


@pytest.mark.parametrize(
    ("level", "suv_max", "part"),
    [("T12/L1", 3.7, 1.0), ("T12/L1", 4.6, 0.5), ("T12/L1", 5.5, 0.0), ("L1/L2", 2.0, 0.5), ("L2/L3", 2.0, 0.0)],
)
def test_the_higher_and_the_lower_uptake_of_the_canal_is_the_less_the_conus_explains_it(
    level: str, suv_max: float, part: float
) -> None:
    one = one_of(reading_of(hot(suv_max=suv_max), place=dataclasses.replace(CANAL, level=level)))
    found = [entry.points for entry in one.ledger if entry.sign == "usual_conus"]
    assert found == ([] if part == 0 else [pytest.approx(part * points(0.3), abs=0.01)])
    full = one_of(reading_of(hot(suv_max=suv_max), place=dataclasses.replace(CANAL, level="L3/L4")))
    assert entry(one, "uptake").points == pytest.approx((1 - 0.8 * part) * entry(full, "uptake").points, abs=0.01)


@pytest.mark.parametrize("suv_max", [1.4, 2.1, 2.5])
def test_a_faint_lesion_of_the_lumbar_canal_is_not_taken_for_the_conus(suv_max: float) -> None:
    place = dataclasses.replace(CANAL, level="L3/L4")
    assert len(reading_of(hot(suv_max=suv_max), place=place).candidates) == 1


def test_only_the_canal_holds_the_conus_and_a_protocol_can_switch_it_off() -> None:
    beside = one_of(reading_of(hot(), place=dataclasses.replace(CANAL, structure="foramen")))
    assert not any(entry.sign == "usual_conus" for entry in beside.ledger)
    off = dataclasses.replace(ON, parameters=dataclasses.replace(ON.parameters, rules_off=("uptake-of-conus",)))
    one = one_of(fuse(Signs(spots=[hot()]), lambda _: CANAL, off))
    assert not any(entry.group == "usual" for entry in one.ledger)


def canal_at(level: str, z: float) -> SiteRow:
    center = cube(20).centroid_ras_mm + np.array([0.0, 0.0, z])
    half = np.array([9.0, 7.0, 9.0])
    return SiteRow(
        Site(f"spinal canal {level}", "spinal canal", "midline", level, center, np.eye(3), half, tissues.FLUID),
        "normal",
    )


@pytest.mark.parametrize(
    ("below", "above", "is_conus"), [(-17.0, 17.0, True), (5.0, 39.0, False), (-39.0, -5.0, False)]
)
def test_between_two_sites_of_the_canal_there_is_the_canal(below: float, above: float, is_conus: bool) -> None:
    place = Place("spine at L1", "spine", "midline", "L1")
    rows = (canal_at("T12/L1", above), canal_at("L1/L2", below))
    one = one_of(fuse(Signs(spots=[hot()]), lambda _: place, dataclasses.replace(ON, rows=rows)))
    assert any(entry.sign == "usual_conus" for entry in one.ledger) is is_conus


def test_beside_the_line_of_the_canal_there_is_no_conus() -> None:
    place = Place("spine at L1", "spine", "midline", "L1")
    rows = [canal_at("T12/L1", 17.0), canal_at("L1/L2", -17.0)]
    aside = [
        dataclasses.replace(
            row, site=dataclasses.replace(row.site, center_ras=row.site.center_ras + np.array([0.0, 8.0, 0.0]))
        )
        for row in rows
    ]
    one = one_of(fuse(Signs(spots=[hot()]), lambda _: place, dataclasses.replace(ON, rows=aside)))
    assert not any(entry.sign == "usual_conus" for entry in one.ledger)


def test_an_mr_finding_at_the_conus_still_counts() -> None:
    reading = reading_of(hot(suv_max=2.5), findings=(edema(),), place=CANAL)
    assert [one.evidence for one in reading.candidates] == ["PET+MR"]
