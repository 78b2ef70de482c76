"""Words for the table of sites: short names, MR signs, groups, counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..Numerics.core.site_order import PELVIS_STRUCTURES, in_reading_order
from ..Numerics.core.site_reading import is_measured
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
BOTH_HIPS = "Both hips"


def group_of(site: Site) -> str:
    """The heading under which a site is read: its level, the pelvis, or a hip."""
    if site.level is not None:
        return site.level
    if site.structure in PELVIS_STRUCTURES:
        return PELVIS
    if site.side == Side.MIDLINE:
        return "Hips"
    return BOTH_HIPS if site.side == Side.BOTH else f"{site.side.capitalize()} hip"


def grouped(table: SiteTable) -> dict[str, list[SiteRow]]:
    """The rows by heading, all in the order of reading; the right hip comes before the left one."""
    found: dict[str, list[SiteRow]] = {}
    for row in in_reading_order(table.rows):
        found.setdefault(group_of(row.site), []).append(row)
    return found


def name_in_group(site: Site) -> str:
    """The name without what the heading says already, the level or the side of a hip: ``right facet joint``."""
    if site.level:
        return site.name.removesuffix(f" {site.level}")
    return site.name if site.structure in PELVIS_STRUCTURES else site.name.removeprefix(f"{site.side} ")


def names_in_group(rows: Sequence[SiteRow]) -> list[str]:
    """The names of sites; zones of one kind, and both sides of one structure, as one name.

    Such as ``femur beside the stem, Gruen 1, 3 to 5`` and ``right and left psoas``.
    """
    zones: dict[str, list[str]] = {}
    for row in rows:
        kind, _space, number = name_in_group(row.site).rpartition(" ") if row.site.zone else ("", "", "")
        zones.setdefault(kind or name_in_group(row.site), []).append(number)
    names = [f"{name} {_ranges(numbers)}".strip() for name, numbers in zones.items()]
    found: list[str] = []
    for name in names:
        other = name.replace(f"{Side.RIGHT} ", f"{Side.LEFT} ", 1)
        if name.startswith(f"{Side.RIGHT} ") and other in names:
            found.append(f"{Side.RIGHT} and {other}")
        elif f"{Side.RIGHT} and {name}" not in found:
            found.append(name)
    return found


def _ranges(numbers: Sequence[str]) -> str:
    """Numbers in their order, three or more that follow one another as a range: ``1, 3 to 5``."""
    runs: list[list[str]] = []
    for number in numbers:
        follows = runs and number.isdigit() and runs[-1][-1].isdigit() and int(number) == int(runs[-1][-1]) + 1
        if follows:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


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
    """Why a site could not be assessed, or what is said about a normal one, as part of a sentence.

    Of a site that could not be assessed, the first reason is the one that decided.
    """
    reasons = row.reasons if is_measured(row) else row.reasons[:1]
    return bracketed("; ".join(clause(reason) for reason in reasons)) or "the reason is not known"


def bracketed(text: str) -> str:
    """A text that will stand in parentheses: what is in parentheses in it stands after a comma."""
    flat = re.sub(r"\s*\(([^()]*)\)", r", \1", text)
    return flat.replace("(", "[").replace(")", "]")


def counted_sites(count: int) -> str:
    """``1 site``, ``3 sites``."""
    return words.counted(count, "site")


def was(count: int) -> str:
    """The verb for a count."""
    return "was" if count == 1 else "were"
