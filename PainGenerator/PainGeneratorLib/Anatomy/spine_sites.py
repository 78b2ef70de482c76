"""The sites of a lumbar spine: disc, endplates, facet joints and more at each level.

They lie where published anatomy has them (:mod:`.spine_form`), in the axes of the vertebra to which they belong or of
the disc between two vertebrae, and are as large as these vertebrae tell.

The tissue with which the uptake of a site is compared is that of which a healthy site consists: discs with DISC, all
bones with MARROW, psoas and multifidus with MUSCLE. The canal is compared with FLUID, because dural sac and roots fill
it. Facet joints are compared with MARROW, because the small cleft lies between two bones whose uptake a scanner does
not tell from that of the joint. Foramina and interspinous spaces hold fat, vessels and ligaments; fat has hardly any
uptake, so that each root and ligament would look raised beside it. They are compared with MUSCLE, the soft tissue that
lies next to both.
"""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine, VertebraFrame
from ..Numerics.core import tissues
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty, Side
from . import spine_form as form
from .spine_segments import Segment, completed, find_segments

SITE_SIDES = ((str(Side.RIGHT), -1.0), (str(Side.LEFT), 1.0))
"""Sides in the order of the tables, and the sign of the lateral coordinate, which is positive to the left."""
_NO_PSOAS = "T"
"""First letter of the discs beside which the psoas is not measured: at T12/L1, where it begins, it is thinner than the
resolution of the PET."""


def _turned(axes: np.ndarray, degrees: float) -> np.ndarray:
    """Axes (rows left, front, up) after a turn about `up`, positive from left to front."""
    angle = np.deg2rad(degrees)
    left, front, up = axes
    return np.stack([
        np.cos(angle) * left + np.sin(angle) * front, -np.sin(angle) * left + np.cos(angle) * front, up
    ])  # fmt: skip


def spine_sites(spine: Spine, source: str = SiteSource.MR, side_certainty: str = str(Certainty.CERTAIN)) -> list[Site]:
    """Find the sites of a spine.

    Parameters
    ----------
    spine : Spine
        From MR or from an anatomy segmentation.
    source : str
        A word of :class:`.Numerics.core.sites.SiteSource`.
    side_certainty : str
        A word of :class:`.Numerics.core.words.Certainty`.

    Returns
    -------
    list of Site
        From above downward, right before left, in the frame of the spine.
    """
    spine = completed(spine)
    maker = _Maker(spine, str(source), side_certainty)
    found: list[Site] = []
    by_upper = {segment.names[0]: segment for segment in find_segments(spine)}
    by_lower = {segment.names[1]: segment for segment in by_upper.values()}
    order = [frame.level for frame in spine.frames]
    if order and order[0] in by_lower:
        found += maker.between(by_lower[order[0]])
    for frame in spine.frames:
        found += maker.vertebra(frame)
        if frame.level in by_upper:
            found += maker.between(by_upper[frame.level])
    if not order:
        for segment in by_upper.values():
            found += maker.between(segment)
    return found


class _Maker:
    """Makes the sites of one spine."""

    def __init__(self, spine: Spine, source: str, side_certainty: str) -> None:
        self.scale = form.scale_of(spine)
        self.facets = {(joint.level, joint.side): joint.center_ras for joint in spine.facets}
        ups = [frame.up for frame in spine.frames]
        trunk = np.sum(ups, axis=0) if ups else np.array([0.0, 0.0, 1.0])
        self.trunk = trunk / np.linalg.norm(trunk)
        self.level_certainty = spine.level_certainty
        self.source, self.side_certainty = source, side_certainty

    def site(
        self,
        structure: str,
        side: str,
        level: str,
        center: np.ndarray,
        axes: np.ndarray,
        half: tuple[float, float, float] | np.ndarray,
        tissue: int,
        name: str | None = None,
    ) -> Site:
        """A site; `name` is structure and level, after the side, when it is left out."""
        plain = f"{structure} {level}"
        return Site(
            name or (plain if side == Side.MIDLINE else f"{side} {plain}"),
            structure, side, level, np.asarray(center, dtype=float), axes, np.asarray(half, dtype=float), tissue,
            source=self.source, level_certainty=self.level_certainty, side_certainty=self.side_certainty,
        )  # fmt: skip

    def vertebra(self, frame: VertebraFrame) -> list[Site]:
        """Body, pedicles, laminae and spinous process of a vertebra."""
        scale, level = self.scale, frame.level
        axes = np.stack([frame.left, frame.front, frame.up])
        height = frame.top_mm - frame.bottom_mm
        middle = 0.5 * (frame.top_mm + frame.bottom_mm)
        half = form.INNER_PART * 0.5 * np.array([2 * frame.half_width_mm, frame.front_mm - frame.back_mm, height])
        center = frame.at(np.array([0.0, 0.5 * (frame.back_mm + frame.front_mm), middle]))
        found = [self.site("vertebral body", Side.MIDLINE, level, center, axes, half, tissues.MARROW)]

        def at(side_mm: float, behind_mm: float, up_part: float) -> np.ndarray:
            return frame.at(np.array([scale * side_mm, frame.back_mm - scale * behind_mm, middle + up_part * height]))

        for side, sign in SITE_SIDES:
            place = at(sign * form.at_level(form.PEDICLE_SIDE_MM, level), form.PEDICLE_BEHIND_MM, form.PEDICLE_HEIGHT)
            size = scale * np.array(form.pedicle_half_mm(level))
            found.append(self.site("pedicle", side, level, place, axes, size, tissues.MARROW))
        for side, sign in SITE_SIDES:
            place = at(sign * form.LAMINA_SIDE_MM, form.LAMINA_BEHIND_MM, form.LAMINA_HEIGHT)
            turned = _turned(axes, sign * form.LAMINA_TURN_DEG)
            size = scale * np.array(form.LAMINA_HALF_MM)
            found.append(self.site("lamina", side, level, place, turned, size, tissues.MARROW))
        place = at(0.0, form.at_level(form.SPINOUS_BEHIND_MM, level), form.SPINOUS_HEIGHT)
        size = scale * np.array(form.SPINOUS_HALF_MM)
        found.append(self.site("spinous process", Side.MIDLINE, level, place, axes, size, tissues.MARROW))
        return found

    def between(self, segment: Segment) -> list[Site]:
        """What lies between two vertebrae: endplates, disc, facet joints, foramina, spaces and muscles."""
        half = form.INNER_PART * np.array([segment.half_width_mm, segment.half_depth_mm, 0.0])
        half[2] = max(0.5 * segment.height_mm, 2.0)
        disc = self.site("disc", Side.MIDLINE, segment.level, segment.center_ras, segment.axes, half, tissues.DISC)
        return [
            self._endplate(segment, is_upper=False),
            disc,
            self._endplate(segment, is_upper=True),
            *self._facets(segment),
            *self._behind_disc(segment),
            *self._muscles(segment),
        ]

    def _endplate(self, segment: Segment, is_upper: bool) -> Site:
        """The endplate of the vertebra below (`is_upper`) or above a disc, in the marrow beside the disc."""
        frame = segment.lower if is_upper else segment.upper
        sign = -1.0 if is_upper else 1.0
        depth = form.ENDPLATE_DEPTH_MM
        if frame is None:
            away = sign * (0.5 * segment.height_mm + depth)
            center, axes = segment.center_ras + away * segment.up, segment.axes
            width, long = segment.half_width_mm, segment.half_depth_mm
        else:
            end = frame.top_mm if is_upper else frame.bottom_mm
            center = frame.at(np.array([0.0, 0.5 * (frame.back_mm + frame.front_mm), end + sign * depth]))
            axes = np.stack([frame.left, frame.front, frame.up])
            width, long = frame.half_width_mm, 0.5 * (frame.front_mm - frame.back_mm)
        vertebra = segment.names[1 if is_upper else 0]
        word, structure = ("superior", "upper endplate") if is_upper else ("inferior", "lower endplate")
        half = np.array([form.INNER_PART * width, form.INNER_PART * long, depth])
        name = f"{word} endplate of {vertebra}"
        return self.site(structure, Side.MIDLINE, segment.level, center, axes, half, tissues.MARROW, name)

    def _facets(self, segment: Segment) -> list[Site]:
        """Both facet joints. A joint whose bones do not touch in the image, or that seems to lie far away, lies where
        anatomy has it."""
        upper, scale = segment.names[0], self.scale
        found = []
        for side, sign in SITE_SIDES:
            center = segment.behind(
                sign * scale * form.at_level(form.FACET_SIDE_MM, upper),
                -scale * form.FACET_BEHIND_MM,
                scale * form.FACET_HEIGHT_MM,
            )
            seen = self.facets.get((segment.level, side))
            if seen is not None and np.linalg.norm(seen - center) <= form.FACET_MOST_MM:
                center = seen
            # The cleft runs from the front and the middle to the back and the side.
            axes = _turned(segment.axes, sign * form.at_level(form.FACET_TURN_DEG, upper))
            half = scale * np.array(form.FACET_HALF_MM)
            found.append(self.site("facet joint", side, segment.level, center, axes, half, tissues.MARROW))
        return found

    def _behind_disc(self, segment: Segment) -> list[Site]:
        """Foramina, interspinous space and canal."""
        scale, (upper, lower) = self.scale, segment.names
        side_mm = 0.5 * (form.at_level(form.PEDICLE_SIDE_MM, upper) + form.at_level(form.PEDICLE_SIDE_MM, lower))
        found = []
        for side, sign in SITE_SIDES:
            center = segment.behind(
                sign * scale * side_mm, -scale * form.FORAMEN_BEHIND_MM, scale * form.FORAMEN_HEIGHT_MM
            )
            half = scale * np.array(form.FORAMEN_HALF_MM)
            name = f"{side} {upper} foramen"
            found.append(self.site("foramen", side, segment.level, center, segment.axes, half, tissues.MUSCLE, name))
        behind = -scale * form.at_level(form.INTERSPINOUS_BEHIND_MM, upper)
        space = segment.behind(0.0, behind, scale * form.INTERSPINOUS_HEIGHT_MM)
        canal = segment.behind(0.0, -scale * form.CANAL_BEHIND_MM, 0.0)
        for structure, middle, size, tissue in (
            ("interspinous space", space, form.INTERSPINOUS_HALF_MM, tissues.MUSCLE),
            ("spinal canal", canal, form.CANAL_HALF_MM, tissues.FLUID),
        ):
            half = scale * np.array(size)
            found.append(self.site(structure, Side.MIDLINE, segment.level, middle, segment.axes, half, tissue))
        return found

    def _muscles(self, segment: Segment) -> list[Site]:
        """Psoas and multifidus at the height of the disc.

        Muscles run along the trunk and not along single vertebrae, so that their height is measured along the trunk.
        """
        scale, upper = self.scale, segment.names[0]
        left = segment.left - (segment.left @ self.trunk) * self.trunk
        left /= np.linalg.norm(left)
        axes = np.stack([left, np.cross(left, self.trunk), self.trunk])
        wall = segment.wall_ras - ((segment.wall_ras - segment.center_ras) @ self.trunk) * self.trunk
        found = []
        for side, sign in () if segment.level.startswith(_NO_PSOAS) else SITE_SIDES:
            away = segment.half_width_mm + scale * form.at_level(form.PSOAS_BESIDE_MM, upper)
            center = wall + np.array([sign * away, scale * form.at_level(form.PSOAS_FRONT_MM, upper), 0.0]) @ axes
            radius = form.at_level(form.PSOAS_HALF_MM, upper)
            half = scale * np.array([radius, radius, 10.0])
            found.append(self.site("psoas", side, segment.level, center, axes, half, tissues.MUSCLE))
        for side, sign in SITE_SIDES:
            away = sign * scale * form.at_level(form.MULTIFIDUS_SIDE_MM, upper)
            center = wall + np.array([away, -scale * form.at_level(form.MULTIFIDUS_BEHIND_MM, upper), 0.0]) @ axes
            half = scale * np.array(form.MULTIFIDUS_HALF_MM)
            found.append(self.site("multifidus", side, segment.level, center, axes, half, tissues.MUSCLE))
        return found
