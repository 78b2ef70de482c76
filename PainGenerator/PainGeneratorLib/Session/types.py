"""What the panel and the session hand to each other: plain values, no Qt, no MRML."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..Scene.parameters import NodeReference
from ..Workflow.progress import Show, silent

STEPS = ("case", "align", "find", "review", "export")
"""The five steps of the panel, in their order."""

RUN_STEPS = ("case", "align", "find")
"""The steps that compute; "Run all" runs these."""

ROLE_FIELDS = {
    "PET": "petVolume",
    "T1": "t1Volume",
    "FLUID": "fluidVolume",
    "T2": "t2Volume",
    "CONTRAST": "contrastVolume",
    "ATTENUATION": "attenuationVolume",
}
"""Role -> field of :class:`SessionSettings` that refers to its volume."""

PET_UNITS = ("auto", "SUVbw", "Bq/ml")
"""What the values of the PET volume are: told by header and node, or said by the user."""

EXPORTS = ("report", "tables", "segmentations", "scene")
"""What :meth:`Session.export` can write."""

CHANGES = ("case", "suv", "align", "candidates", "review", "steps")
"""Words that the callbacks in ``Session.changed`` are called with."""


class StepState(enum.StrEnum):
    """How far a step is; the value is its text."""

    NOT_DONE = "not done"
    DONE = "done"
    OUT_OF_DATE = "out of date"


@dataclass
class SessionSettings:
    """What is kept on the module's parameter node, in the format of Slicer's parameterNodeWrapper.

    Empty text and 0 stand for "not given".
    """

    petVolume: NodeReference = None
    t1Volume: NodeReference = None
    fluidVolume: NodeReference = None
    t2Volume: NodeReference = None
    contrastVolume: NodeReference = None
    attenuationVolume: NodeReference = None
    anatomy: NodeReference = None
    group: str = ""
    prosthesisSide: str = ""
    painSide: str = ""
    petUnit: str = "auto"
    weightKg: float = 0.0
    heightM: float = 0.0
    doseMbq: float = 0.0
    injectionTime: str = ""
    scanTime: str = ""
    roleReasons: dict[str, str] = field(default_factory=dict)
    stepStates: dict[str, str] = field(default_factory=dict)
    protocolChanges: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RoleProposal:
    """A volume proposed for a role.

    Parameters
    ----------
    role : str
    node_id : str
    name : str
        The volume's name.
    reason : str
        Why, in one sentence.
    """

    role: str
    node_id: str
    name: str
    reason: str


@dataclass(frozen=True)
class SuvLine:
    """What is known about the SUV.

    Parameters
    ----------
    text : str
        Factor, decay correction, dose, uptake time and weight in words; else why there is no SUV.
    missing : list of str
        Names of what must be given by hand: ``unit``, ``weight``, ``height``, ``dose``, ``injection time``,
        ``scan time``.
    provenance : list of dict
        Rows of the provenance table: ``quantity``, ``value``, ``unit``, ``source``, ``note``.
    is_known : bool
        The SUV can be computed.
    """

    text: str
    missing: list[str]
    provenance: list[dict[str, Any]]
    is_known: bool


@dataclass(frozen=True)
class ParameterEntry:
    """One parameter of the protocol, as the advanced section shows it."""

    stage: str
    key: str
    value: Any
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    description: str
    source: str
    is_default: bool

    @property
    def name(self) -> str:
        """``stage.key``, as :meth:`Session.set_parameter` takes it."""
        return f"{self.stage}.{self.key}"


@dataclass(eq=False)
class Job:
    """One long step: made on the main thread, computed anywhere, applied on the main thread.

    Parameters
    ----------
    step : str
    work : callable
        Takes a progress callable, touches no MRML, returns the result.
    revision : int
        Of the session's input when the job was made; a job whose input changed since is not applied.
    """

    step: str
    work: Callable[[Show], Any]
    revision: int
    result: Any = None
    is_computed: bool = False

    def compute(self, progress: Show = silent) -> None:
        """Do the work; safe in a worker thread. Cancelled and PainGeneratorError pass through."""
        self.result = self.work(progress)
        self.is_computed = True
