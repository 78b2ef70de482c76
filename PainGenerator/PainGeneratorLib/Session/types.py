"""What the panel and the session hand to each other: plain values, no Qt, no MRML."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..Numerics.core.words import Role
from ..Scene.parameters import NodeReference
from ..Workflow.progress import Show, silent

if TYPE_CHECKING:
    # Nodes of a scene have no types that a type checker knows.
    Node = Any
else:
    Node = NodeReference

Result = TypeVar("Result")

STEPS = ("case", "align", "find", "review", "export")
"""The five steps of the panel, in their order."""

RUN_STEPS = ("case", "align", "find")
"""The steps that compute; "Run all" runs these."""

ROLE_FIELDS = {
    Role.PET.value: "petVolume",
    Role.T1.value: "t1Volume",
    Role.FLUID.value: "fluidVolume",
    Role.T2.value: "t2Volume",
    Role.CONTRAST.value: "contrastVolume",
    Role.ATTENUATION.value: "attenuationVolume",
}
"""For each role the field of :class:`SessionSettings` that refers to its volume."""

PET_UNITS = ("auto", "SUVbw", "Bq/ml")
"""What the values of the PET volume are: as the header and the node say (``auto``), or as the user says."""

CHANGES = ("case", "suv", "align", "candidates", "review", "steps")
"""The words with which the callbacks in ``Session.changed`` are called."""


class StepState(enum.StrEnum):
    """How far a step is; the value is its text."""

    NOT_DONE = "not done"
    DONE = "done"
    OUT_OF_DATE = "out of date"


@dataclass
class SessionSettings:
    """What is kept on the parameter node of the module, in the format of Slicer's ``parameterNodeWrapper``.

    An empty text and 0 mean that the user gave nothing. The panel keeps settings of its own on the same node
    (``Gui.parameter_node.PanelParameters``); no name may occur in both.
    """

    petVolume: Node = None
    t1Volume: Node = None
    fluidVolume: Node = None
    t2Volume: Node = None
    contrastVolume: Node = None
    attenuationVolume: Node = None
    anatomy: Node = None
    group: str = ""
    groupIsProposed: bool = False
    """True while the group is the one that was proposed, and the reader chose none."""
    groupConfirmed: str = ""
    """The group that the reader confirmed although images and scene show another one; empty when not asked."""
    anatomyReason: str = ""
    """Why the anatomy was proposed; empty when the reader chose it."""
    anatomyRefused: str = ""
    """Node id of the anatomy that the reader took away; it is not proposed again by itself."""
    prosthesisSide: str = ""
    painSide: str = ""
    surgeryDate: str = ""
    fixation: str = ""
    crpMgL: float = 0.0
    petUnit: str = "auto"
    weightKg: float = 0.0
    heightM: float = 0.0
    doseMbq: float = 0.0
    injectionTime: str = ""
    scanTime: str = ""
    levelName: str = ""
    levelPoint: list[float] = field(default_factory=list)
    """R, A, S in mm; empty when the reader named no level."""
    roleReasons: dict[str, str] = field(default_factory=dict)
    detectNotices: list[str] = field(default_factory=list)
    """What Detect had to say; it belongs to the result of no step, and a reopened case has to say it again."""
    detectNotes: list[str] = field(default_factory=list)
    """What Detect said of its choices that is no warning, for the same reason."""
    reopenNotices: list[str] = field(default_factory=list)
    """What was said when the case was reopened, for the same reason."""
    stepStates: dict[str, str] = field(default_factory=dict)
    appliedInputs: dict[str, str] = field(default_factory=dict)
    """By step, the settings that it was run with, as JSON; see :mod:`.pending`."""
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
    """One parameter of the protocol, as the advanced section shows it.

    Parameters
    ----------
    stage : str
        The stage of the work that it belongs to.
    key : str
        Its name within the stage; with dots when it belongs to a part of the stage.
    value : bool, int, float, str or list
    unit : str
        Empty when it has none.
    minimum, maximum : float or None
        None when it is no number.
    choices : tuple of str
        The words that are allowed; empty when it is a number or a switch.
    description, source : str
        What it means, and where the shipped value comes from.
    is_default : bool
        It has the shipped value.
    """

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
        """``stage.key``, as :meth:`.session.Session.set_parameter` takes it."""
        return f"{self.stage}.{self.key}"


@dataclass(eq=False)
class Job(Generic[Result]):
    """One long step: made on the main thread, computed in any thread, applied on the main thread.

    Parameters
    ----------
    step : str
    work : callable
        Takes a progress callable, does not touch MRML, returns the result.
    revision : int
        Revision of the inputs of the case when the job was made. A job whose input changed since then is not applied.
    """

    step: str
    work: Callable[[Show], Result]
    revision: int
    is_computed: bool = field(default=False, init=False)
    _results: list[Result] = field(default_factory=list, init=False, repr=False)

    def compute(self, progress: Show = silent) -> None:
        """Do the work; safe in a worker thread.

        Raises
        ------
        Cancelled, PainGeneratorError
            As the work raises them.
        """
        self._results = [self.work(progress)]
        self.is_computed = True

    @property
    def result(self) -> Result:
        """What the work returned.

        Raises
        ------
        ValueError
            When the job was not computed.
        """
        if not self._results:
            raise ValueError("the job was not computed")
        return self._results[0]
