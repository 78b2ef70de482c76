"""Which role an MR or CT series could play, and how well its sequence fits the role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..Numerics.core.words import Role
from .mr_weighting import Weighting, phase_of_echo, weigh
from .series import Series

LEAST_SLICES = 3
"""Lower bound of the number of slices of a series that is used. Our estimate: fewer slices do not form a volume."""
ATTENUATION_ORDER = ("in-phase", "opposed-phase", "water", "CT", "fat", "mu-map")
"""Kinds of series for attenuation correction. The kind that aligns best with the reference series comes first. The
mu-map is last, because it has hardly any contrast. Our estimate."""
LOCALIZER_SLICE_MM = 8.0
"""Lower bound of the distance of slices that only planning images have, mm. Our estimate: slices of diagnostic images
of spine and hip are at most 6 mm apart."""
LOCALIZER_MOST_SLICES = 12
"""Upper bound of the number of slices of planning images with so large a distance. Our estimate."""
RELAXATION_ECHOES = 4
"""Lower bound of the number of echoes of a series that measures relaxation. Our estimate: PD and T2 are two echoes,
water and fat are separated from two or three."""


@dataclass(frozen=True)
class Claim:
    """A role that a series could play, and why.

    ``sequence`` ranks kinds of sequences for the role, from 0 (hardly usable) to 3 (made for it). ``fine`` ranks
    series of one kind. ``doubts`` are sentences for the reader, which are shown when the series gets the role.
    """

    role: str
    sequence: int
    fine: float
    reason: str
    shown: Weighting | None = None
    doubts: tuple[str, ...] = field(default=())


def claims_of(series: Sequence[Series], pet: Series) -> list[tuple[Claim, Series]]:
    """The role that each CT or MR series could play.

    Parameters
    ----------
    series : sequence of Series
        Series of one case; PET series are skipped.
    pet : Series
        The PET, whose frame of reference the series for attenuation correction share.
    """
    echoes: dict[str, set[float]] = {}
    for one in series:
        if one.part is not None and one.header.get("EchoTime"):
            echoes.setdefault(one.series_uid, set()).add(float(one.header["EchoTime"]))
    found = []
    for one in series:
        if one.modality != "PT":
            claim = _claim(one, pet, len(echoes.get(one.series_uid, ())))
            found.append((claim, one))
    return found


def same_frame(series: Series, other: Series) -> bool:
    """True when two series have the same frame of reference."""
    uid = series.frame_of_reference_uid
    return uid is not None and uid == other.frame_of_reference_uid


def _claim(series: Series, pet: Series, n_echoes: int) -> Claim:
    """The role that a CT or MR series could play; `n_echoes` is the number of echo times of the whole series."""
    if series.block:
        return Claim("OTHER", 0, 0, f"{series.block[0].upper()}{series.block[1:]} of this series")
    if series.n_slices < LEAST_SLICES:
        return Claim("OTHER", 0, 0, f"Only {series.n_slices} slice{'s' if series.n_slices > 1 else ''}")
    if series.modality == "CT":
        if same_frame(series, pet):
            return Claim("ATTENUATION", 0, attenuation_rank("CT"), "CT in the frame of reference of the PET")
        return Claim("OTHER", 0, 0, "CT in another frame of reference than the PET")
    shown = weigh(series)
    if shown.kind in ("T1", "T2", "PD", "T1-GRE") and n_echoes >= RELAXATION_ECHOES:
        return Claim("OTHER", 0, 0, f"One of {n_echoes} echoes of a measurement of relaxation", shown)
    claim = _attenuation_claim(shown, same_frame(series, pet)) or _mr_claim(shown)
    # A claim that the header itself contradicts loses against every other one.
    sequence = min(claim.sequence, 1) if shown.doubts else claim.sequence
    claim = replace(claim, shown=shown, sequence=sequence, doubts=(*shown.doubts, *claim.doubts))
    return _with_look_of_localizer(claim, series)


def _with_look_of_localizer(claim: Claim, series: Series) -> Claim:
    """Rank a series last, with a doubt, when its few thick slices are like those of planning images."""
    if series.geometry is None or claim.role in ("OTHER", "ATTENUATION"):
        return claim
    distance = series.geometry.spacing_kji_mm[0]
    if distance < LOCALIZER_SLICE_MM or series.n_slices > LOCALIZER_MOST_SLICES:
        return claim
    doubt = f"its {series.n_slices} slices are {distance:.3g} mm apart, as those of planning images are"
    return replace(claim, sequence=0, doubts=(*claim.doubts, doubt))


def attenuation_rank(part: str) -> float:
    """Rank of a kind of series for attenuation correction; larger is better."""
    return float(len(ATTENUATION_ORDER) - ATTENUATION_ORDER.index(part))


def _attenuation_claim(shown: Weighting, is_in_frame: bool) -> Claim | None:
    """The claim of a Dixon gradient echo or a mu-map in the frame of reference of the PET; None for other series.

    A mu-map in another frame of reference serves no role.
    """
    if shown.mu_map:
        if is_in_frame:
            rank = attenuation_rank("mu-map")
            return Claim("ATTENUATION", 0, rank, "Attenuation map in the PET's frame of reference")
        return Claim("OTHER", 0, 0, "Attenuation map in another frame of reference than the PET")
    if not is_in_frame or shown.contrast_agent or shown.kind not in ("T1-GRE", "unknown"):
        return None
    if shown.dixon is not None:
        rank = attenuation_rank(shown.dixon) + (0.5 if shown.attenuation_named else 0.0)
        return Claim("ATTENUATION", 0, rank, f"Dixon {shown.dixon} gradient echo in the PET's frame of reference")
    if shown.attenuation_named and not shown.is_dixon and shown.kind == "T1-GRE":
        # The Ingenuity TF makes one gradient echo for the attenuation correction.
        rank = attenuation_rank("in-phase") - 0.5
        return Claim(
            "ATTENUATION", 0, rank, "Gradient echo for attenuation correction in the PET's frame of reference"
        )
    return None


def _mr_claim(shown: Weighting) -> Claim:
    """The claim of an MR series to T1, FLUID, T2 or CONTRAST. Times in the header count more than a description."""
    reason = shown.reason[0].upper() + shown.reason[1:]
    kind = shown.kind
    if shown.dixon in ("fat", "opposed-phase"):
        return Claim("OTHER", 0, 0, f"Dixon {shown.dixon} images of {kind}")
    if kind in ("T1", "T1-GRE"):
        return _t1_claim(shown)
    if kind == "STIR" or (kind in ("T2", "PD") and shown.fat_suppressed):
        return _fluid_claim(shown)
    if kind == "T2":
        return _t2_claim(shown)
    if kind == "PD":
        return Claim("OTHER", 0, 0, f"Proton density without fat suppression: {shown.reason}")
    return Claim("OTHER", 0, 0, reason)


def _sure(shown: Weighting) -> float:
    """What is added to the fine rank when the times of the header settle the weighting."""
    return 0.0 if shown.from_description else 0.5


def _unnamed_part(shown: Weighting) -> tuple[str, ...]:
    """The doubt about a part of a Dixon acquisition that nothing names."""
    if shown.is_dixon and shown.dixon is None:
        return ("it belongs to a Dixon acquisition, and nothing says which part of it (water, fat, in-phase) it is",)
    return ()


def _fluid_claim(shown: Weighting) -> Claim:
    """The claim of a fluid-sensitive series to FLUID."""
    sure = _sure(shown)
    if shown.kind == "STIR":
        return Claim("FLUID", 3, 2.0 + sure, f"STIR: {shown.reason}")
    how = "Dixon water" if shown.dixon == "water" else "fat suppressed"
    weight = {"T2": "T2-weighted", "PD": "Proton density"}[shown.kind]
    fine = 1.0 if shown.kind == "T2" else 0.0
    return Claim("FLUID", 1 if shown.single_shot else 3, fine + sure, f"{weight}, {how}: {shown.reason}")


def _t2_claim(shown: Weighting) -> Claim:
    """The claim of a T2-weighted series without fat suppression to T2."""
    doubts = _unnamed_part(shown)
    sequence = 1 if shown.single_shot or doubts else 3
    fine = _sure(shown) + (0.0 if shown.is_dixon else 1.0)
    return Claim(Role.T2.value, sequence, fine, f"T2-weighted: {shown.reason}", doubts=doubts)


def _t1_claim(shown: Weighting) -> Claim:
    """The claim of a T1-weighted series: T1, or CONTRAST after a contrast agent.

    A T1-weighted series with fat suppression and without a contrast agent serves no role.
    """
    suppressed, sure = shown.fat_suppressed, _sure(shown)
    spin_echo = shown.kind == "T1"
    if shown.contrast_agent:
        with_fat = ", fat suppressed" if suppressed else ""
        reason = f"T1-weighted after contrast agent{with_fat}: {shown.reason}"
        return Claim("CONTRAST", 3 if spin_echo else 2, sure + (1.0 if suppressed else 0.0), reason)
    if suppressed:
        return Claim("OTHER", 0, 0, f"T1-weighted with fat suppression, without contrast agent: {shown.reason}")
    doubts = _unnamed_part(shown)
    sequence = 3 if spin_echo else 2
    if doubts or shown.attenuation_named:
        sequence = 1
    return Claim("T1", sequence, sure, f"T1-weighted: {shown.reason}", doubts=doubts)


def opposed_phase_doubt(claim: Claim, series: Series) -> tuple[str, ...]:
    """The doubt about a T1-weighted gradient echo whose echo time lies where water and fat cancel each other."""
    shown = claim.shown
    if claim.role != "T1" or shown is None or shown.kind != "T1-GRE" or shown.dixon is not None:
        return ()
    te, field_t = series.header.get("EchoTime"), series.header.get("MagneticFieldStrength")
    if phase_of_echo(te, field_t) != "opposed-phase":
        return ()
    return (f"at TE {te:g} ms and {field_t:g} T water and fat cancel each other: borders between them are dark",)
