"""The forms of a study in REDCap: events, repeating forms, and the data dictionary with its 18 columns.

The fields follow from the records (:mod:`.record_fields`), so that a field has one home. The text of questionnaires is
licensed and stands in no label: their items are numbered.
"""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.words import Status
from .questionnaires import QUESTIONNAIRES
from .record_fields import BOUNDS, FieldInfo, fields_of, record_type
from .words import AnalgesicRule, ConfirmationKind

DICTIONARY_COLUMNS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip
"""As REDCap exports and reads them."""
RECORD_ID = "record_id"
"""The first field of every dictionary here; it holds the pseudonym."""
ENROLLMENT, COURSE = "enrollment_arm_1", "course_arm_1"
"""The unique names of the two events: the patient's form stands in the first, all repeating forms in the second."""
EVENTS = {ENROLLMENT: "Enrollment", COURSE: "Course"}
FORMS = {
    "patient": ("patient", "pt"), "visit": ("visit", "visit"), "case": ("imaging_case", "case"),
    "candidate": ("candidate", "cand"), "discussion": ("discussion", "disc"),
    "confirmation": ("confirmation", "conf"), "treatment": ("treatment", "treat"), "follow-up": ("follow_up", "fu"),
}  # fmt: skip
"""The form of each kind of record, and what the names of its fields begin with."""
REPEATING_KINDS = tuple(FORMS)[1:]
NOT_ANSWERED = "-1"
"""The choice of an item that was shown and not answered; an empty cell says that nothing is known."""
CASE_NUMBER = "cand_case_number"
"""The field that says to which case a candidate belongs."""
LOW_BACK, HIP = (f"[{ENROLLMENT}][pt_group] = '{code}'" for code in ("1", "2"))
BRANCHING = {
    "pt_prosthesis_side": "[pt_group] = '2'",
    "pt_left_reason": "[pt_left_date] <> ''",
    "conf_relief_percent": f"[conf_kind] = '{list(ConfirmationKind).index(ConfirmationKind.BLOCK) + 1}'",
    "fu_analgesic_source": f"[fu_analgesic_rule] = '{list(AnalgesicRule).index(AnalgesicRule.MORPHINE_MG) + 1}'",
    **dict.fromkeys(("fu_nrs_back", "fu_nrs_leg", "fu_vas_back", "fu_vas_leg", "fu_odi"), LOW_BACK),
    **dict.fromkeys(("fu_nrs_hip", "fu_vas_hip", "fu_hoos_jr", "fu_hoos12"), HIP),
    **dict.fromkeys(("fu_hoos12_pain", "fu_hoos12_function", "fu_hoos12_quality"), HIP),
}
"""When REDCap shows a field. It hides nothing that was filled in."""
LABELS = {
    "nrs": "NRS, 0 to 10", "vas": "VAS, 0 to 100 mm", "odi": "ODI, 0 to 100 %", "pgic": "Global impression, 1 to 7",
    "hoos12": "HOOS-12, 0 to 100", "hoos_jr": "HOOS, JR, 0 to 100", "tens": "Uses TENS", "id": "Id of the candidate",
}  # fmt: skip


LONG_TEXTS = ("note", "complication", "left_reason")
"""Fields of text that may have several lines."""


@dataclass(frozen=True)
class Column:
    """One field of a form, and the value of a record that it holds.

    Parameters
    ----------
    name : str
        In REDCap.
    kind : str
        Of the record.
    path : tuple of str
        The field of the record; with the part of a reading, or questionnaire and item of an answer.
    type : str
        As :attr:`.record_fields.FieldInfo.type`; also ``item`` and ``other-items``.
    choices : mapping of str to value
        By code; empty where the field has no choices.
    info : FieldInfo or None
    section : str
        Header above the field.
    """

    name: str
    kind: str
    path: tuple[str, ...]
    type: str
    choices: Mapping[str, Any] = field(default_factory=dict)
    info: FieldInfo | None = None
    section: str = ""

    @property
    def is_required(self) -> bool:
        """Whether a record cannot be without it."""
        return self.info is not None and self.info.is_required

    def label_of(self, code: str) -> str:
        """What REDCap shows for a code."""
        value = self.choices[code]
        return "not answered" if value is None else str(value)


@functools.cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """The fields of a form, in the order of the record."""
    prefix = FORMS[kind][1]
    found: list[Column] = []
    if kind == "candidate":
        info = FieldInfo("case_number", "whole", None, True, False)
        found.append(Column(CASE_NUMBER, kind, ("case_number",), "whole", info=info))
    for info in fields_of(record_type(kind)).values():
        if info.type == "records" or info.name in ("number", "pseudonym"):
            continue
        name = f"{prefix}_{info.name}"
        if info.type == "reading":
            found += [
                Column(f"{name}_name", kind, (info.name, "reader"), "text"),
                Column(f"{name}_status", kind, (info.name, "status"), "word", _codes(Status)),
                Column(f"{name}_time", kind, (info.name, "time"), "text"),
            ]
        elif (kind, info.name) == ("follow-up", "items"):
            found += _item_columns(prefix, kind)
        else:
            choices: dict[str, Any] = {} if info.words is None else _codes(info.words)
            found.append(Column(name, kind, (info.name,), info.type, choices, info))
    return tuple(found)


@functools.cache
def all_columns() -> dict[str, Column]:
    """The fields of all forms by name, without :data:`RECORD_ID`."""
    return {column.name: column for kind in FORMS for column in columns_of(kind)}


def kind_of_form(form: str) -> str | None:
    """The kind of record of a form by its name; None where there is none such."""
    return next((kind for kind, (name, _) in FORMS.items() if name == form), None)


def _codes(words: Iterable[Any]) -> dict[str, Any]:
    """Codes from 1, in the order of the list; a new word goes to the end of its list, so that codes stay."""
    return {str(code): word for code, word in enumerate(words, 1)}


def _item_columns(prefix: str, kind: str) -> list[Column]:
    found = []
    for one in QUESTIONNAIRES.values():
        codes: dict[str, int | None] = {NOT_ANSWERED: None, **{str(n): n for n in range(one.highest + 1)}}
        for item in one.numbers:
            header = f"Items of {one.title}" if item == "1" else ""
            name = f"{prefix}_{one.name}_{item}"
            found.append(Column(name, kind, ("items", one.name, item), "item", codes, section=header))
    return [*found, Column(f"{prefix}_other_items", kind, ("items",), "other-items")]


def dictionary_rows() -> list[dict[str, str]]:
    """The rows of the data dictionary by :data:`DICTIONARY_COLUMNS`."""
    first = dict.fromkeys(DICTIONARY_COLUMNS, "") | {
        "Variable / Field Name": RECORD_ID,
        "Form Name": FORMS["patient"][0],
        "Field Type": "text",
        "Field Label": "Pseudonym",
        "Field Note": "Never a name or a patient ID",
        "Required Field?": "y",
    }
    return [first, *(_dictionary_row(column) for kind in FORMS for column in columns_of(kind))]


def _dictionary_row(column: Column) -> dict[str, str]:
    is_own = column.path == ("version",)
    field_type, validation = {
        "date": ("text", "date_ymd"), "whole": ("text", "integer"), "number": ("text", "number"),
        "yes-no": ("yesno", ""), "word": ("radio", ""), "item": ("radio", ""), "table": ("notes", ""),
        "list": ("notes", ""), "other-items": ("notes", ""),
    }.get(column.type, ("notes" if column.path[-1] in LONG_TEXTS else "text", ""))  # fmt: skip
    low, high = BOUNDS.get(column.path[0], (None, None)) if column.type in ("whole", "number") else (None, None)
    return dict.fromkeys(DICTIONARY_COLUMNS, "") | {
        "Variable / Field Name": column.name,
        "Form Name": FORMS[column.kind][0],
        "Section Header": column.section,
        "Field Type": field_type,
        "Field Label": _label(column),
        "Choices, Calculations, OR Slider Labels": " | ".join(
            f"{code}, {column.label_of(code)}" for code in column.choices
        ),
        "Field Note": _note(column),
        "Text Validation Type OR Show Slider Number": validation,
        "Text Validation Min": "" if low is None else f"{low:g}",
        "Text Validation Max": "" if high is None else f"{high:g}",
        "Branching Logic (Show field only if...)": BRANCHING.get(column.name, _item_branching(column)),
        "Required Field?": "y" if column.is_required else "",
        "Field Annotation": "@HIDDEN @READONLY" if is_own else "",
    }


def _label(column: Column) -> str:
    if column.type == "item":
        return f"{QUESTIONNAIRES[column.path[1]].title}, item {column.path[2]}"
    if column.type == "other-items":
        return "Items of other questionnaires"
    words = "_".join(column.path)
    for start, text in LABELS.items():
        if words == start or words.startswith(f"{start}_"):
            rest = words[len(start) :].replace("_", " ").strip()
            return f"{text} ({rest})" if rest else text
    return words.replace("_", " ").capitalize()


def _note(column: Column) -> str:
    if column.path == ("version",):
        return "Kept by the registry, to notice changes by two writers"
    return {"table": "JSON", "other-items": "JSON", "list": "JSON list of texts"}.get(column.type, "")


def _item_branching(column: Column) -> str:
    if column.type != "item":
        return ""
    return LOW_BACK if column.path[1] == "odi" else HIP


def dictionary_csv() -> str:
    """The data dictionary, to be uploaded in REDCap's Project Setup under Data Dictionary."""
    return csv_text([list(DICTIONARY_COLUMNS), *(list(row.values()) for row in dictionary_rows())])


def setup_files() -> dict[str, str]:
    """The files that set up a project in REDCap, by name, besides the records.

    Returns
    -------
    dict of str to str
        ``data-dictionary.csv``, ``events.csv`` (Define My Events), ``event-forms.csv`` (Designate Instruments), and
        ``repeating-forms.csv``, in the columns of REDCap's own exports.
    """
    events = [["event_name", "arm_num", "unique_event_name", "custom_event_label"]]
    events += [[label, "1", name, ""] for name, label in EVENTS.items()]
    forms = [["arm_num", "unique_event_name", "form"]]
    forms += [["1", event_of(kind), form] for kind, (form, _) in FORMS.items()]
    repeating = [["event_name", "form_name", "custom_form_label"]]
    repeating += [[COURSE, FORMS[kind][0], ""] for kind in REPEATING_KINDS]
    return {
        "data-dictionary.csv": dictionary_csv(),
        "events.csv": csv_text(events),
        "event-forms.csv": csv_text(forms),
        "repeating-forms.csv": csv_text(repeating),
    }


def event_of(kind: str) -> str:
    """The unique name of the event in which a form stands."""
    return ENROLLMENT if kind == "patient" else COURSE


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    """Rows as REDCap writes them: commas, quotes where needed, each row ends with a line feed."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
