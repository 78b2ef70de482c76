"""What a row of the table of sites says: measured or not, abnormal or not, and whether its uptake is raised."""

from __future__ import annotations

import re

from .sites import SiteRow, SiteState

_UPTAKE = re.compile(r"Uptake \d+\.\d times that of ")
EXPLANATIONS = ("Uptake of ", "Uptake up to ", "Physiologic uptake", "Within the normal uptake ")
"""How the reasons begin that explain raised uptake, as the verdict of a site words them."""
"""How a reason begins that says that uptake is raised (:func:`uptake_reason`)."""

SIGN_WORDS: dict[str, str] = {"oedema": "edema", "implant artefact": "implant artifact"}
"""Kinds of MR findings whose word for readers is not the one of the files."""


def sign_words(kind: str) -> str:
    """A kind of MR finding in a sentence; a remark in parentheses stays: ``edema (weak)``."""
    name, space, remark = kind.partition(" (")
    return SIGN_WORDS.get(name, name) + space + remark


def is_measured(row: SiteRow) -> bool:
    """True for a site that could be assessed."""
    return row.state != SiteState.NOT_ASSESSABLE


def is_abnormal(row: SiteRow) -> bool:
    """True for a site that uptake or MR shows as abnormal."""
    return row.state == SiteState.ABNORMAL


def tissue_words(reference_name: str | None) -> str:
    """The name of a reference tissue in a sentence."""
    words = {None: "the reference tissue", "surroundings": "its surroundings"}
    return words.get(reference_name, reference_name or "")


def uptake_reason(ratio: float, what: str) -> str:
    """The reason of a site whose uptake is raised, as a sentence: ``Uptake 1.8 times that of the other discs.``"""
    return f"Uptake {ratio:.1f} times that of {what}."


def uptake_reasons(row: SiteRow) -> list[str]:
    """The reasons of a site that say that its uptake is raised, as :func:`uptake_reason` made them."""
    return [reason for reason in row.reasons if _UPTAKE.match(reason)]


def explanations(row: SiteRow) -> list[str]:
    """The reasons of a site that say why its raised uptake is not its own, or is usual."""
    return [reason for reason in row.reasons if reason.startswith(EXPLANATIONS)]


def remarks(row: SiteRow) -> list[str]:
    """Why a normal site is normal although something was seen there; empty for other sites."""
    return list(row.reasons) if row.state == SiteState.NORMAL else []


def is_raised(row: SiteRow) -> bool:
    """True for a site that is abnormal because its uptake is raised, whether or not MR shows something as well."""
    return is_abnormal(row) and bool(uptake_reasons(row))


def raised_word(row: SiteRow) -> str | None:
    """``yes`` or ``no``; None for a site without a measure of uptake."""
    if row.suv_peak is None:
        return None
    return "yes" if is_raised(row) else "no"
