"""What is usual at a hip prosthesis and what is not: neck and interface, surgery, the pattern of the zones, fluid."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core.image import Geometry, Region
from PainGeneratorLib.Numerics.core.records import Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import InterfacePattern, Site, SiteRow, SiteSource, SiteState
from PainGeneratorLib.Numerics.core.words import Fixation
from PainGeneratorLib.Numerics.fusion.after_surgery import ProsthesisFacts, early_strength, months_text
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.hip_fluid import fluid_kind, name_fluid
from PainGeneratorLib.Numerics.fusion.loosening import (
    NO_NATIVE_HIP,
    NormalBone,
    interface_patterns,
    is_focal,
    rows_as_patterns_say,
)
from PainGeneratorLib.Numerics.fusion.neck import usual_at_neck
from PainGeneratorLib.Numerics.fusion.parameters import FusionParameters
from PainGeneratorLib.Numerics.fusion.places import is_near_neck
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Workflow.protocol import load_protocol

GRID = Geometry((20, 20, 20), np.diag([2.0, 2.0, 2.0, 1.0]))
SURGERY = load_protocol("hip-replacement").stage("fusion", FusionParameters).surgery
HIP = "hip-replacement"
NECK = Place("right prosthesis neck", "prosthesis neck", "right")
CAPSULE = Place("right hip joint capsule", "hip joint capsule", "right", flags=("near-neck",))
GRUEN_7 = Place(
    "right femur beside the stem, Gruen 7", "femur", "right", zone="Gruen 7", flags=("near-neck", "side-likely")
)
CUP_2 = Place(
    "right acetabulum at the cup, DeLee-Charnley II", "acetabulum", "right", zone="DeLee-Charnley II",
    flags=("near-neck",),
)  # fmt: skip
CALCAR_BONE = NormalBone(0.5, 0.5)


def region(at: int = 5) -> Region:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[at : at + 4, at : at + 4, at : at + 4] = True
    return Region.from_mask(mask, GRID)


def spot(suv_max: float = 2.6, at: int = 5) -> HotSpot:
    there = region(at)
    return HotSpot(
        1, there, there.centroid_ras_mm, there.centroid_ras_mm, suv_max, 0.8 * suv_max, 1.2, 1.0, 1.2, 0.8, 1.0,
        "marrow", 1.8, 1.5, "a50p", 1.0, clearness=1.3,
    )  # fmt: skip


def finding(kind: str = "oedema", flags: tuple[str, ...] = ()) -> MRFinding:
    there = region()
    return MRFinding(1, kind, there, there.centroid_ras_mm, 1.0, 4.0, None, "FLUID", 0.66, list(flags))


def read(place: Place, spots: list[HotSpot], findings: list[MRFinding], **more: object) -> Reading:
    return fuse(Signs(spots=spots, findings=findings), lambda _region: place, facts(HIP, **more))


def only(reading: Reading) -> Candidate:
    (one,) = (*reading.candidates, *reading.set_apart)
    return one


def signs(candidate: Candidate) -> dict[str, float]:
    return {entry.sign: entry.points for entry in candidate.ledger}


# --- the neck, and bone near it


@pytest.mark.parametrize(("place", "is_neck"), [(NECK, True), (CAPSULE, True), (GRUEN_7, False), (CUP_2, False)])
def test_bone_with_a_zone_is_no_part_of_the_neck_however_near_it_lies(place: Place, is_neck: bool) -> None:
    assert is_near_neck(place) is is_neck


@pytest.mark.parametrize("place", [GRUEN_7, CUP_2])
def test_mild_uptake_in_a_zone_near_the_neck_has_the_weight_of_the_interface(place: Place) -> None:
    reading = read(place, [spot(2.6)], [])
    (candidate,) = reading.candidates
    found = signs(candidate)
    assert found["uptake_interface"] > 0
    assert "usual_at_neck" not in found
    assert "expected-after-surgery" not in candidate.flags
    at_neck = only(read(NECK, [spot(2.6)], []))
    assert signs(at_neck)["usual_at_neck"] < 0
    assert at_neck.score < candidate.score


@pytest.mark.parametrize(("suv_max", "part"), [(2.0, 1.0), (3.0, 1.0), (4.0, 0.5), (5.0, 0.0), (7.0, 0.0)])
def test_uptake_at_the_neck_becomes_unusual_without_a_step(suv_max: float, part: float) -> None:
    limits = load_protocol(HIP).stage("fusion", FusionParameters).neck
    assert usual_at_neck(suv_max, limits) == pytest.approx(part)


def test_uptake_higher_than_in_muscle_and_in_the_native_hip_alone_makes_no_candidate_of_a_neck() -> None:
    reading = read(NECK, [spot(2.57)], [])
    assert reading.candidates == []
    assert "painless prostheses" in reading.set_apart[0].reason


@pytest.mark.parametrize("place", [GRUEN_7, CUP_2])
def test_edema_in_a_zone_near_the_neck_counts_with_the_uptake_there(place: Place) -> None:
    (candidate,) = read(place, [spot(2.6)], [finding()]).candidates
    found = signs(candidate)
    assert candidate.evidence == "PET+MR"
    assert found["edema"] > 0
    assert found["agreement"] > 0
    assert not found.keys() & {"scar_at_neck", "usual_at_neck"}


# --- soon after surgery


@pytest.mark.parametrize(
    ("months", "fixation", "strength"),
    [
        (None, None, 0.0),
        (1.0, None, 1.0),
        (6.0, None, 1.0),
        (9.0, None, 0.5),
        (12.0, None, 0.0),
        (9.0, Fixation.CEMENTED, 0.5),
        (15.0, Fixation.UNCEMENTED, 0.5),
        (15.0, Fixation.HYBRID, 0.5),
        (24.0, Fixation.UNCEMENTED, 0.0),
        (90.0, Fixation.UNCEMENTED, 0.0),
    ],
)
def test_uptake_is_usual_soon_after_surgery_and_longer_without_cement(months, fixation, strength) -> None:
    assert early_strength(ProsthesisFacts(months, fixation), SURGERY) == pytest.approx(strength)


def test_a_candidate_at_a_new_prosthesis_is_flagged_and_loses_points_by_an_entry_of_its_own() -> None:
    late, early = (only(read(GRUEN_7, [spot()], [], prosthesis=ProsthesisFacts(months))) for months in (60.0, 4.0))
    assert "early-after-surgery" in early.flags
    assert "early-after-surgery" not in late.flags
    assert signs(early)["early_after_surgery"] == pytest.approx(early.score - late.score)
    assert signs(early)["early_after_surgery"] < 0
    (text,) = [entry.text for entry in early.ledger if entry.sign == "early_after_surgery"]
    assert "4 months" in text


def test_a_new_prosthesis_explains_nothing_on_the_other_side_or_far_from_the_hip() -> None:
    right = SiteRow(zone_site("right", "Gruen 1"), str(SiteState.NORMAL))
    for place, is_early in (
        (Place("right trochanteric bursa", "trochanteric bursa", "right"), True),
        (Place("left trochanteric bursa", "trochanteric bursa", "left"), False),
        (Place("right sacroiliac joint", "sacroiliac joint", "right"), False),
    ):
        one = only(read(place, [spot()], [], prosthesis=ProsthesisFacts(3.0), rows=[right]))
        assert ("early-after-surgery" in one.flags) is is_early


@pytest.mark.parametrize(
    ("months", "text"),
    [(0.4, "less than a month"), (1.0, "1 month"), (4.4, "4 months"), (23.9, "24 months"), (60.0, "5 years")],
)
def test_the_time_since_surgery_is_told_in_words(months: float, text: str) -> None:
    assert months_text(months) == text


def test_a_band_of_edema_along_the_approach_is_listed_with_its_reason_and_ranks_below_a_bursitis() -> None:
    bursa = Place("right trochanteric bursa", "trochanteric bursa", "right")
    band = only(read(bursa, [], [finding(flags=("surgical-approach",))]))
    bursitis = only(read(bursa, [], [finding("fluid collection or bursitis")]))
    assert "surgical-approach" in band.flags
    assert signs(band)["edema_of_approach"] < 0
    assert band.score < bursitis.score


# --- the pattern along the interface


def zone_site(side: str, zone: str | None, structure: str = "femur") -> Site:
    name = f"{side} {structure} {zone or ''}".strip()
    return Site(name, structure, side, None, np.zeros(3), np.eye(3), np.ones(3), 1, zone, str(SiteSource.PROSTHESIS))


GRUEN = [f"Gruen {n}" for n in (10, 14, 1, 2, 3, 4, 5, 6, 7, 8)]
CUP = [f"DeLee-Charnley {n}" for n in ("I", "II", "III")]


def hip_rows(
    hot: dict[str, float] | None = None, *, side: str = "right", neck: float = 1.0, spill: tuple[str, ...] = (),
    mr: dict[str, str] | None = None, outside: tuple[str, ...] = (), soft: tuple[str, ...] = (),
) -> list[SiteRow]:  # fmt: skip
    """A prosthesis with SUVpeak 0.5 in all zones but the hot ones."""
    rows = []
    for zone in (*GRUEN, *CUP):
        is_stem = zone.startswith("Gruen")
        suv = None if zone in outside else (hot or {}).get(zone, 0.5)
        rows.append(
            SiteRow(
                zone_site(side, zone, "femur" if is_stem else "acetabulum"),
                str(SiteState.NOT_ASSESSABLE if suv is None else SiteState.NORMAL),
                ("Outside of the PET.",) if suv is None else (),
                suv_peak=suv,
                ratio=None if suv is None else suv / 0.5,
                mr_signs=(mr[zone],) if mr and zone in mr else (),
                flags=("spill-over",) if zone in spill else (),
            )
        )
    rows.append(SiteRow(zone_site(side, None, "prosthesis neck"), str(SiteState.NORMAL), suv_peak=neck, ratio=neck))
    rows += [SiteRow(zone_site(side, None, name), str(SiteState.ABNORMAL)) for name in soft]
    return rows


def pattern(rows: list[SiteRow], given: ProsthesisFacts | None = None) -> InterfacePattern:
    normal = {row.site.name: CALCAR_BONE for row in rows}
    (one,) = interface_patterns(rows, normal, given or ProsthesisFacts(), SURGERY)
    return one


@pytest.mark.parametrize(
    ("hot", "neck", "soft", "word"),
    [
        ({}, 1.0, (), "no raised uptake"),
        ({}, 3.0, (), "neck only"),
        ({"Gruen 7": 1.2}, 3.0, (), "focal"),
        ({"Gruen 6": 1.2, "Gruen 7": 1.2}, 1.0, (), "focal"),
        ({"DeLee-Charnley II": 1.2}, 1.0, (), "focal"),
        ({"Gruen 2": 1.2, "Gruen 6": 1.2}, 1.0, (), "along the interface"),
        ({"Gruen 5": 1.2, "Gruen 6": 1.2, "Gruen 7": 1.2}, 1.0, (), "along the interface"),
        ({"Gruen 1": 1.2, "DeLee-Charnley I": 1.2}, 1.0, (), "along the interface"),
        ({"Gruen 1": 1.2, "Gruen 3": 1.2}, 1.0, (), "along the interface"),
        ({"Gruen 7": 1.2}, 1.0, ("hip joint capsule",), "with soft tissue extension"),
        ({}, 1.0, ("hip joint capsule",), "no raised uptake"),
    ],
)
def test_the_pattern_has_the_word_of_the_literature(hot, neck, soft, word) -> None:
    assert pattern(hip_rows(hot, neck=neck, soft=soft)).pattern == word


def test_the_sentence_names_the_zones_with_what_they_are_compared_with_and_what_the_mr_shows() -> None:
    found = pattern(hip_rows({"Gruen 2": 1.0, "Gruen 6": 0.9}, neck=2.0, mr={"Gruen 2": "oedema"}))
    assert "on both sides of the stem" in found.sentence
    assert "Gruen 2 (2.0 times the other hip, 2.0 times the shaft below, edema on MR)" in found.sentence
    assert "Gruen 6 (1.8 times" in found.sentence
    assert "Head and neck have raised uptake, too." in found.sentence


def test_zones_stand_in_their_order_with_their_measures() -> None:
    found = pattern(hip_rows({"DeLee-Charnley II": 1.0}))
    names = [zone.zone for zone in found.zones]
    assert names == [f"Gruen {n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 14)] + CUP
    cup = found.zones[names.index("DeLee-Charnley II")]
    assert (cup.state, cup.opposite_ratio, cup.distal_ratio, cup.reference_ratio) == ("abnormal", 2.0, None, 2.0)
    stem = found.zones[0]
    assert (stem.state, stem.opposite_ratio, stem.distal_ratio, stem.reference_ratio) == ("normal", 1.0, 1.0, None)


@pytest.mark.parametrize(
    ("suv", "bone", "is_raised"),
    [
        (0.80, NormalBone(0.5, 0.5), True),
        (0.79, NormalBone(0.5, 0.5), False),
        (1.30, NormalBone(1.0, 0.5), True),
        (1.29, NormalBone(1.0, 0.5), False),
        (1.50, NormalBone(None, 1.0), True),
        (1.50, NormalBone(0.5, 1.1), False),
    ],
)
def test_a_zone_is_raised_over_every_normal_bone_that_is_known(suv, bone, is_raised) -> None:
    rows = hip_rows({"Gruen 3": suv})
    normal = {row.site.name: bone for row in rows}
    (found,) = interface_patterns(rows, normal, ProsthesisFacts(), SURGERY)
    state = next(zone.state for zone in found.zones if zone.zone == "Gruen 3")
    assert (state == "abnormal") is is_raised


def test_uptake_that_reaches_a_zone_from_the_neck_is_named_and_not_counted() -> None:
    found = pattern(hip_rows({"Gruen 7": 1.2}, neck=3.0, spill=("Gruen 7",)))
    assert found.pattern == "neck only"
    assert "Uptake of a hotter place beside them reaches Gruen 7." in found.notes


def judged_rows(rows: list[SiteRow]) -> dict[str, SiteRow]:
    return {row.site.zone or row.site.structure: row for row in rows_as_patterns_say(rows, [pattern(rows)])}


def test_the_pattern_alone_says_in_the_table_whether_the_uptake_of_a_zone_is_raised() -> None:
    rows = hip_rows({"Gruen 7": 1.2}, soft=("hip joint capsule",))
    # The table, whose limits are for bone without metal, calls another zone raised, and this one normal.
    third = next(n for n, row in enumerate(rows) if row.site.zone == "Gruen 3")
    rows[third] = dataclasses.replace(
        rows[third], state=str(SiteState.ABNORMAL), reasons=("Uptake 1.4 times that of the other femora.",)
    )
    found = judged_rows(rows)
    assert (found["Gruen 7"].state, found["Gruen 7"].reasons) == (
        "abnormal", ("Uptake 2.4 times that of the other hip.", "Uptake 2.4 times that of the shaft below."),
    )  # fmt: skip
    assert (found["Gruen 3"].state, found["Gruen 3"].reasons) == ("normal", ())
    assert found["hip joint capsule"] is rows[-1]


def test_what_the_mr_shows_in_a_zone_stays_in_the_table_and_metal_still_hides_what_is_normal() -> None:
    rows = hip_rows(mr={"Gruen 7": "oedema"}, spill=("Gruen 6",), outside=("Gruen 4",))
    rows = [dataclasses.replace(r, reasons=("Edema on MR.",)) if r.site.zone == "Gruen 7" else r for r in rows]
    rows = [dataclasses.replace(r, flags=("near-implant",)) if r.site.zone == "Gruen 2" else r for r in rows]
    found = judged_rows(rows)
    assert (found["Gruen 7"].state, found["Gruen 7"].reasons) == ("abnormal", ("Edema on MR.",))
    assert found["Gruen 2"].state == "not assessable"
    assert found["Gruen 2"].reasons[0].startswith("Next to the implant")
    assert (found["Gruen 4"].state, found["Gruen 4"].reasons) == ("not assessable", ("Outside of the PET.",))


def test_zones_that_are_not_known_and_edema_without_uptake_are_said() -> None:
    found = pattern(hip_rows(outside=("Gruen 4",), mr={"Gruen 7": "oedema"}))
    assert "Not assessable: Gruen 4." in found.notes
    assert "MR findings where the uptake of the zone is not called raised: Gruen 7." in found.notes
    every = pattern(hip_rows(outside=(*GRUEN, *CUP)))
    assert every.pattern == "not assessable"
    rows = hip_rows()
    (bare,) = interface_patterns(rows, {}, ProsthesisFacts(), SURGERY)
    assert next(zone.reason for zone in bare.zones if zone.zone == "Gruen 1") == "No normal bone to compare it with."


def test_two_prostheses_have_a_pattern_each_and_no_native_hip_to_compare_with() -> None:
    rows = [*hip_rows({"Gruen 2": 1.2, "Gruen 6": 1.2}, side="left"), *hip_rows()]
    normal = {row.site.name: NormalBone(None, 0.5) for row in rows}
    right, left = interface_patterns(rows, normal, ProsthesisFacts(), SURGERY)
    assert (right.side, left.side) == ("right", "left")
    assert (right.pattern, left.pattern) == ("no raised uptake", "along the interface")
    assert NO_NATIVE_HIP in right.notes
    assert NO_NATIVE_HIP in left.notes
    assert NO_NATIVE_HIP not in pattern(hip_rows()).notes


def test_surgery_fixation_and_crp_are_said_without_a_diagnosis() -> None:
    notes = pattern(hip_rows(), ProsthesisFacts(4.0, Fixation.CEMENTED, 24.0)).notes
    early = "The hip was replaced 4 months before the scan (cemented): some uptake and edema around it are usual."
    assert early in notes
    assert "CRP 24 mg/l (raised, above 10 mg/l)." in notes
    notes = pattern(hip_rows(), ProsthesisFacts(None, Fixation.HYBRID, 10.0)).notes
    assert "Fixation of the prosthesis: hybrid." in notes
    assert "CRP 10 mg/l (not raised, up to 10 mg/l)." in notes
    words = " ".join(notes).lower()
    assert not any(word in words for word in ("infect", "loose", "septic"))


def test_what_was_not_found_of_a_prosthesis_is_said_and_nothing_is_said_of_an_unknown_neck() -> None:
    rows = [row for row in hip_rows() if not (row.site.zone or "").startswith("Gruen")]
    cup_alone = pattern([row for row in rows if row.site.structure != "prosthesis neck"])
    assert cup_alone.pattern == "no raised uptake"
    assert "neck" not in cup_alone.sentence
    assert "The stem was not found: its zones are not known." in cup_alone.notes
    assert "none at the neck" in pattern(rows).sentence


def test_without_a_prosthesis_there_is_no_pattern() -> None:
    assert interface_patterns([SiteRow(zone_site("right", None), "normal")], {}, ProsthesisFacts(), SURGERY) == ()


@pytest.mark.parametrize(
    ("zones", "focal"),
    [
        (["Gruen 4"], True),
        (["Gruen 3", "Gruen 4"], True),
        (["Gruen 3", "Gruen 10"], True),
        (["Gruen 8", "Gruen 9"], True),
        (["Gruen 3", "Gruen 5"], False),
        (["DeLee-Charnley I", "DeLee-Charnley II"], True),
        (["DeLee-Charnley I", "DeLee-Charnley III"], False),
    ],
)
def test_one_place_or_two_that_meet_are_focal(zones: list[str], focal: bool) -> None:
    assert is_focal(zones) is focal


# --- fluid by its place


@pytest.mark.parametrize(
    ("structure", "kind", "expected"),
    [
        ("trochanteric bursa", "effusion or synovitis", "fluid collection or bursitis"),
        ("iliopsoas tendon", "effusion or synovitis", "fluid collection or bursitis"),
        ("hip joint capsule", "fluid collection or bursitis", "effusion or synovitis"),
        ("prosthesis neck", "fluid collection or bursitis", "effusion or synovitis"),
        ("hip region", "fluid collection or bursitis", "fluid collection or bursitis"),
        ("trochanteric bursa", "oedema", "oedema"),
    ],
)
def test_fluid_at_a_hip_is_named_by_its_place(structure: str, kind: str, expected: str) -> None:
    assert fluid_kind(kind, Place(f"right {structure}", structure, "right")) == expected
    one = finding(kind)
    name_fluid([one], lambda _region: Place(f"right {structure}", structure, "right"))
    assert one.kind == expected


def test_fluid_at_the_tendon_of_the_iliopsoas_lies_in_its_bursa() -> None:
    tendon = Place("right iliopsoas tendon", "iliopsoas tendon", "right")
    fluid = only(read(tendon, [], [finding("fluid collection or bursitis")]))
    assert (fluid.place.structure, fluid.place.name) == ("iliopsoas bursa", "right iliopsoas bursa")
    assert only(read(tendon, [spot()], [])).place.structure == "iliopsoas tendon"
    assert only(read(tendon, [], [dataclasses.replace(finding())])).place.structure == "iliopsoas tendon"
