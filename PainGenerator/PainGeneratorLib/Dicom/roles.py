"""Give the series their roles (PET, T1, FLUID, T2, CONTRAST, ATTENUATION), each with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field, replace

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import MR_ROLES, REFERENCE_ORDER, Role
from .blocks import is_gapless
from .blocks_aside import BlocksAside, Claims, leave_blocks_aside, told_aside, told_gapless, told_used
from .left_out import settle_unusable
from .mr_weighting import weigh
from .pet_choice import NOT_USED, choose_pet_of
from .series import DicomFolder, Series
from .series_claims import Claim, claims_of, opposed_phase_doubt, same_frame
from .series_merit import (
    WEAK_REASONS,
    Merit,
    days_between,
    deciding_field,
    differences,
    differing_words,
    merit_of,
    overlap_ml,
    side_of,
    when,
    when_text,
)
from .series_names import ByHand, by_role_option, list_series, resolve_overrides
from .series_regions import FITS, region_fit, region_words
from .series_words import words_of

LONGEST_DAYS = 30
"""Upper bound of the days between PET and MR; above it a warning is given. Our estimate."""
LEAST_OVERLAP = 0.1
"""Lower bound of the part of the smaller of two volumes in which a series for attenuation correction and the reference
overlap. Our estimate: beds that only touch at their ends share less."""

REFERENCE_MISSED = ("T1", "CONTRAST", "FLUID")
"""Roles whose lack is worth a warning where a series in blocks could have played them. Without T2, worn discs are
judged on the fluid-sensitive series."""


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


def assign_roles(
    folder: DicomFolder,
    overrides: Mapping[str, str] | None = None,
    group: str | None = None,
    by_hand: ByHand = by_role_option,
    side: str | None = None,
) -> RoleAssignment:
    """Find the roles that the series could play and choose one series for each role.

    Parameters
    ----------
    folder : DicomFolder
        The series of a case. `role` and `role_reason` of each series are set.
    overrides : mapping, optional
        Name of a series -> role, as given by ``--role``. The name is a series number ("5", or "5/2" for its part 2)
        or a Series Instance UID (also with "/2").
    group : str, optional
        ``low-back`` or ``hip-replacement``: decides which region and plane are read, and whether series that reduce
        artifacts of metal come first.
    by_hand : callable, optional
        Takes a series and a role and returns the words that say how to give this role to it; as on the command line
        when left out.
    side : str, optional
        Side of the prosthesis: series of the other side alone come last.

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
        by_user = series in forced
        series.role = forced.get(series, "OTHER")
        series.role_reason = "Chosen by hand." if by_user else "Not judged: no roles could be given."
    pet = chosen.get("PET") or choose_pet_of(folder.series, free)
    chosen["PET"] = pet
    result = RoleAssignment(chosen, folder.series, "")
    result.warnings.extend(_no_t1_given_as_t1(chosen))
    claims, aside = _claims_by_role(free, pet, group)
    chooser = _Chooser(result, pet, group, claims, by_hand, side)
    for role in MR_ROLES:
        chooser.choose(role)
    left_aside = settle_unusable(chosen, forced, folder.series, result.warnings)
    _settle_reference(result, left_aside)
    chooser.choose("ATTENUATION")
    settle_unusable(chosen, forced, folder.series, result.warnings)
    _set_rivals_aside(folder.series, chosen)
    _tell_blocks(result, aside, by_hand)
    _note_days(result)
    if "nac" in words_of(pet.description).tokens:
        result.warnings.append(
            f"{pet.label} is named NAC, as a PET without attenuation correction, but its header says that it is "
            "corrected: check it."
        )
    result.warnings.extend(f"{s.label}: {w}" for s in chosen.values() for w in s.warnings)
    return result


def _no_t1_given_as_t1(chosen: Mapping[str, Series]) -> list[str]:
    """What is less sure where a user gave the role T1 to a proton density image.

    Fat is the brightest tissue on both, but on proton density fluid, cartilage and muscle are bright, too.
    """
    series = chosen.get(Role.T1)
    if series is None or series.modality != "MR":
        return []
    shown = weigh(series)
    if shown.kind != "PD":
        return []
    return [
        f"{series.label} was given the role T1, but it is a proton density image ({shown.reason}): marrow, muscle and "
        "fat are told apart less surely on it, and edema of marrow is not dark."
    ]


def _claims_by_role(free: list[Series], pet: Series, group: str | None) -> tuple[Claims, list[BlocksAside]]:
    """Collect the series that could play each role, and those in blocks that do not count beside a whole one.

    Every series except a PET is given the role that it could play.
    """
    claims: Claims = {}
    for series in free:
        if series.modality == "PT" and series is not pet and not series.role_reason.startswith(NOT_USED):
            series.role_reason = "Another PET series was chosen."
    for claim, series in claims_of(free, pet):
        claims.setdefault(claim.role, []).append((claim, series))
    aside = leave_blocks_aside(claims, group)
    _serve_as_t1(claims)
    for role, pairs in claims.items():
        for claim, series in pairs:
            series.role, series.role_reason = role, f"{claim.reason}."
    return claims, aside


def _serve_as_t1(claims: Claims) -> None:
    """Let the in-phase image of a Dixon gradient echo in the PET's frame serve as T1 where there is no other T1.

    Such an image is T1-weighted. An image that was made for attenuation correction is coarse: it serves as T1 only
    where nothing else can be the reference.
    """
    parts = claims.get("ATTENUATION", [])
    in_phase = [pair for pair in parts if _is_in_phase(pair[0])]
    taken = [pair for pair in in_phase if not _is_for_attenuation(pair[0])]
    if not taken and not any(role in claims for role in REFERENCE_ORDER):
        taken = in_phase
    if "T1" in claims or not taken:
        return
    claims["T1"] = [
        (replace(claim, role="T1", sequence=2, fine=0.5, reason=f"T1-weighted: {claim.reason}"), series)
        for claim, series in taken
    ]
    rest = [pair for pair in parts if pair not in taken]
    del claims["ATTENUATION"]
    if len(taken) < len(in_phase):
        claims["ATTENUATION"] = rest
        return
    # The reference is then a part of the same acquisition, so that no other part is needed between it and the PET.
    claims.setdefault("OTHER", []).extend(
        (replace(claim, role="OTHER", reason=f"{claim.reason}, not needed beside the in-phase image"), series)
        for claim, series in rest
    )


def _is_for_attenuation(claim: Claim) -> bool:
    return claim.shown is None or claim.shown.attenuation_named


def _is_in_phase(claim: Claim) -> bool:
    shown = claim.shown
    return shown is not None and shown.dixon == "in-phase" and not shown.mu_map


def _tell_blocks(result: RoleAssignment, aside: list[BlocksAside], by_hand: ByHand) -> None:
    """Say what was read in blocks: a note on what is not used, a warning where a role is empty or has gaps."""
    for one in aside:
        if one.series.role == "OTHER":
            is_missed = one.role in REFERENCE_MISSED and one.role not in result.chosen
            (result.warnings if is_missed else result.notes).append(told_aside(one, by_hand))
    for role, series in result.chosen.items():
        if series.blocks and is_gapless(series):
            result.notes.append(told_gapless(role, series))
        elif series.blocks:
            result.warnings.append(told_used(role, series))


def _set_rivals_aside(all_series: list[Series], chosen: dict[str, Series]) -> None:
    """Give the role OTHER, with the reason, to every series whose role went to another series."""
    for series in all_series:
        if series.role != "OTHER" and chosen.get(series.role) is not series:
            series.role_reason += f" Not used: {chosen[series.role].label} was chosen as {series.role}."
            series.role = "OTHER"


@dataclass(eq=False)
class _Chooser:
    """Chooses one series for each role and says why."""

    result: RoleAssignment
    pet: Series
    group: str | None
    claims: Claims
    by_hand: ByHand
    side: str | None

    def choose(self, role: str) -> None:
        """Give a role to the best of the series that claim it, unless it was given by hand."""
        if role in self.result.chosen or role not in self.claims:
            return
        first_agent = self._first_agent()
        others = [
            series
            for other, pairs in self.claims.items()
            if other in MR_ROLES and other != role
            for _, series in pairs
        ]
        merits = {
            id(series): merit_of(claim, series, self.pet, self.group, first_agent, others, self.side)
            for claim, series in self.claims[role]
        }
        ranked = sorted(
            self.claims[role],
            key=lambda pair: (self._overlap(role, pair[1]), astuple(merits[id(pair[1])]), when(pair[1])),
            reverse=True,
        )
        claim, best = ranked[0]
        self.result.chosen[role] = best
        for other_claim, other in ranked[1:]:
            self._explain(role, claim, best, other_claim, other, merits)
        self._doubt(role, claim, best)

    def _first_agent(self) -> str | None:
        """Day and time of the first series that was made after a contrast agent."""
        times = [when_text(series) for _, series in self.claims.get("CONTRAST", ())]
        return min((time for time in times if time is not None), default=None)

    def _overlap(self, role: str, series: Series) -> bool:
        """False for a series for attenuation correction that lies beside the reference series (another bed)."""
        reference = self.result.chosen.get(self.result.reference_role)
        if role != "ATTENUATION" or reference is None or reference.geometry is None or series.geometry is None:
            return True
        target = reference if same_frame(series, reference) else self.pet
        if target.geometry is None:
            return True
        least = min(series.geometry.size * series.geometry.voxel_volume_ml, _box_ml(target))
        return overlap_ml(series.geometry, target.geometry) >= LEAST_OVERLAP * least

    def _explain(
        self, role: str, claim: Claim, best: Series, other_claim: Claim, other: Series, merits: dict[int, Merit]
    ) -> None:
        """Note why one series was preferred to another, or warn when the reason is weak and the two differ."""
        if other.problem is not None and best.problem is None:
            self.result.warnings.append(f"{other.label} was left aside: {other.problem.reason}")
            return
        if role == "ATTENUATION" and other_claim.fine != claim.fine:
            return  # Another part of the Dixon acquisition: the reader does not need to know of this choice.
        decided_by = deciding_field(merits[id(best)], merits[id(other)])
        why = differing_words(decided_by, best, other)
        if role == "ATTENUATION" and self._overlap(role, best) and not self._overlap(role, other):
            why = "it overlaps with the reference series"
        self.result.notes.append(f"{role}: {best.label} was chosen over {other.label}, because {why}.")
        if role == "ATTENUATION" or (decided_by is not None and decided_by not in WEAK_REASONS):
            return
        points = differences(best, other, claim, other_claim)
        if points:
            self.result.warnings.append(
                f"Two series could be {role}: {best.label} was chosen over {other.label}, because {why}, but they "
                f"differ in {' and '.join(points)}. Check the choice; to take the other one, "
                f"{self.by_hand(other, role)}."
            )

    def _doubt(self, role: str, claim: Claim, best: Series) -> None:
        """Warn about what is doubtful with the chosen series."""
        shown = claim.shown
        doubts = [*claim.doubts, *opposed_phase_doubt(claim, best)]
        if role != "ATTENUATION" and shown is not None and region_fit(shown.region, self.group) < FITS:
            doubts.append(
                f"by its name or body part it shows {region_words(shown.region)}, which is not the region that is "
                f"read for the group {self.group}"
            )
        if self.side is not None and side_of(best) not in (None, self.side):
            doubts.append(f"it shows the {side_of(best)} side, and the prosthesis is on the {self.side}")
        if role == "T1" and shown is not None and shown.kind == "T1-GRE" and claim.sequence <= 2:
            part = f"the {shown.dixon} image of a Dixon" if shown.dixon else "a"
            self.result.warnings.append(
                f"There is no T1-weighted spin echo: {best.label}, {part} gradient echo, serves as T1."
            )
        for doubt in doubts:
            self.result.warnings.append(
                f"The {role} is doubtful: {best.label} was chosen, but {doubt}. If it is wrong, "
                f"{self.by_hand(best, 'OTHER')}."
            )


def _box_ml(series: Series) -> float:
    return 0.0 if series.geometry is None else series.geometry.size * series.geometry.voxel_volume_ml


def _settle_reference(result: RoleAssignment, left_aside: Collection[str] = ()) -> None:
    """Choose the role of the reference series; refuse when no MR series can be used."""
    for role in REFERENCE_ORDER:
        if role in result.chosen:
            result.reference_role = role
            if role != "T1":
                usable = "usable " if "T1" in left_aside else ""
                text = f"There is no {usable}T1 series; {result.chosen[role].label} ({role}) is the reference."
                if role == "CONTRAST":
                    text += " If no contrast agent was given before it, give it the role T1."
                result.warnings.append(text)
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
        day, days = series.date, days_between(series, result.pet)
        if days is None:
            result.warnings.append(f"The days between the PET and the {role} series are not known: a date is missing.")
            continue
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
