"""Analgesics as one number: the step of the WHO ladder, or morphine equivalents by a published table.

A drug that is in no table is refused: it is never counted as nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import listed
from .words import AnalgesicRule

CDC_2022 = "CDC 2022 (Dowell et al., MMWR Recomm Rep 2022;71(3):1-95)"
"""The table of conversion factors: CDC Clinical Practice Guideline for Prescribing Opioids for Pain."""
MORPHINE_FACTORS = {
    "codeine": 0.15, "hydrocodone": 1.0, "hydromorphone": 5.0, "methadone": 4.7, "morphine": 1.0, "oxycodone": 1.5,
    "oxymorphone": 3.0, "tapentadol": 0.4, "tramadol": 0.2,
}  # fmt: skip
"""Oral morphine (mg) for each mg of a drug by mouth, by :data:`CDC_2022`. It has no factor for buprenorphine,
tilidine, piritramide or drugs by injection."""
FENTANYL_PATCH = "fentanyl patch"
FENTANYL_PATCH_FACTOR = 2.4
"""Oral morphine, mg per day, for each µg per hour of a patch, by :data:`CDC_2022`."""

WHO_LADDER = "WHO, Cancer pain relief, 2nd edition, Geneva 1996"
NON_OPIOIDS = (
    "acetylsalicylic acid", "celecoxib", "diclofenac", "etoricoxib", "ibuprofen", "indomethacin", "ketoprofen",
    "meloxicam", "metamizole", "naproxen", "paracetamol", "piroxicam",
)  # fmt: skip
"""Step 1: paracetamol, metamizole and non-steroidal anti-inflammatory drugs."""
WEAK_OPIOIDS = ("codeine", "dihydrocodeine", "tilidine", "tramadol")
"""Step 2. Tilidine is not in the WHO's list; the German guideline on opioids (LONTS, AWMF 145-003) has it with
these."""
STRONG_OPIOIDS = (
    "buprenorphine", "fentanyl", FENTANYL_PATCH, "hydromorphone", "methadone", "morphine", "oxycodone", "oxymorphone",
    "pethidine", "piritramide", "tapentadol",
)  # fmt: skip
"""Step 3. Tapentadol is younger than the WHO's list; the same German guideline has it with these."""
OTHER_NAMES = {
    "acetaminophen": "paracetamol", "aspirin": "acetylsalicylic acid", "dipyrone": "metamizole",
    "meperidine": "pethidine", "metamizol": "metamizole", "novaminsulfone": "metamizole",
    "fentanyl transdermal": FENTANYL_PATCH, "transdermal fentanyl": FENTANYL_PATCH,
}  # fmt: skip
"""Other names of drugs. Brand names are not known: they differ by country, and some changed their content."""
MOST_MG = 10000.0
"""Upper bound of the dose of a drug, mg per day: our estimate of what cannot be right."""
MOST_UG_PER_HOUR = 1000.0
"""Upper bound of the dose of all patches, µg per hour: our estimate of what cannot be right."""


@dataclass(frozen=True)
class Dose:
    """What a patient takes of one drug.

    Parameters
    ----------
    drug : str
        International nonproprietary name, in English. ``fentanyl patch`` is a drug of its own.
    amount : float or None
        mg per day by mouth; of a patch µg per hour. None where it is not known, which is enough for the WHO step.
    """

    drug: str
    amount: float | None = None


@dataclass(frozen=True)
class AnalgesicScore:
    """A score with its rule and source, under the names of :class:`.records.FollowUp`."""

    analgesic_score: float
    analgesic_rule: AnalgesicRule
    analgesic_source: str


def score_who_step(doses: Iterable[Dose]) -> AnalgesicScore:
    """The highest step of the analgesic ladder that a patient takes: 0 none, 1 non-opioids, 2 weak, 3 strong opioids.

    Parameters
    ----------
    doses : iterable of Dose
        All analgesics. Empty: the patient takes none.

    Raises
    ------
    PainGeneratorError
        A drug has no step in the tables.

    References
    ----------
    World Health Organization. Cancer pain relief. 2nd edition. Geneva 1996.
    """
    steps = {**dict.fromkeys(NON_OPIOIDS, 1), **dict.fromkeys(WEAK_OPIOIDS, 2), **dict.fromkeys(STRONG_OPIOIDS, 3)}
    highest = 0
    for dose in doses:
        name = _name(dose.drug)
        if name not in steps:
            raise _unknown(dose.drug, "has no step on the WHO ladder here", steps)
        highest = max(highest, steps[name])
    return AnalgesicScore(float(highest), AnalgesicRule.WHO_STEP, WHO_LADDER)


def score_morphine(doses: Iterable[Dose]) -> AnalgesicScore:
    """Oral morphine equivalents, mg per day. Drugs of step 1 count 0.

    The number compares what patients take; it must not be used to change a patient from one drug to another.

    Parameters
    ----------
    doses : iterable of Dose

    Raises
    ------
    PainGeneratorError
        A drug has no factor in the table, or the dose of an opioid is missing or cannot be right.

    References
    ----------
    Dowell D, Ragan KR, Jones CM, Baldwin GT, Chou R. CDC clinical practice guideline for prescribing opioids for
    pain - United States, 2022. MMWR Recomm Rep 2022;71(3):1-95.
    """
    total = 0.0
    for dose in doses:
        name = _name(dose.drug)
        if name in NON_OPIOIDS:
            continue
        is_patch = name == FENTANYL_PATCH
        if not is_patch and name not in MORPHINE_FACTORS:
            raise _unknown(dose.drug, f"has no factor in {CDC_2022}", (*MORPHINE_FACTORS, FENTANYL_PATCH))
        unit, most = ("µg per hour", MOST_UG_PER_HOUR) if is_patch else ("mg per day", MOST_MG)
        if dose.amount is None or not math.isfinite(dose.amount) or not 0 <= dose.amount <= most:
            raise PainGeneratorError(
                f"The dose of {dose.drug} ({dose.amount}) cannot be used.", f"Give 0 to {most:g} {unit}."
            )
        total += dose.amount * (FENTANYL_PATCH_FACTOR if is_patch else MORPHINE_FACTORS[name])
    return AnalgesicScore(total, AnalgesicRule.MORPHINE_MG, CDC_2022)


def parse_doses(text: str) -> tuple[Dose, ...]:
    """Doses as typed: ``tramadol 200, paracetamol, fentanyl patch 25``; ``none`` where the patient takes none.

    Parameters
    ----------
    text : str
        Drugs between commas or semicolons; the number after a drug is its amount as in :class:`Dose`, with a point.

    Raises
    ------
    PainGeneratorError
        Nothing is given, or a drug has no name.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise PainGeneratorError("No analgesic is given.", "Give drugs with their amount, or none.")
    if parts == ["none"]:
        return ()
    found = []
    for part in parts:
        name, _, last = UNIT.sub(r"\1", part).rpartition(" ")
        try:
            amount = float(last)
        except ValueError:
            name, amount = part, None
        if not name.strip() or (amount is not None and not math.isfinite(amount)):
            raise PainGeneratorError(f"{part!r} is no drug with an amount.", "Write it as: tramadol 200.")
        found.append(Dose(name.strip(), amount))
    return tuple(found)


UNIT = re.compile(r"(\d)\s*mg$", re.IGNORECASE)
"""Amounts are mg, and many people write so."""


def _name(drug: str) -> str:
    plain = " ".join(drug.lower().split())
    return OTHER_NAMES.get(plain, plain)


def _unknown(drug: str, what: str, known: Iterable[str]) -> PainGeneratorError:
    return PainGeneratorError(f"{drug!r} {what}.", f"Known are {listed(sorted(known))}.")
