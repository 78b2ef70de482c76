"""Which entry of another list shows the same thing, by place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate
from ..Numerics.core.regions import gap_mm, overlap_fraction

REACH_MM = 10.0
"""Upper bound, in mm. Two entries whose centroids are not farther apart than this, or that overlap, may show the same
thing. Our estimate: it is the distance at which the benchmarks, too, count a candidate as the lesion that was put into
a phantom."""


def counterpart(candidate: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    """The entry at the place of a candidate: the one that shares most voxels with it, else the nearest; None when none
    is near.

    Shared voxels come first, as another sign beside a candidate may be nearer to its center than the same sign with
    another outline.
    """
    best, best_key = None, (np.inf, np.inf)
    for other in others:
        distance = float(np.linalg.norm(other.centroid_ras_mm - candidate.centroid_ras_mm))
        if distance > REACH_MM and gap_mm(candidate.region, other.region, 1.0) == np.inf:
            continue
        key = (-shared_part(candidate.region, other.region), distance)
        if key < best_key:
            best, best_key = other, key
    return best


def shared_part(first: Region, second: Region) -> float:
    """The volume that two regions share over the mean of their volumes, 0 to 1 (the Dice coefficient)."""
    volumes = (first.volume_ml, second.volume_ml)
    whole = sum(volumes)
    return 2.0 * overlap_fraction(first, second) * min(volumes) / whole if whole > 0.0 else 0.0
