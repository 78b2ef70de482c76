"""Sacroiliac joints and proximal femora, from an anatomy segmentation: what part of hip and pelvis a point belongs
to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..Numerics.core.image import Region
from .anatomy_map import AnatomyMap
from .spine import patient_left
from .zones import HipImplant, implant_from_void

HIP_BONES = ("hip bone", "ilium", "ischium", "pubis", "acetabulum")
FEMUR_PARTS = ("femur", "femoral head", "greater trochanter", "lesser trochanter")
_UPPER_FEMUR_MM = 75.0
_HEAD_RADIUS_MM = (15.0, 34.0)
_SOCKET_GAP_MM = 12.0
"""A head lies in its socket; where the neck is cut, the trochanters are the thickest part, 30 mm away. Ours."""
_CUP_RADIUS_MM = 26.0
"""Half of the usual 52 mm: a void is some millimetres wider than the metal, and a label may leave out the liner."""
_STEM_RADIUS_MM = 12.0
_STEM_LEAST_MM = 60.0
"""A stem is at least so high: cups and resurfacing heads are lower."""
_SACROILIAC_REACH_MM = 16.0
"""A point belongs to a sacroiliac joint when its distances to sacrum and ilium together stay below this. Ours."""


@dataclass(frozen=True, eq=False)
class Femur:
    """A proximal femur in RAS mm: head, and the directions from it.

    `offset_mm` is the lateral distance from the head's center to the shaft's axis. Of a `replaced` hip, the center is
    that of the cup, the radius the usual one of cups.
    """

    side: str
    head_ras: np.ndarray
    head_radius_mm: float
    lateral: np.ndarray
    distal: np.ndarray
    offset_mm: float
    replaced: bool = False

    def local(self, point_ras: np.ndarray) -> tuple[float, float, float]:
        """Lateral, distal and anterior way from the head's center, mm."""
        way = np.asarray(point_ras) - self.head_ras
        anterior = np.cross(self.distal, self.lateral) * (1.0 if self.side == "left" else -1.0)
        return float(way @ self.lateral), float(way @ self.distal), float(way @ anterior)

    def to_neck_mm(self, point_ras: np.ndarray) -> float:
        """Distance to the neck's axis, from the head's center to 0.8 offsets beside and 0.6 below it.

        The capsule follows this axis from the socket to the intertrochanteric line.
        """
        way = np.array(self.local(point_ras))
        neck = self.offset_mm * np.array([0.8, 0.6, 0.0])
        return float(np.linalg.norm(way - np.clip(way @ neck / (neck @ neck), 0.0, 1.0) * neck))

    def part(self, point_ras: np.ndarray) -> str:
        """Femoral head, neck, greater trochanter, lesser trochanter or shaft.

        The limits are parts of the femoral offset (mean 41 to 43 mm): the lesser trochanter lies 1.1 to 1.7 offsets
        below
        the head's center and medially of the shaft's axis, the greater one lateral and down to 1.1 offsets. Ours.
        """
        lateral, distal, _ = self.local(point_ras)
        if np.linalg.norm(np.asarray(point_ras) - self.head_ras) <= 1.12 * self.head_radius_mm:
            return "femoral head"
        if distal > 1.75 * self.offset_mm:
            return "femoral shaft"
        if distal > 1.05 * self.offset_mm:
            return "lesser trochanter" if lateral < 0.85 * self.offset_mm else "femoral shaft"
        return "greater trochanter" if lateral > 0.85 * self.offset_mm else "femoral neck"


def find_femur(anatomy: AnatomyMap, side: str) -> Femur | None:
    """The proximal femur of a side; None when its head is not in the segmentation (or has been replaced)."""
    labels = anatomy.labels_of(FEMUR_PARTS, side)
    mask = anatomy.mask(labels)
    if mask is None:
        return None
    heads = anatomy.points(anatomy.labels_of("femoral head", side))
    depth = ndimage.distance_transform_edt(np.pad(mask.array, 1), sampling=mask.geometry.spacing_kji_mm)[
        1:-1, 1:-1, 1:-1
    ]
    kji = np.argwhere(mask.array)
    points = mask.geometry.to_ras(kji[:, ::-1])
    inside = depth[tuple(kji.T)]
    upper = points[:, 2] > points[:, 2].max() - _UPPER_FEMUR_MM
    lateral = patient_left(anatomy) * (1.0 if side == "left" else -1.0)
    if len(heads):
        head, radius = heads.mean(axis=0), float(np.cbrt(len(heads) * mask.geometry.voxel_volume_ml * 750 / np.pi))
    else:
        score = np.where(upper, inside - 0.15 * (points @ lateral - (points @ lateral).min()), -np.inf)
        best = score >= score.max() - 1.0
        head, radius = points[best].mean(axis=0), float(inside[best].max() + 0.5 * min(mask.geometry.spacing_mm))
    socket = anatomy.points(anatomy.labels_of(HIP_BONES, side))
    in_socket = not len(socket) or np.linalg.norm(socket - head, axis=1).min() <= radius + _SOCKET_GAP_MM
    if not _HEAD_RADIUS_MM[0] <= radius <= _HEAD_RADIUS_MM[1] or not in_socket:
        return None
    return _with_axes(side, head, radius, points, lateral)


def _with_axes(
    side: str, head: np.ndarray, radius: float, points: np.ndarray, lateral: np.ndarray, replaced: bool = False
) -> Femur:
    """A femur with the axis of its shaft, from the points of its bone below the joint."""
    lower = points[points[:, 2] < head[2] - 68.0]
    distal = np.array([0.0, 0.0, -1.0])
    shaft = lower.mean(axis=0) if len(lower) > 20 else None
    if shaft is not None and np.ptp(lower[:, 2]) > 20.0:
        slopes = np.polyfit(lower[:, 2], lower[:, :2], 1)[0]
        way = np.array([-slopes[0], -slopes[1], -1.0])
        distal = way / np.linalg.norm(way)
    lateral = lateral - (lateral @ distal) * distal
    lateral /= np.linalg.norm(lateral)
    offset = float((shaft - head) @ lateral) if shaft is not None else 1.75 * radius
    return Femur(side, head, radius, lateral, distal, float(np.clip(offset, 25.0, 65.0)), replaced)


def find_replaced_femur(
    anatomy: AnatomyMap, side: str, implant: HipImplant | None, other: Femur | None
) -> Femur | None:
    """The proximal femur of a side whose head was replaced.

    The joint's center is that of the cup, else of the other hip's head mirrored between the two hip bones.

    Parameters
    ----------
    anatomy : AnatomyMap
    side : str
    implant : HipImplant, optional
        In the map's frame.
    other : Femur, optional
        The femur of the other side.
    """
    points = anatomy.points(anatomy.labels_of(FEMUR_PARTS, side))
    if not len(points):
        return None
    lateral = patient_left(anatomy) * (1.0 if side == "left" else -1.0)
    if implant is not None and implant.side == side and implant.cup_center_ras is not None:
        return _with_axes(side, implant.cup_center_ras, _CUP_RADIUS_MM, points, lateral, replaced=True)
    bones = [anatomy.points(anatomy.labels_of(HIP_BONES, each)) for each in ("left", "right")]
    if other is None or not all(len(bone) for bone in bones):
        return None
    middles = [bone.mean(axis=0) for bone in bones]
    way = middles[0] - middles[1]
    way /= np.linalg.norm(way)
    head = other.head_ras - 2.0 * ((other.head_ras - 0.5 * (middles[0] + middles[1])) @ way) * way
    return _with_axes(side, head, other.head_radius_mm, points, lateral, replaced=implant is not None)


def labeled_implant(anatomy: AnatomyMap) -> HipImplant | None:
    """The prosthesis that a segmentation shows, in the map's frame; None when it labels none with a side."""
    for side in ("left", "right"):
        mask = anatomy.mask(anatomy.labels_of("implant", side))
        if mask is not None:
            region = Region.from_mask(mask.array, mask.geometry)
            return implant_from_void(side, _stem_axis(region.points_ras), region)
    return None


def _stem_axis(points: np.ndarray) -> np.ndarray | None:
    """Upper and lower end of a stem, shape (2, 3): the line through its lower half, as far up as the metal follows."""
    height = points[:, 2]
    low, high = height.min(), height.max()
    lower = points[height < 0.5 * (low + high)]
    if high - low < _STEM_LEAST_MM or len(lower) < 8:
        return None
    slopes, middles = np.polyfit(lower[:, 2], lower[:, :2], 1)
    away = np.linalg.norm(points[:, :2] - (middles + height[:, None] * slopes), axis=1)
    ends = np.array([height[away < _STEM_RADIUS_MM].max(), low])
    return np.column_stack([middles + ends[:, None] * slopes, ends])


@dataclass(frozen=True, eq=False)
class SacroiliacJoint:
    """Where sacrum and ilium of one side face each other, RAS mm."""

    side: str
    points_ras: np.ndarray
    sacrum: cKDTree
    ilium: cKDTree
    reach_mm: float = _SACROILIAC_REACH_MM

    def describe(self, point_ras: np.ndarray) -> tuple[float, str, str] | None:
        """How near a point is (sum of its distances to both bones, mm), its half and its side of the joint.

        Returns
        -------
        tuple or None
            Distance, "upper" or "lower", "sacral side" or "iliac side"; None when the joint is out of reach.
        """
        to_sacrum, to_ilium = (float(tree.query(point_ras)[0]) for tree in (self.sacrum, self.ilium))
        nearest = float(np.min(np.linalg.norm(self.points_ras - point_ras, axis=1)))
        if to_sacrum + to_ilium > self.reach_mm or nearest > self.reach_mm:
            return None
        heights = self.points_ras[:, 2]
        half = "upper" if point_ras[2] >= 0.5 * (heights.min() + heights.max()) else "lower"
        return to_sacrum + to_ilium, half, "sacral side" if to_sacrum < to_ilium else "iliac side"


def find_sacroiliac_joint(anatomy: AnatomyMap, side: str, gap_mm: float = 9.0) -> SacroiliacJoint | None:
    """The sacroiliac joint of a side; None when sacrum or ilium is missing or they stay farther apart than
    `gap_mm`."""
    sacrum = anatomy.points(anatomy.labels_of("sacrum"))
    ilium = anatomy.points(anatomy.labels_of(("hip bone", "ilium"), side))
    if not len(sacrum) or not len(ilium):
        return None
    sacrum_tree, ilium_tree = cKDTree(sacrum), cKDTree(ilium)
    # A joint space may be one voxel wider than it is: sagittal slices are up to 5 mm apart.
    coarse = max(anatomy.image.geometry.spacing_mm)
    gap_mm += coarse
    near = sacrum[np.all((sacrum >= ilium.min(axis=0) - gap_mm) & (sacrum <= ilium.max(axis=0) + gap_mm), axis=1)]
    if not len(near):
        return None
    distance, partner = ilium_tree.query(near, distance_upper_bound=gap_mm)
    facing = np.isfinite(distance)
    if not facing.any():
        return None
    middle = 0.5 * (near[facing] + ilium[partner[facing]])
    return SacroiliacJoint(side, middle, sacrum_tree, ilium_tree, _SACROILIAC_REACH_MM + 0.5 * coarse)
