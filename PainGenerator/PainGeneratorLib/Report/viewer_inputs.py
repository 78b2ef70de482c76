"""What the viewer in the report shows of an analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..Anatomy.body_plan import NO_MIDLINE, BodyPlan
from ..Numerics.core.image import Geometry, Image
from ..Numerics.core.records import Candidate
from ..Numerics.core.words import MR_ROLES, Role
from ..Workflow.analyze import Analysis
from . import words
from .site_text import active_candidates
from .tables import best_first
from .viewer_data import MIDLINE_STEP_MM, Midline, ViewerInputs
from .viewer_packing import PET_FRAME, REFERENCE_FRAME, ViewerSeries

TITLES = {Role.FAT_FRACTION: "Fat fraction, %", Role.FLUID: "Fluid-sensitive MR", Role.CONTRAST: "T1 with contrast"}
"""What the page calls a series whose role is no word of radiologists."""
SHOWN_ROLES = (*MR_ROLES, Role.FAT_FRACTION)
"""The MR series that can be chosen, in this order, after the reference series."""


def viewer_inputs(analysis: Analysis) -> ViewerInputs:
    """The images, candidates and the midline of an analysis, in the reference frame.

    A series that could not be aligned is left out, as its places would be wrong. The PET is then shown in its own
    frame, apart from the MR.
    """
    case, alignment = analysis.case, analysis.alignment
    roles = [case.reference_role, *(role for role in SHOWN_ROLES if role != case.reference_role)]
    series = [
        ViewerSeries(
            role, TITLES.get(Role(role), role), _placed(case.series[role].image, alignment.reference_to(role))
        )
        for role in roles
        if role in case.series and alignment.is_aligned(role)
    ]
    series.append(_pet(analysis))
    marks = marks_of(analysis.candidates, analysis.found.attention)
    return ViewerInputs(series, marks, midline_of(analysis.plan, series[0].image.geometry))


def _pet(analysis: Analysis) -> ViewerSeries:
    is_aligned = analysis.alignment.is_aligned(Role.PET)
    image = analysis.suv.image
    placed = _placed(image, analysis.alignment.reference_to(Role.PET)) if is_aligned else image
    return ViewerSeries(Role.PET, "PET", placed, True, REFERENCE_FRAME if is_aligned else PET_FRAME, "g/ml")


def _placed(image: Image, reference_to_image: np.ndarray) -> Image:
    """The image on its own voxels, placed in the reference frame. Nothing is resampled."""
    return Image(image.array, image.geometry.moved(np.linalg.inv(reference_to_image)))


def marks_of(candidates: Sequence[Candidate], attention: Sequence[Candidate]) -> list[tuple[str, Candidate]]:
    """The entries of the list with their letters and ranks in the report; none that a reader set aside."""
    looked_at = [(words.letter(one.rank - 1), one) for one in best_first(attention)]
    return [*looked_at, *((str(one.rank), one) for one in active_candidates(candidates))]


def midline_of(plan: BodyPlan, geometry: Geometry) -> Midline | None:
    """The midline over the height of a grid; None where it is not known, or only one side is in view."""
    if plan.source in NO_MIDLINE:
        return None
    corners = geometry.corners_ras
    heights = np.arange(corners[:, 2].min(), corners[:, 2].max() + 2 * MIDLINE_STEP_MM, MIDLINE_STEP_MM)
    points = np.zeros((heights.size, 3)) + geometry.center_ras
    points[:, 2] = heights
    left = np.asarray(plan.left_ras, dtype=float)
    return Midline(left, float(heights[0]), points @ left - plan.lateral_mm(points))
