"""Find sacroiliac joints and proximal femora in an anatomy segmentation, and the part of them in which a point
lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..Numerics.core.image import Region
from .anatomy_map import AnatomyMap
from .spine import patient_left
from .zones import HipImplant, implant_from_void

HIP_BONES = ("hip bone", "ilium", "ischium", "pubis", "acetabulum")
"""Structures that are the hip bone or a part of it."""
FEMUR_PARTS = ("femur", "femoral head", "greater trochanter", "lesser trochanter")
"""Structures that are the femur or a part of it."""
_UPPER_FEMUR_MM = 75.0
"""Upper bound of the distance of the femoral head below the upper end of the femur, mm. Our estimate."""
_HEAD_RADIUS_MM = (15.0, 34.0)
"""Lower and upper bound of the radius of a femoral head of an adult, mm. Our estimate."""
_SOCKET_GAP_MM = 12.0
"""Upper bound of the distance between the surface of a femoral head and the hip bone, mm. When the head was removed,
the trochanters are the thickest part of the femur, and they are about 30 mm away from the hip bone. Our estimate."""
_CUP_RADIUS_MM = 26.0
"""Radius that is assumed for a cup, mm: half of the usual width of 52 mm. It is not measured, because a signal void is
a few millimeters wider than the metal, and a label may leave out the liner. Our estimate."""
_STEM_RADIUS_MM = 12.0
"""Upper bound of the distance of metal from the axis of the stem to which it belongs, mm. Our estimate."""
_STEM_LEAST_MM = 60.0
"""Lower bound of the height of a stem, mm. Cups and resurfacing heads are lower. Our estimate."""
_SACROILIAC_REACH_MM = 16.0
"""Upper bound of the sum of the distances to sacrum and ilium at which a point belongs to the sacroiliac joint, mm.
Our estimate."""


@dataclass(frozen=True, eq=False)
class Femur:
    """A proximal femur: its head and its axes, RAS mm.

    Parameters
    ----------
    side : str
        ``left`` or ``right``.
    head_ras : ndarray, shape (3,)
        Center of the head; that of the cup in a replaced hip.
    head_radius_mm : float
        Radius of the head; the usual radius of a cup in a replaced hip.
    lateral, distal : ndarray, shape (3,)
        Unit vectors away from the midline and along the shaft.
    offset_mm : float
        Lateral distance from the center of the head to the axis of the shaft.
    replaced : bool
        True for a hip with a prosthesis.
    """

    side: str
    head_ras: np.ndarray
    head_radius_mm: float
    lateral: np.ndarray
    distal: np.ndarray
    offset_mm: float
    replaced: bool = False

    def local(self, point_ras: np.ndarray) -> tuple[float, float, float]:
        """Lateral, distal and anterior coordinates of a point, mm from the center of the head."""
        way = np.asarray(point_ras) - self.head_ras
        anterior = np.cross(self.distal, self.lateral) * (1.0 if self.side == "left" else -1.0)
        return float(way @ self.lateral), float(way @ self.distal), float(way @ anterior)

    def to_neck_mm(self, point_ras: np.ndarray) -> float:
        """Distance of a point from the axis of the neck, mm.

        The axis runs from the center of the head to a point 0.8 offsets lateral and 0.6 offsets distal of it. The
        capsule follows this axis from the socket to the intertrochanteric line.
        """
        way = np.array(self.local(point_ras))
        neck = self.offset_mm * np.array([0.8, 0.6, 0.0])
        return float(np.linalg.norm(way - np.clip(way @ neck / (neck @ neck), 0.0, 1.0) * neck))

    def part(self, point_ras: np.ndarray) -> str:
        """The part in which a point lies: femoral head, neck, greater trochanter, lesser trochanter or shaft.

        The limits are fractions of the femoral offset, which is 41 to 43 mm on average. The lesser trochanter lies 1.1
        to 1.7 offsets below the center of the head and medial of the axis of the shaft. The greater trochanter lies
        lateral of it and reaches down to 1.1 offsets. Our estimate.
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
    """Find the proximal femur of a side; None when its head is not in the segmentation or was replaced."""
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
    """Make a femur with the axis of its shaft, which is found from the points of the bone below the joint."""
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
    """Find the proximal femur of a side whose head was replaced.

    The center of the joint is that of the cup. If the cup is not known, it is the center of the head of the other hip,
    mirrored at the middle between the two hip bones.

    Parameters
    ----------
    anatomy : AnatomyMap
    side : str
    implant : HipImplant, optional
        The prosthesis in the frame of the map.
    other : Femur, optional
        The femur of the other side.

    Returns
    -------
    Femur or None
        None when the segmentation has no femur of this side, or the center of the joint is not known.
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


def labeled_implants(anatomy: AnatomyMap, sides: Iterable[str] = ("left", "right")) -> tuple[HipImplant, ...]:
    """Find the prostheses in a segmentation on some sides, in the frame of the map; those whose label has a side."""
    found = []
    for side in sides:
        mask = anatomy.mask(anatomy.labels_of("implant", side))
        if mask is not None:
            region = Region.from_mask(mask.array, mask.geometry)
            found.append(implant_from_void(side, _stem_axis(region.points_ras), region))
    return tuple(found)


def _stem_axis(points: np.ndarray) -> np.ndarray | None:
    """Upper and lower end of a stem, shape (2, 3); None when the points are not those of a stem.

    The axis is the line through the lower half of the metal. It ends where the metal no longer follows it.
    """
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
    """The sacroiliac joint of one side, RAS mm: points halfway between the facing surfaces of sacrum and ilium."""

    side: str
    points_ras: np.ndarray
    """Points of the joint, shape (n, 3)."""
    sacrum: cKDTree
    ilium: cKDTree
    reach_mm: float = _SACROILIAC_REACH_MM

    def describe(self, point_ras: np.ndarray) -> tuple[float, str, str] | None:
        """Describe where a point lies at the joint.

        Parameters
        ----------
        point_ras : ndarray, shape (3,)

        Returns
        -------
        tuple or None
            The sum of the distances to both bones (mm), "upper" or "lower", and "sacral side" or "iliac side". None
            when the point does not belong to the joint.
        """
        to_sacrum, to_ilium = (float(tree.query(point_ras)[0]) for tree in (self.sacrum, self.ilium))
        nearest = float(np.min(np.linalg.norm(self.points_ras - point_ras, axis=1)))
        if to_sacrum + to_ilium > self.reach_mm or nearest > self.reach_mm:
            return None
        heights = self.points_ras[:, 2]
        half = "upper" if point_ras[2] >= 0.5 * (heights.min() + heights.max()) else "lower"
        return to_sacrum + to_ilium, half, "sacral side" if to_sacrum < to_ilium else "iliac side"


def find_sacroiliac_joint(anatomy: AnatomyMap, side: str, gap_mm: float = 9.0) -> SacroiliacJoint | None:
    """Find the sacroiliac joint of a side.

    Parameters
    ----------
    anatomy : AnatomyMap
    side : str
    gap_mm : float
        Upper bound of the distance between facing points of sacrum and ilium, mm. Our estimate.

    Returns
    -------
    SacroiliacJoint or None
        None when sacrum or ilium is missing, or they are farther apart than `gap_mm`.
    """
    sacrum = anatomy.points(anatomy.labels_of("sacrum"))
    ilium = anatomy.points(anatomy.labels_of(("hip bone", "ilium"), side))
    if not len(sacrum) or not len(ilium):
        return None
    sacrum_tree, ilium_tree = cKDTree(sacrum), cKDTree(ilium)
    # In a label map a joint space may look one voxel too wide, and sagittal slices are up to 5 mm apart.
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
