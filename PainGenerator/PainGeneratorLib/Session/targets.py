"""Targets for a needle in the panel: their table, the paths in the views, and paths that the reader moved."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..Scene.target_nodes import (
    DRAWN_ATTRIBUTE,
    DrawnPath,
    forget_moved,
    hide_paths,
    moved_paths,
    path_nodes,
    write_paths,
)
from ..Workflow.targets import PathOrigin, Target, TargetFinder
from .case_settings import CaseSettings
from .case_state import CaseState
from .notifier import Notifier
from .scene_link import SceneLink
from .step_states import StepStates


class TargetActs:
    """Finds targets, draws their paths, and measures paths that were moved.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    settings : CaseSettings
    states : StepStates
    notify : Notifier
    """

    def __init__(
        self, link: SceneLink, state: CaseState, settings: CaseSettings, states: StepStates, notify: Notifier
    ) -> None:
        self._link, self._state, self._settings = link, state, settings
        self._states, self._notify = states, notify
        self._made: tuple[tuple[Any, ...], TargetFinder] | None = None

    def now(self) -> list[Target]:
        """The targets of all accepted and pending candidates, with the paths as the reader moved them.

        Raises
        ------
        PainGeneratorError
            Before the step Find.
        """
        candidates = self._state.candidates
        return self._finder().targets(candidates, moved_paths(self._link.scene))

    def _finder(self) -> TargetFinder:
        """The finder of the case as it is; made anew when what it rests on is another one."""
        now = self._state.require_found()
        protocol = self._settings.protocol()
        values = tuple(sorted((name, str(entry["value"])) for name, entry in protocol.entries()))
        rests_on = (now.found.mr, now.alignment, now.anatomy, now.found.measured_sites, values)
        if self._made is not None and all(a is b or a == b for a, b in zip(self._made[0], rests_on, strict=True)):
            return self._made[1]
        case = dataclasses.replace(now.case, protocol=protocol)
        made = TargetFinder(case, now.suv, now.alignment, now.found, now.anatomy)
        self._made = (rests_on, made)
        return made

    def show(self, shown: bool) -> list[Target]:
        """Draw the paths, or take them out of the views; the targets that are drawn."""
        if not shown:
            hide_paths(self._link.scene)
            return []
        targets = self.now()
        write_paths(self._link.scene, drawn_paths(targets))
        return targets

    def take_moved(self) -> bool:
        """Measure the paths that the reader moved since they were drawn; True when there were any.

        The end at the skin is put where the path leaves the body. The direction and the target stay.
        """
        scene = self._link.scene
        before = {key: node.GetAttribute(DRAWN_ATTRIBUTE) for key, node in path_nodes(scene).items()}
        self.show(True)
        after = {key: node.GetAttribute(DRAWN_ATTRIBUTE) for key, node in path_nodes(scene).items()}
        if before == after:
            return False
        self._states.outdate_export()
        self._notify("review")
        return True

    def reset(self, target_id: str) -> None:
        """Take a moved path back: it is drawn as it was proposed."""
        forget_moved(self._link.scene, [target_id])
        self.show(True)
        self._states.outdate_export()
        self._notify("review")

    def nodes(self) -> list[Any]:
        """The lines in the scene."""
        return list(path_nodes(self._link.scene).values())


def drawn_paths(targets: list[Target]) -> list[DrawnPath]:
    """The lines of all targets that have a path."""
    found = []
    for target in targets:
        entry = None if target.path is None else target.path.entry_ras
        if entry is None or target.point_ras is None:
            continue
        name = f"{target.candidate.rank} {target.candidate.place.name}"
        is_moved = target.origin == PathOrigin.MOVED
        found.append(DrawnPath(target.id, name, np.asarray(entry), np.asarray(target.point_ras), is_moved))
    return found
