"""Outlines as DICOM segmentation: one object for each series on which outlines were drawn.

Segments are binary, as outlines may overlap and many viewers do not know label maps.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..Numerics.core.coding import Code
from ..Numerics.core.image import LPS_TO_RAS, Geometry, Region
from ..Numerics.core.version import VERSION
from .object_identity import SeriesIdentity, declare_scheme, equipment, instance_uid, take_study
from .source_images import SourceSeries

LONGEST_LABEL = 64
"""Most letters of the label of a segment (value representation LO)."""
AUTOMATIC, HALF_AUTOMATIC, BY_HAND = "AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"
"""How an outline was made (PS3.3, C.8.20.2.3)."""


@dataclass(frozen=True, eq=False)
class SegmentFacts:
    """One segment.

    Parameters
    ----------
    label : str
        Short name, as in the report.
    region : Region
        On the grid of the series, in its own frame.
    category, type : Code
    structure : Code or None
        Anatomic region.
    modifiers : tuple of Code
        Its laterality, then its level or zone.
    tracking_id, tracking_uid : str
    made : str
        :data:`AUTOMATIC`, :data:`HALF_AUTOMATIC` or :data:`BY_HAND`.
    color : tuple of float
        RGB, 0 to 1.
    """

    label: str
    region: Region
    category: Code
    type: Code
    structure: Code | None
    modifiers: tuple[Code, ...]
    tracking_id: str
    tracking_uid: str
    made: str
    color: tuple[float, float, float]


def segmentation_object(
    source: SourceSeries,
    segments: Sequence[SegmentFacts],
    series: SeriesIdentity,
    created: datetime.datetime,
    label: str,
    creator: str = "",
) -> Any:
    """Make a segmentation object.

    Parameters
    ----------
    source : SourceSeries
        The images on which the outlines lie.
    segments : sequence of SegmentFacts
        At least one.
    series : SeriesIdentity
    created : datetime
    label : str
        Content label: capitals, digits, spaces and underscores, up to 16.
    creator : str, optional
        Name of the reader, as in DICOM.

    Returns
    -------
    pydicom.Dataset
    """
    import highdicom

    geometry = source.series.image.geometry
    used = _slices_in_use(segments, geometry)
    pixels = _pixels(segments, geometry, used)
    outlines = [np.ascontiguousarray(one.region.flat, dtype="<i8").tobytes() for one in segments]
    names = repr([[value for name, value in vars(one).items() if name != "region"] for one in segments])
    uid = instance_uid(
        series, created, source.first, creator, names, repr((geometry.shape, geometry.ijk_to_ras.tolist())), *outlines
    )
    found = _object(highdicom, source, segments, pixels, used, series, uid, label)
    _add_modifiers(found, segments)
    take_study(found, source.first, series, created)
    declare_scheme(found)
    if creator:
        found.ContentCreatorName = creator
    return found


def _object(
    highdicom: Any,
    source: SourceSeries,
    segments: Sequence[SegmentFacts],
    pixels: np.ndarray,
    used: np.ndarray,
    series: SeriesIdentity,
    uid: str,
    label: str,
) -> Any:
    geometry = source.series.image.geometry
    return highdicom.seg.Segmentation(
        source_images=source.datasets,
        pixel_array=pixels,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(highdicom, number, one) for number, one in enumerate(segments, start=1)],
        series_instance_uid=series.uid,
        series_number=series.number,
        sop_instance_uid=uid,
        instance_number=1,
        **equipment(),
        content_label=label,
        content_description=series.description,
        pixel_measures=_measures(highdicom, geometry),
        plane_orientation=_orientation(highdicom, geometry),
        plane_positions=[_position(highdicom, geometry, k) for k in used],
        omit_empty_frames=True,
        series_description=series.description,
    )


def _slices_in_use(segments: Sequence[SegmentFacts], geometry: Geometry) -> np.ndarray:
    """Indices of the slices that hold a part of any segment; the others would only take space."""
    per_slice = geometry.shape[1] * geometry.shape[2]
    return np.unique(np.concatenate([one.region.flat // per_slice for one in segments]))


def _pixels(segments: Sequence[SegmentFacts], geometry: Geometry, used: np.ndarray) -> np.ndarray:
    """The slices in use: numbers of the segments where no outlines overlap, else one layer for each segment.

    One array of numbers is as many times smaller as there are segments.
    """
    per_slice = geometry.shape[1] * geometry.shape[2]
    flats = []
    for segment in segments:
        slices, within = np.divmod(segment.region.flat, per_slice)
        flats.append(np.searchsorted(used, slices) * per_slice + within)
    everywhere = np.concatenate(flats)
    shape = (len(used), *geometry.shape[1:])
    if len(np.unique(everywhere)) == len(everywhere):
        numbers = np.zeros(shape, dtype=np.uint16)
        for number, flat in enumerate(flats, start=1):
            numbers.reshape(-1)[flat] = number
        return numbers
    layers = np.zeros((*shape, len(segments)), dtype=np.uint8)
    for number, flat in enumerate(flats):
        layers.reshape(-1, len(segments))[flat, number] = 1
    return layers


def _position(highdicom: Any, geometry: Geometry, k: int) -> Any:
    place = LPS_TO_RAS[:3, :3] @ geometry.to_ras(np.array([0.0, 0.0, float(k)]))
    return highdicom.PlanePositionSequence(
        coordinate_system=highdicom.CoordinateSystemNames.PATIENT, image_position=[float(value) for value in place]
    )


def _orientation(highdicom: Any, geometry: Geometry) -> Any:
    """Directions of rows and columns, LPS."""
    axes = LPS_TO_RAS[:3, :3] @ geometry.ijk_to_ras[:3, :2]
    axes = axes / np.linalg.norm(axes, axis=0)
    return highdicom.PlaneOrientationSequence(
        coordinate_system=highdicom.CoordinateSystemNames.PATIENT,
        image_orientation=[float(value) for value in axes.T.reshape(-1)],
    )


def _measures(highdicom: Any, geometry: Geometry) -> Any:
    # Spacing of DICOM is that between rows first, then that between columns.
    column, row, between = (float(value) for value in np.linalg.norm(geometry.ijk_to_ras[:3, :3], axis=0))
    return highdicom.PixelMeasuresSequence(
        pixel_spacing=[row, column], slice_thickness=between, spacing_between_slices=between
    )


def _description(highdicom: Any, number: int, segment: SegmentFacts) -> Any:
    from pydicom.sr.codedict import codes

    algorithm = None
    if segment.made != BY_HAND:
        algorithm = highdicom.AlgorithmIdentificationSequence(
            name="PainGenerator", version=VERSION, family=codes.cid7162.MorphologicalOperations
        )
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.label[:LONGEST_LABEL],
        segmented_property_category=concept(segment.category),
        segmented_property_type=concept(segment.type),
        algorithm_type=segment.made,
        algorithm_identification=algorithm,
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_id,
        anatomic_regions=None if segment.structure is None else [concept(segment.structure)],
        display_color=highdicom.color.CIELabColor.from_rgb(*(round(255 * part) for part in segment.color)),
    )


def _add_modifiers(found: Any, segments: Sequence[SegmentFacts]) -> None:
    """Add side and level of each region, for which highdicom has no argument."""
    from pydicom.sequence import Sequence as Items

    for item, segment in zip(found.SegmentSequence, segments, strict=True):
        if segment.modifiers and segment.structure is not None:
            modifiers = Items([concept(code) for code in segment.modifiers])
            item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = modifiers


def concept(code: Code) -> Any:
    """A code as highdicom takes it."""
    import highdicom

    return highdicom.sr.CodedConcept(code.value, code.scheme, code.meaning[:64])
