"""The live preview: the foci of another sensitivity or contour method, before they become candidates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Region
from ..Numerics.core.records import HotSpot
from ..Numerics.core.words import Role
from ..Numerics.pet.detector import HotSpotParameters
from ..Scene.preview_layer import PreviewLayer
from ..Workflow.finding import Found, in_reference_frame, pet_in_reference
from ..Workflow.ground import with_uptake
from .case_settings import CaseSettings
from .case_state import CaseState
from .case_writer import CaseWriter
from .found_tools import FoundTools
from .notifier import Notifier
from .protocol_parameters import CONTOUR_METHOD, SENSITIVITY, ProtocolParameters
from .review_acts import ReviewActs
from .scene_link import SceneLink
from .step_states import StepStates

ROW_MEASURES = ("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tbr", "left_right_ratio", "physiologic")
"""What the table of the preview shows of each focus."""


@dataclass(eq=False)
class _Shown:
    """The setting that is shown, and what is painted.

    Parameters
    ----------
    found : Found
        The result that the preview belongs to; another result ends the preview.
    layer : PreviewLayer
    written : int
        How often the case had been written when the layer was made; writing it again ends the layer.
    changed : Region or None
        The voxels that look different from the setting before; None when all was drawn anew.
    """

    found: Found
    layer: PreviewLayer
    written: int
    sensitivity: float
    method: str
    values: Mapping[str, Any]
    hot_spots: list[HotSpot]
    changed: Region | None


class LivePreview:
    """Shows another setting while the slider moves; the candidates change only when the setting is taken.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    settings : CaseSettings
    states : StepStates
    writer : CaseWriter
    tools : FoundTools
    parameters : ProtocolParameters
    review : ReviewActs
    notify : Notifier
    """

    def __init__(
        self,
        link: SceneLink,
        state: CaseState,
        settings: CaseSettings,
        states: StepStates,
        writer: CaseWriter,
        tools: FoundTools,
        parameters: ProtocolParameters,
        review: ReviewActs,
        notify: Notifier,
    ) -> None:
        self._link, self._state, self._settings, self._states = link, state, settings, states
        self._writer, self._tools, self._parameters = writer, tools, parameters
        self._review, self._notify = review, notify
        self._last: _Shown | None = None

    @property
    def _shown(self) -> _Shown | None:
        """What is shown of the present result; None when that is the last run."""
        last = self._last
        return last if last is not None and last.found is self._state.found else None

    def _wanted(self, values: Mapping[str, Any] | None = None) -> HotSpotParameters:
        """The parameters of the case, with other values of some of them."""
        protocol = self._settings.protocol()
        return (protocol.with_values(values) if values else protocol).stage("hot_spots", HotSpotParameters)

    def is_possible(self) -> bool:
        """True when another setting can be shown at once: after a run, while its other parameters are unchanged."""
        found = self._state.found
        if found is None or self._state.alignment is None or not self._states.is_done("align"):
            return False
        return found.detector is None or found.detector.serves(self._wanted())

    def show(self, sensitivity: float, method: str, values: Mapping[str, Any] | None = None) -> int:
        """Show the contours of another sensitivity and contour method; the candidates stay as they are.

        Parameters
        ----------
        sensitivity : float
            Ratio of a focus to its reference tissue.
        method : str
            One of the contour methods of ``Numerics.pet.contours``.
        values : mapping of str to object, optional
            Other values of parameters of the contours, by name. The parameters of the case keep theirs until the
            setting is taken.

        Returns
        -------
        int
            Number of foci shown, with the physiologic ones.

        Raises
        ------
        PainGeneratorError
            When nothing was found yet, or its parameters are no longer those of the case.
        """
        if not self.is_possible():
            raise PainGeneratorError("There is nothing to preview.", "Run the step Find first.")
        now = self._state.require_found()
        detector = self._tools.detector()
        detector.change_contours(self._wanted(values))
        result = detector.find(sensitivity, method)
        spots = in_reference_frame(result.hot_spots, now.alignment)
        layer, former = self._layer_for(len(spots)), self._shown
        changed: Region | None = layer.paint([spot.region for spot in spots])
        if former is None or former.layer is not layer:
            changed = None
        self._last = _Shown(
            now.found, layer, self._writer.count, sensitivity, method, dict(values or {}), spots, changed
        )
        return len(spots)

    def _layer_for(self, count: int) -> PreviewLayer:
        """The layer that is painted already, or a new one: for each focus that any setting could show."""
        shown = self._shown
        if shown is not None and shown.written == self._writer.count and shown.layer.can_hold(count):
            return shown.layer
        now = self._state.require_found()
        return PreviewLayer(
            self._link.scene,
            self._link.result_node("hot-spots"),
            pet_in_reference(now.suv, now.alignment).geometry,
            max(self._tools.detector().n_foci, count),
            self._link.series_volume(Role.PET),
        )

    def changes(self) -> Region | None:
        """The voxels that the last call of :meth:`show` changed, RAS; None when everything was drawn anew."""
        return None if self._shown is None else self._shown.changed

    def rows(self) -> list[dict[str, Any]]:
        """The foci of the preview, hottest first: rank, name, side, level, measures, ``centroid_ras_mm``, and
        ``physiologic`` with its reason.
        """
        shown = self._shown
        rows = []
        for rank, spot in enumerate([] if shown is None else shown.hot_spots, start=1):
            place = self._tools.place_of(spot.region)
            row: dict[str, Any] = {
                "rank": rank,
                "label": rank,
                "name": place.name,
                "side": place.side,
                "level": place.level,
            }
            row |= {name: getattr(spot, name) for name in ROW_MEASURES}
            rows.append({**row, "centroid_ras_mm": spot.centroid_ras_mm})
        return rows

    def drop(self) -> None:
        """Show the contours of the last run again."""
        if self._shown is not None:
            self._last = None
            if self.is_possible():
                self._tools.detector().change_contours(self._wanted())
            self._writer.write_all()
            self._notify("candidates")

    def commit(self) -> None:
        """Make candidates of the setting that is shown. Decisions go to the new candidates at the same place."""
        shown = self._shown
        if shown is None:
            return
        self._parameters.change(SENSITIVITY, shown.sensitivity)
        self._parameters.change(CONTOUR_METHOD, shown.method)
        for name, value in shown.values.items():
            self._parameters.change(name, value)
        self._review.take_strokes()
        now = self._state.require_found()
        case = dataclasses.replace(now.case, options=self._settings.options(), protocol=self._settings.protocol())
        detector = self._tools.detector()
        # A click may have been measured with the contours of the case since they were shown.
        detector.change_contours(self._wanted())
        result = detector.find(shown.sensitivity, shown.method)
        found = with_uptake(now.found, case, now.suv, now.alignment, now.anatomy, result, detector)
        self._state.case = case
        self._last = None
        self._review.start(found)
        self._states.set_done("find")
        self._notify("candidates")
