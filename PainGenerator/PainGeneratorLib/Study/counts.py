"""A study of which only counts are known, such as a published one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Counts:
    """The counts of a study.

    Parameters
    ----------
    name : str
        Its title.
    examined, found, treated : int
        Patients examined, those with a candidate, and those who had guided treatment.
    success : dict
        Group -> (successes, treated) of the guided arm and of the control.
    percentages : tuple of (str, int, int, int, int)
        Shares that are known in percent only: what, percent of the guided arm, percent of the control, and the most
        patients that each denominator can have.
    """

    name: str
    examined: int
    found: int
    treated: int
    success: dict[str, tuple[int, int, int, int]]
    percentages: tuple[tuple[str, int, int, int, int], ...] = ()


FIRST_STUDY = Counts(
    name="PET/MRI of low back pain and pain after hip replacement: the study behind this project",
    examined=33,
    found=27,
    treated=23,
    success={"low-back": (10, 14, 6, 13), "hip-replacement": (6, 9, 2, 5)},
    percentages=(("Pain medication or TENS rose", 33, 45, 23, 18),),
)
"""The study behind this project, entered as counts."""


def possible_counts(percent: int, most: int) -> list[tuple[int, int]]:
    """All (count, total) up to a total that round to a whole percentage, halves up.

    Parameters
    ----------
    percent : int
        As it was published.
    most : int
        The largest total to try.
    """
    return [
        (count, total)
        for total in range(1, most + 1)
        for count in range(total + 1)
        if (200 * count + total) // (2 * total) == percent
    ]


def percentage_results(counts: Counts) -> list[dict[str, Any]]:
    """The shares that are known in percent only, with the counts that they can come from."""
    return [
        {
            "what": what,
            "guided_percent": guided,
            "control_percent": control,
            "most_guided": most_guided,
            "most_control": most_control,
            "guided_counts": possible_counts(guided, most_guided),
            "control_counts": possible_counts(control, most_control),
            "fits_all_guided": any(total == most_guided for _, total in possible_counts(guided, most_guided)),
            "fits_all_control": any(total == most_control for _, total in possible_counts(control, most_control)),
        }
        for what, guided, control, most_guided, most_control in counts.percentages
    ]
