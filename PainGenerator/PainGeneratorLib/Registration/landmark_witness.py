"""What the scanner and the images say about landmarks: how many millimeters they disagree.

A person's points decide where a series lies. They do not decide in silence: a point on the wrong vertebra moves all
places by 35 mm.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .alignment_types import OFFSET, AlignmentParameters, PairAlignment
from .landmarks import LandmarkFit
from .quality import CHECK
from .rigid import mean_distance

LANDMARKS_OFF_MM = 7.0
"""Lower bound of the distance between the place by landmarks and the place that the images alone show, at which the
landmarks contradict the images, mm. Our estimate: on real cases a PET that was aligned by itself ended 2 to 6 mm from
the way through a CT, and points that are placed by hand are good to 4 mm."""
FROM_SCANNER = "landmarks_to_scanner_mm"
FROM_IMAGES = "landmarks_to_images_mm"
"""Names in the evidence of the distances of the kept place from the scanner's coordinates and from the place that the
images alone show, mm; None where the two cannot be compared."""


def with_landmark_witness(
    pair: PairAlignment,
    alone: PairAlignment,
    fit: LandmarkFit,
    points_ras: np.ndarray,
    parameters: AlignmentParameters,
    same_frame_of_reference: bool,
) -> PairAlignment:
    """Say how far landmarks lead from the scanner's coordinates and from the place that the images show.

    Parameters
    ----------
    pair : PairAlignment
        The alignment with the landmarks.
    alone : PairAlignment
        The alignment without them.
    fit : LandmarkFit
    points_ras : ndarray, shape (n, 3)
        Points of the fixed body that the moving image shows, RAS mm.
    parameters : AlignmentParameters
    same_frame_of_reference : bool
        True when the scanner says that both images share their coordinates.

    Returns
    -------
    PairAlignment
        With the distances in its evidence and its warnings. Where landmarks and images contradict each other, all
        positions have the flag of an uncertain alignment.
    """
    kept = pair.fixed_to_moving_ras
    is_seen = alone.verdict != "not aligned" and alone.evidence.get("doubt") is None
    to_images = mean_distance(alone.fixed_to_moving_ras, kept, points_ras) if is_seen and len(points_ras) else None
    to_scanner = pair.shift_mm if same_frame_of_reference else None
    evidence = {**pair.evidence, FROM_SCANNER: to_scanner, FROM_IMAGES: to_images}
    texts, offset = [], None
    if to_images is not None and to_images > max(LANDMARKS_OFF_MM, fit.rms_mm):
        offset = to_images
        texts.append(
            f"The landmarks contradict the images: without them the images agree best {to_images:.0f} mm away. The "
            f"place by the landmarks is kept; positions may be wrong by that much. {CHECK}"
        )
    if to_scanner is not None and _is_far(pair, parameters):
        confirmed = to_images is not None and offset is None
        if not confirmed:
            offset = offset or to_scanner
        seen = "the images agree with them" if confirmed else "the images do not confirm it"
        texts.append(
            f"The landmarks moved it by {pair.shift_mm:.0f} mm and {pair.rotation_deg:.0f} degrees from the scanner's "
            f"coordinates, which both series share; {seen}."
        )
    if offset is not None:
        evidence[OFFSET] = offset
    return dataclasses.replace(pair, evidence=evidence, warnings=(*pair.warnings, *texts))


def _is_far(pair: PairAlignment, parameters: AlignmentParameters) -> bool:
    return pair.shift_mm > parameters.warn.shift_mm or pair.rotation_deg > parameters.warn.rotation_deg
