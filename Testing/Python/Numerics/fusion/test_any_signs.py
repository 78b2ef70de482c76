"""What holds for any signs: nothing is lost, points add up, and the order of the input means nothing."""

from __future__ import annotations

import dataclasses
import math
import random

import numpy as np
import pytest
from fusion_cases import facts
from PainGeneratorLib.Numerics.core import tissues
from PainGeneratorLib.Numerics.core.image import Geometry, Region, ball
from PainGeneratorLib.Numerics.core.records import MR_KINDS, Candidate, HotSpot, MRFinding, Place
from PainGeneratorLib.Numerics.core.sites import Site, SiteRow
from PainGeneratorLib.Numerics.fusion.candidates import Signs, fuse
from PainGeneratorLib.Numerics.fusion.judged import CaseFacts
from PainGeneratorLib.Numerics.fusion.places import Name
from PainGeneratorLib.Numerics.fusion.reading import Reading
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms

PET = Geometry((40, 40, 40), np.diag([4.0, 4.0, 4.0, 1.0]))
MR = Geometry((80, 160, 20), np.diag([8.0, 1.0, 2.0, 1.0]))
STRUCTURES = (
    "facet joint", "lamina", "pedicle", "upper endplate", "lower endplate", "disc", "vertebral body", "spine", "psoas",
    "sacroiliac joint", "kidney", "spinal canal", "prosthesis neck", "prosthesis stem", "interspinous space",
    "unnamed",
)  # fmt: skip
LEVELS = (None, "L1", "L3/L4", "L4/L5", "L5/S1", "T12/L1")
USUAL_RULES = ("kidney-at-spine", "muscles-alike", "brown-fat", "ureter-thin")


def maybe(chance: random.Random, value: float) -> float | None:
    """A measure, or None as often as it may be missing."""
    return None if chance.random() < 0.25 else value


def region(chance: random.Random, grid: Geometry) -> Region:
    center = np.array([chance.uniform(50, 100) for _ in range(3)])
    flat = ball(grid, center, chance.choice([5.0, 8.0, 12.0]))
    return Region(grid, np.sort(flat)) if flat.size else Region(grid, np.array([0]))


def spot(chance: random.Random, number: int) -> HotSpot:
    where, suv_max = region(chance, PET), chance.uniform(0.8, 12.0)
    is_usual = chance.random() < 0.25
    peak, reference = maybe(chance, 0.8 * suv_max), maybe(chance, chance.uniform(0.4, 1.5))
    flags = ("near-implant", "truncated", "large", "usual-place")
    return HotSpot(
        number, where, where.centroid_ras_mm, where.points_ras[0] + 1e-3 * number, suv_max, peak, 0.7 * suv_max,
        where.volume_ml, 0.7 * suv_max * where.volume_ml, None, reference, "marrow" if reference else None,
        None if peak is None or reference is None else peak / reference, maybe(chance, chance.uniform(0.7, 3.0)),
        "adaptive", 1.0, level_ratio=maybe(chance, chance.uniform(0.7, 3.0)),
        clearness=maybe(chance, chance.uniform(0.3, 3.0)), physiologic="kidney: by place" if is_usual else None,
        rule=chance.choice(USUAL_RULES) if is_usual else None, flags=[f for f in flags if chance.random() < 0.15],
    )  # fmt: skip


def finding(chance: random.Random, number: int, weak: bool = False) -> MRFinding:
    where = region(chance, chance.choice([PET, MR]))
    kinds = MR_KINDS[:-1] if weak else MR_KINDS
    grade = chance.choice([0.0, 0.33] if weak else [0.33, 0.66, 1.0]) + 1e-4 * number
    return MRFinding(
        number, chance.choice(kinds), where, where.centroid_ras_mm, where.volume_ml,
        maybe(chance, chance.uniform(-6.0, 12.0)), maybe(chance, chance.uniform(-6.0, 2.0)), "FLUID", grade,
        flags=["weak"] if weak else [], usual="a vein" if chance.random() < 0.15 else None,
    )  # fmt: skip


def row(chance: random.Random, number: int) -> SiteRow:
    center = np.array([chance.uniform(50, 100) for _ in range(3)])
    peak, reference = maybe(chance, chance.uniform(0.4, 4.0)), maybe(chance, chance.uniform(0.4, 1.5))
    site = Site(
        f"site {number}", chance.choice(STRUCTURES), chance.choice(["left", "right", "midline"]),
        chance.choice(LEVELS), center, np.eye(3), np.full(3, 6.0), chance.choice([tissues.MARROW, tissues.MUSCLE]),
    )  # fmt: skip
    return SiteRow(
        site, "normal", suv_peak=peak, suv_max=peak, suv_mean=maybe(chance, 1.0), reference=reference,
        reference_name="marrow", ratio=None if peak is None or reference is None else peak / reference,
        side_ratio=maybe(chance, chance.uniform(0.7, 2.0)), level_ratio=maybe(chance, chance.uniform(0.7, 2.5)),
        level_z=maybe(chance, chance.uniform(-2.0, 8.0)),
    )  # fmt: skip


def namer(seed: int) -> Name:
    """Places in cubes of 20 mm, right and left of a midline at 75 mm."""

    def name(where: Region) -> Place:
        center = where.centroid_ras_mm
        chance = random.Random(f"{seed} {center[1:] // 20}")
        side = "midline" if abs(center[0] - 75.0) < 6.0 else "right" if center[0] > 75.0 else "left"
        structure, level = chance.choice(STRUCTURES), chance.choice(LEVELS)
        return Place(f"{side} {structure} {level}", structure, side, level)

    return name


def case(chance: random.Random) -> CaseFacts:
    more: dict[str, object] = {"rows": tuple(row(chance, n) for n in range(chance.choice([0, 30])))}
    if chance.random() < 0.3:
        more["aligned"] = False
    if chance.random() < 0.5:
        more |= {"mr_field": MR, "pet_field": PET, "series_fields": {"FLUID": MR}}
    if chance.random() < 0.5:
        more["symptoms"] = Symptoms(np.full((1, 3), 70.0), chance.choice([None, "left", "both"]))
    return facts(chance.choice(["low-back", "hip-replacement"]), **more)


def signs(seed: int) -> tuple[Signs, CaseFacts]:
    chance = random.Random(seed)
    spots = [spot(chance, n) for n in range(chance.randrange(8))]
    weak = [dataclasses.replace(spot(chance, 50 + n), physiologic=None) for n in range(chance.randrange(6))]
    found = [finding(chance, n) for n in range(chance.randrange(8))]
    faint = [finding(chance, 50 + n, weak=True) for n in range(chance.randrange(5))]
    return Signs(
        spots=spots, unclear_spots=weak[::2], weak_spots=weak, findings=found, weak_findings=faint
    ), case(chance)  # fmt: skip


def shuffled(given: Signs) -> Signs:
    chance = random.Random(1)
    lists = {field.name: list(getattr(given, field.name)) for field in dataclasses.fields(given)}
    for items in lists.values():
        chance.shuffle(items)
    return Signs(**lists)


def entries(reading: Reading) -> list[Candidate]:
    return [*reading.candidates, *reading.set_apart, *reading.attention]


def said(reading: Reading) -> list[tuple[object, ...]]:
    return [
        (c.id, c.rank, c.place, round(c.score, 6), c.evidence, c.suv_peak, c.mr_kind, c.mr_z, c.reason, c.volume_ml)
        for c in entries(reading)
    ]


@pytest.mark.parametrize("seed", range(30))
def test_no_sign_is_lost_and_points_add_up(seed: int) -> None:
    given, of = signs(seed)
    found = entries(reading := fuse(given, namer(seed), of))
    shown_spots = {tuple(s.peak_ras_mm) for one in found for s in one.hot_spots}
    assert {tuple(s.peak_ras_mm) for s in (*given.spots, *given.unclear_spots)} <= shown_spots
    shown_findings = {id(f) for one in found for f in one.mr_findings}
    assert {id(f) for f in (*given.structural, *given.weak_findings)} <= shown_findings
    assert len({one.id for one in found}) == len(found)
    for listed in (reading.candidates, reading.set_apart, reading.attention):
        assert [one.rank for one in listed] == list(range(1, len(listed) + 1))
    for one in found:
        assert math.isfinite(one.score)
        assert one.score == pytest.approx(sum(entry.points for entry in one.ledger), abs=1e-9)
        assert all(entry.text.endswith(".") for entry in one.ledger)
        assert bool(one.reason) == (one not in reading.candidates)


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_the_signs_means_nothing(seed: int) -> None:
    given, of = signs(seed)
    again, of_again = signs(seed)
    assert said(fuse(given, namer(seed), of)) == said(fuse(shuffled(again), namer(seed), of_again))
