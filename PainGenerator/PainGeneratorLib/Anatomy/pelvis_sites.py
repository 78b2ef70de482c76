"""The sites of the pelvis: sacrum, sacroiliac joints and iliac crests."""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core import tissues as codes
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Certainty, Side
from . import pelvis_form as form
from . import spine_form
from .anatomy_map import AnatomyMap
from .map_pelvis import between_joints, crest_in_map, joint_in_map
from .spine import patient_left
from .spine_segments import completed
from .spine_sites import SITE_SIDES


def pelvis_sites(
    spine: Spine | None, anatomy: AnatomyMap | None = None, side_certainty: str = str(Certainty.CERTAIN)
) -> list[Site]:
    """Find the sites of the pelvis.

    Parameters
    ----------
    spine : Spine, optional
        With the frame of the sacrum, or the disc L5/S1 and the vertebra above it.
    anatomy : AnatomyMap, optional
        In the frame of the spine. The joints then lie between its sacrum and hip bones, and the iliac crests are
        found.
    side_certainty : str
        A word of :class:`.Numerics.core.words.Certainty`.

    Returns
    -------
    list of Site
        Sacrum, alae, joints and crests, right before left, in the frame of the spine.
    """
    source = SiteSource.MR if anatomy is None else SiteSource.SEGMENTATION
    placed = _from_sacrum(spine, source, side_certainty)
    if anatomy is None:
        return placed
    found = []
    left = spine.frames[-1].left if spine is not None and spine.frames else patient_left(anatomy)
    expected = {site.side: site for site in placed if site.structure == "sacroiliac joint"}
    joints = {side: joint_in_map(anatomy, side, left, side_certainty, expected.get(side)) for side, _ in SITE_SIDES}
    for site in placed:
        joint = joints.get(site.side)
        if joint is not None and site.structure == "sacroiliac joint":
            found.append(joints.pop(site.side) or site)
        elif joint is not None and site.structure == "sacral ala":
            found.append(between_joints(site, joint))
        else:
            found.append(site)
    found += [joint for joint in joints.values() if joint is not None]
    crests = (crest_in_map(anatomy, side, left, side_certainty) for side, _ in SITE_SIDES)
    return [*found, *(crest for crest in crests if crest is not None)]


def _from_sacrum(spine: Spine | None, source: str, side_certainty: str) -> list[Site]:
    """Sacrum, alae and joints from the upper endplate of S1; none without it."""
    sacrum = completed(spine).sacrum if spine is not None else None
    if spine is None or sacrum is None:
        return []
    origin = sacrum.at(np.array([0.0, 0.5 * (sacrum.back_mm + sacrum.front_mm), sacrum.top_mm]))
    axes = np.stack([sacrum.left, sacrum.front, sacrum.up])
    scale = spine_form.scale_of(spine)

    def site(name: str, structure: str, side: str, at: tuple[float, float, float], turned: np.ndarray,
             half: tuple[float, float, float]) -> Site:  # fmt: skip
        sign = -1.0 if side == Side.RIGHT else 1.0
        center = origin + scale * np.array([sign * at[0], at[1], at[2]]) @ axes
        return Site(
            name, structure, side, None, center, turned, scale * np.array(half), codes.MARROW,
            source=str(source), side_certainty=side_certainty,
        )  # fmt: skip

    found = [site("sacrum", "sacrum", str(Side.MIDLINE), form.SACRUM_MM, axes, form.SACRUM_HALF_MM)]
    for side, _ in SITE_SIDES:
        found.append(site(f"{side} sacral ala", "sacral ala", side, form.ALA_MM, axes, form.ALA_HALF_MM))
    for side, sign in SITE_SIDES:
        angle = np.deg2rad(form.JOINT_TURN_DEG)
        left, front, up = axes
        # The outer normal points to the side and to the back.
        across = np.cos(angle) * left - sign * np.sin(angle) * front
        turned = np.stack([across, sign * np.sin(angle) * left + np.cos(angle) * front, up])
        name = f"{side} sacroiliac joint"
        found.append(site(name, "sacroiliac joint", side, form.JOINT_MM, turned, form.JOINT_HALF_MM))
    return found
