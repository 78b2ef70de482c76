"""When a treatment counts as a success, and what is known of it for each patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group
from .records import BASELINE, FollowUp, Patient

PLACE = {Group.LOW_BACK: "back", Group.HIP_REPLACEMENT: "hip"}
"""The place whose pain counts, by group."""
DAYS = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}
"""Days of the units of a time point."""
TOLERANCE = 1e-9
"""Lets a fall of exactly 30 % count, although 0.3 has no exact number."""
BETTER_PGIC = 2
"""Upper bound: 1 very much improved, 2 much improved (Dworkin et al., J Pain 2008;9:105-121)."""


@dataclass(frozen=True)
class SuccessRule:
    """A rule of success.

    Parameters
    ----------
    name : str
        One of :data:`RULES`.
    no_more_medication : bool
        Whether a rise of analgesics or a start of TENS makes a failure.
    """

    name: str = "nrs-30"
    no_more_medication: bool = False

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise PainGeneratorError(
                f"{self.name!r} is no rule of success.", f"Choose one of {', '.join(RULES)}."
            )  # fmt: skip

    @property
    def text(self) -> str:
        """The rule as a sentence."""
        more = " and neither the analgesic score rose nor TENS was started" if self.no_more_medication else ""
        return f"A treatment succeeded when {RULES[self.name]}{more}."

    @property
    def measure(self) -> str:
        """The score that is followed over time: ``nrs``, ``vas`` or ``odi``."""
        word = self.name.partition("-")[0]
        return word if word in ("nrs", "vas", "odi") else "nrs"


_PLACE = "(back in low back pain, hip after hip replacement)"
RULES = {
    "nrs-30": f"pain {_PLACE} fell by at least 30 % on the numeric rating scale (NRS)",
    "nrs-50": f"pain {_PLACE} fell by at least 50 % on the numeric rating scale (NRS)",
    "vas-30": f"pain {_PLACE} fell by at least 30 % on the visual analog scale (VAS)",
    "vas-50": f"pain {_PLACE} fell by at least 50 % on the visual analog scale (VAS)",
    "odi-10": "the Oswestry Disability Index (ODI) fell by at least 10 points",
    "odi-15": "the Oswestry Disability Index (ODI) fell by at least 15 points",
    "odi-30": "the Oswestry Disability Index (ODI) fell by at least 30 % of its first value",
    "pgic": "the patient said much improved or very much improved (PGIC 1 or 2)",
}
"""Name of a rule -> what it asks for. Sources: Dworkin et al. (J Pain 2008) for 30 % and 50 % and PGIC; Ostelo et al.
(Spine 2008) for ODI 10 points and 30 %; the US Food and Drug Administration for ODI 15 points."""


def months_of(time_point: str) -> float | None:
    """Months from baseline of a time point such as ``6 weeks``; 0 for the baseline, None where it is not "
    "understood."""
    if time_point == BASELINE:
        return 0.0
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(day|week|month|year)s?\s*", time_point)
    return float(found[1]) * DAYS[found[2]] / DAYS["month"] if found else None


def usual_time_point(patients: Iterable[Patient]) -> str:
    """The time point after baseline for which most patients have a record; of several such the latest; may be "
    "empty."""
    counts: Counter[str] = Counter()
    for patient in patients:
        counts.update({one.time_point for one in patient.follow_ups if not one.is_baseline})
    return max(counts, key=lambda name: (counts[name], months_of(name) or 0.0, name)) if counts else ""


def record_at(patient: Patient, time_point: str) -> FollowUp | None:
    """The latest record of a time point."""
    found = [one for one in patient.follow_ups if one.time_point == time_point]
    return max(found, key=lambda one: (one.date, one.number)) if found else None


def score_of(record: FollowUp | None, measure: str, group: Group) -> float | None:
    """``nrs`` (0 to 10), ``vas`` (0 to 100 mm) or ``odi`` (0 to 100) of a record."""
    if record is None:
        return None
    return getattr(record, "odi" if measure == "odi" else f"{measure}_{PLACE[group]}")


def more_medication(patient: Patient, time_point: str) -> tuple[bool | None, str]:
    """Whether analgesics rose or TENS was started since baseline; None and the reason where it is not known."""
    before, after = record_at(patient, BASELINE), record_at(patient, time_point)
    if before is None or after is None:
        return None, f"no record at {BASELINE if before is None else time_point}"
    tens = None if before.tens is None or after.tens is None else after.tens and not before.tens
    rose = None
    is_same_rule = (before.analgesic_rule, before.analgesic_source) == (after.analgesic_rule, after.analgesic_source)
    if before.analgesic_score is not None and after.analgesic_score is not None and is_same_rule:
        rose = after.analgesic_score > before.analgesic_score
    if rose or tens:
        return True, ""
    if rose is None or tens is None:
        missing = [name for name, one in (("analgesics", rose), ("TENS", tens)) if one is None]
        return None, f"{' and '.join(missing)} not comparable or not recorded"
    return False, ""


def succeeded(patient: Patient, rule: SuccessRule, time_point: str) -> tuple[bool | None, str]:
    """Whether a patient's treatment succeeded.

    Returns
    -------
    (bool or None, str)
        None with the reason where it is not known. What is known decides where it can: a patient whose pain did not
        fall enough has no success, whatever the medication was.
    """
    relief, reason = _relief(patient, rule, time_point)
    if not relief or not rule.no_more_medication:
        return relief, reason
    more, reason = more_medication(patient, time_point)
    return (None if more is None else not more), reason


def _relief(patient: Patient, rule: SuccessRule, time_point: str) -> tuple[bool | None, str]:
    after = record_at(patient, time_point)
    if after is None:
        return None, f"no record at {time_point or 'any time after baseline'}"
    if rule.name == "pgic":
        return (None, "PGIC not recorded") if after.pgic is None else (after.pgic <= BETTER_PGIC, "")
    measure, _, bound = rule.name.partition("-")
    first = score_of(record_at(patient, BASELINE), measure, patient.group)
    last = score_of(after, measure, patient.group)
    if first is None or last is None:
        return None, f"{measure.upper()} not recorded at {BASELINE if first is None else time_point}"
    fall = first - last
    if rule.name in ("odi-10", "odi-15"):
        return fall >= float(bound) - TOLERANCE, ""
    if first <= 0:
        return None, f"{measure.upper()} was 0 at baseline, so that no percentage can be given"
    return fall / first >= float(bound) / 100 - TOLERANCE, ""
