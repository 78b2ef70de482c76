"""Input cases: which water and fat image give a fat fraction, and when they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from dicom_makers import write_series
from PainGeneratorLib.Dicom.fat_fraction import find_fat_pair
from PainGeneratorLib.Numerics.core.words import Role

from .judging import InputCase, Judged, Outcome, judged
from .series_makers import One, one, roles_of, write_examination
from .small_examination import case_of, warnings_of, write_pet, write_t1

KIND = "fat fraction"
SIEMENS = "https://github.com/rordenlab/dcm2niix/tree/master/Siemens (Dixon parts _W, _F, _in, _opp)"
GE = "https://github.com/rordenlab/dcm2niix/tree/master/GE (LAVA Flex: WATER, FAT, InPhase, OutPhase)"
PHILIPS = "https://github.com/rordenlab/dcm2niix/issues/255 (mDIXON, parts in Image Type)"
UIH = "https://github.com/rordenlab/dcm2niix/tree/master/UIH (Dixon parts)"
STANDARD = "DICOM PS3.3 C.8.13.3.1, Image Type of WATER, FAT, IN_PHASE, OUT_PHASE"
OURS = "a neighbor of a public case, see docs/domain.md, Fat fraction"

T1 = one(2, "t1_tse_sag", "t1")
OTHER_FRAME = "1.2.3.4.99"
Pair = tuple[int | None, int | None, str]


def _part(number: int, name: str, times: str = "gre", plane: str = "sag", at: str = "100000", **more: Any) -> One:
    return one(number, name, times, plane, AcquisitionTime=at, **more)


def _dixon(first: int, stem: str, words: tuple[str, ...] = ("W", "F", "in", "opp"), **more: Any) -> tuple[One, ...]:
    return tuple(_part(first + n, f"{stem}_{word}", **more) for n, word in enumerate(words))


def _pair(folder: Path, group: str) -> Pair | None:
    roles = roles_of(folder, group)
    pair = find_fat_pair(roles.series, roles.chosen, group)
    return None if pair is None else (pair.water.number, pair.fat.number, pair.moves_with)


def _case(
    name: str, series: tuple[One, ...], expected: Pair | None, source: str = OURS, group: str = "low-back"
) -> InputCase:
    def judge(folder: Path) -> Judged:
        write_examination(folder, series)
        return judged(lambda: _pair(folder, group), lambda found: found == expected, warnings=lambda _found: ())

    return InputCase(f"fat-pair-{name}", KIND, source, judge)


MRAC = _dixon(11, "MRAC_DIXON")
FINE = _dixon(21, "t1_vibe_dixon_sag", at="103000")
T2_DIXON = tuple(
    _part(30 + n, f"t2_tse_dixon_sag_{word}", "t2", at="104000") for n, word in enumerate(("W", "F", "in"))
)
PHILIPS_TYPES = (("W", "water"), ("F", "fat"), ("IP", "in-phase"))


def _philips(first: int, at: str = "100000") -> tuple[One, ...]:
    kinds = (word for word, _ in PHILIPS_TYPES)
    return tuple(
        _part(first + n, "T1W_mDIXON", at=at, ImageType=["ORIGINAL", "PRIMARY", kind, kind, "M"])
        for n, kind in enumerate(kinds)
    )


def _typed(first: int, name: str, **more: Any) -> tuple[One, ...]:
    words = ("WATER", "FAT", "IN_PHASE")
    return tuple(
        _part(first + n, name, ImageType=["DERIVED", "PRIMARY", "DIXON", word], **more) for n, word in enumerate(words)
    )


PAIRS = [
    _case("of-an-attenuation-dixon", (T1, *MRAC), (11, 12, "ATTENUATION"), SIEMENS),
    _case("of-a-hip", (T1, *MRAC), (11, 12, "ATTENUATION"), SIEMENS, "hip-replacement"),
    _case("fat-before-water", (T1, *_dixon(11, "MRAC_DIXON", ("F", "W", "in"))), (12, 11, "ATTENUATION"), SIEMENS),
    _case("without-in-phase", (T1, *_dixon(11, "MRAC_DIXON", ("W", "F"))), (11, 12, "ATTENUATION"), SIEMENS),
    _case(
        "ge-names-before-the-protocol",
        (T1, *(_part(11 + n, f"{w}: LAVA-Flex MRAC") for n, w in enumerate(("WATER", "FAT", "InPhase", "OutPhase")))),
        (11, 12, "ATTENUATION"),
        GE,
    ),
    _case("philips-parts-in-image-type", (T1, *_philips(11)), (11, 12, "ATTENUATION"), PHILIPS),
    _case("standard-image-type", (T1, *_typed(11, "dixon")), (11, 12, "ATTENUATION"), STANDARD),
    _case(
        "uih-words",
        (T1, *(_part(11 + n, f"gre_dixon_{w}") for n, w in enumerate(("water", "fat", "ip")))),
        (11, 12, "ATTENUATION"),
        UIH,
    ),
    _case("finer-before-attenuation", (T1, *MRAC, *FINE), (21, 22, "T1")),
    _case("spin-echo-before-gradient-echo", (T1, *MRAC, *FINE, *T2_DIXON), (30, 31, "FLUID"), SIEMENS),
    _case("water-that-is-the-fluid-series", (T1, *T2_DIXON), (30, 31, "FLUID"), SIEMENS),
    _case("in-phase-that-serves-as-t1", _dixon(21, "t1_vibe_dixon_sag"), (21, 22, "T1"), SIEMENS),
    _case("water-alone", (T1, *_dixon(11, "MRAC_DIXON", ("W", "in", "opp"))), None, SIEMENS),
    _case("fat-alone", (T1, *_dixon(11, "MRAC_DIXON", ("F", "in", "opp"))), None, SIEMENS),
    _case("phases-alone", (T1, *_dixon(11, "MRAC_DIXON", ("in", "opp"))), None, SIEMENS),
    _case("no-dixon", (T1, one(3, "t2_tirm_sag", "stir")), None),
    _case("other-time", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", at="100400")), None),
    _case(
        "time-seconds-apart",
        (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", at="100018.25")),
        (11, 12, "ATTENUATION"),
        SIEMENS,
    ),
    _case("other-day", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", AcquisitionDate="20250103")), None),
    _case("other-grid", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", shift_mm=3.0)), None),
    _case("other-slices", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", slices=5)), None),
    _case("other-plane", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", plane="cor")), None),
    _case(
        "other-frame",
        (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", FrameOfReferenceUID=OTHER_FRAME)),
        None,
    ),
    _case("other-name", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_BH2_F")), None),
    _case("other-repetition-time", (T1, _part(11, "DIXON_W"), _part(12, "DIXON_F", RepetitionTime=6.0)), None),
    _case(
        "other-study", (T1, _part(11, "MRAC_DIXON_W"), _part(12, "MRAC_DIXON_F", StudyInstanceUID="1.2.3.77")), None
    ),
    _case(
        "no-times",
        (
            T1,
            _part(11, "MRAC_DIXON_W", at="", SeriesTime=""),
            _part(12, "MRAC_DIXON_F", at="", SeriesTime=""),
        ),
        None,
    ),
    _case(
        "two-acquisitions-of-one-name",
        (T1, *_dixon(11, "MRAC_DIXON", ("W", "F")), *_dixon(21, "MRAC_DIXON", ("W", "F"), at="101000")),
        (21, 22, "ATTENUATION"),
    ),
    _case(
        "parts-of-two-acquisitions-in-turn",
        (
            T1,
            _part(11, "MRAC_DIXON_W"),
            _part(12, "MRAC_DIXON_W", at="101000"),
            _part(13, "MRAC_DIXON_F", at="101000"),
        ),
        (12, 13, "ATTENUATION"),
    ),
    _case(
        "before-the-agent-rather-than-after",
        (
            T1,
            *_dixon(11, "MRAC_DIXON", ("W", "F")),
            *_dixon(21, "t1_vibe_dixon_post_KM", ("W", "F"), at="120000"),
        ),
        (11, 12, "ATTENUATION"),
    ),
    _case(
        "only-after-the-agent",
        (T1, *_dixon(21, "t1_vibe_dixon_post_KM", ("W", "F"), at="120000")),
        (21, 22, "CONTRAST"),
    ),
    _case("beside-the-spine", (T1, *_dixon(11, "MRAC_DIXON_legs", shift_mm=-900.0)), None),
    _case(
        "bed-of-the-spine-rather-than-of-the-legs",
        (T1, *_dixon(11, "MRAC_DIXON", shift_mm=-900.0), *_dixon(21, "MRAC_DIXON", at="101000")),
        (21, 22, "ATTENUATION"),
    ),
    _case(
        "in-a-frame-that-nothing-shares",
        (T1, *(_part(11 + n, f"dixon_{w}", FrameOfReferenceUID=OTHER_FRAME) for n, w in enumerate("WF"))),
        None,
    ),
    _case("few-slices", (T1, *_dixon(11, "dixon", ("W", "F"), slices=2)), None),
    _case(
        "map-of-the-scanner-is-no-fat-image",
        (T1, _part(11, "MRAC_DIXON_W"), _part(12, "dixon_fat_fraction"), _part(13, "MRAC_DIXON_in")),
        None,
    ),
    _case(
        "spine-rather-than-pelvis",
        (
            T1,
            *_dixon(11, "pelvis_t1_vibe_dixon", ("W", "F")),
            *_dixon(21, "lspine_t1_vibe_dixon", ("W", "F"), at="101000"),
        ),
        (21, 22, "ATTENUATION"),
    ),
]
"""Which pair is taken."""


def _body(swap: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Water and fat of a body in air: 12 mm of fat below the skin, muscle within; k, j, i with 4 mm voxels."""
    k, j, i = np.indices((40, 48, 56)).astype(float)
    inside = 90.0 - np.hypot((i - 27.5) * 4.0, (j - 23.5) * 4.0 * 1.2)
    noise = np.random.default_rng(4).integers(0, 6, (2, *k.shape))
    water = np.where(inside > 0, np.where(inside < 16.0, 60, 700), 0)
    fat = np.where(inside > 0, np.where(inside < 16.0, 900, 50), 0)
    turned = {"": k < 0, "all": k >= 0, "part": k < 20}[swap]
    pair = np.where(turned, fat, water) + noise[0], np.where(turned, water, fat) + noise[1]
    return pair[0].astype(np.int16), pair[1].astype(np.int16)


def _write_body(folder: Path, swap: str = "", **more: Any) -> None:
    write_pet(folder, prefix="pet", first_position=(-100.0, -100.0, -12.0))
    write_t1(folder, prefix="t1", first_position=(-12.0, -40.0, 40.0), spacing=(10.0, 10.0))
    for number, part, stored in zip((11, 12), "WF", _body(swap), strict=True):
        write_series(
            folder,
            stored,
            "MR",
            prefix=f"d{part}",
            SeriesNumber=number,
            SeriesDescription=f"MRAC_DIXON_{part}",
            first_position=(-112.0, -96.0, -80.0),
            spacing=(4.0, 4.0),
            distance=4.0,
            **({"ScanningSequence": "GR", "EchoTime": 1.23, "RepetitionTime": 4.1, "FlipAngle": 10.0} | more),
        )


def _fraction_is_right(case: Any) -> bool:
    found = case.series.get(Role.FAT_FRACTION)
    if found is None:
        return False
    percent, (water, _) = found.image.array, _body()
    air, muscle = percent[water < 10], percent[water > 500]
    return bool(
        (air == 0).all() and 4 < np.median(muscle) < 10 and percent.max() <= 100 and percent.dtype == np.float32
    )


def _judge_body(folder: Path) -> Judged:
    _write_body(folder)
    return judged(lambda: case_of(folder), _fraction_is_right, warnings=warnings_of)


def _judge_swap(swap: str) -> Any:
    def judge(folder: Path) -> Judged:
        _write_body(folder, swap)
        return judged(
            lambda: case_of(folder),
            lambda case: Role.FAT_FRACTION not in case.series,
            warnings=warnings_of,
            warned_by="fat fraction of series 11 and 12 is not used: water and fat seem to be swapped",
        )

    return judge


def _judge_agent(folder: Path) -> Judged:
    _write_body(folder, ContrastBolusAgent="Gadovist")
    return judged(
        lambda: case_of(folder),
        _fraction_is_right,
        warnings=warnings_of,
        warned_by="fat fraction of series 11 and 12 is doubtful: it was acquired after a contrast agent",
    )


def _judge_given_by_hand(folder: Path) -> Judged:
    _write_body(folder)
    return judged(lambda: case_of(folder, [("11", "FAT_FRACTION")]), refused_by="'FAT_FRACTION' is not a role")


SWAPS = "https://pubmed.ncbi.nlm.nih.gov/?term=dixon+fat+water+swap (fat-water swaps of Dixon reconstructions)"
CASES = [
    *PAIRS,
    InputCase("fat-fraction-of-a-body-in-air", KIND, OURS, _judge_body),
    InputCase("fat-fraction-swapped", KIND, SWAPS, _judge_swap("all"), (Outcome.WARNED,)),
    InputCase("fat-fraction-swapped-in-a-part", KIND, SWAPS, _judge_swap("part"), (Outcome.WARNED,)),
    InputCase("fat-fraction-after-an-agent", KIND, OURS, _judge_agent, (Outcome.WARNED,)),
    InputCase("fat-fraction-given-by-hand", KIND, OURS, _judge_given_by_hand, (Outcome.REFUSED,)),
]
