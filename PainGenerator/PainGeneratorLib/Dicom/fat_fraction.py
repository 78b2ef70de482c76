"""Find the water and the fat image of one Dixon acquisition, from which the fat fraction is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..Numerics.core.words import REFERENCE_ORDER, Role
from .mr_weighting import Weighting, weigh
from .series import Series
from .series_claims import LEAST_SLICES, Claim, same_frame
from .series_merit import merit_of, overlap_ml, when_text
from .series_vocabulary import Meaning
from .series_words import words_of
from .values import parse_time

LONGEST_APART_S = 60.0
"""Upper bound of the seconds between the acquisition times of two images of one acquisition. Our estimate: the parts
of a Dixon acquisition have one time, or times some seconds apart where each slice has its own; the next acquisition
of a protocol starts later."""
LEAST_OVERLAP = 0.1
"""Lower bound of the part of the smaller of two volumes in which a pair and the series that is read overlap. Our
estimate: beds that only touch at their ends share less."""
PART_MEANINGS = frozenset(
    {
        *(Meaning.WATER, Meaning.FAT, Meaning.IN_PHASE, Meaning.OPPOSED),
        *(Meaning.LETTER_W, Meaning.LETTER_F, Meaning.IN, Meaning.OUT),
    }
)
"""Meanings of the words by which the names of the parts of a Dixon acquisition differ."""
USABLE_KINDS = ("T1", "T2", "PD", "T1-GRE", "unknown")
"""Kinds of weighting whose water and fat images give a fraction. Maps, diffusion and STIR, which suppresses fat, do
not."""
SPIN_ECHO, GRADIENT_ECHO, FOR_ATTENUATION = 3, 2, 1
"""Rank of an acquisition: spin echoes are made for reading, those for attenuation correction are coarse."""

USED = "Used for the fat fraction."
"""What the reason of the role of a water or fat image says, too."""


@dataclass(frozen=True, eq=False)
class FatPair:
    """The water and the fat image of one acquisition.

    Parameters
    ----------
    water, fat : Series
        On one grid.
    moves_with : str
        Role of the series whose transform is that of the pair, too.
    is_companion : bool
        True when that series is of the same acquisition.
    after_agent : bool
        True when it was acquired after a contrast agent, which changes the signal of water and so the fraction.
    shown : Weighting
        What the water image shows.
    """

    water: Series
    fat: Series
    moves_with: str
    is_companion: bool
    after_agent: bool
    shown: Weighting

    @property
    def label(self) -> str:
        """Name of the fraction in messages and lists."""
        return f"fat fraction of series {_number(self.water)} and {_number(self.fat)}"

    @property
    def reason(self) -> str:
        """What it is computed from, in words."""
        kind = self.shown.kind
        sequence = {"T1-GRE": "gradient echo", "unknown": "acquisition"}.get(kind, f"{kind} spin echo")
        return f"Computed from water and fat of one Dixon {sequence}; it moves with the {self.moves_with}."

    def tell_use(self) -> None:
        """Say in the reasons of both series what they are used for."""
        for one in (self.water, self.fat):
            if USED not in one.role_reason:
                one.role_reason = f"{one.role_reason} {USED}".strip()


def find_fat_pair(series: Sequence[Series], chosen: Mapping[str, Series], group: str | None) -> FatPair | None:
    """The best pair of a water and a fat image of one acquisition.

    Pairs that were acquired before a contrast agent come first, then those that show the region that is read, were
    made near the day of the PET, are spin echoes, have the better plane, and have smaller voxels. Those for
    attenuation correction come last.

    Parameters
    ----------
    series : sequence of Series
        All series of a case.
    chosen : mapping of role to Series
        The series that have a role: a pair has to overlap with the reference, and to be tied to one of them.
    group : str or None
        ``low-back`` or ``hip-replacement``.

    Returns
    -------
    FatPair or None
        None when there is no pair, and when no pair can be placed beside the series that are read.
    """
    found = list(_pairs(series, chosen))
    pet = chosen[Role.PET]

    def merit(pair: FatPair) -> tuple[object, ...]:
        spin_echo = pair.shown.kind in ("T1", "T2", "PD")
        sequence = SPIN_ECHO if spin_echo else FOR_ATTENUATION if pair.shown.attenuation_named else GRADIENT_ECHO
        own = merit_of(Claim(Role.FAT_FRACTION.value, sequence, 0.0, "", pair.shown), pair.water, pet, group)
        geometry = pair.water.geometry
        fine = 0.0 if geometry is None else -geometry.voxel_volume_ml
        together = pair.is_companion
        number = -(pair.water.number or 0)
        return (
            not pair.after_agent,
            own.region,
            own.days,
            sequence,
            own.plane,
            own.region_fine,
            fine,
            together,
            number,
        )

    return max(found, key=merit, default=None)


def _pairs(series: Sequence[Series], chosen: Mapping[str, Series]) -> Iterator[FatPair]:
    """All pairs that can be used."""
    weighed = [(one, weigh(one)) for one in series if one.modality == "MR" and _is_usable(one)]
    first_agent = _first_agent(weighed)
    for water, fat, shown in _water_and_fat(weighed):
        late = shown.contrast_agent or _is_late(water, first_agent)
        yield from _placed(water, fat, late, shown, chosen)


def _water_and_fat(weighed: Sequence[tuple[Series, Weighting]]) -> Iterator[tuple[Series, Series, Weighting]]:
    """Water image, fat image of the same acquisition, and what the water image shows."""
    fats = [one for one, shown in weighed if _is_part(shown, "fat")]
    for water, shown in weighed:
        if _is_part(shown, "water"):
            fat = next((one for one in fats if is_one_acquisition(water, one)), None)
            if fat is not None:
                yield water, fat, shown


def _is_part(shown: Weighting, part: str) -> bool:
    return shown.dixon == part and shown.kind in USABLE_KINDS and not shown.mu_map


def _placed(
    water: Series, fat: Series, late: bool, shown: Weighting, chosen: Mapping[str, Series]
) -> Iterator[FatPair]:
    """The pair, where a chosen series places it beside the series that are read; else nothing."""
    own = _own_role(water, chosen)
    role = own or _role_in_frame(water, shown, chosen)
    if role is not None and _overlaps(water, role, chosen):
        yield FatPair(water, fat, role, own is not None, late, shown)


def _first_agent(weighed: Sequence[tuple[Series, Weighting]]) -> str | None:
    """Day and time of the first series with a contrast agent."""
    times = [when_text(one) for one, shown in weighed if shown.contrast_agent]
    return min((time for time in times if time is not None), default=None)


def _is_late(series: Series, first_agent: str | None) -> bool:
    """True for a series that was made after the first series with a contrast agent."""
    began = when_text(series)
    return first_agent is not None and began is not None and began >= first_agent


def _is_usable(series: Series) -> bool:
    whole = series.geometry is not None and series.problem is None and not series.block
    return whole and series.n_slices >= LEAST_SLICES


def is_one_acquisition(a: Series, b: Series) -> bool:
    """True when two series are parts of one acquisition.

    They share frame of reference, grid, day and repetition time, their names differ by the words of the parts only,
    and they are parts of one series or were acquired within `LONGEST_APART_S`. Where the times are missing, only parts
    of one series are known to be of one acquisition.

    Parameters
    ----------
    a, b : Series
    """
    if a.geometry is None or b.geometry is None or not a.geometry.is_same_grid(b.geometry):
        return False
    alike = same_frame(a, b) and a.study_uid == b.study_uid and a.date == b.date
    alike = alike and a.header.get("RepetitionTime") == b.header.get("RepetitionTime") and _stem(a) == _stem(b)
    return alike and (a.series_uid == b.series_uid or _is_same_time(a, b))


def _is_same_time(a: Series, b: Series) -> bool:
    times = [parse_time(one.header.get("AcquisitionTime") or one.header.get("SeriesTime")) for one in (a, b)]
    if times[0] is None or times[1] is None:
        return False
    first, second = (datetime.combine(date.min, time) for time in times if time is not None)
    return abs((first - second).total_seconds()) <= LONGEST_APART_S


def _stem(series: Series) -> tuple[str, ...]:
    """The words of a name without those of a part of a Dixon acquisition."""
    words = words_of(series.description)
    pairs = zip(words.tokens, words.meanings, strict=True)
    return tuple(token for token, meanings in pairs if not meanings & PART_MEANINGS)


def _own_role(water: Series, chosen: Mapping[str, Series]) -> str | None:
    """Role of a chosen series that is of the acquisition of a pair; None when there is none."""
    for role, one in chosen.items():
        if one is water or (one.modality == "MR" and is_one_acquisition(water, one)):
            return str(role)
    return None


def _role_in_frame(water: Series, shown: Weighting, chosen: Mapping[str, Series]) -> str | None:
    """Role of the chosen series in whose frame of reference a pair lies; None when there is none."""
    reference = next((role for role in REFERENCE_ORDER if role in chosen), None)
    nearest = (Role.PET, reference) if shown.attenuation_named else (reference, Role.PET)
    for other in (*nearest, *chosen):
        if other is not None and same_frame(water, chosen[other]):
            return str(other)
    return None


def _overlaps(water: Series, role: str, chosen: Mapping[str, Series]) -> bool:
    """False for a pair that lies beside the series that are read, such as that of another bed."""
    reference = next((chosen[one] for one in REFERENCE_ORDER if one in chosen), None)
    target = reference if reference is not None and same_frame(water, reference) else chosen[role]
    if water.geometry is None or target.geometry is None:
        return False
    boxes = [one.size * one.voxel_volume_ml for one in (water.geometry, target.geometry)]
    return overlap_ml(water.geometry, target.geometry) >= LEAST_OVERLAP * min(boxes)


def _number(series: Series) -> str:
    number = "without number" if series.number is None else str(series.number)
    return number if series.part is None else f"{number}/{series.part}"
