"""The alignment as the reader checks it: its table, before and after, landmarks, judgment, corrections."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, transform_points
from ..Numerics.core.words import COMPUTED_ROLES
from ..Registration.alignment_types import SeriesAlignment
from ..Registration.landmarks import LandmarkPairs, fit_landmarks
from ..Scene import nodes
from ..Scene.node_keys import SHOWS_ATTRIBUTE
from ..Workflow.fat_series import with_computed
from ..Workflow.stages import Alignment
from .case_state import CaseState
from .case_writer import CaseWriter
from .notifier import Notifier
from .scene_link import SceneLink
from .step_states import StepStates

BY_HAND_MM = 0.01
"""Upper bound, in mm, of the motion of points that is taken for rounding. A transform of the scene that moves points
by more than this from the stored result was corrected by hand. Our estimate: the scene keeps matrices as text with
about 6 digits, which is 0.001 mm for coordinates up to 1 m."""

BY_HAND = "by hand"
"""Where the transform of a series comes from that the reader corrected in the scene."""
CHOSEN, ACCEPTED = "Chosen by the reader.", "Accepted by the reader."
"""Reasons of an alignment that the reader judged."""

ROW_NAMES = ("role", "kept", "shift_mm", "rotation_deg", "spread_mm", "verdict", "reason", "advice", "through")
"""What the table shows of each series."""


class AlignmentControl:
    """Shows an alignment and takes the reader's judgment on it.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    states : StepStates
    writer : CaseWriter
    notify : Notifier
    """

    def __init__(
        self, link: SceneLink, state: CaseState, states: StepStates, writer: CaseWriter, notify: Notifier
    ) -> None:
        self._link, self._state, self._states = link, state, states
        self._writer, self._notify = writer, notify

    def rows(self) -> list[dict[str, Any]]:
        """One row for each aligned series: the values of :data:`ROW_NAMES`, and ``aligned``.

        ``spread_mm`` is None when no search was made. A series that was computed moves with another one and has none.
        """
        alignment = self._state.alignment
        if alignment is None:
            return []
        return [
            {**{name: getattr(series, name) for name in ROW_NAMES}, "aligned": series.aligned}
            for role, series in alignment.by_role.items()
            if role not in COMPUTED_ROLES
        ]

    # --- before and after

    def show_before(self, before: bool) -> None:
        """Show the series where the scanner put them (True), or where the alignment puts them; neither is lost."""
        alignment = self._state.alignment
        if alignment is None:
            return
        for role, series in alignment.by_role.items():
            transform = self._link.transform_of(role)
            if transform is None:
                continue
            to_series = np.eye(4) if before or not series.aligned else series.reference_to_series_ras
            if not before:
                transform.RemoveAttribute(SHOWS_ATTRIBUTE)
            elif transform.GetAttribute(SHOWS_ATTRIBUTE) is None:
                self.take_corrections()
                transform.SetAttribute(SHOWS_ATTRIBUTE, "start")
            transform.SetMatrixTransformToParent(nodes.matrix_to_vtk(np.linalg.inv(to_series)))

    @property
    def shows_before(self) -> bool:
        """True while the alignment of the scanner is shown in place of the result."""
        alignment = self._state.alignment
        roles = [] if alignment is None else list(alignment.by_role)
        return any(_shows_start(self._link.transform_of(role)) for role in roles)

    # --- judgment

    def use_scanner(self, role: str) -> None:
        """Go back to where the scanner put a series, and those that were aligned through it."""

        def as_scanned(series: SeriesAlignment) -> SeriesAlignment:
            return dataclasses.replace(
                series,
                reference_to_series_ras=np.eye(4),
                kept="identity/scanner",
                verdict="kept the scanner's alignment",
                shift_mm=0.0,
                rotation_deg=0.0,
                reason=CHOSEN,
                advice="",
            )

        self._judge(role, as_scanned)

    def accept(self, role: str) -> None:
        """Take the transform of a series as right, even where the program could not decide."""

        def accepted(series: SeriesAlignment) -> SeriesAlignment:
            if series.aligned:
                return series
            return dataclasses.replace(series, verdict="aligned", reason=ACCEPTED, advice="")

        self._judge(role, accepted)

    def _judge(self, role: str, change: Callable[[SeriesAlignment], SeriesAlignment]) -> None:
        alignment = self._state.alignment
        if alignment is None or role not in alignment.by_role:
            raise PainGeneratorError(f"There is no alignment of {role}.", "Run the step Align first.")
        judged = {
            other: change(series) if role in (other, series.through) else series
            for other, series in alignment.by_role.items()
        }
        if _differ(judged, alignment):
            self.replace(Alignment(judged))

    def replace(self, alignment: Alignment) -> None:
        """Put another alignment in the place of the result; what was found with the former one is out of date."""
        self._state.alignment = alignment
        self._writer.write_all()
        self._states.set_done("align")
        self._notify("align")

    # --- landmarks

    def set_landmarks(self, role: str, reference_points_ras: np.ndarray, series_points_ras: np.ndarray) -> None:
        """Give pairs of points at one anatomical place, from which the next alignment starts.

        Parameters
        ----------
        role : str
        reference_points_ras, series_points_ras : ndarray, shape (n, 3)
            Where the points lie in the views (world, RAS mm), as the series is shown now. Without points, the pairs
            that were given before are taken back.

        Raises
        ------
        PainGeneratorError
            When the pairs cannot be used.
        """
        if not len(reference_points_ras):
            self._state.landmarks.pop(role, None)
        else:
            to_series = np.linalg.inv(self._link.series_to_world(role))
            points = transform_points(to_series, np.asarray(series_points_ras, dtype=float).reshape(-1, 3))
            pairs = LandmarkPairs(np.asarray(reference_points_ras, dtype=float).reshape(-1, 3), points)
            fit_landmarks(pairs, role)
            self._state.landmarks[role] = pairs
        self._states.outdate("align")
        self._notify("align")

    # --- corrections in the scene

    def take_corrections(self) -> bool:
        """Transforms that the user corrected in the scene since the alignment take the place of its results.

        Returns
        -------
        bool
            True when there was a correction.
        """
        alignment, case = self._state.alignment, self._state.case
        if alignment is None or case is None:
            return False
        corrected = {
            role: self._corrected(role, series, case.series[role].image.geometry)
            for role, series in alignment.by_role.items()
            if role not in COMPUTED_ROLES
        }
        is_corrected = _differ(corrected, alignment)
        if is_corrected:
            self._state.alignment = Alignment(with_computed(case, corrected))
        return is_corrected

    def _corrected(self, role: str, series: SeriesAlignment, geometry: Geometry) -> SeriesAlignment:
        """The alignment of a series with its transform as the scene shows it; the same object when it is as it was."""
        transform = self._link.transform_of(role)
        if transform is None or _shows_start(transform):
            return series
        shown = np.linalg.inv(nodes.matrix_to_world(transform))
        expected = series.reference_to_series_ras if series.aligned else np.eye(4)
        corners = geometry.corners_ras
        moved = transform_points(shown @ np.linalg.inv(expected), corners) - corners
        if np.abs(moved).max() <= BY_HAND_MM:
            return series
        return dataclasses.replace(
            series,
            reference_to_series_ras=shown,
            kept=BY_HAND,
            verdict="aligned",
            shift_mm=float(np.linalg.norm(transform_points(shown, corners).mean(0) - corners.mean(0))),
            rotation_deg=_rotation_deg(shown),
            spread_mm=None,
            reason="The transform was corrected by hand in the scene.",
            advice="",
        )


def is_judged(series: SeriesAlignment) -> bool:
    """True when the reader accepted the alignment of a series, went back to the scanner's, or corrected it."""
    return series.kept == BY_HAND or series.reason in (CHOSEN, ACCEPTED)


def _shows_start(transform: Any) -> bool:
    """True when a transform node shows the alignment of the scanner."""
    return transform is not None and transform.GetAttribute(SHOWS_ATTRIBUTE) == "start"


def _differ(by_role: dict[str, SeriesAlignment], alignment: Alignment) -> bool:
    return any(series is not alignment.by_role[role] for role, series in by_role.items())


def _rotation_deg(matrix: np.ndarray) -> float:
    """The angle of the rotation of a rigid 4 x 4 matrix, in degrees."""
    return float(np.rad2deg(np.arccos(np.clip((np.trace(matrix[:3, :3]) - 1.0) / 2.0, -1.0, 1.0))))
