"""What is known around the targets of a case: the skin, and what a needle should not meet.

Start at :func:`ground_of_targets`. Organs, vessels and bones come from the anatomy segmentation when there is one. The
spinal canal comes from its course on MR, roots from where anatomy has them, hot organs from the PET. What none of them
shows is unknown, and :class:`TargetGround` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
from scipy import ndimage

from ..Anatomy.anatomy_map import BONES, AnatomyMap
from ..Numerics.body.needle_paths import Obstacle, SkinView, Surroundings, dense_points
from ..Numerics.core import tissues as codes
from ..Numerics.core.image import Image, Region, block_means, transform_points
from ..Numerics.core.words import MR_ROLES, Certainty, Role
from ..Numerics.mr.body_mask import find_body
from ..Numerics.pet.detector import HotSpotParameters
from .case import Case
from .finding import Found
from .stages import Alignment, Suv

VESSELS, ROOTS, CANAL, KIDNEYS, BOWEL, ORGANS, BONE = (
    *("large vessels", "nerve roots", "spinal canal", "kidneys and ureters", "bowel", "other organs", "bone"),
)
GROUPS: dict[str, tuple[str, ...]] = {
    VESSELS: ("aorta", "inferior vena cava", "iliac artery", "iliac vein", "portal vein"),
    CANAL: ("spinal canal", "spinal cord"),
    KIDNEYS: ("kidney", "kidney cyst", "ureter", "adrenal gland"),
    BOWEL: ("small bowel", "duodenum", "colon", "rectum", "stomach"),
    ORGANS: (
        *("urinary bladder", "prostate", "uterus", "ovary", "testis", "liver", "gallbladder", "spleen", "pancreas"),
        "lung",
    ),
    BONE: BONES,
}
"""Group -> structures of an anatomy segmentation."""
NEVER_KNOWN = ("small vessels", "peripheral nerves")
"""What no source shows."""
POINT_STEP_MM = 2.0
"""Distance of the points that stand for a structure, mm. Our choice."""
CANAL_RADIUS_MM = 9.5
"""Radius of the tube that stands for the spinal canal, mm: half its depth of 18 to 20 mm (Panjabi 1992)."""
LINE_STEP_MM = 1.0
"""Distance of the points along that tube, mm."""
UPTAKE_WORDS = ("urine", "kidney", "ureter", "bowel", "vessel", "organ", "rectum", "bladder", "liver")
"""Words in the reason of physiologic uptake that mean an organ or a vessel."""
CT_AIR_HU = -300.0
"""Below this a CT shows air, HU: half way between air and fat is -550, and hair, cloth and the table lie between. Our
estimate."""
PET_EDGE_MM = 5.0
"""How well the PET shows the skin, mm: about its resolution. Our estimate."""
MR_EDGE_MM = 2.0
"""How well the outline of the body on an MR shows the skin, mm: half a block of 4 mm."""
COARSE_MM = 4.0
"""Voxel size of the outline on CT, mm, as on MR."""
_BODIES: WeakKeyDictionary[Image, Image | None] = WeakKeyDictionary()
"""The body on each MR that was looked at, as long as that image is held: finding it takes seconds."""


@dataclass(frozen=True, eq=False)
class TargetGround:
    """What is known around the targets of a case.

    Parameters
    ----------
    around : Surroundings
        In the reference frame.
    known : dict of str to str
        Group -> from what it is known.
    signals : dict of str to Image
        Name of a skin -> the image on whose signal the skin can be found more exactly, in the reference frame.
    pet_skin : SkinView or None
        The body on the PET, as a second witness; None where it is not aligned.
    """

    around: Surroundings
    known: dict[str, str]
    signals: dict[str, Image]
    pet_skin: SkinView | None

    @property
    def unknown(self) -> list[str]:
        """What a path may meet without anybody knowing."""
        groups = (VESSELS, ROOTS, CANAL, KIDNEYS, BOWEL, ORGANS, BONE)
        return [*(group for group in groups if group not in self.known), *NEVER_KNOWN]


def ground_of_targets(
    case: Case, suv: Suv, alignment: Alignment, found: Found, anatomy: AnatomyMap | None
) -> TargetGround:
    """Collect what a case shows of skin and structures.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment : Alignment
    found : Found
    anatomy : AnatomyMap, optional
    """
    known: dict[str, str] = {}
    obstacles = list(_of_map(anatomy, known)) if anatomy is not None else []
    obstacles += _of_canal(found, known)
    obstacles += _of_roots(found, known)
    obstacles += _of_uptake(found, alignment, known)
    if BONE not in known:
        obstacles += _of_marrow(found, known)
    skins, signals = _skins(case, alignment)
    pet = _pet_skin(case, suv, alignment)
    all_skins = (*skins, pet) if pet is not None else tuple(skins)
    return TargetGround(Surroundings(all_skins, tuple(obstacles)), known, signals, pet)


def _of_map(anatomy: AnatomyMap, known: dict[str, str]) -> Iterator[Obstacle]:
    """One obstacle for each organ and vessel, and one for all bones."""
    back = None if anatomy.frame_to_map_ras is None else np.linalg.inv(anatomy.frame_to_map_ras)
    for group, structures in GROUPS.items():
        by_name: dict[str, list[int]] = {}
        for label in anatomy.labels_of(structures):
            what = anatomy.structures[label]
            by_name.setdefault(BONE if group == BONE else what.text, []).append(label)
        for name, labels in sorted(by_name.items()):
            mask = anatomy.mask(labels)
            if mask is None:
                continue
            points, radius = dense_points(mask, POINT_STEP_MM)
            if not len(points):
                continue
            points = points if back is None else transform_points(back, points)
            known[group] = "anatomy segmentation"
            yield Obstacle(name, group, points, radius, is_bone=group == BONE)


def _of_canal(found: Found, known: dict[str, str]) -> Iterator[Obstacle]:
    """The canal as a tube along its course on MR."""
    line = found.plan.spine_line
    if line is None or found.plan.spine_certainty not in (None, str(Certainty.CERTAIN), str(Certainty.LIKELY)):
        return
    points = np.asarray(line.points_ras, dtype=float)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    places = np.arange(0.0, lengths[-1] + LINE_STEP_MM, LINE_STEP_MM)
    dense = np.stack([np.interp(places, lengths, points[:, axis]) for axis in range(3)], axis=-1)
    known[CANAL] = f"{known[CANAL]} and MR" if CANAL in known else "its course on MR"
    yield Obstacle("spinal canal (MR)", CANAL, dense, CANAL_RADIUS_MM)


def _of_roots(found: Found, known: dict[str, str]) -> Iterator[Obstacle]:
    """The upper half of each foramen, where the root leaves; no image shows the root itself."""
    for row in found.measured_sites.rows:
        site = row.site
        if site.structure != "foramen":
            continue
        grid = np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, 9)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        inside = grid[(np.linalg.norm(grid, axis=1) <= 1.0) & (grid[:, 2] >= 0.0)]
        known[ROOTS] = "expected place in the foramina only"
        yield Obstacle(root_name(site.name), ROOTS, site.center_ras + (inside * site.half_mm) @ site.axes, 1.0)


def root_name(foramen: str) -> str:
    """The name of the obstacle for the root of a foramen: ``left L5 foramen`` -> ``left L5 root (expected place)``."""
    return f"{foramen.removesuffix(' foramen')} root (expected place)"


def _of_uptake(found: Found, alignment: Alignment, known: dict[str, str]) -> Iterator[Obstacle]:
    """Organs and vessels that the PET shows by their uptake; they do not make a group known."""
    if not alignment.is_aligned(Role.PET) or {KIDNEYS, BOWEL} <= set(known):
        return
    for spot in found.hot_spots:
        word = (spot.physiologic or "").partition(":")[0]
        if any(part in word for part in UPTAKE_WORDS) and len(spot.region):
            radius = 0.5 * float(np.mean(spot.region.geometry.spacing_mm))
            yield Obstacle(f"uptake of {word}", ORGANS, spot.region.points_ras, radius)


def _of_marrow(found: Found, known: dict[str, str]) -> Iterator[Obstacle]:
    """Bone as the MR shows it: its marrow, without cortex."""
    image = found.mr.tissues
    mask = ndimage.binary_opening(image.array == codes.MARROW)
    points, radius = dense_points(Image(mask, image.geometry), POINT_STEP_MM)
    if len(points):
        known[BONE] = "marrow on MR, without cortex"
        yield Obstacle("marrow on MR", BONE, points, radius, is_bone=True)


def _skins(case: Case, alignment: Alignment) -> tuple[list[SkinView], dict[str, Image]]:
    """The outline of the body on each aligned MR or CT, the reference first."""
    # The series for attenuation sees more of the body than a thin slab of MR, and is asked before the other slabs.
    roles = [case.reference_role, Role.ATTENUATION, *(role for role in MR_ROLES if role != case.reference_role)]
    skins: list[SkinView] = []
    signals: dict[str, Image] = {}
    for role in roles:
        series = case.series.get(role)
        if series is None or not alignment.is_aligned(role):
            continue
        to_reference = np.linalg.inv(alignment.reference_to(role))
        find = _ct_body if series.modality == "CT" else _mr_body
        skins.append(SkinView(str(role), partial(_placed, find, series.image, to_reference), MR_EDGE_MM))
        if series.modality != "CT":
            signals[str(role)] = Image(series.image.array, series.image.geometry.moved(to_reference))
    return skins, signals


def _placed(find: Callable[[Image], Image | None], image: Image, to_reference: np.ndarray) -> Image | None:
    """The body on an image, in the reference frame."""
    body = find(image)
    return None if body is None else Image(body.array, body.geometry.moved(to_reference))


def _mr_body(image: Image) -> Image | None:
    """The body on an MR; None where no air is in view, so that nothing tells where it ends."""
    if image not in _BODIES:
        seen = find_body(image)
        is_shown = seen.has_air and bool(seen.body.any())
        _BODIES[image] = Image(seen.body.astype(np.float32), seen.geometry) if is_shown else None
    return _BODIES[image]


def _ct_body(image: Image) -> Image | None:
    coarse = block_means(image, COARSE_MM)
    return _largest(np.nan_to_num(coarse.array, nan=-1000.0) > CT_AIR_HU, coarse)


def _pet_skin(case: Case, suv: Suv, alignment: Alignment) -> SkinView | None:
    """The body on the PET; None where it is not aligned."""
    if not alignment.is_aligned(Role.PET):
        return None
    bound = case.protocol.stage("hot_spots", HotSpotParameters).reference.body_suv

    def find(image: Image) -> Image | None:
        return _largest(np.nan_to_num(image.array) > bound, image)

    return SkinView(str(Role.PET), partial(_placed, find, suv.image, alignment.pet_to_reference), PET_EDGE_MM)


def _largest(mask: np.ndarray, image: Image) -> Image | None:
    """The largest part of a mask without holes, as 0 and 1."""
    parts, count = ndimage.label(ndimage.binary_opening(mask) if min(mask.shape) > 2 else mask)
    if not count:
        return None
    largest = parts == 1 + int(np.argmax(np.bincount(parts.reshape(-1))[1:]))
    return Image(ndimage.binary_fill_holes(largest).astype(np.float32), image.geometry)


def outline_point(region: Region, centroid_ras: np.ndarray) -> np.ndarray:
    """The middle of an outline when it lies in it, else the voxel of the outline that is nearest to it."""
    ijk = np.rint(region.geometry.to_ijk(centroid_ras)).astype(int)
    if region.geometry.contains(centroid_ras):
        flat = int(np.ravel_multi_index(tuple(ijk[::-1]), region.geometry.shape))
        if np.any(region.flat == flat):
            return np.asarray(centroid_ras, dtype=float)
    points = region.points_ras
    nearest: np.ndarray = points[int(np.linalg.norm(points - centroid_ras, axis=1).argmin())]
    return nearest
