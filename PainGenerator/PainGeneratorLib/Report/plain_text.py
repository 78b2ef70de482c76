"""The report as structured plain text, to be pasted into a report system.

It holds no name, ID or date of birth: the report system knows the patient, and a clipboard is read by other programs.
It is English whatever the language of the letter is. What people wrote has headings of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..Numerics.core.reader_acts import shown_time
from ..Numerics.core.records import Candidate
from ..Numerics.core.short_names import short_name
from ..Numerics.core.site_order import level_height
from ..Numerics.core.site_reading import sign_words
from ..Numerics.core.words import Side, Status
from ..Numerics.mr.verdicts import COLLECTION, EFFUSION
from ..Workflow.letter_notes import unknown_comments
from ..Workflow.level_words import level_sentences
from ..Workflow.readers import ReaderCell, ReaderRow, agreement
from . import words
from .beside_prosthesis import beside_lines
from .content import ReportContent
from .letter import OUTDATED, comment_names, letter_facts
from .readers_section import HIDDEN, NOT_THERE, verdict_words
from .report_tables import LIMITS
from .site_text import conclusion, level_texts, none_sentence
from .tables import best_first

TITLE = "FDG-PET/MRI: CANDIDATE PAIN GENERATORS"
RESEARCH_USE = "Research use only. Candidates, never a diagnosis."
NO_LEVEL = "Without a level"
"""Heading of what has no level and no zone."""
SIDES = (Side.RIGHT, Side.LEFT, Side.BOTH, Side.MIDLINE)
"""The sides in the order of reading."""
PLAIN = {"\N{NO-BREAK SPACE}": " ", "\N{EN DASH}": "-", "\N{MINUS SIGN}": "-", "\N{MULTIPLICATION SIGN}": "x"}
"""Characters that some report systems cannot show, and what stands for them."""
FLUID = (EFFUSION, COLLECTION)


def plain_report(content: ReportContent) -> str:
    """The report as plain text; the same content gives the same text, whenever it is made.

    Parameters
    ----------
    content : ReportContent
        Pictures, tables of parameters and the time are not asked.

    Returns
    -------
    str
        Headings in capital letters, one line for each fact, a line end at its end.
    """
    levels = _levels(content)
    blocks = [
        [TITLE, RESEARCH_USE],
        _head(content),
        _block("NOT A PAIN GENERATOR, BUT TO BE LOOKED AT", _attention(content)),
        beside_lines(content.set_apart),
        _block("FINDINGS BY LEVEL AND SIDE", _findings(content)),
        _block("MEASURES", _measures(content)),
        _block("SET APART", _set_apart(content)),
        _block("REVIEW", _review(content)),
        _block("THE RADIOLOGIST'S IMPRESSION", _written(content, content.notes.impression)),
        _block("THE RADIOLOGIST'S ADVICE", _written(content, content.notes.advice)),
        _block("COMMENTS ON WHAT IS NO CANDIDATE ANY MORE", _left_over(content)),
        _block("CONCLUSION OF THE PROGRAM", _conclusion(content)),
        _block("LEVELS", levels),
        _block("NOTES", [text for text in content.warnings if not _is_said(text, levels)]),
        _block("LIMITS", list(LIMITS)),
        [f"PainGenerator {content.software_version} is not a medical device."],
    ]
    text = "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
    for character, plain in PLAIN.items():
        text = text.replace(character, plain)
    return text


def _block(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *lines] if lines else []


def _is_said(text: str, lines: Sequence[str]) -> bool:
    """Whether a text stands in these lines already, as one of them or as several."""
    rest = text
    for line in lines:
        rest = rest.replace(line, "")
    return not rest.strip()


def _head(content: ReportContent) -> list[str]:
    case = content.case
    facts = (
        ("Study date", case.study_date),
        ("Clinical group", words.clinical_group(case.group)),
        ("Side of the prosthesis", case.prosthesis_side),
        ("Side of the pain", case.pain_side),
    )
    return [f"{name}: {value}" for name, value in facts if value]


def active(content: ReportContent) -> list[Candidate]:
    """The candidates that no reader set aside, best first."""
    return [c for c in best_first(content.candidates) if c.status in (Status.PENDING, Status.ACCEPTED)]


def _attention(content: ReportContent) -> list[str]:
    return [
        f"{words.letter(one.rank - 1)}. {words.capital(words.title(one))}: {one.reason} {_attention_measures(one)}"
        for one in best_first(content.attention)
    ]


def _attention_measures(one: Candidate) -> str:
    parts = [] if one.suv_max is None else [f"SUVmax {words.number(one.suv_max, 1, 'g/ml')}"]
    return f"{'; '.join([*parts, words.volume_text(one.volume_ml)])}."


# --- findings


def _findings(content: ReportContent) -> list[str]:
    """The candidates by level and side, then what is said of the levels."""
    lines: list[str] = []
    found = active(content)
    names, written = comment_names(content), content.notes.comments
    for level in sorted({_level_of(c) for c in found}, key=_level_order):
        lines.append(f"{level}:")
        there = [c for c in found if _level_of(c) == level]
        lines += [
            f"- {_side_words(c)}: {_finding(c, written.get(names[c.id], ''))}" for c in sorted(there, key=_side_order)
        ]
    if not found:
        lines.append(none_sentence(content.candidates, content.readers.removed))
    return [*lines, *_sites(content)]


def _sites(content: ReportContent) -> Iterator[str]:
    """What was measured at the sites of each level; levels that are normal in one line."""
    texts = level_texts(content.sites, content.candidates)
    if texts:
        yield "Sites:"
    yield from (f"- {text.level}: {text.text}" for text in texts if not text.is_normal)
    normal = [text.level for text in texts if text.is_normal]
    if normal:
        yield f"- Normal at all sites: {', '.join(normal)}."


def _level_of(candidate: Candidate) -> str:
    place = candidate.place
    level = place.level or place.zone
    if level is None:
        return NO_LEVEL
    doubt = place.level_certainty if place.level else None
    return f"{level} ({doubt})" if doubt not in (None, "certain") else level


def _level_order(level: str) -> tuple[bool, float, str]:
    """From above downward; zones of a hip after the levels, and what has neither at the end."""
    return level == NO_LEVEL, level_height(level), level


def _side_order(candidate: Candidate) -> tuple[int, int]:
    return list(SIDES).index(Side(candidate.place.side)), candidate.rank


def _side_words(candidate: Candidate) -> str:
    place = candidate.place
    certain = place.side_certainty == "certain"
    return words.capital(place.side) if certain else f"{words.capital(place.side)} ({place.side_certainty})"


def _finding(candidate: Candidate, written: str) -> str:
    """One candidate in a line, with the comments in the panel and in the file of notes."""
    text = f"{candidate.rank}. {words.capital(words.title(candidate))}: {words.sentence(candidate)}"
    text += f" {_review_words(candidate)}"
    comment = " ".join(f"{candidate.comment} {written}".split())
    return f'{text} Comment: "{comment}"' if comment else text


def _review_words(candidate: Candidate) -> str:
    act = candidate.decision
    if candidate.status == Status.PENDING:
        return "Not yet reviewed."
    by = "" if act is None else f" by {act.by}, {shown_time(act.time)}"
    return f"{words.capital(candidate.status)}{by}."


# --- measures


def _measures(content: ReportContent) -> list[str]:
    return [f"{c.rank}. {short_name(c.place)}: {'; '.join(_measure_parts(c))}" for c in active(content)]


def _measure_parts(c: Candidate) -> Iterator[str]:
    yield f"{words.strength(c)}"
    if c.suv_peak is not None or c.suv_max is not None:
        yield f"SUVpeak {words.number(c.suv_peak)}, SUVmax {words.number(c.suv_max)} g/ml"
    if c.tbr is not None:
        tissue = f" ({c.reference_name} {words.number(c.reference)} g/ml)" if c.reference_name else ""
        yield f"{words.times(c.tbr)} reference tissue{tissue}"
    if c.left_right_ratio is not None:
        yield f"{words.times(c.left_right_ratio)} the mirrored place on the other side"
    if c.mtv_ml is not None:
        yield f"metabolic volume {words.volume_text(c.mtv_ml)}"
    if c.mr_kind is not None:
        z = f", z {words.number(c.mr_z, 1)}" if c.mr_z is not None and c.mr_kind not in FLUID else ""
        yield f"MR: {sign_words(c.mr_kind)}{z}"
    yield f"outline {words.volume_text(c.volume_ml)}"


def _set_apart(content: ReportContent) -> list[str]:
    count = len(content.set_apart)
    bar = f"{content.bar:g} {'point' if content.bar == 1 else 'points'}"
    lines = [f"{words.capital(words.counted(count, 'finding'))} below the bar of {bar} of evidence."]
    aside = [c for c in best_first(content.candidates) if c not in active(content)]
    if aside:
        names = "; ".join(f"{c.rank}. {words.title(c)}: {_review_words(c).rstrip('.')}" for c in aside)
        lines.append(f"Set aside on review: {names}.")
    return lines


# --- review, impression, conclusion, levels


def _review(content: ReportContent) -> list[str]:
    """Where two readers differ; empty for one reader, whose decisions stand with the findings."""
    readers = content.readers
    if readers.hidden:
        return [HIDDEN]
    if len(readers.readings) < 2:
        return []
    rows = readers.rows
    names = [reading.label or "reader not named" for reading in readers.readings]
    return [agreement(rows).text, *(_difference(row, names) for row in rows if row.differs)]


def _difference(row: ReaderRow, names: Sequence[str]) -> str:
    said = (f"{name}: {_verdict(cell, name)}" for name, cell in zip(names, row.cells, strict=True))
    return f"- {words.capital(row.first.place.name)} (differ in {', '.join(row.differs)}): {'; '.join(said)}."


def _verdict(cell: ReaderCell | None, reader: str) -> str:
    """The verdict with its time; with a name only where it is not that of the reader before it."""
    if cell is None:
        return NOT_THERE
    if cell.act is None or cell.act.by != reader:
        return verdict_words(cell)
    return f"{cell.verdict}, {shown_time(cell.act.time)}"


def _written(content: ReportContent, text: str) -> list[str]:
    """A text that the radiologist wrote, marked where the findings changed since; empty without any."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    is_outdated = bool(lines) and content.notes.is_outdated(letter_facts(content))
    return [OUTDATED, *lines] if is_outdated else lines


def _left_over(content: ReportContent) -> list[str]:
    """Comments of the file of notes on places that are no candidates."""
    notes = content.notes
    names = unknown_comments(notes, list(comment_names(content).values()))
    return [f"{name}: {' '.join(notes.comments[name].split())}" for name in names]


def _conclusion(content: ReportContent) -> list[str]:
    lines = []
    if content.sites.rows:
        lines.append(conclusion(content.sites, content.candidates, content.attention, content.readers.removed))
    lines += [
        f"{c.rank}. {words.capital(words.title(c))}: {words.strength(c)}. {_review_words(c)}" for c in active(content)
    ]
    return lines or [none_sentence(content.candidates, content.readers.removed)]


def _levels(content: ReportContent) -> list[str]:
    return level_sentences(content.sites) or ["No level of the spine is named in this case."]
