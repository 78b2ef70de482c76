"""Words and numbers as the panel shows them."""

from __future__ import annotations

import html
from typing import Any

from slicer.i18n import tr as _

from ..Numerics.core.plain_numbers import plain_number
from ..Numerics.core.words import Fixation, Group, PainSide, Status

UNKNOWN = "\N{EN DASH}"
STATE_SIGNS = {
    "not done": "\N{WHITE CIRCLE}",
    "done": "\N{CHECK MARK}",
    "out of date": "\N{CLOCKWISE OPEN CIRCLE ARROW}",
}
RED = "#c0392b"


def state_text(state: str) -> str:
    """How far a step is, with its sign."""
    texts = {"not done": _("not done"), "done": _("done"), "out of date": _("out of date")}
    return f"{STATE_SIGNS[state]} {texts[state]}"


def status_text(status: str) -> str:
    """A candidate's status."""
    texts: dict[str, str] = {
        Status.PENDING: _("pending"),
        Status.ACCEPTED: _("accepted"),
        Status.REJECTED: _("rejected"),
        Status.PHYSIOLOGIC: _("physiologic"),
    }
    return texts[status]


def mr_kind_text(kind: str) -> str:
    """A kind of MR finding in one word, for a narrow column; tool tip, details and report say it in full."""
    texts = {
        "oedema": _("edema"),
        "effusion or synovitis": _("effusion"),
        "fluid collection or bursitis": _("fluid"),
        "disc degeneration": _("disc"),
        "implant artefact": _("implant"),
    }
    return texts.get(kind, kind)


def strength_text(word: str) -> str:
    """How much evidence a score is."""
    texts = {"strong": _("strong"), "moderate": _("moderate"), "weak": _("weak"), "little": _("little")}
    return texts.get(word, word)


def group_text(group: str | None) -> str:
    """A clinical group."""
    texts: dict[str, str] = {Group.LOW_BACK: _("Low back"), Group.HIP_REPLACEMENT: _("Hip replacement")}
    return texts.get(group or "", "")


def side_text(side: str) -> str:
    """A side of the body, or of the pain."""
    texts: dict[str, str] = {
        PainSide.LEFT: _("left"),
        PainSide.RIGHT: _("right"),
        PainSide.MIDLINE: _("midline"),
        PainSide.BOTH: _("both"),
    }
    return texts.get(side, side)


def fixation_text(fixation: str) -> str:
    """How a hip prosthesis is fixed."""
    texts: dict[str, str] = {
        Fixation.CEMENTED: _("cemented"),
        Fixation.UNCEMENTED: _("uncemented"),
        Fixation.HYBRID: _("hybrid"),
    }
    return texts.get(fixation, fixation)


def missing_text(name: str) -> str:
    """A value that the SUV lacks."""
    texts = {
        "unit": _("unit of the PET"),
        "weight": _("body weight"),
        "height": _("body height"),
        "dose": _("injected dose"),
        "injection time": _("time of injection"),
        "scan time": _("time of the scan"),
    }
    return texts.get(name, name)


def method_text(method: str) -> str:
    """A way to draw the outline of a focus."""
    texts = {
        "adaptive": _("Adaptive (to the local background)"),
        "a50p": _("A50P"),
        "fixed-suv": _("Fixed SUV"),
        "percent-41": _("41 % of the maximum"),
        "percent-42": _("42 % of the maximum"),
        "percent-50": _("50 % of the maximum"),
        "mean-plus-sd": _("Reference mean plus SD"),
        "percist": _("PERCIST"),
        "reference-ratio": _("Ratio to the reference tissue"),
    }
    return texts.get(method, method)


def stage_text(stage: str) -> str:
    """A stage of the protocol."""
    texts = {
        "hot_spots": _("Hot spots on PET"),
        "mr_findings": _("Findings on MR"),
        "fusion": _("Candidates and ranking"),
        "evidence": _("Weights of evidence"),
        "sites": _("All sites"),
        "alignment": _("Alignment"),
        "symmetry": _("Plane of symmetry"),
    }
    return texts.get(stage, stage)


def number_text(value: float | None, digits: int = 2, unit: str = "") -> str:
    """A number with its unit; a dash where it is not known."""
    text = plain_number(value, digits)
    return UNKNOWN if text is None else f"{text} {unit}".rstrip()


def counts_text(n_candidates: int, n_apart: int, n_attention: int) -> str:
    """How much was found, for a label with markup; what is no candidate is a link to its list."""
    candidates = _("1 candidate") if n_candidates == 1 else _("{count} candidates").format(count=n_candidates)
    apart = _("{count} set apart").format(count=n_apart)
    looked_at = _("{count} to be looked at").format(count=n_attention)
    others = ", ".join([apart, looked_at] if n_attention else [apart])
    return f'{candidates}, <a href="apart">{others}</a>'


def plain(text: Any) -> str:
    """Text made safe for a label with markup."""
    return html.escape(str(text))


def red(text: str) -> str:
    """Text in red, for a label with markup."""
    return f'<span style="color:{RED}"><b>{plain(text)}</b></span>'
