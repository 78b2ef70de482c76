"""A case for the registry, read from the folder that ``analyze`` or the panel's export wrote.

What names the patient is used here only to refuse a pseudonym that gives it away; it is not stored.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.input_files import parsed_json, read_text_bytes
from ..Numerics.core.words import Group, Role, Side, Status
from .records import Candidate, Case, Patient, Reading
from .words import Sex
from .writing import Writer

RESULT_FILES = ("candidates.json", "provenance.json", "suv.json", "alignment.json")
"""The files of a result that are read."""
MEASURES = (
    *("suv_max", "suv_peak", "suv_mean", "mtv_ml", "tlg_g", "volume_ml", "tbr", "left_right_ratio", "fat_fraction"),
    "distance_to_pain_mm",
)
"""The measures that are stored, under their names in ``candidates.json``."""
SHORTEST_NAME = 3
"""Parts of a name that are shorter are not looked for in a pseudonym, letters: they occur by chance. Our estimate."""
DAYS_PER_YEAR = 365.25
PET_UIDS = "pet-uids:"
"""Begin of the hash over the UIDs of the PET's slices."""


@dataclass(frozen=True)
class Result:
    """A result as it is enrolled.

    Parameters
    ----------
    case : Case
    facts : mapping
        Fields of :class:`.records.Patient` that the result knows: sex, age, weight, height, sides.
    identity : tuple of str
        Name and ID as the headers have them; never stored.
    """

    case: Case
    facts: Mapping[str, Any]
    identity: tuple[str, ...] = ()


def read_result(folder: Path) -> Result:
    """Read what the registry takes from a result.

    Parameters
    ----------
    folder : Path
        Output folder of ``analyze``, or of the panel's export.

    Raises
    ------
    PainGeneratorError
        A file is missing, damaged, or of another kind.
    """
    texts = {name: read_text_bytes(_file_of(folder, name), "result") for name in RESULT_FILES}
    try:
        read = {name: parsed_json(data.decode("utf-8")) for name, data in texts.items()}
        return _result(read, hashlib.sha256(b"".join(texts[name] for name in RESULT_FILES)).hexdigest())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PainGeneratorError(
            f"The result in {folder} cannot be read ({type(error).__name__}: {error}).",
            "Make it anew: pain-generator analyze CASE --output DIR.",
        ) from error


def _file_of(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise PainGeneratorError(
            f"{folder} holds no {name}.",
            "Name the folder that analyze wrote (its --output), or that the panel exported.",
        )
    return path


def _result(read: Mapping[str, Any], digest: str) -> Result:
    found, made = read["candidates.json"], read["provenance.json"]
    head, suv = found["case"], read["suv.json"]
    scan_date = _day(head["study_date"])
    protocol = made["protocol"]
    case = Case(
        scan_date=scan_date,
        group=Group(head["group"]),
        software_version=made["software_version"],
        created=made["created"],
        protocol={
            "group": protocol["group"],
            "changed": protocol["changed"],
            "sha256": hashlib.sha256(json.dumps(protocol["values"], sort_keys=True).encode()).hexdigest(),
        },
        input_hashes=_input_hashes(made),
        result_hash=digest,
        suv_basis={"unit": suv["unit"], "path": suv["path"], "given_by_hand": suv["given_by_hand"]},
        alignment={role: one["verdict"] for role, one in read["alignment.json"]["series"].items()},
        candidates=tuple(_candidate(one) for one in found["candidates"]),
    )
    facts = {
        "sex": Sex(head["sex"]) if head["sex"] in list(Sex) else None,
        "age_years": _age(_day(head["birth_date"]), scan_date),
        "weight_kg": suv["weight_kg"],
        "height_m": suv["height_m"],
        "pain_side": head["pain_side"] or "",
        "prosthesis_side": head["prosthesis_side"] or "",
    }
    identity = tuple(str(head[name]) for name in ("patient_name", "patient_id") if head[name])
    return Result(case, facts, identity)


def _input_hashes(made: Mapping[str, Any]) -> tuple[str, ...]:
    """Hashes of the files, and one over the UIDs of the PET's slices.

    The panel reads from Slicer's scene, and knows no files but UIDs.
    """
    uids = sorted(
        uid for one in made["inputs"] if one["role"] == Role.PET for uid in one.get("sop_instance_uids") or ()
    )
    of_pet = {PET_UIDS + hashlib.sha256(" ".join(uids).encode()).hexdigest()} if uids else set()
    return tuple(sorted({one["sha256"] for one in made["input_files"]} | of_pet))


def _candidate(one: Mapping[str, Any]) -> Candidate:
    reader = None
    if one["decided_by"] or one["decided_at"]:
        reader = Reading(one["decided_by"] or "", Status(one["status"]), one["decided_at"] or "")
    return Candidate(
        id=one["id"],
        rank=one["rank"],
        name=one["name"],
        structure=one["structure"] or "",
        side=Side(one["side"]) if one["side"] else None,
        level=one["level"] or "",
        evidence=one["evidence"],
        status=Status(one["status"]),
        score=one["score"],
        measures={name: one[name] for name in MEASURES if one.get(name) is not None},
        signs=tuple(dict.fromkeys(entry["sign"] for entry in one["ledger"] if entry["state"] == "present")),
        reader=reader,
    )


def _day(text: str | None) -> datetime.date | None:
    plain = (text or "").replace("-", "")
    try:
        return datetime.datetime.strptime(plain, "%Y%m%d").date()
    except ValueError:
        return None


def _age(birth: datetime.date | None, scan: datetime.date | None) -> float | None:
    """Age in whole years; a part of a year would tell the month of birth."""
    if birth is None or scan is None or scan < birth:
        return None
    return float(int((scan - birth).days / DAYS_PER_YEAR))


def check_pseudonym(pseudonym: str, identity: tuple[str, ...]) -> None:
    """Refuse a pseudonym that is, or holds, the name or the ID of the patient.

    Raises
    ------
    PainGeneratorError
    """
    plain = pseudonym.casefold()
    for text in identity:
        parts = [part.casefold() for part in re.split(r"[\s^=,._-]+", text)]
        if plain == text.casefold() or any(
            len(part) >= SHORTEST_NAME and part.isalpha() and part in plain for part in parts
        ):
            raise PainGeneratorError(
                f"The pseudonym {pseudonym!r} is, or holds, the name or the ID in the images.",
                "Give one that says nothing about the patient, such as P-001.",
            )


def enroll(writer: Writer, pseudonym: str, result: Result, enrolled: datetime.date, known: Patient | None) -> Case:
    """Add a case, and its patient where it is the first one.

    Parameters
    ----------
    writer : Writer
    pseudonym : str
    result : Result
    enrolled : date
        Of a new patient.
    known : Patient or None
        The patient as the registry has it.

    Returns
    -------
    Case
        With its number.

    Raises
    ------
    PainGeneratorError
        The pseudonym tells who the patient is, the result was enrolled before, or contradicts what is known.
    """
    check_pseudonym(pseudonym, result.identity)
    if known is None:
        writer.add_patient(Patient(pseudonym, result.case.group, enrolled, **result.facts))
    else:
        _check_same_patient(known, result)
    case: Case = writer.record(pseudonym, result.case)
    return case


def _check_same_patient(known: Patient, result: Result) -> None:
    sex = result.facts["sex"]
    for what, old, new in (("group", known.group, result.case.group), ("sex", known.sex, sex)):
        if old is not None and new is not None and old != new:
            raise PainGeneratorError(
                f"{known.pseudonym} has the {what} {old}, the result has {new}.",
                "Check that the result is of this patient; correct the patient if the registry is wrong.",
            )
    for case in known.cases:
        if case.result_hash == result.case.result_hash:
            raise PainGeneratorError(
                f"This result is case {case.number} of {known.pseudonym} already.", "Nothing was added."
            )


def add_second_reading(
    writer: Writer, known: Patient, number: int, result: Result, reader: str
) -> tuple[int, list[str]]:
    """Store what a second reader decided on the candidates of a case.

    Parameters
    ----------
    writer : Writer
    known : Patient
    number : int
        Of the case.
    result : Result
        The export of the second reader, made from the same images.
    reader : str
        Used where the result does not name the reader.

    Returns
    -------
    tuple of int and list of str
        How many candidates got a second reading, and the names of those in the result that the case does not have.

    Raises
    ------
    PainGeneratorError
        There is no such case, it comes from other images, or nothing was decided.
    """
    case = next((one for one in known.cases if one.number == number), None)
    if case is None:
        raise PainGeneratorError(f"{known.pseudonym} has no case {number}.", "Enroll the first reading first.")
    if not (case.input_hashes and result.case.input_hashes):
        raise PainGeneratorError(
            "It cannot be checked that both readings are of the same images: no UID of a slice of the PET is known.",
            "Load the series from DICOM, and export again.",
        )
    if not set(case.input_hashes) & set(result.case.input_hashes):
        raise PainGeneratorError(
            f"The result was made from other images than case {number} of {known.pseudonym}.",
            "Name the second reading of the same images.",
        )
    own = {(one.id, one.name): one for one in case.candidates}
    count, unknown = 0, []
    for one in result.case.candidates:
        if one.status == Status.PENDING:
            continue
        first = own.get((one.id, one.name))
        if first is None:
            unknown.append(f"{one.id} {one.name}")
            continue
        said = one.reader or Reading("", one.status)
        said = dataclasses.replace(said, reader=said.reader or reader)
        key = f"{number}/{one.id}"
        writer.set_fields(known.pseudonym, "candidate", key, {"second_reader": said}, first.version)
        count += 1
    if not count and not unknown:
        raise PainGeneratorError("The second reader decided on no candidate.", "Accept or reject them, then export.")
    return count, unknown
