"""Choose the PET series of a case.

A folder often holds several PET series: without attenuation correction, reformatted to other planes, in counts, gated,
single beds beside the composed volume. Named rules sort them; see :data:`PREFERENCES`. Only series that no rule tells
apart are left to the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.suv.factors import slope_fault, unit_fault
from .series import DicomFolder, Series
from .series_names import list_series, resolve_overrides

LEAST_SLICES = 3
"""Lower bound of the number of slices of a PET that is used when there is another one. Our estimate: fewer slices do
not form a volume."""

LONGER_FACTOR = 1.3
"""Lower bound of the extent of a composed PET over that of the beds beside it. Our estimate: beds overlap by a
quarter to a half, so that two of them are longer by a third at least, and series of the same bed differ by less."""

COMPOSED_FRACTION = 0.9
"""Lower bound of the part of a PET that shorter ones cover together for which it is taken to be composed of them (our
estimate: their edges may have been cut)."""

INSIDE_MM = 2.0
"""Upper bound of the distance by which a bed may lie outside the composed volume, mm. Our estimate: rounding to its
grid."""

NO_SCAN_WORDS = re.compile(
    r"(?<![a-z])(qc|quality control|u-?map|mu-?map|transmission|attenuation map|normali[sz]ation|blank scan)(?![a-z])",
    re.I,
)
"""Words in the description of a PET series that shows no uptake: quality control, attenuation maps (Siemens: umap),
transmission and normalization scans. MRAC is none of them, as PET of the Biograph mMR is named like "Pelvis MRAC PET
AC Images"."""
NOT_CORRECTED_WORDS = re.compile(r"(?<![a-z])(nac|no ?ac|non?[ -]?ac|uncorrected)(?![a-z])", re.I)
"""Words in the description of a series without attenuation correction (GE, Siemens, Philips: NAC, NoAC)."""
GATED_WORDS = re.compile(r"(?<![a-z])(gated|gates?|resp(iratory)?|cardiac)(?![a-z])", re.I)
"""Words in the description of a gated series."""
REFORMAT_TYPES = {"REFORMATTED", "MPR", "MPR_THICK", "RESAMPLED", "MULTIPLANAR"}
"""Words of Image Type (0008,0008) for images that were cut out of others in new planes."""
COMPOSED = re.compile(r"COMPOS|STITCH", re.I)
"""Words of Image Type or description for a volume that was joined from several beds."""


@dataclass(frozen=True)
class Preference:
    """A rule that prefers some PET series to others.

    Parameters
    ----------
    name : str
    is_worse : callable
        Takes a series and all series that are left; True when it has to yield to the others.
    reason : str
        Why a series that yields is not used; follows "Not used as PET: ".
    """

    name: str
    is_worse: Callable[[Series, Sequence[Series]], bool]
    reason: str


def _text(series: Series) -> str:
    return series.description.replace("_", " ")


def _types(series: Series) -> set[str]:
    """Words of Image Type (0008,0008)."""
    types = series.header.get("ImageType") or ()
    return set(types.split("\\") if isinstance(types, str) else types)


def _is_composed(series: Series) -> bool:
    return bool(COMPOSED.search(" ".join((*_types(series), series.description))))


def _is_derived(series: Series, _left: Sequence[Series]) -> bool:
    return "DERIVED" in _types(series) and not _is_composed(series)


def _is_reformat(series: Series, _left: Sequence[Series]) -> bool:
    return bool(_types(series) & REFORMAT_TYPES)


def _is_not_axial(series: Series, _left: Sequence[Series]) -> bool:
    """Scanners reconstruct PET in axial slices; other planes are cut out of them, whatever the header says."""
    if series.geometry is None:
        return False
    along = np.abs(series.geometry.ijk_to_ras[:3, 2])
    return int(np.argmax(along)) != 2


def _series_types(series: Series) -> tuple[str, ...]:
    return () if series.pet_header is None else series.pet_header.series_type


def _is_gated(series: Series, _left: Sequence[Series]) -> bool:
    return "GATED" in _series_types(series) or bool(GATED_WORDS.search(_text(series)))


def _is_phase(series: Series, _left: Sequence[Series]) -> bool:
    return "DYNAMIC" in _series_types(series) or series.part is not None


def _ends(series: Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Lowest and highest corner of a series, RAS mm; None when it has no grid."""
    geometry = series.geometry
    if geometry is None:
        return None
    sizes = np.array(geometry.shape[::-1], dtype=float) - 1.0
    corners = np.array([[i, j, k] for i in (0.0, sizes[0]) for j in (0.0, sizes[1]) for k in (0.0, sizes[2])])
    points = corners @ geometry.ijk_to_ras[:3, :3].T + geometry.ijk_to_ras[:3, 3]
    return points.min(axis=0), points.max(axis=0)


def _holds(longer: Series, series: Series) -> bool:
    """Whether a series lies inside a clearly longer one of the same frame of reference."""
    outer, inner = _ends(longer), _ends(series)
    if outer is None or inner is None or longer.frame_of_reference_uid != series.frame_of_reference_uid:
        return False
    inside = np.all(outer[0] <= inner[0] + INSIDE_MM) and np.all(outer[1] >= inner[1] - INSIDE_MM)
    return bool(inside and (outer[1] - outer[0])[2] >= LONGER_FACTOR * (inner[1] - inner[0])[2])


def _height_of(series: Sequence[Series]) -> float:
    """How much of the z axis several series cover together, mm."""
    spans = []
    for one in series:
        ends = _ends(one)
        if ends is not None and one.geometry is not None:
            half = one.geometry.spacing_mm[2] / 2.0
            spans.append((float(ends[0][2]) - half, float(ends[1][2]) + half))
    covered, top = 0.0, -np.inf
    for low, high in sorted(spans):
        covered += max(0.0, high - max(low, top))
        top = max(top, high)
    return covered


def _is_bed(series: Series, left: Sequence[Series]) -> bool:
    """Whether another series is composed of this one and others.

    It says so, or the beds beside it cover it. A long bed of one region beside a whole body is no such bed: it is an
    acquisition of its own, and which of the two is meant has to be asked.
    """
    for longer in left:
        if longer is series or not _holds(longer, series):
            continue
        beds = [one for one in left if one is not longer and _holds(longer, one)]
        if _is_composed(longer) or _height_of(beds) >= COMPOSED_FRACTION * _height_of([longer]):
            return True
    return False


PREFERENCES = (
    Preference("complete", lambda series, _left: series.problem is not None, "it is not a complete volume"),
    Preference("volume", lambda series, _left: series.n_slices < LEAST_SLICES, "it has too few slices"),
    Preference(
        "scan",
        lambda series, _left: bool(NO_SCAN_WORDS.search(_text(series))),
        "its description is that of a map or of quality control",
    ),
    Preference(
        "corrected",
        lambda series, _left: bool(NOT_CORRECTED_WORDS.search(_text(series))),
        "its description says that it is not corrected for attenuation",
    ),
    Preference("no-reformat", _is_reformat, "it is a reformat of another series"),
    Preference("original", _is_derived, "it is derived from another series"),
    Preference("axial", _is_not_axial, "it is a reformat: PET is reconstructed in axial slices"),
    Preference("not-gated", _is_gated, "it is gated"),
    Preference("static", _is_phase, "it is one phase of several"),
    Preference("composed", _is_bed, "it is one bed of a longer series"),
)
"""Rules in the order in which they are asked. A rule counts only while it leaves at least one series."""


def choose_pet(folder: DicomFolder, overrides: Mapping[str, str] | None = None) -> Series:
    """Choose the PET series alone, where no MR is needed (``pain-generator suv``).

    Parameters
    ----------
    folder, overrides
        As for :func:`assign_roles`.

    Returns
    -------
    Series
        The PET series; its `role` and `role_reason` are set.

    Raises
    ------
    PainGeneratorError
        There is no attenuation-corrected PET or more than one, or the PET is not a complete volume.
    """
    forced = resolve_overrides(folder.series, overrides or {})
    pet = next((series for series, role in forced.items() if role == "PET"), None)
    if pet is not None:
        pet.role, pet.role_reason = "PET", "Chosen by hand."
    else:
        pet = choose_pet_of(folder.series, [series for series in folder.series if series not in forced])
    check_usable(pet)
    return pet


def choose_pet_of(everything: list[Series], free: list[Series]) -> Series:
    """Choose the PET series that can become SUV; refuse when there is none, or when no rule decides between several.

    Parameters
    ----------
    everything : list of Series
        All series of the folder.
    free : list of Series
        Those to which the user gave no role. The `role_reason` of those that are PET is set.

    Raises
    ------
    PainGeneratorError
    """
    pets = [series for series in free if series.modality == "PT"]
    corrected = [series for series in pets if is_corrected(series)]
    if not pets:
        raise PainGeneratorError(
            f"There is no PET series among the {len(everything)} series of this folder.",
            "Give the folder of an FDG-PET/MRI examination.",
        )
    if not corrected:
        raise PainGeneratorError(
            f"No PET series is marked as attenuation-corrected; there is only {list_series(pets)}.",
            "Add the attenuation-corrected series to the folder.",
        )
    for series in pets:
        if series not in corrected:
            series.role_reason = "Not used as PET: it is not corrected for attenuation."
    best = best_pets(corrected)
    if len(best) > 1:
        raise PainGeneratorError(
            f"There are {len(best)} attenuation-corrected PET series: {list_series(best)}.",
            "Say which one to use with --role SERIES=PET.",
        )
    chosen = best[0]
    chosen.role = "PET"
    chosen.role_reason = _reason(chosen, pets, corrected)
    return chosen


def _reason(chosen: Series, pets: list[Series], corrected: list[Series]) -> str:
    if len(pets) == 1:
        return "The only attenuation-corrected PET series."
    if len(corrected) == 1:
        return "Attenuation-corrected, unlike the other PET series."
    others = [f"{one.label} ({one.role_reason.removeprefix(NOT_USED)})" for one in corrected if one is not chosen]
    return f"Attenuation-corrected PET, preferred to {'; '.join(others)}.".replace(".)", ")")


NOT_USED = "Not used as PET: "
"""Begin of the reason of a PET series that yields to another one."""


def best_pets(pets: Sequence[Series]) -> list[Series]:
    """The series that are left when every rule was asked; the others get their `role_reason`.

    Parameters
    ----------
    pets : sequence of Series
        Corrected for attenuation, or of unknown correction; at least one.

    Returns
    -------
    list of Series
        At least one.

    Raises
    ------
    PainGeneratorError
        There are several, and none has values that can become SUV.
    """
    left = list(pets)
    faults = {series.uid: suv_fault(series) for series in left}
    if all(faults.values()) and len(left) > 1:
        texts = "; ".join(f"those of {series.label} {faults[series.uid]}" for series in left)
        raise PainGeneratorError(
            f"None of the {len(left)} attenuation-corrected PET series has values that can become SUV: {texts}.",
            "Add the series in Bq/ml or in SUV to the folder.",
        )
    left = _without(left, lambda series: bool(faults[series.uid]), lambda series: f"its values {faults[series.uid]}")
    for rule in PREFERENCES:
        left = _asked(rule, left)
    return left


def _asked(rule: Preference, series: list[Series]) -> list[Series]:
    """The series that are left after one rule."""
    return _without(series, lambda one: rule.is_worse(one, series), lambda _one: rule.reason)


def _without(
    series: list[Series], is_worse: Callable[[Series], bool], reason: Callable[[Series], str]
) -> list[Series]:
    """The series that are not worse, if there are any; the worse ones get their reason."""
    worse = [one for one in series if is_worse(one)]
    if len(worse) in (0, len(series)):
        return series
    for one in worse:
        one.role_reason = f"{NOT_USED}{reason(one)}."
    return [one for one in series if one not in worse]


def suv_fault(series: Series) -> str | None:
    """Why the values of a PET series cannot become SUV, whatever is given by hand; None when they can."""
    header = series.pet_header
    if header is None:
        return None
    return "have no usable Rescale Slope" if slope_fault(header) else unit_fault(header)


def is_corrected(series: Series) -> bool:
    """Whether the header says that a PET is corrected for attenuation."""
    return series.pet_header is not None and "ATTN" in series.pet_header.corrected_image


def check_usable(series: Series) -> None:
    """Refuse a chosen series that is not a complete volume."""
    if series.problem is not None:
        raise PainGeneratorError(
            f"The {series.role} ({series.label}) cannot be used: {series.problem.reason}", series.problem.advice
        )
