"""The signal fat fraction from the water and the fat image of a Dixon acquisition, and what it is usually in marrow.

Edema replaces fat by water. In marrow the fat fraction therefore drops, also where no fluid-sensitive series was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..core.histogram import otsu
from ..core.image import Geometry, Image, Region, resample, transform_points
from ..core.records import Candidate, MRFinding

LEAST_PERCENT = 0.1
"""The fat fraction of a voxel with signal is at least this, percent, so that 0 always means "no signal"."""
BRIGHT_PERCENTILE = 90.0
"""The percentile of water plus fat that stands for bright tissue. Our estimate."""
LEAST_BODY_PART = 0.05
"""Lower bound of the threshold between noise and body, as a part of the signal of bright tissue. Our estimate."""
MOST_BODY_PART = 0.15
"""Upper bound of that threshold: an image without air has no noise to be told from, and muscle must not be lost. Our
estimate."""
SKIN_MM = 4.0
"""Depth below which the skin ends, mm. Our estimate: skin is 2 to 3 mm thick."""
BELOW_SKIN_MM = 10.0
"""Depth to which the layer below the skin is taken, mm. Our estimate: it is mostly fat in adults."""
DEEP_MM = 30.0
"""Depth from which a place counts as deep in the body, mm. Our estimate: muscle, organs and bone, mostly water."""
SWAP_SLAB_MM = 60.0
"""Height of the slabs in which swapped water and fat are looked for, mm. Our estimate: a swap fills a bed, a leg or
the dome of the liver, not a few slices."""
SWAP_PERCENT = 50.0
"""Where fat below the skin has less than this, and the depth of the body more, water and fat are swapped, percent."""
SWAP_GRID_MM = 5.0
"""Voxel size on which swaps are looked for, mm. Our estimate: the layers are about as thick."""
SWAP_VOXELS_LEAST = 60
"""Lower bound of the voxels of a layer, on that grid, of which a median is taken. Our estimate."""
THICK_BONE_VOXELS = 2.2
"""Least radius of a bone in which the fat fraction is judged, in voxels of its image. Our estimate, tried on phantoms:
with voxels of 3 mm these are vertebral bodies, sacrum and femur. Spinous processes, pedicles and facets are not, and
looked low in fat because of the ligaments and muscles around them."""
VOXELS_LEAST = 3
"""Lower bound of the voxels whose mean is a measure; fewer are noise. Our estimate."""
MARROW_PART_LEAST = 0.2
"""Lower bound of the part of a region that lies deep in marrow, for its fat to be compared with marrow. Our estimate:
less is a bone beside the place."""


def signal_fat_fraction(water: np.ndarray, fat: np.ndarray) -> np.ndarray:
    """Signal fat fraction of each voxel: 100 F / (F + W).

    It is no proton density fat fraction (PDFF). Water and fat images of a T1-weighted gradient echo overestimate the
    fat, because fat recovers faster from the pulses (T1 bias). Those of a T2-weighted spin echo are biased by T2, and
    neither is corrected for T2* decay and for the several peaks of fat. Values of one acquisition can be compared with
    each other, and hardly with those of another protocol.

    Parameters
    ----------
    water, fat : ndarray, shape (k, j, i)
        Magnitude images of one acquisition on one grid, in the same unit; negative values count as 0.

    Returns
    -------
    ndarray of float32, shape (k, j, i)
        Percent, from `LEAST_PERCENT` to 100. It is 0 where water plus fat is no more than noise (air, cortical bone,
        metal). The threshold between noise and body comes from the histogram of water plus fat.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if water.shape != fat.shape:
        raise ValueError(f"water {water.shape} and fat {fat.shape} differ in shape")
    lipid = np.maximum(np.nan_to_num(fat), 0.0).astype(np.float32)
    total = lipid + np.maximum(np.nan_to_num(water), 0.0).astype(np.float32)
    body = total > _noise_bound(total)
    percent = np.zeros(total.shape, dtype=np.float32)
    percent[body] = np.clip(100.0 * lipid[body] / total[body], LEAST_PERCENT, 100.0)
    return percent


def _noise_bound(total: np.ndarray) -> float:
    """The threshold of water plus fat above which a voxel shows the body; infinite in an image without signal."""
    seen = total[total > 0]
    if not seen.size:
        return float("inf")
    # The brightest tenth of what is no air: in a wide field of view most voxels are air.
    bright = float(np.percentile(seen[seen >= np.percentile(seen, 50.0)], BRIGHT_PERCENTILE))
    if bright <= seen.min():
        return 0.0
    cut = float(np.exp(otsu(np.log(np.maximum(seen, 1e-4 * bright)))))
    return float(np.clip(cut, LEAST_BODY_PART * bright, MOST_BODY_PART * bright))


def swapped_part(percent: np.ndarray, geometry: Geometry) -> float | None:
    """Part of the body in which water and fat are swapped, judged by the fat below the skin.

    The layer below the skin is mostly fat and the depth of the body mostly water. Where it is the other way round, the
    reconstruction has swapped the two. Slabs of the body are judged one by one, left and right each, because a swap
    often fills one part of the body only.

    Parameters
    ----------
    percent : ndarray, shape (k, j, i)
        As :func:`signal_fat_fraction` gave it.
    geometry : Geometry

    Returns
    -------
    float or None
        0 to 1; None when skin or depth are hardly in the field of view, so that nothing can be said.
    """
    step = [max(1, round(SWAP_GRID_MM / s)) for s in geometry.spacing_kji_mm]
    coarse = percent[:: step[0], :: step[1], :: step[2]]
    spacing = [s * f for s, f in zip(geometry.spacing_kji_mm, step, strict=True)]
    body = ndimage.binary_closing(np.pad(coarse > 0, 3, mode="edge"), iterations=2)
    body = ndimage.binary_fill_holes(body)
    if body.all():
        return None
    # From the surface of the body, which lies half a voxel before the first voxel's middle.
    depth = ndimage.distance_transform_edt(body, sampling=spacing)[3:-3, 3:-3, 3:-3] - 0.5 * float(np.mean(spacing))
    flat = np.flatnonzero(coarse > 0)
    value, deep = coarse.reshape(-1)[flat], depth.reshape(-1)[flat]
    kji = np.array(np.unravel_index(flat, coarse.shape)) * np.array(step)[:, None]
    points = geometry.to_ras(kji[::-1].T)
    layer, core = (deep > SKIN_MM) & (deep < BELOW_SKIN_MM), deep > DEEP_MM
    slab = np.floor(points[:, 2] / SWAP_SLAB_MM).astype(int) * 2 + (points[:, 0] > np.median(points[:, 0]))
    judged = [_is_swapped(value[layer & (slab == one)], value[core & (slab == one)]) for one in np.unique(slab)]
    known = [one for one in judged if one is not None]
    return sum(known) / len(known) if known else None


def _is_swapped(layer: np.ndarray, core: np.ndarray) -> bool | None:
    if min(layer.size, core.size) < SWAP_VOXELS_LEAST:
        return None
    return bool(np.median(layer) < SWAP_PERCENT < np.median(core))


def fraction_on(fraction: Image, target: Geometry, target_to_fraction_ras: np.ndarray) -> np.ndarray:
    """The fat fraction at the voxels of another grid, interpolated between voxels with signal only.

    Parameters
    ----------
    fraction : Image
        Percent, 0 where there is no signal.
    target : Geometry
    target_to_fraction_ras : ndarray, shape (4, 4)
        Maps points of the target's frame to points of the image's frame, RAS mm.

    Returns
    -------
    ndarray of float32, shape ``target.shape``
        NaN outside the image and where most of the neighboring voxels have no signal.
    """
    some = Image((fraction.array > 0).astype(np.float32), fraction.geometry)
    weight = resample(some, target, target_to_fraction_ras, order=1, outside=0.0)
    total = resample(fraction, target, target_to_fraction_ras, order=1, outside=0.0)
    seen = weight > 0.5
    there = np.full(target.shape, np.nan, dtype=np.float32)
    there[seen] = total[seen] / weight[seen]
    return there


def deep_in_thick_bone(mask: np.ndarray, geometry: Geometry, voxel_mm: float) -> np.ndarray:
    """Voxels of marrow where an image with large voxels shows marrow alone.

    The images for attenuation correction are coarse. Their voxels at the edge of marrow share their signal with disc,
    ligament or muscle, which have hardly any fat, and thin bones such as spinous processes consist of such voxels.

    Parameters
    ----------
    mask : ndarray of bool, shape ``geometry.shape``
        Marrow. The edge of the grid is no surface.
    geometry : Geometry
    voxel_mm : float
        Largest voxel size of the image.

    Returns
    -------
    ndarray of bool, shape ``geometry.shape``
        More than one voxel of the image below the surface, and in a bone that holds a ball with a radius of
        `THICK_BONE_VOXELS` voxels of the image.
    """
    deep = np.zeros(mask.shape, dtype=bool)
    if not mask.any():
        return deep
    ends = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))[[0, -1]] for axis in range(3)]
    box = tuple(slice(max(0, low - 1), high + 2) for low, high in ends)
    padded = np.pad(mask[box], 1, mode="edge")
    spacing, radius = geometry.spacing_kji_mm, THICK_BONE_VOXELS * voxel_mm
    depth = np.full(padded.shape, np.inf) if padded.all() else ndimage.distance_transform_edt(padded, sampling=spacing)
    core = depth >= radius
    if core.any():
        thick = ndimage.distance_transform_edt(~core, sampling=spacing) <= radius
        deep[box] = ((depth > voxel_mm) & thick)[1:-1, 1:-1, 1:-1]
    return deep


@dataclass(frozen=True, eq=False)
class MarrowFat:
    """The fat fraction of marrow in one case, to measure places.

    Parameters
    ----------
    fraction : Image
        Percent, in its own frame; 0 where there is no signal.
    reference_to_fraction_ras : ndarray, shape (4, 4)
        Maps points of the reference frame to points of the fraction's frame, RAS mm.
    z : Image
        z-score of the fat fraction against the marrow around, on the reference grid; NaN outside marrow, and less
        than a voxel of the fraction below its surface or in thin bones.
    """

    fraction: Image
    reference_to_fraction_ras: np.ndarray
    z: Image

    def of(self, region: Region) -> tuple[float | None, float | None]:
        """Mean fat fraction of a region (percent), and mean z-score of the marrow in it.

        Parameters
        ----------
        region : Region
            In the reference frame, on any grid.

        Returns
        -------
        percent, z : float or None
            Percent is None where the region lies outside the image or has no signal. z is None where less than
            `MARROW_PART_LEAST` of the region is deep in marrow.
        """
        points = region.points_ras
        percent = _nearest(self.fraction, transform_points(self.reference_to_fraction_ras, points), 0.0)
        seen = percent > 0
        if np.count_nonzero(seen) < VOXELS_LEAST:
            return None, None
        mean = float(percent[seen].mean(dtype=np.float64))
        z = _nearest(self.z, points, np.nan)
        marrow = np.isfinite(z)
        if np.count_nonzero(marrow) < max(VOXELS_LEAST, MARROW_PART_LEAST * len(points)):
            return mean, None
        return mean, float(z[marrow].mean(dtype=np.float64))

    def mean_of_marrow(self) -> float | None:
        """Mean fat fraction of all marrow in the field of view, percent; None where there is none."""
        return self.of(Region.from_mask(np.isfinite(self.z.array), self.z.geometry))[0]

    def measure(self, items: Iterable[MRFinding | Candidate]) -> None:
        """Set the fat fraction and its z-score of findings and candidates, in place."""
        for item in items:
            item.fat_fraction, item.fat_fraction_z = self.of(item.region)


def _nearest(image: Image, points_ras: np.ndarray, outside: float) -> np.ndarray:
    """Values of the nearest voxels at points, shape (n,)."""
    kji = np.rint(image.geometry.to_ijk(points_ras)).astype(int)[:, ::-1]
    inside = np.all((kji >= 0) & (kji < image.array.shape), axis=1)
    values = np.full(len(kji), outside, dtype=np.float32)
    values[inside] = image.array[tuple(kji[inside].T)]
    return values


@dataclass(frozen=True)
class MarrowNorm:
    """A published mean fat fraction of lumbar vertebral marrow.

    Parameters
    ----------
    sex : str
        ``M`` or ``F``, as in DICOM.
    from_age, to_age : int
        Years, both included.
    percent : float
    spread : float or None
        Standard deviation, percent; None where the source gives none that was found.
    source : str
    """

    sex: str
    from_age: int
    to_age: int
    percent: float
    spread: float | None
    source: str


_BAUM = "Baum, Front Endocrinol 2018;9:141"
_AJR = "AJR 1996;167:355-358"
MARROW_NORMS = (
    MarrowNorm("M", 20, 29, 32.0, 8.0, _BAUM),
    MarrowNorm("M", 30, 39, 35.3, 6.7, _BAUM),
    MarrowNorm("M", 40, 84, 50.0, None, _AJR),
    MarrowNorm("F", 20, 29, 27.2, 6.0, _BAUM),
    MarrowNorm("F", 30, 39, 27.3, 6.2, _BAUM),
    MarrowNorm("F", 40, 44, 29.1, None, _AJR),
    MarrowNorm("F", 45, 54, 38.9, None, _AJR),
    MarrowNorm("F", 55, 64, 50.3, None, _AJR),
)
"""Published means, for the reader to compare with. Baum 2018 measured the PDFF of L1 to L4 in 156 healthy people. The
paper of 1996 (PubMed 8686603) measured the water fraction of L1 to L3 in 211 people without disease of the blood; the
fat fraction is 100 less it, and men above 25 years had "approximately 50 %". A signal fat fraction is higher than
both where the sequence is T1-weighted: in 100 people without symptoms a Dixon gradient echo gave 65.6 % (SD 7.2) for
all marrow of the trunk (PMC8161193)."""


def marrow_norm(sex: str | None, age: float | None) -> MarrowNorm | None:
    """The published mean for a person; None where sex or age are not known or no mean was found.

    Parameters
    ----------
    sex : str or None
        ``M`` or ``F``.
    age : float or None
        Years.
    """
    if age is None:
        return None
    return next((one for one in MARROW_NORMS if one.sex == sex and one.from_age <= int(age) <= one.to_age), None)
