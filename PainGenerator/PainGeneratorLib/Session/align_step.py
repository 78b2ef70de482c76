"""Step 2 of the session: alignment, its table, before and after, landmarks, the radiologist's own word."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import transform_points
from ..Registration.alignment_types import SeriesAlignment
from ..Registration.landmarks import LandmarkPairs, fit_landmarks
from ..Scene import nodes
from ..Scene.node_keys import SHOWS_ATTRIBUTE
from ..Workflow.progress import Show
from ..Workflow.stages import Alignment, align_series
from .base import SessionBase
from .types import Job, StepState

BY_HAND_MM = 0.01
"""A transform of the scene that moves points by more than this from the stored result was corrected by hand."""


class AlignStep(SessionBase):
    """Bring every series to the reference series."""

    def _reason_not_align(self) -> str | None:
        if self._case is None or self.state("case") is not StepState.DONE:
            return "Compute the SUV first (step Case)."
        return None

    def _prepare_align(self) -> Job:
        case, suv, landmarks = self._case, self._suv, dict(self._landmarks)
        case = dataclasses.replace(case, options=self._options(), protocol=self.protocol(), group=self.group)

        def work(progress: Show) -> Alignment:
            return align_series(case, suv, progress, landmarks)

        return Job("align", work, self._revision)

    def _apply_align(self, result: Alignment) -> None:
        self._alignment = result
        self._write_scene()
        self.notify("align")

    def alignment_rows(self) -> list[dict[str, Any]]:
        """One row for each aligned series: ``role``, ``kept``, ``shift_mm``, ``rotation_deg``, ``spread_mm`` (None
        when no search was made), ``verdict``, ``reason``, ``advice``, ``through``, ``aligned``.
        """
        if self._alignment is None:
            return []
        names = ("role", "kept", "shift_mm", "rotation_deg", "spread_mm", "verdict", "reason", "advice", "through")
        return [
            {**{name: getattr(series, name) for name in names}, "aligned": series.aligned}
            for series in self._alignment.by_role.values()
        ]

    def show_before(self, before: bool) -> None:
        """Show the series where the scanner put them (True), or where the alignment puts them; neither is lost."""
        if self._alignment is None:
            return
        for role, series in self._alignment.by_role.items():
            transform = self.node_of(f"transform.{role}.0")
            if transform is None:
                continue
            to_series = np.eye(4) if before or not series.aligned else series.reference_to_series_ras
            if not before:
                transform.RemoveAttribute(SHOWS_ATTRIBUTE)
            elif transform.GetAttribute(SHOWS_ATTRIBUTE) is None:
                self._take_corrections()
                transform.SetAttribute(SHOWS_ATTRIBUTE, "start")
            transform.SetMatrixTransformToParent(nodes.matrix_to_vtk(np.linalg.inv(to_series)))

    @property
    def shows_before(self) -> bool:
        """True while the scanner's alignment is shown in place of the result."""
        roles = () if self._alignment is None else self._alignment.by_role
        transforms = [self.node_of(f"transform.{role}.0") for role in roles]
        return any(node is not None and node.GetAttribute(SHOWS_ATTRIBUTE) == "start" for node in transforms)

    def use_scanner_alignment(self, role: str) -> None:
        """Go back to where the scanner put a series (and those that were aligned through it)."""
        self._judge(
            role,
            lambda series: dataclasses.replace(
                series,
                reference_to_series_ras=np.eye(4),
                kept="identity/scanner",
                verdict="kept the scanner's alignment",
                shift_mm=0.0,
                rotation_deg=0.0,
                reason="Chosen by the reader.",
                advice="",
            ),
        )

    def accept_alignment(self, role: str) -> None:
        """Take the transform of a series for right, also where the program could not tell."""

        def accepted(series: SeriesAlignment) -> SeriesAlignment:
            if series.aligned:
                return series
            return dataclasses.replace(series, verdict="aligned", reason="Accepted by the reader.", advice="")

        self._judge(role, accepted)

    def _judge(self, role: str, change: Any) -> None:
        if self._alignment is None or role not in self._alignment.by_role:
            raise PainGeneratorError(f"There is no alignment of {role}.", "Run the step Align first.")
        by_role = dict(self._alignment.by_role)
        for other, series in by_role.items():
            if other == role or series.through == role:
                by_role[other] = change(series)
        if any(by_role[name] is not series for name, series in self._alignment.by_role.items()):
            self._alignment = Alignment(by_role)
            self._write_scene()
            self._set_done("align")
            self._outdate("find")
            self.notify("align")

    def set_landmarks(self, role: str, reference_points_ras: np.ndarray, series_points_ras: np.ndarray) -> None:
        """Pairs of points at one anatomical place, to start the next alignment from.

        Parameters
        ----------
        role : str
        reference_points_ras, series_points_ras : ndarray, shape (n, 3)
            Where the points lie in the views (world, RAS mm), as the series is shown now. No point takes the pairs
            back.

        Raises
        ------
        PainGeneratorError
            When the pairs cannot be used.
        """
        if not len(reference_points_ras):
            self._landmarks.pop(role, None)
        else:
            transform = self.node_of(f"transform.{role}.0")
            to_series = np.eye(4) if transform is None else np.linalg.inv(nodes.matrix_to_world(transform))
            points = transform_points(to_series, np.asarray(series_points_ras, dtype=float).reshape(-1, 3))
            pairs = LandmarkPairs(np.asarray(reference_points_ras, dtype=float).reshape(-1, 3), points)
            fit_landmarks(pairs, role)
            self._landmarks[role] = pairs
        self._outdate("align")
        self.notify("align")

    def _take_corrections(self) -> None:
        """Transforms that were corrected by hand in the scene since the alignment take the place of its results."""
        if self._alignment is None:
            return
        by_role = dict(self._alignment.by_role)
        for role, series in by_role.items():
            transform = self.node_of(f"transform.{role}.0")
            if transform is None or transform.GetAttribute(SHOWS_ATTRIBUTE) == "start":
                continue
            shown = np.linalg.inv(nodes.matrix_to_world(transform))
            expected = series.reference_to_series_ras if series.aligned else np.eye(4)
            corners = self._case.series[role].image.geometry.corners_ras
            moved = transform_points(shown @ np.linalg.inv(expected), corners) - corners
            if np.abs(moved).max() > BY_HAND_MM:
                by_role[role] = dataclasses.replace(
                    series,
                    reference_to_series_ras=shown,
                    kept="by hand",
                    verdict="aligned",
                    shift_mm=float(np.linalg.norm(transform_points(shown, corners).mean(0) - corners.mean(0))),
                    rotation_deg=_rotation_deg(shown),
                    spread_mm=None,
                    reason="The transform was corrected by hand in the scene.",
                    advice="",
                )
        if any(by_role[role] is not series for role, series in self._alignment.by_role.items()):
            self._alignment = Alignment(by_role)


def _rotation_deg(matrix: np.ndarray) -> float:
    return float(np.rad2deg(np.arccos(np.clip((np.trace(matrix[:3, :3]) - 1.0) / 2.0, -1.0, 1.0))))
