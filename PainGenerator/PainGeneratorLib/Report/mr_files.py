"""``mr-findings.json`` and ``mr-findings.csv``: every MR finding, also those that are no candidates.

Each row says in which of the three lists its finding stands, or why it stands in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate, MRFinding, Place
from ..Numerics.core.short_names import short_name
from ..Numerics.core.site_reading import sign_words
from ..Numerics.mr.findings import MRResult
from .tables import ATTENTION, CANDIDATES, SET_APART, csv_text

SCHEMA = 1
"""Version of the form of ``mr-findings.json``."""
FOUND, WEAK, USUAL = "finding", "weak", "usual"
"""How a finding counts: alone; only where the PET shows uptake; or as normal anatomy, unless the PET agrees."""
IMPLANT_KIND = "implant artefact"
"""Kind of the finding that is the signal void of an implant, as files name it."""
IN_NO_LIST: Mapping[str, str] = {
    FOUND: "No entry holds it any more: a reader removed, merged or redrew its entry.",
    WEAK: "Too faint on MR to count alone, and the PET shows no uptake there.",
    USUAL: "Taken for normal anatomy, and no entry holds it any more.",
}
"""Why a finding stands in none of the three lists, by how it counts."""
IMPLANT_REASON = "The signal void of an implant, in which neither MR nor PET shows tissue."
"""The same for the void of an implant."""
DIGITS = 3
"""Decimals of the numbers in the files."""
COLUMNS = (
    *("segment", "counts_as", "list", "entry_id", "entry_rank", "entry_name", "reason", "name", "structure", "side"),
    *("level", "zone", "kind", "series_role", "grade", "z", "z_t1", "over_muscle", "fat_fraction", "fat_fraction_z"),
    *("volume_ml", "centroid_ras_mm", "rule", "usual", "flags"),
)
"""Keys of a finding in the JSON, in the order of the columns of the CSV. ``segment`` is its id in
``mr-findings.seg.nrrd``, which holds no weak and no usual findings."""


def mr_findings_json(
    case: Mapping[str, Any],
    mr: MRResult,
    lists: Mapping[str, Sequence[Candidate]],
    namer: Callable[[Region], Place] | None = None,
) -> dict[str, Any]:
    """``mr-findings.json``: every finding, and how many places stand in no list at all.

    Parameters
    ----------
    case : mapping
        What identifies the case, ready for JSON.
    mr : MRResult
    lists : mapping of str to sequence of Candidate
        The three lists, see :func:`three_lists`.
    namer : callable, optional
        Gives the place of a finding that no entry holds; its place is unknown without it.
    """
    return {
        "schema": SCHEMA,
        "case": dict(case),
        "findings": mr_findings_rows(mr, lists, namer),
        "not_listed": [{"what": what, "count": count} for what, count in sorted(mr.not_listed.items())],
    }


def three_lists(
    candidates: Sequence[Candidate], set_apart: Sequence[Candidate], attention: Sequence[Candidate]
) -> dict[str, Sequence[Candidate]]:
    """The three lists by the names that the files give them."""
    return {CANDIDATES: candidates, ATTENTION: attention, SET_APART: set_apart}


def mr_findings_rows(
    mr: MRResult, lists: Mapping[str, Sequence[Candidate]], namer: Callable[[Region], Place] | None = None
) -> list[dict[str, Any]]:
    """The findings as in ``mr-findings.json``; arguments as :func:`mr_findings_json`."""
    owners = {
        _key(finding): (name, entry)
        for name, listed in lists.items()
        for entry in listed
        for finding in entry.mr_findings
    }
    return [_row(counts_as, finding, owners.get(_key(finding)), namer) for counts_as, finding in _counted(mr)]


def mr_findings_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """``mr-findings.csv``: the findings of the JSON, one row each.

    The position is spread over columns, ``centroid_ras_mm_r``, ``_a`` and ``_s``. Flags are joined by semicolons. A
    value that is not known is an empty field.

    Parameters
    ----------
    rows : sequence of mapping
        As :func:`mr_findings_rows` gives them.
    """
    blank = {**dict.fromkeys(COLUMNS), "centroid_ras_mm": (None, None, None), "flags": ()}
    return csv_text([_spread(row) for row in rows], _spread(blank))


def _key(finding: MRFinding) -> tuple[Any, ...]:
    """What tells a finding from all others, also in the copy that an edit makes of it."""
    return (finding.kind, finding.series_role, finding.volume_ml, *map(float, finding.centroid_ras_mm))


def _counted(mr: MRResult) -> Iterator[tuple[str, MRFinding]]:
    """Every finding with how it counts."""
    for counts_as, findings in ((FOUND, mr.findings), (WEAK, mr.weak), (USUAL, mr.usual)):
        for finding in findings:
            yield counts_as, finding


def _row(
    counts_as: str,
    finding: MRFinding,
    owner: tuple[str, Candidate] | None,
    namer: Callable[[Region], Place] | None,
) -> dict[str, Any]:
    name, entry = owner or (None, None)
    place = entry.place if entry is not None else namer(finding.region) if namer is not None else None
    values = (
        *(f"mr-{finding.label}" if counts_as == FOUND else None, counts_as, name),
        *((None, None, None) if entry is None else (entry.id, entry.rank, short_name(entry.place))),
        _reason(counts_as, finding, entry),
        *((None,) * 5 if place is None else (place.name, place.structure, place.side, place.level, place.zone)),
        *(finding.kind, finding.series_role, _rounded(finding.grade), _rounded(finding.z), _rounded(finding.z_t1)),
        *(_rounded(finding.over_muscle), _rounded(finding.fat_fraction), _rounded(finding.fat_fraction_z)),
        _rounded(finding.volume_ml),
        [_rounded(x) for x in finding.centroid_ras_mm],
        *(finding.rule, finding.usual, list(dict.fromkeys(finding.flags))),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _reason(counts_as: str, finding: MRFinding, entry: Candidate | None) -> str | None:
    """Why a finding is no candidate; None for one that is."""
    if entry is not None:
        return entry.reason or None
    return IMPLANT_REASON if finding.kind == IMPLANT_KIND else IN_NO_LIST[counts_as]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)


def _spread(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the CSV; kinds in words, unknown values as empty text."""
    fields: dict[str, Any] = {}
    for key, value in row.items():
        if key == "centroid_ras_mm":
            fields.update({f"{key}_{axis}": x for axis, x in zip("ras", value, strict=True)})
        elif key == "flags":
            fields[key] = ";".join(value)
        else:
            fields[key] = sign_words(value) if key == "kind" and value else value
    return {key: "" if value is None else value for key, value in fields.items()}
