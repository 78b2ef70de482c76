"""Check that all images of a case are of one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..Numerics.core.errors import PainGeneratorError
from .files import Frame
from .person_names import Match, compare_ids, compare_names
from .values import parse_date


@dataclass(frozen=True)
class Identity:
    """What the header of an image says about the patient."""

    id: str
    name: str
    birth_date: str
    studies: frozenset[str] = field(compare=False, default=frozenset())
    """Study Instance UID and Frame of Reference UID: two images that share one are of one person."""

    @property
    def shown(self) -> str:
        """Name and ID for messages."""
        name = re.sub(r"\^+", " ", self.name).strip() or "no name"
        born = parse_date(self.birth_date)
        return f"{name} (ID {self.id or 'empty'}{'' if born is None else f', born {born}'})"


def identity_of(frame: Frame) -> Identity:
    """Read the identity from a header."""
    studies = {frame.get(keyword) for keyword in ("StudyInstanceUID", "FrameOfReferenceUID")} - {None, ""}
    return Identity(
        (frame.get("PatientID") or "").strip(),
        (frame.get("PatientName") or "").strip(),
        frame.get("PatientBirthDate") or "",
        frozenset(studies),
    )


def compare(first: Identity, second: Identity) -> Match:
    """Whether two identities are one person.

    ID and name must not contradict each other, and at least one of them, the study or the frame of reference must
    agree. Different birth dates contradict a name that agrees without an ID; with an ID that agrees, too, an
    anonymizer may have moved the date.
    """
    ids, names = compare_ids(first.id, second.id), compare_names(first.name, second.name)
    if first.id and _is_id_as_name(first, second):
        names = Match.UNKNOWN
    if Match.OTHER in (ids, names):
        return Match.OTHER
    if ids == Match.SAME:
        return Match.SAME
    if _born_apart(first.birth_date, second.birth_date):
        return Match.OTHER
    if names == Match.SAME or first.studies & second.studies:
        return Match.SAME
    return Match.UNKNOWN


def _is_id_as_name(first: Identity, second: Identity) -> bool:
    """True when one of the two repeats its ID in the place of the name, as anonymizers do."""
    return any(one.name and compare_ids(one.id, one.name) == Match.SAME for one in (first, second))


def _born_apart(first: str, second: str) -> bool:
    """True for two birth dates that differ; the first of January stands for a year alone, as anonymizers write it."""
    a, b = parse_date(first), parse_date(second)
    if a is None or b is None or a == b:
        return False
    only_year = (1, 1) in ((a.month, a.day), (b.month, b.day))
    return not (only_year and a.year == b.year)


@dataclass
class Patient:
    """One person of a folder."""

    identities: list[Identity]
    modalities: set[str]

    def matches(self, identity: Identity) -> bool:
        """True when an identity is this person's: it agrees with one writing and contradicts none."""
        found = [compare(one, identity) for one in self.identities]
        return Match.SAME in found and Match.OTHER not in found


def patients_of(frames: Iterable[Frame]) -> list[Patient]:
    """The persons of some images, each with its modalities."""
    writings: dict[Identity, tuple[set[str], set[str]]] = {}
    for frame in frames:
        identity = identity_of(frame)
        studies, modalities = writings.setdefault(identity, (set(), set()))
        studies |= identity.studies
        modalities.add(frame.get("Modality") or "?")
    patients: list[Patient] = []
    # The fullest writing comes first, so that one with gaps joins it and does not stand between two others.
    for identity in sorted(writings, key=lambda one: (not one.id, not one.name)):
        studies, modalities = writings[identity]
        whole = Identity(identity.id, identity.name, identity.birth_date, frozenset(studies))
        patient = next((known for known in patients if known.matches(whole)), None)
        if patient is None:
            patients.append(Patient([whole], set(modalities)))
        else:
            patient.identities.append(whole)
            patient.modalities |= modalities
    return patients


def check_one_patient(frames: Iterable[Frame]) -> list[Patient]:
    """Refuse images of several patients.

    Parameters
    ----------
    frames : iterable of Frame
        All images that can be used.

    Returns
    -------
    list of Patient
        The one patient; empty without images.

    Raises
    ------
    PainGeneratorError
    """
    patients = patients_of(frames)
    if len(patients) < 2:
        return patients
    names = "; ".join(f"{one.identities[0].shown}: {', '.join(sorted(one.modalities))}" for one in patients)
    advice = "if it is one person, write the same name and ID into all files."
    has_pet = [one for one in patients if "PT" in one.modalities]
    has_mr = [one for one in patients if "MR" in one.modalities]
    if has_pet and has_mr and not any(one in has_mr for one in has_pet):
        raise PainGeneratorError(
            f"PET and MR are of different patients: {names}.",
            f"Put the PET and the MR of one patient into a folder; {advice} Correct it in the archive, or in a copy.",
        )
    raise PainGeneratorError(
        f"The folder holds images of {len(patients)} patients: {names}.",
        f"Give a folder with one patient only; {advice} Correct it in the archive, or in a copy.",
    )
