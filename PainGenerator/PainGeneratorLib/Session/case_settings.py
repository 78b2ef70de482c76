"""The settings of a session, which are kept on the parameter node of its scene."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group
from ..Scene.parameters import parameter_node, read_parameters, write_parameters
from ..Workflow.case import CaseOptions
from ..Workflow.protocol import Protocol, load_protocol
from .case_state import CaseState, Detected, Point
from .scene_link import SceneLink
from .types import ROLE_FIELDS, SessionSettings


class CaseSettings:
    """Reads and changes the settings; derives from them what the stages need.

    Parameters
    ----------
    link : SceneLink
    state : CaseState
        For the pain sites, which are points in the scene and no setting.
    """

    def __init__(self, link: SceneLink, state: CaseState) -> None:
        self._link, self._state = link, state

    @property
    def now(self) -> SessionSettings:
        """The settings as they are."""
        settings: SessionSettings = read_parameters(parameter_node(self._link.scene), SessionSettings)
        return settings

    def keep(self, **values: Any) -> None:
        """Change settings by name. Values that are the same as before cause no event of the node."""
        now = self.now
        changed = dataclasses.replace(now, **values)
        if changed != now:
            write_parameters(parameter_node(self._link.scene), changed)

    def detected(self) -> Detected:
        """What Detect said, as it was kept: it is said again in a reopened case."""
        now = self.now
        return Detected(self.roles(), tuple(now.detectNotices), tuple(now.detectNotes))

    def role_nodes(self) -> dict[str, Any]:
        """The chosen node by role, for the roles that are filled."""
        settings = self.now
        found = {role: getattr(settings, name) for role, name in ROLE_FIELDS.items()}
        return {role: node for role, node in found.items() if node is not None}

    def roles(self) -> dict[str, str]:
        """The id of the chosen node by role, for the roles that are filled."""
        return {role: node.GetID() for role, node in self.role_nodes().items()}

    def options(self) -> CaseOptions:
        """What the user said about the case."""
        settings = self.now
        group = settings.group or None
        side = settings.prosthesisSide or None
        has_hip = group != Group.LOW_BACK and (group is not None or side is not None)
        return CaseOptions(
            group=group,
            prosthesis_side=None if group == Group.LOW_BACK else side,
            pain_side=settings.painSide or None,
            pain_sites_ras_mm=self._state.pain_sites,
            weight_kg=settings.weightKg or None,
            height_m=settings.heightM or None,
            dose_mbq=settings.doseMbq or None,
            injection_time=time_of(settings.injectionTime),
            settings=tuple(settings.protocolChanges.items()),
            level=self._level(),
            reference_edits=self._state.reference_edits,
            surgery_date=date_of(settings.surgeryDate) if has_hip else None,
            fixation=(settings.fixation or None) if has_hip else None,
            crp_mg_l=(settings.crpMgL or None) if has_hip else None,
        )

    def _level(self) -> tuple[str, Point] | None:
        """The level that the reader named, and a place in it; None without one, and in a group without levels."""
        settings = self.now
        if not settings.levelName or settings.group == Group.HIP_REPLACEMENT or len(settings.levelPoint) != 3:
            return None
        right, front, up = settings.levelPoint
        return settings.levelName, (right, front, up)

    def keep_level(self, level: tuple[str, Point] | None) -> None:
        """Keep the level that the reader named, so that the next run uses it; None for none."""
        name, point = level or ("", ())
        self.keep(levelName=name, levelPoint=list(point))

    @property
    def group(self) -> str:
        """``low-back`` or ``hip-replacement``; low-back until the user says it."""
        return self.options().resolved_group()[0]

    def protocol(self) -> Protocol:
        """The parameters for this case, with the changes of the user."""
        return load_protocol(self.group).with_values(self.now.protocolChanges)

    def drop_refused_changes(self) -> list[str]:
        """Drop changes of parameters that this version does not know or does not accept.

        Returns
        -------
        list of str
            One sentence for each change that was dropped.
        """
        shipped, kept, sentences = load_protocol(self.group), {}, []
        for name, value in self.now.protocolChanges.items():
            try:
                shipped.with_values({name: value})
            except PainGeneratorError as error:
                sentences.append(f"A changed parameter of the saved case is not used: {error.reason}")
            else:
                kept[name] = value
        if sentences:
            self.keep(protocolChanges=kept)
        return sentences

    @property
    def scan_time(self) -> datetime.datetime | None:
        """Start of the scan as it was given by hand."""
        return time_of(self.now.scanTime)


def time_of(text: str) -> datetime.datetime | None:
    """Date and time from a setting; None for an empty text."""
    return datetime.datetime.fromisoformat(text) if text else None


def date_of(text: str) -> datetime.date | None:
    """A date from a setting; None for an empty text."""
    return datetime.date.fromisoformat(text) if text else None
