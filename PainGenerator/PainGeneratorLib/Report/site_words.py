"""Words for the table of sites: short names, MR signs, groups, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..Numerics.core.site_order import PELVIS_STRUCTURES, in_reading_order
from ..Numerics.core.sites import Site, SiteRow, SiteTable
from ..Numerics.core.words import Side
from . import words

SHORT_SIGNS: Mapping[str, str] = {
    "oedema": "edema",
    "effusion or synovitis": "effusion",
    "fluid collection or bursitis": "fluid",
    "disc degeneration": "degenerated",
    "implant artefact": "artifact",
}
"""MR signs that are too long for a cell of the table."""
PELVIS = "Pelvis"


def group_of(site: Site) -> str:
    """The heading under which a site is read: its level, the pelvis, or a hip."""
    if site.level is not None:
        return site.level
    if site.structure in PELVIS_STRUCTURES:
        return PELVIS
    return "Hips" if site.side == Side.MIDLINE else f"{site.side.capitalize()} hip"


def grouped(table: SiteTable) -> dict[str, list[SiteRow]]:
    """The rows by heading, all in the order of reading; the right hip comes before the left one."""
    found: dict[str, list[SiteRow]] = {}
    for row in in_reading_order(table.rows):
        found.setdefault(group_of(row.site), []).append(row)
    return found


def name_in_group(site: Site) -> str:
    """The name without the level where the heading says it already: ``right facet joint``."""
    return site.name.removesuffix(f" {site.level}") if site.level else site.name


def capitalized(text: str) -> str:
    """The text with a capital letter first; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def clause(sentence: str) -> str:
    """A sentence as a part of another one: no period, and a small letter first unless a name begins it."""
    text = sentence.strip().rstrip(".")
    first = text.split(" ", 1)[0]
    is_word = first == "A" or first[1:].islower()
    return text[:1].lower() + text[1:] if is_word else text


def and_list(items: Sequence[str]) -> str:
    """Items in a sentence: ``a``, ``a and b``, ``a, b, and c``; with "; " where an item holds a comma."""
    if len(items) <= 2:
        return " and ".join(items)
    mark = "; " if any("," in item for item in items) else ", "
    return f"{mark.join(items[:-1])}{mark}and {items[-1]}"


def short_sign(kind: str) -> str:
    """An MR sign in a cell; a remark in parentheses after its kind stays: ``edema (weak)``."""
    name, space, remark = kind.partition(" (")
    return SHORT_SIGNS.get(name, name) + space + remark


def why(row: SiteRow) -> str:
    """The reasons of the state of a site, as part of a sentence."""
    return bracketed("; ".join(clause(reason) for reason in row.reasons)) or "the reason is not known"


def bracketed(text: str) -> str:
    """A text that will stand in parentheses: parentheses in it become brackets."""
    return text.replace("(", "[").replace(")", "]")


def counted_sites(count: int) -> str:
    """``1 site``, ``3 sites``."""
    return words.counted(count, "site")


def was(count: int) -> str:
    """The verb for a count."""
    return "was" if count == 1 else "were"
