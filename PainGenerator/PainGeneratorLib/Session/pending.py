"""Settings that were changed after a step was run and were not applied yet: what they are, in words.

Each time a step is done, the settings that it used are kept beside the states of the steps. A setting that is another
one now is pending. One that was taken back is not, whatever the state of the step says.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..Scene.volumes_in_scene import OWN_ATTRIBUTE
from ..Workflow.target_records import STAGE as TARGETS
from .case_settings import CaseSettings
from .case_state import CaseState
from .scene_link import SceneLink
from .step_states import StepStates
from .types import ROLE_FIELDS, RUN_STEPS, StepState

Inputs = dict[str, Any]
"""By name, the plain values of the settings that a step uses; None for what was not given."""

ALIGNMENT = "alignment"
"""Stage of the protocol whose parameters the step Align uses."""

VOLUME, PARAMETER = "volume ", "parameter "
"""How the names of chosen volumes and of changed parameters begin."""

UNITS = {"weight": " kg", "height": " m", "dose": " MBq", "CRP": " mg/l"}
"""Units of the numbers among the settings."""

POINTS = ("pain sites", "landmarks")
"""Settings that are points; their numbers say nothing to a reader."""

STEP_NAMES = {"case": "Case", "align": "Align", "find": "Find"}
"""The steps as the panel names them."""

TO_RUN = {"case": "the steps Case, Align and Find", "align": "the steps Align and Find", "find": "the step Find"}
"""What has to be run again, by the step whose setting was changed."""

PENDING = (
    "Changed after the step {step} and not applied yet: {what}. All results are still those of before. Run {again} "
    "again, or take the change back."
)
"""What is said of pending settings of a step."""

UNKNOWN = (
    "The step {step} is out of date: something it uses was changed after it was run. All results are still those of "
    "before. Run {again} again."
)
"""The same of a case whose older version did not keep what its steps used."""


class PendingChanges:
    """Compares the settings with those that the steps were run with.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    state : CaseState
    states : StepStates
        Tell when a step is done.
    """

    def __init__(self, link: SceneLink, settings: CaseSettings, state: CaseState, states: StepStates) -> None:
        self._link, self._settings, self._state, self._states = link, settings, state, states
        self._used: dict[str, Callable[[], Inputs]] = {"case": self._of_case, "align": self._of_align}
        self._used["find"] = self._of_find

    def note(self, step: str) -> None:
        """Keep what a step was run with; it was done now."""
        if step in self._used:
            applied = dict(self._settings.now.appliedInputs)
            applied[step] = json.dumps(self._used[step](), sort_keys=True)
            self._settings.keep(appliedInputs=applied)

    def begin(self) -> None:
        """A case was reopened: what its done steps were run with are the settings that were saved with it."""
        for step in RUN_STEPS:
            if self._states.is_done(step):
                self.note(step)

    def sentences(self) -> list[str]:
        """What is pending, one sentence for each step; none where nothing was computed yet."""
        if self._link.is_closed or self._state.case is None:
            return []
        return [text for text in map(self.sentence, RUN_STEPS) if text]

    def of_basis(self) -> str | None:
        """What is pending of the settings that change SUV or alignment, as a sentence; None when nothing is.

        Outputs would hold numbers that contradict what the reader gave.
        """
        texts = [self.sentence(step) for step in ("case", "align") if step in self._settings.now.appliedInputs]
        return " ".join(text for text in texts if text) or None

    def sentence(self, step: str) -> str | None:
        """What is pending of the settings of a step; None when nothing is."""
        words = {"step": STEP_NAMES[step], "again": TO_RUN[step]}
        kept = self._settings.now.appliedInputs.get(step)
        if kept is None:
            is_unknown = self._states.of(step) is StepState.OUT_OF_DATE and not self._state.scene_changes
            return UNKNOWN.format(**words) if is_unknown else None
        before, now = json.loads(kept), json.loads(json.dumps(self._used[step]()))
        changed = [name for name in {**before, **now} if self._is_pending(name, before.get(name), now.get(name))]
        if not changed:
            return None
        what = "; ".join(self._in_words(name, before.get(name), now.get(name)) for name in changed)
        return PENDING.format(what=what, **words)

    def _is_pending(self, name: str, before: Any, now: Any) -> bool:
        """Whether a value was changed. That a node was removed from the scene is said elsewhere, and no choice."""
        is_node = name.startswith(VOLUME) or name == "anatomy"
        if is_node and now is None and before is not None:
            node = self._link.node(before)
            # The scene gives the id of a removed volume to the next one, which may be one of this program.
            return node is not None and node.GetAttribute(OWN_ATTRIBUTE) is None
        return bool(before != now)

    def _in_words(self, name: str, before: Any, now: Any) -> str:
        if name in POINTS:
            return f"the {name}"
        return f"{name} ({self._value(name, now)} in place of {self._value(name, before)})"

    def _value(self, name: str, value: Any) -> str:
        if name.startswith(VOLUME) or name == "anatomy":
            node = self._link.node(value)
            return "none" if node is None else str(node.GetName())
        if value is None:
            return "the shipped value" if name.startswith(PARAMETER) else "nothing given"
        return f"{value:g}{UNITS[name]}" if name in UNITS else str(value)

    # --- what the steps use

    def _of_case(self) -> Inputs:
        options, roles, scan_time = self._settings.options(), self._settings.roles(), self._settings.scan_time
        injection = options.injection_time
        return {
            **{f"{VOLUME}{role}": roles.get(role) for role in ROLE_FIELDS},
            "unit of the PET": self._settings.now.petUnit,
            "weight": options.weight_kg,
            "height": options.height_m,
            "dose": options.dose_mbq,
            "injection time": None if injection is None else injection.isoformat(sep=" "),
            "scan time": None if scan_time is None else scan_time.isoformat(sep=" "),
        }

    def _of_align(self) -> Inputs:
        values = {
            f"{PARAMETER}{name}": entry["value"]
            for name, entry in self._settings.protocol().entries()
            if name.startswith(f"{ALIGNMENT}.")
        }
        pairs = [
            f"{role} {np.round(one.reference_ras, 2).tolist()} {np.round(one.series_ras, 2).tolist()}"
            for role, one in sorted(self._state.landmarks.items())
        ]
        return {**values, "landmarks": f"{zlib.crc32(' '.join(pairs).encode()):08x}" if pairs else None}

    def _of_find(self) -> Inputs:
        options, settings = self._settings.options(), self._settings.now
        changes = {
            f"{PARAMETER}{name}": value
            for name, value in settings.protocolChanges.items()
            if not name.startswith((f"{ALIGNMENT}.", f"{TARGETS}."))
        }
        surgery = options.surgery_date
        return {
            **changes,
            "group": self._settings.group,
            "side of the prosthesis": options.prosthesis_side,
            "side of the pain": options.pain_side,
            "pain sites": np.round(np.array(options.pain_sites_ras_mm, dtype=float), 2).tolist() or None,
            "date of the surgery": None if surgery is None else surgery.isoformat(),
            "fixation": options.fixation,
            "CRP": options.crp_mg_l,
            "anatomy": None if settings.anatomy is None else settings.anatomy.GetID(),
        }
