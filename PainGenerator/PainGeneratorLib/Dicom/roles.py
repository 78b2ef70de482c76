"""Give the series their roles (PET, T1, FLUID, T2, CONTRAST, ATTENUATION), each with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import MR_ROLES, REFERENCE_ORDER
from .mr_weighting import Weighting, weigh
from .pet_choice import NOT_USED, check_usable, choose_pet_of
from .series import DicomFolder, Series
from .series_names import list_series, resolve_overrides

LONGEST_DAYS = 30
"""Upper bound of the days between PET and MR; above it a warning is given. Our estimate."""
LEAST_SLICES = 3
"""Lower bound of the number of slices of a series that is used. Our estimate: fewer slices do not form a volume."""
ATTENUATION_ORDER = ("in-phase", "opposed-phase", "water", "CT", "fat", "mu-map")
"""Kinds of series for attenuation correction. The kind that aligns best with the reference series comes first. The
mu-map is last, because it has hardly any contrast. Our estimate."""


@dataclass(eq=False)
class RoleAssignment:
    """The outcome of :func:`assign_roles`."""

    chosen: dict[str, Series]
    """Role -> series, for every role that is filled."""
    series: list[Series]
    """All series, each with `role` and `role_reason`; only the chosen ones are used."""
    reference_role: str
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences about choices between equally good series, and the days between PET and MR."""
    days_between: dict[str, int] = field(default_factory=dict)
    """MR role -> days from the PET to that series; negative when the MR came first."""

    @property
    def reference(self) -> Series:
        """The MR series to whose coordinates all other series are aligned."""
        return self.chosen[self.reference_role]

    @property
    def pet(self) -> Series:
        """The attenuation-corrected PET series."""
        return self.chosen["PET"]


@dataclass(frozen=True)
class _Claim:
    """A role that a series could play, and why; the series with the highest tier fits the role best."""

    role: str
    tier: float
    reason: str


def assign_roles(folder: DicomFolder, overrides: Mapping[str, str] | None = None) -> RoleAssignment:
    """Find the roles that the series could play and choose one series for each role.

    Parameters
    ----------
    folder : DicomFolder
        The series of a case. `role` and `role_reason` of each series are set.
    overrides : mapping, optional
        Name of a series -> role, as given by ``--role``. The name is a series number ("5", or "5/2" for its part 2)
        or a Series Instance UID (also with "/2").

    Returns
    -------
    RoleAssignment
        The chosen series, with warnings and notes about the choice.

    Raises
    ------
    PainGeneratorError
        There is no attenuation-corrected PET or more than one, no MR series can be used, an override does not fit, or
        a chosen series is not a complete volume.
    """
    forced = resolve_overrides(folder.series, overrides or {})
    chosen = {role: series for series, role in forced.items() if role != "OTHER"}
    free = [series for series in folder.series if series not in forced]
    for series in folder.series:
        series.role, series.role_reason = forced.get(series, "OTHER"), "Chosen by hand."
    pet = chosen.get("PET") or choose_pet_of(folder.series, free)
    chosen["PET"] = pet
    result = RoleAssignment(chosen, folder.series, "")
    claims = _claims_by_role(free, pet)
    for role in (*MR_ROLES, "ATTENUATION"):
        if role not in chosen and role in claims:
            chosen[role] = _choose(role, claims[role], pet, result)
    _settle_reference(result)
    for series in chosen.values():
        check_usable(series)
    _set_rivals_aside(folder.series, chosen)
    _note_days(result)
    result.warnings.extend(f"{s.label}: {w}" for s in chosen.values() for w in s.warnings)
    return result


def _claims_by_role(free: list[Series], pet: Series) -> dict[str, list[tuple[_Claim, Series]]]:
    """Collect the series that could play each role. Every series except a PET is given the role that it could play."""
    claims: dict[str, list[tuple[_Claim, Series]]] = {}
    for series in free:
        if series.modality == "PT":
            if series is not pet and not series.role_reason.startswith(NOT_USED):
                series.role_reason = "Another PET series was chosen."
            continue
        claim = _claim(series, pet)
        series.role, series.role_reason = claim.role, f"{claim.reason}."
        claims.setdefault(claim.role, []).append((claim, series))
    return claims


def _set_rivals_aside(all_series: list[Series], chosen: dict[str, Series]) -> None:
    """Give the role OTHER, with the reason, to every series whose role went to another series."""
    for series in all_series:
        if series.role != "OTHER" and chosen.get(series.role) is not series:
            series.role_reason += f" Not used: {chosen[series.role].label} was chosen as {series.role}."
            series.role = "OTHER"


def _same_frame(series: Series, pet: Series) -> bool:
    uid = series.frame_of_reference_uid
    return uid is not None and uid == pet.frame_of_reference_uid


def _claim(series: Series, pet: Series) -> _Claim:
    """The role that a CT or MR series could play."""
    if series.n_slices < LEAST_SLICES:
        return _Claim("OTHER", 0, f"Only {series.n_slices} slice{'s' if series.n_slices > 1 else ''}")
    if series.modality == "CT":
        if _same_frame(series, pet):
            return _Claim("ATTENUATION", _attenuation_tier("CT"), "CT in the frame of reference of the PET")
        return _Claim("OTHER", 0, "CT in another frame of reference than the PET")
    shown = weigh(series)
    attenuation = _attenuation_claim(shown, _same_frame(series, pet))
    return attenuation or _mr_claim(shown)


def _attenuation_tier(part: str) -> float:
    return len(ATTENUATION_ORDER) - ATTENUATION_ORDER.index(part)


def _attenuation_claim(shown: Weighting, same_frame: bool) -> _Claim | None:
    """The claim of a Dixon gradient echo or a mu-map in the frame of reference of the PET; None for other series.

    A mu-map in another frame of reference serves no role.
    """
    if shown.mu_map:
        if same_frame:
            return _Claim(
                "ATTENUATION", _attenuation_tier("mu-map"), "Attenuation map in the PET's frame of reference"
            )
        return _Claim("OTHER", 0, "Attenuation map in another frame of reference than the PET")
    if not same_frame or shown.contrast_agent or shown.kind not in ("T1-GRE", "unknown"):
        return None
    if shown.dixon is not None:
        tier = _attenuation_tier(shown.dixon) + (0.5 if shown.attenuation_named else 0.0)
        return _Claim("ATTENUATION", tier, f"Dixon {shown.dixon} gradient echo in the PET's frame of reference")
    return None


def _mr_claim(shown: Weighting) -> _Claim:
    """The claim of an MR series to T1, FLUID, T2 or CONTRAST. Times in the header count more than a description."""
    sure = 0.0 if shown.from_description else 0.5
    reason = shown.reason[0].upper() + shown.reason[1:]
    kind, suppressed = shown.kind, shown.fat_suppressed
    if shown.dixon in ("fat", "opposed-phase"):
        return _Claim("OTHER", 0, f"Dixon {shown.dixon} images of {kind}")
    if kind in ("T1", "T1-GRE"):
        return _t1_claim(shown, sure)
    if kind == "STIR":
        return _Claim("FLUID", 4.0 + sure, f"STIR: {shown.reason}")
    if kind in ("T2", "PD") and suppressed:
        how = "Dixon water" if shown.dixon == "water" else "fat suppressed"
        weight = {"T2": "T2-weighted", "PD": "Proton density"}[kind]
        return _Claim("FLUID", (3.0 if kind == "T2" else 2.0) + sure, f"{weight}, {how}: {shown.reason}")
    if kind == "T2":
        return _Claim("T2", 2.0 + sure, f"T2-weighted: {shown.reason}")
    if kind == "PD":
        return _Claim("OTHER", 0, f"Proton density without fat suppression: {shown.reason}")
    return _Claim("OTHER", 0, reason)


def _t1_claim(shown: Weighting, sure: float) -> _Claim:
    """The claim of a T1-weighted series: T1, or CONTRAST after a contrast agent.

    A T1-weighted series with fat suppression and without a contrast agent serves no role.
    """
    suppressed = shown.fat_suppressed
    if shown.contrast_agent:
        with_fat = ", fat suppressed" if suppressed else ""
        tier = 2.0 + sure + (1.0 if suppressed else 0.0)
        return _Claim("CONTRAST", tier, f"T1-weighted after contrast agent{with_fat}: {shown.reason}")
    if suppressed:
        return _Claim("OTHER", 0, f"T1-weighted with fat suppression, without contrast agent: {shown.reason}")
    return _Claim("T1", (2.0 if shown.kind == "T1" else 1.0) + sure, f"T1-weighted: {shown.reason}")


def _merit(claim: _Claim, series: Series, pet: Series) -> tuple[bool, float, bool, bool, float, float]:
    """Sort key, larger is better: usable, tier, frame of reference of the PET, original, coverage, resolution."""
    geometry = series.geometry
    original = "DERIVED" not in (series.header.get("ImageType") or ())
    if geometry is None:
        return (False, claim.tier, _same_frame(series, pet), original, 0.0, 0.0)
    covered = geometry.size * geometry.voxel_volume_ml
    coverage = round(_log_step(covered))
    return (
        True,
        claim.tier,
        _same_frame(series, pet),
        original,
        coverage,
        -round(_log_step(geometry.voxel_volume_ml)),
    )


MERIT_WORDS = (
    "",
    "its sequence is the better one",
    "it shares the PET's frame of reference",
    "it is original",
    "it covers more",
    "its resolution is higher",
)
"""Why a series was chosen: one reason for each part of the key from `_merit`, in the same order. The first part needs
no words, because a series that cannot be used is reported in a warning."""


def _log_step(value: float) -> float:
    """Logarithm of a value in steps of 20 percent. It is rounded later, so that small differences do not decide."""
    return float(np.log(value) / np.log(1.2))


def _when(series: Series) -> tuple[str, str, float, int]:
    """Sort key that puts later acquisitions last: date, time, series number, part."""
    header = series.header
    clock = header.get("AcquisitionTime") or header.get("SeriesTime") or ""
    return (str(series.date or ""), clock, series.number or 0, -(series.part or 0))


def _choose(role: str, claims: list[tuple[_Claim, Series]], pet: Series, result: RoleAssignment) -> Series:
    """Choose the best of the series that could play a role, and note why it was preferred to the others."""
    ranked = sorted(claims, key=lambda one: (_merit(one[0], one[1], pet), _when(one[1])), reverse=True)
    claim, best = ranked[0]
    merit = _merit(claim, best, pet)
    for other_claim, other in ranked[1:]:
        if other.problem is not None and merit[0]:
            result.warnings.append(f"{other.label} was left aside: {other.problem.reason}")
            continue
        if role == "ATTENUATION" and other_claim.tier != claim.tier:
            continue  # Another part of the Dixon acquisition: the reader does not need to know of this choice.
        differing = zip(MERIT_WORDS, merit, _merit(other_claim, other, pet), strict=True)
        why = next((word for word, mine, its in differing if mine != its), "it is the later one")
        result.notes.append(f"{role}: {best.label} was chosen over {other.label}, because {why}.")
    return best


def _settle_reference(result: RoleAssignment) -> None:
    """Choose the role of the reference series; refuse when no MR series can be used."""
    for role in REFERENCE_ORDER:
        if role in result.chosen:
            result.reference_role = role
            if role != "T1":
                result.warnings.append(
                    f"There is no T1 series; {result.chosen[role].label} ({role}) is the reference."
                )
            return
    magnetic = [series for series in result.series if series.modality == "MR"]
    if not magnetic:
        raise PainGeneratorError(
            "There is no MR series in this folder.", "Give the folder of an FDG-PET/MRI examination, PET and MR."
        )
    raise PainGeneratorError(
        f"None of the {len(magnetic)} MR series could be recognized as T1, T2, fluid-sensitive or contrast-enhanced.",
        f"Say what they are with --role SERIES=T1 (FLUID, T2, CONTRAST): {list_series(magnetic)}.",
    )


def _note_days(result: RoleAssignment) -> None:
    """Note the days between the PET and each MR series, and warn when they are more than LONGEST_DAYS."""
    pet_day = result.pet.date
    for role in MR_ROLES:
        series = result.chosen.get(role)
        if series is None:
            continue
        day = series.date
        if pet_day is None or day is None:
            result.warnings.append(f"The days between the PET and the {role} series are not known: a date is missing.")
            continue
        days = (day - pet_day).days
        result.days_between[role] = days
        if abs(days) > LONGEST_DAYS:
            result.warnings.append(
                f"{abs(days)} days lie between the PET ({pet_day}) and the {role} series ({day}): "
                "what they show may have changed."
            )
    apart = sorted({abs(days) for days in result.days_between.values()})
    if apart:
        texts = " and ".join(str(days) for days in apart)
        result.notes.append(f"Days between PET and MR: {texts}.")
