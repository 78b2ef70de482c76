"""MR series in several blocks of slices: one for each disc, as the axial images of a lumbar spine are planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Dicom.roles import RoleAssignment, assign_roles
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, transform_points

from .block_makers import (
    DISCS,
    NUMBER,
    Block,
    by_rounds,
    interleaved,
    reversed_all,
    reversed_slices,
    value_at,
    write_blocks,
    write_enhanced_blocks,
)
from .judging import InputCase, Judged, Outcome, judged
from .series_makers import One, numbers, one, write_examination
from .small_examination import case_of, judged_command, warnings_of

KIND = "series in blocks"
SPINE = (
    "a group of five slices for each disc, multi-slice multi-angle: "
    "https://interactivehealthpartner.com/the-process-behind-a-spinal-mri-scan"
)
PHILIPS = "DICOM PS3.3 C.7.6.16.2.2 (Frame Content: Stack ID, In-Stack Position Number)"
ANGLES = "https://github.com/rordenlab/dcm2niix/issues/404 and https://github.com/Slicer/Slicer/issues/1007"
GAPS = "https://github.com/rordenlab/dcm2niix/issues/468"
ENHANCED = "https://github.com/rordenlab/dcm2niix/issues/1009"

T1, STIR = one(2, "t1_tse_sag", "t1"), one(4, "t2_tirm_sag", "stir")
T2 = one(3, "t2_tse_sag", "t2")
WARNED = (Outcome.WARNED,)

Write = Callable[[Path], Any]


def straight(shift: float = 0.0, apart: float = 35.0, slices: int = 4, count: int = 5) -> tuple[Block, ...]:
    """Blocks of one tilt; each is shifted to the back against the one above it."""
    return tuple(Block(z=70.0 - apart * n, y=shift * n, slices=slices) for n in range(count))


def case(
    name: str,
    write: Write,
    roles: dict[str, int | None],
    *,
    series: tuple[One, ...] = (T1, STIR),
    blocks: int | None = 5,
    slices: tuple[int, ...] | None = None,
    note: str = "",
    warned_by: str | None = None,
    given: dict[str, str] | None = None,
    source: str = SPINE,
) -> InputCase:
    """An examination with a series in blocks, and what must become of it.

    `blocks` is the number of blocks that the series is told to have; None when it must not be read as blocks. `note`
    must be found in a note, `warned_by` in a warning.
    """

    def run(folder: Path) -> Judged:
        write_examination(folder, series)
        write(folder)
        found = judged(lambda: _roles(folder, given), is_right, warned_by=warned_by)
        if found.outcome == Outcome.WARNED and not is_right(_roles(folder, given)):
            return Judged(Outcome.WRONG, found.seen)
        return found

    def is_right(found: RoleAssignment) -> bool:
        joined = [one for one in found.series if one.blocks]
        parts = [one for one in found.series if one.block]
        if [len(one.blocks) for one in joined] != ([] if blocks is None else [blocks]):
            return False
        as_planned = slices is None or sorted(one.n_slices for one in parts) == sorted(slices)
        got = numbers(found)
        noted = not note or any(note in text for text in found.notes)
        return as_planned and noted and all(got.get(role) == number for role, number in roles.items())

    return InputCase(f"blocks-{name}", KIND, source, run, WARNED if warned_by else (Outcome.RIGHT,))


def _roles(folder: Path, given: dict[str, str] | None = None) -> RoleAssignment:
    return assign_roles(read_folder(folder), given or {}, "low-back")


ASIDE: dict[str, int | None] = {"T1": 2, "FLUID": 4, "T2": None}
"""The roles of a T1 and a STIR beside T2 blocks that are left aside."""
USED: dict[str, int | None] = {"T2": NUMBER}
IN_BLOCKS = "lies in 5 blocks of 4 slices"
USED_WARNING = r"series 7 .*lies in \d blocks.*Nothing is seen on it between"


def aside(title: str, blocks: Sequence[Block], *, source: str = SPINE, lost_blocks: int = 0, **more: Any) -> InputCase:
    """T1, STIR and T2 blocks: the blocks are read, noted and not used."""
    usable = len(blocks) - lost_blocks
    return case(
        title,
        partial(write_blocks, blocks=blocks, **more),
        ASIDE,
        blocks=usable,
        note=f"lies in {usable} blocks",
        source=source,
    )


def gapless(title: str, blocks: Sequence[Block], *, source: str = SPINE, **more: Any) -> InputCase:
    """T1, STIR and T2 blocks of one tilt without a gap: they are read as one volume, which a note says."""
    return case(
        title,
        partial(write_blocks, blocks=blocks, **more),
        {"T1": 2, "FLUID": 4, "T2": NUMBER},
        blocks=len(blocks),
        note="without a gap",
        source=source,
    )


def acquired(n: int, k: int, dataset: Any) -> None:
    """GE writes each angle of a multi-angle series with a time of its own."""
    dataset.AcquisitionTime = f"11{45 + n:02d}{k:02d}"
    dataset.AcquisitionNumber = n + 1


def values_between(folder: Path) -> Judged:
    """The joined volume has the values of the body in the blocks, at the right places, and none between them."""
    write_examination(folder, ())
    write_blocks(folder)

    def is_right(found: RoleAssignment) -> bool:
        series = found.chosen["T2"]
        image = series.image
        kji = np.indices(image.array.shape).reshape(3, -1).T
        ras = image.geometry.to_ras(kji[:, ::-1])
        points = transform_points(np.linalg.inv(LPS_TO_RAS), ras)
        values = image.array.reshape(-1)
        inside = np.zeros(len(points), dtype=bool)
        deep = np.zeros(len(points), dtype=bool)
        for block in series.blocks:
            assert block.geometry is not None
            inside |= block.geometry.contains(ras)
            deep |= block.geometry.contains(ras, margin_voxels=0.0)
        seen = np.isfinite(values)
        right = np.abs(values[deep] - value_at(points[deep])).max() < 1.0
        return bool((seen == inside).mean() > 0.999 and 0.2 < seen.mean() < 0.8 and right)

    return judged(lambda: _roles(folder), is_right, warned_by=USED_WARNING)


def whole_case(folder: Path) -> Judged:
    """A case is made of T1, STIR and the blocks, and it says that it has read them."""
    write_examination(folder, (T1, STIR))
    write_blocks(folder)

    def is_right(found: Any) -> bool:
        said = any(IN_BLOCKS in text for text in found.notes)
        return said and set(found.series) == {"PET", "T1", "FLUID"} and len(found.all_series) == 9

    return judged(lambda: case_of(folder), is_right, warnings=warnings_of)


def listed(folder: Path) -> Judged:
    """``pain-generator series`` shows the series, its blocks, and that it is not used."""
    write_examination(folder, (T1, STIR))
    write_blocks(folder)
    said = r"7  MR  t2_tse_tra  8 x 8 x 20 in 5 blocks.*read but not used for finding.*Block 5 of 5 of this series"
    return judged_command("series", folder, status=0, said=said)


def checked(folder: Path) -> Judged:
    """``pain-generator check`` says that the case can be analyzed, and what was read."""
    write_examination(folder, (T1, STIR))
    write_blocks(folder)
    said = r"in 5 blocks.*This case can be analyzed"
    return judged_command("check", folder, status=0, said=said)


def two_echoes(folder: Path) -> Judged:
    """Each echo of blocks with two echoes is a volume of its own."""
    write_examination(folder, (T1, STIR))
    write_blocks(folder, straight(shift=3.0), echoes=(95.0, 180.0))

    def is_right(found: RoleAssignment) -> bool:
        joined = sorted(one.header["EchoTime"] for one in found.series if len(one.blocks) == 5)
        return joined == [95.0, 180.0] and numbers(found) == {"T1": 2, "FLUID": 4}

    return judged(lambda: _roles(folder), is_right)


def twice_in_one_folder(folder: Path) -> Judged:
    """T1 and T2 in blocks beside whole series: neither is used, both are noted."""
    write_examination(folder, (T1, T2, STIR))
    write_blocks(folder)
    write_blocks(folder, times="t1", name="t1_tse_tra", number=8)

    def is_right(found: RoleAssignment) -> bool:
        notes = [text for text in found.notes if IN_BLOCKS in text]
        return len(notes) == 2 and numbers(found) == {"T1": 2, "T2": 3, "FLUID": 4}

    return judged(lambda: _roles(folder), is_right)


def sheared(folder: Path) -> None:
    """A series whose every slice is shifted against the one before: no blocks, and no volume."""
    write_blocks(folder, [Block(z=4.4 * n, y=8.0 * n, slices=1) for n in range(12)])


CASES: list[InputCase] = [
    # One block for each disc, as scanners of several vendors write them.
    aside("siemens-parallel-to-each-disc", DISCS),
    aside("ge-multi-angle", DISCS, name="Ax T2 FSE (multi-angle)", each=acquired),
    aside("ge-straight-with-times", straight(shift=4.0), name="Ax T2 frFSE", each=acquired),
    aside("canon", DISCS, name="T2 AX FSE2D", SoftwareVersions="V4.7"),
    case("philips-stacks", write_enhanced_blocks, ASIDE, note=IN_BLOCKS, source=PHILIPS),
    case(
        "philips-frames-without-stacks",
        partial(write_enhanced_blocks, with_stacks=False),
        ASIDE,
        note=IN_BLOCKS,
        source=ENHANCED,
    ),
    case(
        "philips-stacks-of-one-tilt",
        partial(write_enhanced_blocks, blocks=straight(shift=6.0)),
        ASIDE,
        note=IN_BLOCKS,
        source=PHILIPS,
    ),
    # The same tilt.
    aside("one-tilt-shifted-in-plane", straight(shift=6.0)),
    gapless("one-tilt-shifted-and-touching", straight(shift=9.9, apart=17.6)),
    aside("one-tilt-on-one-axis-with-gaps", straight(), source=GAPS),
    aside("one-tilt-with-a-gap-of-one-slice", straight(apart=22.0), source=GAPS),
    gapless("one-tilt-overlapping", straight(apart=15.4), source=GAPS),
    gapless("one-tilt-overlapping-and-shifted", straight(shift=5.0, apart=15.0)),
    aside("two-blocks-of-one-tilt-among-five", (*DISCS[:3], replace(DISCS[3], tilt_deg=2.0, y=4.0), DISCS[4])),
    aside("two-blocks", straight(count=2)),
    # Number of slices.
    aside("of-two-slices", tuple(replace(block, slices=2) for block in DISCS)),
    aside("of-two-slices-of-one-tilt", straight(slices=2, shift=3.0)),
    aside("of-seven-slices-overlapping", tuple(replace(block, slices=9) for block in DISCS)),
    aside("of-three-to-seven-slices", tuple(replace(b, slices=3 + n) for n, b in enumerate(DISCS))),
    aside("of-three-to-seven-slices-of-one-tilt", tuple(replace(b, slices=3 + n) for n, b in enumerate(straight()))),
    aside("one-of-a-single-slice", (*DISCS[:4], replace(DISCS[4], slices=1)), lost_blocks=1),
    case(
        "single-slices",
        partial(write_blocks, blocks=tuple(replace(block, slices=1) for block in DISCS)),
        ASIDE,
        blocks=None,
    ),
    # Order of the slices.
    *(
        aside(f"{name}-{order.__name__.replace('_', '-')}", blocks, order=order)
        for name, blocks in (("discs", DISCS), ("one-tilt", straight(shift=6.0)), ("one-axis", straight()))
        for order in (interleaved, reversed_slices, reversed_all, by_rounds)
    ),
    gapless("overlapping-reversed", straight(apart=15.4), order=reversed_all),
    # Lost slices.
    aside("a-slice-lost-in-a-tilted-block", DISCS, lost=(10,), lost_blocks=1),
    aside("a-slice-lost-in-a-block-of-one-tilt", straight(shift=6.0), lost=(10,), lost_blocks=1),
    aside("a-slice-lost-in-a-block-on-one-axis", straight(), lost=(10,), lost_blocks=1),
    aside("the-first-slice-of-a-block-lost", DISCS, lost=(9,)),
    # Other kinds of images.
    InputCase("blocks-two-echoes", KIND, SPINE, two_echoes),
    InputCase("blocks-t1-and-t2-beside-whole-ones", KIND, SPINE, twice_in_one_folder),
    case(
        "t1-alone-of-its-kind",
        partial(write_blocks, times="t1", name="t1_tse_tra"),
        {"T1": None, "T2": 3, "FLUID": 4},
        series=(T2, STIR),
        warned_by=r"series 7 .*\(T1\) lies in 5 blocks.*not used",
    ),
    case(
        "beside-a-whole-t2-without-stir",
        write_blocks,
        {"T1": 2, "T2": 3},
        series=(T1, T2),
        note=IN_BLOCKS,
    ),
    case(
        "fluid-alone-of-its-kind-is-used",
        partial(write_blocks, times="stir", name="t2_tirm_tra"),
        {"T1": 2, "T2": 3, "FLUID": NUMBER},
        series=(T1, T2),
        warned_by=USED_WARNING,
    ),
    case("the-only-t2-is-used", write_blocks, {"T1": 2, "T2": NUMBER}, series=(T1,), warned_by=USED_WARNING),
    case("the-only-mr-is-used", write_blocks, USED, series=(), warned_by=USED_WARNING),
    case(
        "the-only-mr-of-one-tilt-is-used",
        partial(write_blocks, blocks=straight(shift=6.0)),
        USED,
        series=(),
        warned_by=USED_WARNING,
    ),
    InputCase("blocks-values", KIND, SPINE, values_between, WARNED),
    # Given by hand.
    case("given-by-hand", write_blocks, {"T1": 2, "T2": NUMBER}, given={"7": "T2"}, warned_by=USED_WARNING),
    case("one-block-given-by-hand", write_blocks, {"T1": 2, "T2": NUMBER}, given={"7/3": "T2"}),
    # What looks like blocks and is none.
    case(
        "three-planes",
        partial(write_blocks, blocks=(Block(), Block(plane="sag"), Block(plane="cor")), name="t2_haste_3planes"),
        {"T1": 2, "FLUID": 4},
        blocks=None,
    ),
    case(
        "radial-slices",
        partial(write_blocks, blocks=[Block(plane="cor", turn_deg=15.0 * n, slices=1) for n in range(12)]),
        {"T1": 2, "FLUID": 4, "T2": None},
        blocks=None,
        source=ANGLES,
    ),
    case("every-slice-shifted", sheared, ASIDE, blocks=None, warned_by="shifted against one another", source=ANGLES),
    case(
        "a-lost-slice-is-no-gap-between-blocks",
        partial(write_blocks, blocks=(Block(slices=20),), lost=(8,)),
        ASIDE,
        blocks=None,
        warned_by="Slices are missing",
    ),
    case(
        "many-lost-slices-are-no-gaps-between-blocks",
        partial(write_blocks, blocks=(Block(slices=20),), lost=(6, 7, 13, 14)),
        ASIDE,
        blocks=None,
        warned_by="Slices are missing",
    ),
    case(
        "a-slice-out-of-place-parts-no-blocks",
        partial(
            write_blocks, blocks=[Block(z=4.4 * n + 1.4 * (n == 6), slices=1) for n in range(10)], name="t2_tse_tra"
        ),
        ASIDE,
        blocks=None,
        warned_by="unevenly spaced",
    ),
    case(
        "two-hips-in-one-series",
        partial(
            write_blocks,
            blocks=(Block(plane="sag", x=-90.0, slices=10), Block(plane="sag", x=90.0, slices=10)),
            name="t2_tse_sag both hips",
        ),
        {"T1": 2, "FLUID": 4, "T2": None},
        blocks=2,
        note="from side to side",
    ),
    # What the user sees.
    InputCase("blocks-case-of-t1-and-stir", KIND, SPINE, whole_case),
    InputCase("blocks-command-series", KIND, SPINE, listed),
    InputCase("blocks-command-check", KIND, SPINE, checked),
]
