"""What a reading rests on, to be seen at one glance, and the same reading with other references.

Start at :func:`ground_of` and :func:`with_references`. Neither needs a scene.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.label_families import VERTEBRAE
from ..Numerics.core import tissues as codes
from ..Numerics.core.image import Region
from ..Numerics.core.words import Group, Role
from ..Numerics.pet.detector import HotSpotDetector, HotSpotResult
from ..Numerics.pet.reference_norms import REFUSED, USED
from .case import Case
from .check import check_case
from .finding import Found, PetSigns, fuse_found, in_reference_frame
from .prosthesis import with_interfaces
from .sites import measured_table
from .stages import Alignment, Suv, pet_detector

SHOWN_TISSUES = (codes.MARROW, codes.MUSCLE, codes.FAT, codes.DISC, codes.FLUID)
"""Tissues that are shown; void, viscera and the unknown are the rest."""
REFERENCE_TISSUES = (codes.MUSCLE, codes.MARROW, codes.DISC)
"""Tissues that places are compared with."""
LINE_STEP_MM = 20.0
"""Distance of the points of the spinal canal that are shown, mm. Our choice: fewer than one for each vertebra."""
VERTEBRA = "vertebra"
TISSUE = "tissue"


@dataclass(frozen=True)
class GroundReference:
    """One reference, as the reader sees it.

    Parameters
    ----------
    name : str
        A tissue, or a vertebra such as ``L4``.
    kind : str
        ``tissue`` or ``vertebra``; empty for what cannot be left out.
    suv, spread, volume_ml : float or None
        Median and robust standard deviation, g/ml, and how much tissue it was taken from.
    status, note : str
        Whether it is used, and why it is not.
    """

    name: str
    kind: str
    suv: float
    spread: float | None
    volume_ml: float | None
    status: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Ground:
    """What a reading rests on; regions and points in the reference frame.

    Parameters
    ----------
    references : tuple of GroundReference
    series : tuple of str
        Each series with its role and what both witnesses say of it.
    frame : tuple of str
        From what midline, spine, levels and prosthesis are known, and how certain they are.
    edits : tuple of str
        What the reader changed about the references.
    body : Region
        The body on the PET.
    tissues : tuple of (str, Region)
        On the MR.
    used : tuple of (str, Region)
        Where references are taken, named with their SUV; on the PET.
    points : tuple of (str, ndarray)
        Levels, canal, prosthesis: label and place, RAS mm.
    """

    references: tuple[GroundReference, ...]
    series: tuple[str, ...]
    frame: tuple[str, ...]
    edits: tuple[str, ...]
    body: Region
    tissues: tuple[tuple[str, Region], ...]
    used: tuple[tuple[str, Region], ...]
    points: tuple[tuple[str, np.ndarray], ...]


def series_texts(case: Case, suv: Suv) -> tuple[str, ...]:
    """Each series with its role, and what header and image say of it; it takes some seconds."""
    return tuple(role.to_text() for role in check_case(case, suv).roles)


def ground_of(
    case: Case, alignment: Alignment, found: Found, detector: HotSpotDetector, series: tuple[str, ...]
) -> Ground:
    """What the reading of a case rests on; `series` are the texts of :func:`series_texts`."""
    tissues = found.mr.tissues
    shown = [(codes.NAMES[code], Region.from_mask(tissues.array == code, tissues.geometry)) for code in SHOWN_TISSUES]
    return Ground(
        references=tuple(references_of(detector)),
        series=series,
        frame=tuple(_frame_texts(case, found)),
        edits=tuple(edit.text for edit in case.options.reference_edits),
        body=_moved(body_on_pet(detector), alignment),
        tissues=tuple((name, region) for name, region in shown if len(region)),
        used=tuple((name, _moved(region, alignment)) for name, region in _used_regions(detector)),
        points=tuple(_points(found)),
    )


def references_of(detector: HotSpotDetector) -> Iterator[GroundReference]:
    """The rows of the table of references: tissues and organs, then each vertebra."""
    names = {codes.NAMES[code] for code in REFERENCE_TISSUES}
    for row in detector.references.table:
        kind = TISSUE if row.name in names else ""
        yield GroundReference(row.name, kind, row.median, row.spread, row.volume_ml, row.status, row.note)
    for number, median in detector.references.level_medians.items():
        yield GroundReference(VERTEBRAE[number - 1], VERTEBRA, median, None, None, USED)


def body_on_pet(detector: HotSpotDetector) -> Region:
    """The largest part of the PET above the threshold of the body, without holes."""
    suv = detector.scan.suv
    above = np.nan_to_num(suv.array) > detector.parameters.reference.body_suv
    parts, count = ndimage.label(above)
    if count > 1:
        above = parts == 1 + int(np.argmax(np.bincount(parts.reshape(-1))[1:]))
    return Region.from_mask(ndimage.binary_fill_holes(above), suv.geometry)


def _used_regions(detector: HotSpotDetector) -> Iterator[tuple[str, Region]]:
    """Where the used references are taken, in the PET's own frame."""
    scan, out = detector.scan, detector.no_reference
    free = np.ones(scan.suv.geometry.shape, dtype=bool) if out is None else ~out
    used = {row.name: row for row in detector.references.table if row.status == USED}
    for code in REFERENCE_TISSUES:
        row = used.get(codes.NAMES[code])
        if row is not None and scan.tissues is not None:
            mask = (scan.tissues == code) & free
            yield f"{row.name} {row.median:.2f} g/ml", Region.from_mask(mask, scan.suv.geometry)
    levels = detector.reference_levels
    for number, median in detector.references.level_medians.items():
        if levels is not None:
            region = Region.from_mask(levels == number, scan.suv.geometry)
            yield f"{VERTEBRAE[number - 1]} {median:.2f} g/ml", region


def _moved(region: Region, alignment: Alignment) -> Region:
    return region.moved(alignment.pet_to_reference) if alignment.is_aligned(Role.PET) else region


def _frame_texts(case: Case, found: Found) -> Iterator[str]:
    plan, table = found.plan, found.sites
    yield f"Midline: from {plan.source}, {plan.certainty}."
    if case.group == Group.LOW_BACK:
        line = "not found" if plan.spine_line is None else plan.spine_certainty or "found"
        yield f"Spinal canal on MR: {line}."
        yield " ".join([f"Levels: {table.level_certainty or 'not known'}.", *table.level_reasons])
    for implant in plan.implants:
        yield f"Prosthesis on the {implant.side}: side {implant.side_certainty}."


def _points(found: Found) -> Iterator[tuple[str, np.ndarray]]:
    for row in found.measured_sites.rows:
        if row.site.structure in ("vertebral body", "disc") and row.site.level is not None:
            yield row.site.level, row.site.center_ras
    line = found.plan.spine_line
    if line is not None:
        points = line.points_ras
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        for place in np.arange(0.0, lengths[-1] + 1e-6, LINE_STEP_MM):
            yield "", points[int(np.abs(lengths - place).argmin())]
    for implant in found.plan.implants:
        parts = (("stem", implant.stem_top_ras), ("tip", implant.stem_tip_ras), ("cup", implant.cup_center_ras))
        for name, point in parts:
            if point is not None:
                yield f"{implant.side} {name}", point


def is_all_refused(references: Sequence[GroundReference]) -> bool:
    """Whether no tissue is left that a place can be compared with."""
    return bool(references) and all(row.status == REFUSED for row in references if row.kind)


def with_references(found: Found, case: Case, suv: Suv, alignment: Alignment, anatomy: AnatomyMap | None) -> Found:
    """The same reading with the references that the options of a case ask for.

    The PET is searched anew, candidates are joined and ranked anew, and the sites are measured anew. What MR and body
    show stays, and so does `found`.

    Parameters
    ----------
    found : Found
    case : Case
        With the changes of the references in its options.
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    """
    detector = pet_detector(case, suv, alignment, found.mr, anatomy, found.symmetry, found.plan)
    return with_uptake(found, case, suv, alignment, anatomy, detector.find(), detector)


def with_uptake(
    found: Found,
    case: Case,
    suv: Suv,
    alignment: Alignment,
    anatomy: AnatomyMap | None,
    pet: HotSpotResult,
    detector: HotSpotDetector,
) -> Found:
    """The same reading with other hot spots: candidates are joined and ranked anew, and the sites measured anew.

    Parameters
    ----------
    found : Found
        Stays as it is.
    case : Case
        With the parameters of these hot spots.
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
    pet : HotSpotResult
    detector : HotSpotDetector
        That gave them.
    """
    mr = found.mr
    hot_spots = in_reference_frame(pet.hot_spots, alignment)
    new = dataclasses.replace(found, pet=pet, hot_spots=hot_spots, detector=detector)
    bare = found.measured_sites
    before = measured_table(bare, case, suv, alignment, mr, detector, hot_spots, [])
    namer = new.namer(anatomy, case, suv, alignment)
    new.take(fuse_found(case, suv, alignment, mr, PetSigns.of(pet, alignment, hot_spots), namer, before, detector))
    table = measured_table(bare, case, suv, alignment, mr, detector, hot_spots, new.candidates)
    new.measured_sites = with_interfaces(table, case, suv, alignment, found.plan)
    return new
