"""Where the sites of a phantom truly are: from the same shapes that are painted.

A site is a place that a reader looks at in every case. Its key is (structure, side, level), or (structure, side, zone)
at a prosthesis, with the words of :mod:`..Numerics.core.sites`. Nothing here draws random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ..Numerics.core.image import Geometry, Image, transform_points
from .abdomen import PSOAS_RADII_MM, back_line, psoas_course
from .hip_bones import HipShape
from .hip_lesions import gruen_point
from .pelvis import side_sign
from .spine import SpineShape, facet_position

SIDES = ("right", "left")
"""Both sides, in the order of the table of sites."""
PEAK_RADIUS_MM = 6.2035
"""Radius of the sphere of 1 ml in which SUVpeak is measured, mm."""
_MOST_CENTERS = 1500
"""Upper bound of the number of voxels of a site at which the sphere of SUVpeak is placed. Our estimate: the blurred
uptake changes by far less than 1 % between neighboring voxels of the atlas."""


@dataclass(eq=False)
class TrueSite:
    """One site with an ellipsoid that is filled by its structure.

    Parameters
    ----------
    structure, side : str
    level : str or None
    center_ras : ndarray, shape (3,)
        Middle, RAS mm in the frame of the atlas.
    axes : ndarray, shape (3, 3)
        Rows are the unit vectors of the ellipsoid.
    half_mm : ndarray, shape (3,)
        Half the length of each axis, mm.
    zone : str or None
    measured : dict
        Noise-free uptake in the ellipsoid, which is added when the uptake is imaged.
    is_rest : bool
        True for a remnant that a reader need not list, such as the rest of the disc S1/S2.
    """

    structure: str
    side: str
    level: str | None
    center_ras: np.ndarray
    axes: np.ndarray
    half_mm: np.ndarray
    zone: str | None = None
    measured: dict = field(default_factory=dict)
    is_rest: bool = False

    def to_json(self, matrix: np.ndarray, geometries: list[Geometry]) -> dict:
        """The site as it is written to ``truth.json``.

        Parameters
        ----------
        matrix : ndarray, shape (4, 4)
            Maps points of the atlas to points of the reference frame.
        geometries : list of Geometry
            Grids of the MR series, moved to the reference frame. The first is the reference.
        """
        center = transform_points(matrix, self.center_ras)
        return {
            "structure": self.structure,
            "side": self.side,
            "level": self.level,
            "zone": self.zone,
            "center_ras_mm": [round(float(v), 2) for v in center],
            "axes": np.round(self.axes @ matrix[:3, :3].T, 6).tolist(),
            "half_mm": [round(float(v), 2) for v in self.half_mm],
            "is_in_field": bool(geometries[0].contains(center)),
            "is_in_any_field": any(bool(one.contains(center)) for one in geometries),
            "is_rest": self.is_rest,
            **self.measured,
        }


def _site(frame: np.ndarray, at, half, structure: str, side: str, level: str | None, **more) -> TrueSite:
    """A site at a local position of a frame, with the axes of the frame."""
    center = transform_points(frame, np.asarray(at, float))
    axes = frame[:3, :3].T / np.linalg.norm(frame[:3, :3].T, axis=1, keepdims=True)
    return TrueSite(structure, side, level, center, axes, np.asarray(half, float), **more)


def spine_sites(shape: SpineShape) -> list[TrueSite]:
    """The sites of all vertebrae and discs that are painted, from above downward."""
    sites = []
    for level in shape.levels:
        sites += _at_vertebra(shape, level)
    for disc in shape.discs:
        sites += _at_disc(shape, disc)
    for upper, lower in pairwise(shape.levels):
        sites.append(_interspinous(shape, upper, lower))
    return sites


def _at_vertebra(shape: SpineShape, level: str) -> list[TrueSite]:
    """Body, pedicles, laminae and spinous process of a vertebra, as they are painted by :func:`.spine.paint_vertebra`.
    The middle of a lamina is the middle of the painted bar between joint and spinous process."""
    k, frame, wide, half = shape.scale, shape.bodies[level], shape.half_width_mm(level), shape.half_height_mm
    length = shape.process_mm(level)
    sites = [_site(frame, (0, 0, 0), (0.75 * wide, 12 * k, 0.75 * half), "vertebral body", "midline", level)]
    for side in SIDES:
        s = side_sign(side)
        sites.append(_site(frame, (s * 15 * k, -20 * k, 4.5), (4 * k, 6 * k, 4 * k), "pedicle", side, level))
        sites.append(_site(frame, (s * 7 * k, -38 * k, -3.5), (6 * k, 3.5, 3.5), "lamina", side, level))
    middle = (0, -40 * k - length / 2, -8)
    sites.append(_site(frame, middle, (3, 0.42 * length, 8), "spinous process", "midline", level))
    return sites


def _at_disc(shape: SpineShape, disc: str) -> list[TrueSite]:
    """Disc, endplates, facet joints, foramina, canal and muscles at the level of a disc.

    The middle of an endplate is 2 mm inside the body, in the subchondral bone.
    """
    k, frame, height = shape.scale, shape.discs[disc], shape.disc_heights_mm[disc]
    upper, lower = disc.split("/")
    above, below = shape.bodies[upper], shape.bodies[lower]
    top = 13 * k if lower == "S1" else shape.half_height_mm
    flat = (17 * k, 12 * k, 3)
    sites = [
        _site(frame, (0, 0, 0), (20 * k, 14 * k, max(0.45 * height, 1.5)), "disc", "midline", disc),
        _site(above, (0, 0, 2 - shape.half_height_mm), flat, "lower endplate", "midline", disc),
        _site(below, (0, 0, top - 2), flat, "upper endplate", "midline", disc),
    ]
    canal = 0.5 * (
        transform_points(above, np.array([0, -25 * k, -12])) + transform_points(below, np.array([0, -25 * k, 12]))
    )
    sites.append(_site(_moved(frame, canal), (0, 0, 0), (7 * k, 7 * k, 7), "spinal canal", "midline", disc))
    line = back_line(shape)
    for side in SIDES:
        s = side_sign(side)
        joint = _moved(frame, facet_position(shape, disc, side))
        joint[:3, :3] = joint[:3, :3] @ _facet_turn(s)
        sites.append(_site(joint, (0, 0, 0), (4, 7, 8), "facet joint", side, disc))
        sites.append(_site(frame, (s * 19 * k, -21 * k, 5), (5, 4, 6), "foramen", side, disc))
        height_ras = frame[2, 3]
        sites += _psoas(shape, side, disc, height_ras)
        back = [np.interp(height_ras, line[:, 2], line[:, n]) for n in (0, 1)]
        place = _at(back[0] + s * 12 * k, back[1] - 7 * k, height_ras)
        sites.append(_site(place, (0, 0, 0), (6 * k, 8 * k, 8), "multifidus", side, disc))
    return sites


def _psoas(shape: SpineShape, side: str, disc: str, height_ras: float) -> list[TrueSite]:
    """The psoas at a height; none above its origin."""
    course = psoas_course(shape, side_sign(side))[::-1]
    if height_ras > course[-1, 2]:
        return []
    x, y = (float(np.interp(height_ras, course[:, 2], course[:, n])) for n in (0, 1))
    radius = 0.75 * shape.scale * np.interp(height_ras, course[:, 2], PSOAS_RADII_MM[::-1])
    return [_site(_at(x, y, height_ras), (0, 0, 0), (radius, radius, 8), "psoas", side, disc)]


def _facet_turn(sign: int) -> np.ndarray:
    """Turn of the cleft of a facet joint about the long axis, as in :func:`.spine.paint_facet`."""
    yaw = np.deg2rad(45)
    return np.array([[sign * np.cos(yaw), -sign * np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])


def _interspinous(shape: SpineShape, upper: str, lower: str) -> TrueSite:
    """The space between two spinous processes: halfway between their edges, at the middle of the shorter one."""
    k = shape.scale
    depth = -40 * k - 0.5 * min(shape.process_mm(upper), shape.process_mm(lower))
    ends = [
        transform_points(shape.bodies[level], np.array([0, depth, z])) for level, z in ((upper, -17.5), (lower, 1.5))
    ]
    frame = _moved(shape.discs[f"{upper}/{lower}"], 0.5 * (ends[0] + ends[1]))
    half = max(0.45 * float(np.linalg.norm(ends[0] - ends[1])), 2.0)
    return _site(frame, (0, 0, 0), (3, 8, half), "interspinous space", "midline", f"{upper}/{lower}")


def _at(x: float, y: float, z: float) -> np.ndarray:
    """A frame along the axes of the body."""
    frame = np.eye(4)
    frame[:3, 3] = (x, y, z)
    return frame


def _moved(frame: np.ndarray, origin_ras: np.ndarray) -> np.ndarray:
    """The same axes at another origin."""
    moved: np.ndarray = np.array(frame, dtype=float)
    moved[:3, 3] = origin_ras
    return moved


def disc_in_sacrum(frames: list[np.ndarray]) -> np.ndarray:
    """Frame of the middle of the disc between S1 and S2."""
    middle = 0.5 * (frames[0][:3, 3] + frames[1][:3, 3])
    return _moved(frames[0], middle)


def rest_in_sacrum(frames: list[np.ndarray], scale: float) -> TrueSite:
    """The disc between S1 and S2 of a lumbarized S1."""
    half = np.array([20, 11, 4]) * scale
    return _site(disc_in_sacrum(frames), (0, 0, 0), half, "disc", "midline", "S1/S2", is_rest=True)


def pelvis_sites(
    frames: list[np.ndarray], joints: dict[str, np.ndarray], clefts: dict[str, np.ndarray], scale: float
) -> list[TrueSite]:
    """Sacrum, its alae, sacroiliac joints and iliac crests.

    Parameters
    ----------
    frames : list of ndarray
        Frames of S1 to S5.
    joints : dict
        Side -> middle of the sacroiliac joint, RAS mm.
    clefts : dict
        Side -> frame of the sacroiliac joint.
    scale : float
        Size of the pelvis.
    """
    k = scale
    sites = [_site(frames[1], (0, 0, 0), (20 * k, 8 * k, 30 * k), "sacrum", "midline", None)]
    for side in SIDES:
        s = side_sign(side)
        sites += [
            _site(frames[0], (s * 34 * k, -6 * k, -6 * k), (8 * k, 9 * k, 11 * k), "sacral ala", side, None),
            _site(clefts[side], (0, 0, 0), (5, 16 * k, 22 * k), "sacroiliac joint", side, None),
            # The highest point of the painted crest; see pelvis.paint_ilium.
            _site(_at(*joints[side]), (s * 38 * k, 20 * k, 64 * k), (5, 12, 6), "iliac crest", side, None),
        ]
    return sites


def hip_sites(*shapes: HipShape) -> list[TrueSite]:
    """The sites of both hips, and those of each prosthesis with its zones. There is one shape for each prosthesis.

    Gruen zones (Gruen 1979): three equal thirds from the shoulder to the tip of the stem, 1 to 3 on the lateral and 7
    to 5 on the medial side, with zone 4 around and below the tip; 8 to 10, 11 and 12 to 14 are the same in front and
    behind (Johnston 1990). Their middles are those of :func:`.hip_lesions.gruen_point`. DeLee-Charnley zones (1976):
    thirds of the outline of the cup in the coronal plane.
    """
    sites = []
    replaced = [shape.prosthesis_side for shape in shapes]
    for side in SIDES:
        sites += _around_hip(shapes[0], side, is_native=side not in replaced)
    for shape in shapes:
        sites += _at_prosthesis(shape)
    return sites


def _around_hip(shape: HipShape, side: str, is_native: bool) -> list[TrueSite]:
    """Bones, capsule, bursa and tendons of a hip; head and neck only where they are the patient's own."""
    s, k, c = side_sign(side), shape.scale, shape.heads[side]
    rows = [
        ("acetabulum", (-18, -7, 19), (7, 7, 7)),
        ("greater trochanter", (44, -12, -16), (11, 15, 18)),
        ("lesser trochanter", (21, -17, -57), (7, 7, 7)),
        ("hip joint capsule", (12, 32, -14), (10, 5, 12)),
        ("trochanteric bursa", (64, -16, -20), (5, 12, 16)),
        ("gluteal tendons", (50, -8, 12), (6, 8, 8)),
    ]
    if is_native:
        rows = [("femoral head", (0, 0, 0), (18, 18, 18)), ("femoral neck", (20, -3, -19), (11, 11, 11)), *rows]
    sites = [
        _site(_at(*(c + np.array([s * x, y, z]) * k)), (0, 0, 0), np.array(half) * k, structure, side, None)
        for structure, (x, y, z), half in rows
    ]
    # The iliopsoas in front of the head; its course is that of hip_replacement._paint_soft_tissue.
    tendon = _at(s * 84 * k, 36 * k, 5)
    return [*sites, _site(tendon, (0, 0, 0), (10, 10, 12), "iliopsoas tendon", side, None)]


def _at_prosthesis(shape: HipShape) -> list[TrueSite]:
    """Parts of the prosthesis and its zones."""
    side, k = shape.prosthesis_side, shape.scale
    s, c = side_sign(side), shape.heads[side]
    top, tip = (shape.shaft_point(side, h) for h in (shape.stem_top_mm, shape.stem_tip_mm))
    along = (shape.shaft_point(side, -30) - c) / np.linalg.norm(shape.shaft_point(side, -30) - c)
    end = float(np.linalg.norm(shape.shaft_point(side, -30) - c))
    cup = shape.cup_radius_mm
    sites = [
        TrueSite(name, side, None, np.asarray(place), np.eye(3), np.asarray(half, float))
        for name, place, half in (
            ("prosthesis cup", c, (cup, cup, cup)),
            ("prosthesis head", c, (16, 16, 16)),
            ("prosthesis neck", c + along * 0.5 * (16 + end), (7, 7, 7)),
            ("prosthesis shoulder", top, (10, 10, 10)),
            ("stem tip", tip, (7, 7, 7)),
        )
    ]
    third = (shape.stem_top_mm - 4 - shape.stem_tip_mm) / 3
    half = np.array([4.0, 7.0, 0.4 * third])
    for zone in range(1, 8):
        center, radius = gruen_point(shape, zone)
        sites.append(TrueSite("femur", side, None, center, np.eye(3), half, f"Gruen {zone}"))
        if zone in (1, 2, 3):
            axis = center - np.array([s * (radius + 2.5), 0, 0])
            for number, y in ((7 + zone, 1), (15 - zone, -1)):
                place = axis + np.array([0, y * (radius + 2.5), 0])
                sites.append(TrueSite("femur", side, None, place, np.eye(3), half[[1, 0, 2]], f"Gruen {number}"))
    for part, way in (("I", (0.5, 0, 0.87)), ("II", (-0.96, 0, 0.28)), ("III", (-0.62, 0, -0.78))):
        place = c + np.array(way) * [s, 1, 1] * (cup + 5 * k)
        half = np.array([5.0, 10.0, 5.0])
        sites.append(TrueSite("acetabulum", side, None, place, np.eye(3), half, f"DeLee-Charnley {part}"))
    return sites


def measure_true_sites(sites: list[TrueSite], blurred: Image) -> None:
    """Add SUVmax, SUVmean and SUVpeak of the noise-free, blurred uptake in the ellipsoid of every site, in place.

    SUVpeak is the highest mean of a sphere of 1 ml whose middle lies in the ellipsoid. A site outside the atlas has
    no measures.
    """
    geometry, array = blurred.geometry, blurred.array
    spacing = geometry.spacing_mm[0]
    reach = int(np.ceil(PEAK_RADIUS_MM / spacing))
    steps = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1].reshape(3, -1)
    steps = steps[:, (steps**2).sum(axis=0) * spacing**2 <= PEAK_RADIUS_MM**2]
    for site in sites:
        kji = _voxels_of(site, geometry)
        if not len(kji):
            continue
        values = array[tuple(kji.T)]
        few = kji[:: max(1, len(kji) // _MOST_CENTERS)]
        around = [np.clip(few[:, n, None] + steps[n], 0, array.shape[n] - 1) for n in range(3)]
        peak = array[tuple(around)].mean(axis=1).max()
        site.measured = {
            "suv_max": round(float(values.max()), 3),
            "suv_mean": round(float(values.mean()), 3),
            "suv_peak": round(float(peak), 3),
        }


def _voxels_of(site: TrueSite, geometry: Geometry) -> np.ndarray:
    """Indices (k, j, i) of the voxels of the atlas in the ellipsoid of a site, shape (n, 3)."""
    reach = np.abs(site.axes.T) @ site.half_mm
    low, high = (geometry.to_ijk(site.center_ras + sign * reach)[::-1] for sign in (-1, 1))
    first = np.maximum(np.ceil(np.minimum(low, high)), 0).astype(int)
    last = np.minimum(np.floor(np.maximum(low, high)) + 1, geometry.shape).astype(int)
    if np.any(last <= first):
        return np.zeros((0, 3), int)
    box = [np.arange(a, b) for a, b in zip(first, last, strict=True)]
    kji = np.stack(np.meshgrid(*box, indexing="ij"), axis=-1).reshape(-1, 3)
    local = (geometry.to_ras(kji[:, ::-1]) - site.center_ras) @ site.axes.T / site.half_mm
    inside: np.ndarray = kji[(local**2).sum(axis=1) <= 1]
    return inside
