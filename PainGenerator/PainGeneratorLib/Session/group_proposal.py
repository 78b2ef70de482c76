"""Which clinical group the images, their headers and the anatomy of a scene show, before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..Numerics.core.words import REFERENCE_ORDER, Role
from ..Scene.volumes_in_scene import own_frame_image, volume_facts
from ..Workflow.group_witness import (
    GroupSign,
    anatomy_sign,
    case_signs,
    group_doubt,
    shown_group,
    shown_sentence,
)
from .anatomy_proposal import AnatomyProposal
from .case_settings import CaseSettings
from .loaded_volumes import LoadedVolumes
from .scene_link import SceneLink


class GroupProposal:
    """Asks the chosen volumes and the anatomy which group they show. What they say is remembered until they change.

    Parameters
    ----------
    link : SceneLink
    settings : CaseSettings
    volumes : LoadedVolumes
    anatomy : AnatomyProposal
    """

    def __init__(
        self, link: SceneLink, settings: CaseSettings, volumes: LoadedVolumes, anatomy: AnatomyProposal
    ) -> None:
        self._link, self._settings, self._volumes, self._anatomy = link, settings, volumes, anatomy
        self._asked: tuple[Any, ...] = ()
        self._said: tuple[GroupSign, ...] = ()

    def series_signs(self) -> tuple[GroupSign, ...]:
        """What the chosen volumes show; empty without a PET or without a reference series."""
        nodes = self._settings.role_nodes()
        reference = next((role for role in REFERENCE_ORDER if role in nodes), None)
        if Role.PET not in nodes or reference is None:
            return ()
        asked = tuple((role, node.GetID(), node.GetImageData().GetMTime()) for role, node in nodes.items())
        if asked != self._asked:
            self._said = self._read(nodes, reference)
            self._asked = asked
        return self._said

    def _read(self, nodes: Mapping[str, Any], reference: str) -> tuple[GroupSign, ...]:
        headers: dict[str, dict[str, Any]] = {}
        for role, node in nodes.items():
            facts = volume_facts(node)
            known = {"SeriesDescription": facts.name, **facts.dicom}
            headers[role] = {**known, **{k: v for k, v in self._volumes.first_header(facts).items() if v is not None}}
        pet, mr = (own_frame_image(nodes[role], self._link.transform_of(role))[0] for role in (Role.PET, reference))
        frames = [headers[role].get("FrameOfReferenceUID") for role in (Role.PET, reference)]
        return case_signs(headers.values(), pet, mr, frames[0] is not None and frames[0] == frames[1])

    def signs(self) -> tuple[GroupSign, ...]:
        """What the volumes and the chosen anatomy show."""
        bones = anatomy_sign(self._anatomy.chosen_structures())
        return self.series_signs() if bones is None else (*self.series_signs(), bones)

    def shown(self) -> str | None:
        """The group that is shown; None where nothing shows one, or the signs contradict each other."""
        return shown_group(self.signs())

    def sentence(self) -> str:
        """What is shown, for the reader; empty where nothing shows a group."""
        return shown_sentence(self.signs())

    def question(self) -> str | None:
        """What contradicts the group, as long as the reader has not said that it is right all the same."""
        group = self._settings.group
        return None if self._settings.now.groupConfirmed == group else group_doubt(group, self.signs())
