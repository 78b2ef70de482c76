"""Puts the case of a session into its scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..Scene.scene_content import SceneContent
from ..Scene.write_case import write_candidates, write_case
from ..Workflow.case import Case
from ..Workflow.case_in_scene import scene_content
from .case_state import CaseState
from .scene_link import SceneLink


class CaseWriter:
    """Writes the state of a case into the scene.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
    """

    def __init__(self, link: SceneLink, state: CaseState) -> None:
        self._link, self._state = link, state
        self.kept_by: dict[str, Callable[[], Any]] = {}
        """By name, what other parts of the session keep with the case."""
        self.blind_kept_by: dict[str, Callable[[], Any]] = {}
        """The same for a copy of the scene that must not show what other readers decided."""
        self.count = 0
        """How often the whole case was written; each time all its nodes were drawn anew."""

    def write_all(self, *, set_views: bool = False, is_blind: bool = False) -> None:
        """Write the case as far as it has come.

        Parameters
        ----------
        set_views : bool
            Show the PET over the reference series in all views.
        is_blind : bool
            Leave out what other readers decided: such a scene is a copy for somebody else.
        """
        content = self._content()
        if is_blind:
            content.working |= {name: kept() for name, kept in self.blind_kept_by.items()}
        write_case(self._link.scene, content, set_views=set_views)
        self._state.shown = {candidate.id: candidate.region for candidate in content.candidates}
        self.count += 1

    def write_candidates(self) -> None:
        """Write what an act on the candidates changed; outlines that are shown already are not drawn again."""
        content = self._content()
        write_candidates(self._link.scene, content, self._state.shown)
        self._state.shown = {candidate.id: candidate.region for candidate in content.candidates}

    def _content(self) -> SceneContent:
        state = self._state
        case, suv = state.require_suv()
        content = scene_content(
            case,
            suv,
            state.alignment,
            state.anatomy,
            state.found,
            volumes=self._own_volumes(case),
            warnings=state.warnings,
        )
        # Points that were placed since the last run stay in the scene, too.
        content.pain_sites_ras = np.array(state.pain_sites, dtype=float).reshape(-1, 3)
        content.working["unmatched"] = list(state.unmatched)
        content.working["carried"] = list(state.carried)
        content.working["landmarks"] = dict(state.landmarks)
        content.working |= {name: kept() for name, kept in self.kept_by.items()}
        return content

    def _own_volumes(self, case: Case) -> dict[str, Any]:
        """The volumes of the user that the case was read from; the PET only when it needs no conversion."""
        volumes = {role: self._link.node(series.facts.get("source_id")) for role, series in case.series.items()}
        if not case.series["PET"].facts.get("is_shown_as_it_is"):
            volumes.pop("PET", None)
        return volumes
