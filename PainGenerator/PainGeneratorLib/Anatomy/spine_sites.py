"""The sites of a lumbar spine: disc, endplates, facet joints and more at each level."""

from __future__ import annotations

import numpy as np

from ..Numerics.body.vertebrae import Spine
from ..Numerics.core import tissues
from ..Numerics.core.sites import Site, SiteSource
from ..Numerics.core.words import Side


def spine_sites(spine: Spine, source: str = SiteSource.MR, side_certainty: str = "certain") -> list[Site]:
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
        From above downward, in the frame of the spine.
    """
    found = []
    for disc in spine.discs:
        frame = spine.frame(disc.level.split("/")[0]) or spine.sacrum
        if frame is None:
            continue
        found.append(
            Site(
                f"disc {disc.level}", "disc", str(Side.MIDLINE), disc.level, disc.center_ras,
                np.stack([-frame.left, frame.front, frame.up]), np.array([20.0, 14.0, 4.0]), tissues.DISC,
                source=str(source), level_certainty=spine.level_certainty, side_certainty=side_certainty,
            )
        )  # fmt: skip
    return found
