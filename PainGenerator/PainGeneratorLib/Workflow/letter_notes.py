"""What people write for the letter: impression, advice, and comments on candidates, in the panel or in a text file.

What a person wrote is never changed by the program. When the findings below it changed since, it is marked.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..Numerics.core.errors import PainGeneratorError

IMPRESSION, ADVICE, COMMENT = "impression", "advice", "comment"
HEADINGS = (IMPRESSION, ADVICE, COMMENT)
"""Words that stand in square brackets above a text of the file; a comment names its candidate: ``[comment: R facet
L4/5]``."""
NOTES_FILE = "notes.txt"
"""Name of the file beside the report."""
_HEADING = re.compile(r"\[\s*([^\]:]*?)\s*(?::\s*([^\]]*?)\s*)?\]\s*")
_STATE = re.compile(r"#= findings when written (\w*), findings of the last report (\w*), text (\w*)\s*")
_FINGERPRINT_CHARACTERS = 16
INTRODUCTION = (
    "# Impression, advice and comments of the radiologist, for the letter in report.html.",
    "# Write below the headings and run the analysis again with the same output folder and --overwrite: your text is",
    "# kept. A comment belongs to the candidate that its heading names.",
)
STATE_NOTE = (
    "# The next line is from the program, which marks your text when the findings change. Delete the line when you",
    "# have checked your text against the new findings.",
)
_OURS = frozenset((*INTRODUCTION, *STATE_NOTE))
"""Lines of the file that are from the program."""


@dataclass(frozen=True)
class LetterNotes:
    """What a person wrote for the letter of one case.

    Parameters
    ----------
    impression, advice : str
        Empty where nothing was written.
    comments : mapping of str to str
        Short name of a candidate -> comment. Names stay the same when ranks and numbers change.
    facts : str
        Fingerprint of the findings for which it was written; empty when that is not known.
    """

    impression: str = ""
    advice: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    facts: str = ""

    @property
    def is_empty(self) -> bool:
        """True when nobody wrote anything."""
        return not (self.impression or self.advice or self.comments)

    def is_outdated(self, facts: str) -> bool:
        """True when the findings are not those for which it was written."""
        return not self.is_empty and bool(self.facts) and self.facts != facts


@dataclass(frozen=True)
class LetterWishes:
    """How the letter of one run is wanted.

    Parameters
    ----------
    language : str
        Code of the language.
    notes : LetterNotes
    """

    language: str = "en"
    notes: LetterNotes = field(default_factory=LetterNotes)


def fingerprint(text: str) -> str:
    """A short digest of a text, by which a change is noticed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_FINGERPRINT_CHARACTERS]


def parse_notes(text: str) -> LetterNotes:
    """Read a file of notes.

    A text that was changed since the last report was written for the findings of that report; one that was not
    changed, for those of the time when it was written.

    Parameters
    ----------
    text : str

    Raises
    ------
    PainGeneratorError
        When a heading is not known, or stands twice, or text stands above the first heading.
    """
    texts: dict[tuple[str, str], list[str]] = {}
    state: re.Match[str] | None = None
    here: list[str] | None = None
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        state = _STATE.fullmatch(line) or state
        if line.startswith("#=") or line.rstrip() in _OURS:
            continue
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            here = texts.setdefault(_heading(heading, number, texts), [])
        elif here is not None:
            here.append(line)
        elif line.strip():
            raise PainGeneratorError(
                f"Line {number} of {NOTES_FILE} stands above the first heading.", "Write it below [impression]."
            )
    return _notes({key: "\n".join(lines).strip() for key, lines in texts.items()}, state)


def _notes(texts: Mapping[tuple[str, str], str], state: re.Match[str] | None) -> LetterNotes:
    notes = LetterNotes(
        impression=texts.get((IMPRESSION, ""), ""),
        advice=texts.get((ADVICE, ""), ""),
        comments={name: said for (word, name), said in texts.items() if word == COMMENT and said},
    )
    if state is None:
        return notes
    when_written, last, digest = state.groups()
    return dataclasses.replace(notes, facts=when_written if digest == _digest(notes) else last)


def _heading(found: re.Match[str], number: int, known: Mapping[tuple[str, str], object]) -> tuple[str, str]:
    word, name = found[1].lower(), found[2] or ""
    place = f"Line {number} of {NOTES_FILE}"
    if word not in HEADINGS:
        near = difflib.get_close_matches(word, HEADINGS, n=1)
        meant = f" Did you mean [{near[0]}]?" if near else ""
        raise PainGeneratorError(
            f"{place}: there is no heading [{found[1]}].{meant}", f"Use one of: {', '.join(HEADINGS)}."
        )
    if (word == COMMENT) != bool(name):
        raise PainGeneratorError(
            f"{place}: a comment names its candidate, and nothing else does.", "Write it like [comment: R facet L4/5]."
        )
    if (word, name) in known:
        raise PainGeneratorError(f"{place}: this heading stands twice.", "Join the two texts.")
    return word, name


def notes_text(notes: LetterNotes, facts: str, names: Sequence[str] = ()) -> str:
    """The file of notes, ready to be edited; what was written stands in it unchanged.

    Parameters
    ----------
    notes : LetterNotes
    facts : str
        Fingerprint of the findings as they are now.
    names : sequence of str
        Short names of the candidates, which get a heading each.
    """
    lines = [*INTRODUCTION, "", f"[{IMPRESSION}]", notes.impression, "", f"[{ADVICE}]", notes.advice, ""]
    for name in dict.fromkeys((*names, *notes.comments)):
        lines += [f"[{COMMENT}: {name}]", notes.comments.get(name, ""), ""]
    when_written = notes.facts or facts
    if notes.is_empty:
        when_written = facts
    state = f"#= findings when written {when_written}, findings of the last report {facts}, text {_digest(notes)}"
    return "\n".join([*lines, *STATE_NOTE, state]) + "\n"


def _digest(notes: LetterNotes) -> str:
    parts = [notes.impression, notes.advice, *(f"{name}\t{notes.comments[name]}" for name in sorted(notes.comments))]
    return fingerprint("\0".join(parts))


def unknown_comments(notes: LetterNotes, names: Sequence[str]) -> list[str]:
    """Names of comments that no candidate has."""
    return [name for name in notes.comments if name not in names]
