"""A panel over made-up candidates, without images: what it shows and how it answers to mouse and keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from kept_examples import GRID
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.records import Candidate, LedgerEntry, Place
from PainGeneratorLib.Numerics.fusion.reading import Reading, numbered
from PainGeneratorLib.Session.review import Review
from PainGeneratorLib.Session.session import Session
from PainGeneratorLib.Session.types import StepState
from PySide6 import QtWidgets
from slicer_stand_in.keyboard import press_keys

PLACES = (
    ("facet joint", "right", "L4/L5", "certain"),
    ("sacroiliac joint", "left", None, "certain"),
    ("lower endplate", "midline", "L3/L4", "certain"),
    ("interspinous space", "midline", "L4/L5", "certain"),
    ("paraspinal region", "left", "L2", "likely"),
    ("transverse process", "right", "L5", "certain"),
    ("gluteal tendons", "left", None, "certain"),
    ("pars interarticularis", "right", "L5", "certain"),
)
KINDS = ("oedema", "effusion or synovitis", "Modic I", None, "fluid collection or bursitis")
EVIDENCE = ("PET+MR", "PET only", "MR only")


def made_up(count: int, first: int = 0, **changes: Any) -> list[Candidate]:
    """So many candidates at different places, without ids and ranks."""
    found = []
    for number in range(first, first + count):
        structure, side, level, certainty = PLACES[number % len(PLACES)]
        on_side = "" if side == "midline" else f"{side} "
        name = " ".join(filter(None, (f"{on_side}{structure}", level)))
        evidence = EVIDENCE[number % 3]
        on_pet = evidence != "MR only"
        values = {
            "id": "",
            "rank": 0,
            "score": 14.0 - 0.5 * number,
            "place": Place(name, structure, side, level, None, (), certainty),
            "evidence": evidence,
            "region": Region(GRID, np.array([number, number + 1], dtype=np.int64)),
            "centroid_ras_mm": np.array([-20.0 + number, -10.0, 3.0 * number]),
            "volume_ml": 0.8 + 0.1 * number,
            "suv_max": 12.4 - 0.3 * number if on_pet else None,
            "suv_peak": 10.1 - 0.3 * number if on_pet else None,
            "tbr": 5.2 - 0.1 * number if on_pet else None,
            "left_right_ratio": 1.8 if on_pet and side != "midline" else None,
            "mr_kind": KINDS[number % len(KINDS)] if evidence != "PET only" else None,
            "ledger": (
                LedgerEntry("uptake_facet", "pet", "Uptake 5.2 times that of marrow.", 5.2, 9.0, "Somebody 2020"),
                LedgerEntry("usual_there", "usual", "Uptake is usual at this place.", 1.0, -2.5, "our estimate"),
            ),
            "pet_state": "abnormal",
            "mr_state": "normal",
        }
        found.append(Candidate(**{**values, **changes}))
    return found


class ListSession(Session):
    """A session over lists that are given; acts change the lists as a review does, and nothing is computed.

    Parameters
    ----------
    scene : vtkMRMLScene
    """

    def __init__(self, scene: Any) -> None:
        super().__init__(scene)
        self.lists = Reading()
        self.jumps: list[str] = []
        """Where the views were sent."""
        self.bright: str | None = None
        """Whose outline is bright."""
        self._made = Review(_Owner(self.lists), lambda candidate: candidate)

    def find(self, candidates: Sequence[Candidate], set_apart: Sequence[Candidate] = ()) -> None:
        """What a run found."""
        self.lists = numbered(Reading(list(candidates), list(set_apart)))
        self._made = Review(_Owner(self.lists), lambda candidate: candidate)
        self._notify("candidates")

    def state(self, step: str) -> StepState:
        is_done = bool(self.lists.candidates) and step in ("case", "align", "find")
        return StepState.DONE if is_done else StepState.NOT_DONE

    def candidates(self) -> list[Candidate]:
        return list(self._made.candidates) if self.lists.candidates else []

    def set_apart(self) -> list[Candidate]:
        return self._made.lists.set_apart if self.lists.candidates else []

    def bring_back(self, ids: Iterable[str]) -> None:
        self._act(self._made.bring_back, list(ids))

    def accept(self, ids: Iterable[str]) -> None:
        self._act(self._made.set_status, list(ids), "accepted")

    def reject(self, ids: Iterable[str]) -> None:
        self._act(self._made.set_status, list(ids), "rejected")

    def physiologic(self, ids: Iterable[str]) -> None:
        self._act(self._made.set_status, list(ids), "physiologic")

    def pending(self, ids: Iterable[str]) -> None:
        self._act(self._made.set_status, list(ids), "pending")

    def delete(self, ids: Iterable[str]) -> None:
        self._act(self._made.delete, list(ids))

    @property
    def undo_text(self) -> str | None:
        return self._made.undo_text

    @property
    def redo_text(self) -> str | None:
        return self._made.redo_text

    def undo(self) -> None:
        self._act(self._made.undo)

    def redo(self) -> None:
        self._act(self._made.redo)

    def highlight(self, candidate_id: str | None) -> None:
        self.bright = candidate_id

    def position_of(self, candidate_id: str) -> np.ndarray:
        self.jumps.append(candidate_id)
        return self._made.get_from_any(candidate_id).centroid_ras_mm

    def _act(self, act: Any, *values: Any) -> None:
        act(*values)
        self._notify("review")


@dataclasses.dataclass
class _Owner:
    """Holds the lists of a review."""

    lists: dataclasses.InitVar[Reading]
    candidates: list[Candidate] = dataclasses.field(default_factory=list)
    set_apart: list[Candidate] = dataclasses.field(default_factory=list)
    attention: list[Candidate] = dataclasses.field(default_factory=list)
    naming: Any = None
    regions: Any = ()

    def __post_init__(self, lists: Reading) -> None:
        self.candidates, self.set_apart, self.attention = lists.candidates, lists.set_apart, lists.attention


class ReviewHands:
    """Hands and eyes on the step Review of an open panel.

    Parameters
    ----------
    stand_in : SlicerStandIn
    widget : PainGeneratorWidget
    session : ListSession
    """

    def __init__(self, stand_in: Any, widget: Any, session: ListSession) -> None:
        self.stand_in, self.widget, self.session = stand_in, widget, session
        self.panel, self.ui = widget.panel, widget.panel.ui

    def events(self) -> None:
        import slicer

        for _ in range(3):
            slicer.app.processEvents()

    def find(self, count: int, n_apart: int = 0) -> list[str]:
        """A run that finds so much; the step Review is open. Returns the ids."""
        self.session.find(made_up(count), made_up(n_apart, 3, score=-4.0, reason="It is usual there."))
        self.ui.reviewSection.collapsed = False
        self.events()
        return [candidate.id for candidate in self.session.candidates()]

    def hold_and_press(self, key: str) -> None:
        """Press a key, such as "Y", with Ctrl and Shift held; Qt knows meanwhile that both are down."""
        press_keys(f"Ctrl+Shift+{key}")
        self.events()

    def statuses(self) -> list[str]:
        return [candidate.status for candidate in self.session.candidates()]

    def chosen(self) -> list[str]:
        return self.panel.review.table.selected()

    def told(self) -> str:
        """The last message of the status bar."""
        from slicer_stand_in.current import CURRENT

        return next((text for kind, text in reversed(CURRENT.messages) if kind == "status"), "")

    def dialogs(self) -> list[str]:
        from slicer_stand_in.current import CURRENT

        return [text for kind, text in CURRENT.messages if kind != "status"]

    def offer(self) -> Any:
        """The button in the status bar that takes the last act back."""
        return self.stand_in.window.statusBar().findChild(QtWidgets.QToolButton, "painGeneratorUndoOffer")
