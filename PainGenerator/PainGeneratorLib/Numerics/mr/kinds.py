"""One function for each kind of MR finding: from standardized signal to places, and by the rules to findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import numpy as np

from ..body import distances
from ..core import tissues
from ..core.image import Geometry, Region
from ..core.records import MRFinding
from ..core.rules import RuleList
from ..core.words import Group, Role
from .endplate_rules import DISC_RULES, ENDPLATE_RULES, DiscPlace, EndplatePlace
from .fluid_rules import FLUID_RULES, FluidPlace, is_in_joint, long_canal
from .marrow_rules import DARK_MARROW_RULES, FAT_DROP_RULES, MARROW_RULES, MarrowPlace
from .picture import LEAST_SIGNAL, MAD_TO_SIGMA, MRPicture, inner_voxels, make_finding, region_mean, z_over
from .signal import Signals, near_mask, regions_of
from .surroundings import bone_distance, discs
from .tissue_map import fluid_mask
from .verdicts import COLLECTION, EFFUSION, LOW_GRADE, MODIC_II, MODIC_III, OEDEMA, MRVerdict, abnormal

Place = TypeVar("Place")

NO_BRIGHT_Z = -99.0
"""z-score that stands for a missing one where bright marrow is looked for."""
NO_DARK_Z = 99.0
"""z-score that stands for a missing one where dark marrow is looked for."""
FLUID_SPREAD = 0.5
"""Signal above that of muscle, as part of it, that is one step of the grade of fluid. Our estimate."""
FLUID_OVER_FAT = 1.2
"""Lower bound for the signal of free fluid over that of fat, on T2 without suppressed fat. Our estimate: fast spin
echoes show fat bright, and fluid brighter."""
FAT_VOXELS_LEAST = 200
"""With fewer voxels than this, the signal of fat is not known."""
INNER_DISC_PART = 0.35
"""Part of the voxels of a disc around its center that is measured: about the inner 60 % across (Salamat 2016)."""
SEEN_DISC_PART = 0.95
"""Lower bound for the part of a disc within the field of view of the series that shows it."""
DISCS_LEAST = 3
"""With fewer discs than this it is not known what a normal disc looks like."""
FLUID_VOXELS = 50
"""With no more voxels of fluid than this, the brightest signal of all stands for it."""
FLUID_PERCENTILE = 75
"""The percentile of the voxels of fluid that stands for pure fluid: many share their signal with roots."""
BRIGHTEST_PERCENTILE = 99.8
"""The percentile of all signal that stands for fluid where none is known."""
TYPICAL_DISC_PERCENTILE = 75
"""The percentile of the discs of a case that stands for a disc that is not degenerated."""
DISC_SPREAD_LEAST = 0.1
"""Lower bound for the spread of the discs of a case, as part of their typical signal. Our estimate."""


def _seeded(grown: np.ndarray, seeds: np.ndarray, geometry: Geometry, minimum_ml: float) -> list[Region]:
    """Connected parts of a mask that contain a seed."""
    marked = seeds.reshape(-1)
    return [region for region in regions_of(grown, geometry, minimum_ml) if marked[region.flat].any()]


def _abnormal(
    picture: MRPicture,
    rules: RuleList[Place, MRVerdict],
    place: Place,
    region: Region,
    make: Callable[[], MRFinding],
) -> tuple[str, MRVerdict] | None:
    """Name and verdict of the rule that decides about a place; None where it is normal, and then it is set aside.

    Parameters
    ----------
    picture : MRPicture
    rules : RuleList
    place
        What the rules look at.
    region : Region
    make : callable
        Makes the finding of a normal place.
    """
    decided = rules.first(place, picture.parameters.rules_off)
    if decided is None or not decided[1].is_normal:
        return decided
    picture.aside.take(region, decided, make)
    return None


def _as_decided(
    picture: MRPicture, region: Region, decided: tuple[str, MRVerdict], z: float, role: str, flags: list[str]
) -> MRFinding:
    """The finding of a place as a rule decided about it, with the grade of the rule where it gives one."""
    rule, verdict = decided
    found = make_finding(picture, verdict.kind, region, z, role, flags, rule)
    if verdict.grade is not None:
        found.grade = verdict.grade
    return found


def _bright_marrow(picture: MRPicture, inner: np.ndarray) -> list[Region]:
    """Connected places of marrow that are bright on the fluid-sensitive series and not on T1."""
    p = picture.parameters.oedema
    bright = np.nan_to_num(picture.fluid_z, nan=NO_BRIGHT_Z)
    # On T2 all marrow is brighter than muscle.
    muscle = picture.muscle_signal if picture.fluid_role == "FLUID" else 0.0
    grown = (bright >= p.z) & (picture.fluid_signal > muscle)
    if "T1" in picture.z:
        grown &= np.nan_to_num(picture.z["T1"], nan=NO_DARK_Z) <= p.t1_z
    seeds = (bright >= p.core_z) & grown & inner
    return _seeded(grown, seeds, picture.surroundings.geometry, p.minimum_ml)


def find_oedema(picture: MRPicture) -> tuple[list[MRFinding], list[MRFinding]]:
    """Marrow that is bright on the fluid-sensitive series and dark on T1: edema, or Modic I along an endplate.

    Parameters
    ----------
    picture : MRPicture
        With a series that shows fluid bright.

    Returns
    -------
    sure, weak : list of MRFinding
    """
    inner = inner_voxels(picture.surroundings.marrow, picture.surroundings.geometry)
    sure: list[MRFinding] = []
    weak: list[MRFinding] = []
    for region in _bright_marrow(picture, inner):
        place = MarrowPlace(picture, region, inner)
        flags = ["single-slice"] if place.is_single_slice else []
        make = partial(_edema, picture, place, flags)
        decided = _abnormal(picture, MARROW_RULES, place, region, make)
        if decided is None:
            continue
        found = _as_decided(picture, region, decided, place.fluid_z, picture.fluid_series, flags)
        (sure if decided[1].sure else weak).append(found)
    return sure, weak


def _edema(picture: MRPicture, place: MarrowPlace, flags: list[str]) -> MRFinding:
    return make_finding(picture, OEDEMA, place.region, place.fluid_z, picture.fluid_series, flags)


def find_endplate_changes(picture: MRPicture) -> list[MRFinding]:
    """Modic II (fat) and III (sclerosis) in a band of marrow beside a disc."""
    surroundings = picture.surroundings
    disc = surroundings.tissue == tissues.DISC
    if "T1" not in picture.z or not picture.reads_t1 or not disc.any():
        return []
    band = near_mask(disc, surroundings.geometry, picture.parameters.modic.band_mm) & surroundings.marrow
    t1 = np.nan_to_num(picture.z["T1"], nan=0.0)
    inner = inner_voxels(surroundings.marrow, surroundings.geometry)
    findings = []
    for kind, region in _changed_endplates(picture, band, t1, inner):
        place = EndplatePlace(picture, region, kind, band, inner, t1)
        make = partial(_slight_change, picture, place)
        decided = _abnormal(picture, ENDPLATE_RULES, place, region, make)
        if decided is not None:
            findings.append(_as_decided(picture, region, decided, _z_of(place), "T1", ["common-without-pain"]))
    return findings


def _z_of(place: EndplatePlace) -> float:
    """z-score on T1, below 0 for sclerosis."""
    return place.z if place.kind == MODIC_II else -place.z


def _slight_change(picture: MRPicture, place: EndplatePlace) -> MRFinding:
    """The finding of a change that is normal: of the lowest grade, as other slight changes of endplates."""
    found = make_finding(picture, place.kind, place.region, _z_of(place), "T1", ["common-without-pain"])
    found.grade = LOW_GRADE
    return found


def _changed_endplates(
    picture: MRPicture, band: np.ndarray, t1: np.ndarray, inner: np.ndarray
) -> Iterator[tuple[str, Region]]:
    """Kind and region of the places in the band that are bright or dark on T1."""
    p = picture.parameters.modic
    masks = {}
    # Only fat, old blood and protein are brighter than marrow on T1; edema beside them shows on the fluid-sensitive
    # series.
    masks[MODIC_II] = band & (t1 > p.t1_z * -1.0)
    if "FLUID" in picture.z:
        masks[MODIC_II] &= np.nan_to_num(picture.fluid_z, nan=0.0) < p.dry_fluid_z
    if "T2" in picture.z:
        masks[MODIC_III] = band & (t1 < p.t1_z) & (np.nan_to_num(picture.z["T2"], nan=0.0) < p.t1_z)
    core = inner & (np.abs(t1) > abs(p.t1_z) + p.core_step_z)
    for kind, mask in masks.items():
        for region in _seeded(mask, mask & core, picture.surroundings.geometry, p.minimum_ml):
            yield kind, region


def find_fluid(picture: MRPicture) -> list[MRFinding]:
    """Fluid outside marrow: an effusion in a joint, else a collection; what is normal fluid is left out.

    Parameters
    ----------
    picture : MRPicture
        With a series that shows fluid bright.
    """
    p, surroundings = picture.parameters, picture.surroundings
    parts = regions_of(
        _fluid_outside_organs(picture),
        surroundings.geometry,
        min(p.fluid.effusion_minimum_ml, p.fluid.collection_minimum_ml),
    )
    to_bone = bone_distance(surroundings, picture.implant)
    canal = None
    if surroundings.group == Group.LOW_BACK and surroundings.segmented is None:
        canal = next((part for part in parts if long_canal(FluidPlace(part, surroundings, p)) is not None), None)
        if canal is not None and surroundings.midline_r_mm is None:
            surroundings = dataclasses.replace(surroundings, midline_r_mm=float(canal.centroid_ras_mm[0]))
    findings = []
    for region in parts:
        place = FluidPlace(region, surroundings, p, canal, to_bone, picture.fluid_role == Role.T2)
        decided = _abnormal(picture, FLUID_RULES, place, region, partial(_fluid, picture, place))
        if decided is not None:
            steps = _steps_over_muscle(picture, region)
            findings.append(_as_decided(picture, region, decided, steps, picture.fluid_series, []))
    return findings


def _steps_over_muscle(picture: MRPicture, region: Region) -> float:
    """How far the signal of fluid lies above that of muscle, in steps that are no standard deviations."""
    mean = region_mean(picture.fluid_signal, region) or 0.0
    return z_over(mean, picture.muscle_signal, FLUID_SPREAD)


def _fluid(picture: MRPicture, place: FluidPlace) -> MRFinding:
    """The finding of fluid that is normal: what it would be if it were not."""
    kind = EFFUSION if is_in_joint(place) else COLLECTION
    steps = _steps_over_muscle(picture, place.region)
    return make_finding(picture, kind, place.region, steps, picture.fluid_series, [])


def _fluid_outside_organs(picture: MRPicture) -> np.ndarray:
    """Voxels as bright as fluid that are away from marrow, organs, discs and a segmented canal."""
    surroundings = picture.surroundings
    smooth = Signals(surroundings.geometry, picture.signals.factors, picture.smooth, surroundings.body)
    fluid = fluid_mask(smooth, picture.typical) & ~surroundings.marrow
    if picture.fluid_role == Role.T2:
        fluid &= picture.fluid_signal > FLUID_OVER_FAT * _fat_signal(picture)
    normal = np.isin(surroundings.tissue, (tissues.VISCERA, tissues.DISC))
    if surroundings.segmented is not None:
        normal |= surroundings.segmented == tissues.FLUID
    return np.asarray(fluid & ~near_mask(normal, surroundings.geometry, distances.NORMAL_FLUID_MARGIN.value))


def _fat_signal(picture: MRPicture) -> float:
    """Signal of fat on the series that shows fluid; infinite where no fat is known, for nothing is then known to be
    brighter."""
    signal = picture.fluid_signal[picture.surroundings.tissue == tissues.FAT]
    signal = signal[np.isfinite(signal)]
    if signal.size < FAT_VOXELS_LEAST:
        signal = picture.fluid_signal[picture.surroundings.skin]
    return float(np.median(signal)) if signal.size >= FAT_VOXELS_LEAST else np.inf


def _inner_signal(signal: np.ndarray, region: Region) -> float:
    """Mean signal of the inner part of a disc."""
    offset = region.points_ras - region.centroid_ras_mm
    far = np.sum((offset / np.maximum(np.std(offset, axis=0), 1e-3)) ** 2, axis=1)
    inner = far <= np.quantile(far, INNER_DISC_PART)
    return float(np.mean(signal[region.flat[inner]]))


def find_degenerated_discs(picture: MRPicture) -> list[MRFinding]:
    """Discs whose inner part is dark on T2 against fluid and against the other discs (Salamat 2016)."""
    p, surroundings = picture.parameters, picture.surroundings
    role = "T2" if "T2" in picture.smooth else picture.fluid_series
    signal = picture.smooth[role].reshape(-1)
    seen = np.isfinite(picture.signals.roles[role].reshape(-1))
    regions = [region for region in discs(surroundings) if seen[region.flat].mean() > SEEN_DISC_PART]
    if len(regions) < DISCS_LEAST:
        return []
    canal = signal[(surroundings.tissue == tissues.FLUID).reshape(-1)]
    is_known = canal.size > FLUID_VOXELS
    fluid = float(np.percentile(canal, FLUID_PERCENTILE) if is_known else np.percentile(signal, BRIGHTEST_PERCENTILE))
    ratios = [_inner_signal(signal, region) / max(fluid, LEAST_SIGNAL) for region in regions]
    typical = float(np.percentile(ratios, TYPICAL_DISC_PERCENTILE))
    deviation = float(np.median(np.abs(np.array(ratios) - np.median(ratios))))
    spread = max(MAD_TO_SIGMA * deviation, DISC_SPREAD_LEAST * typical)
    findings = []
    for region, ratio in zip(regions, ratios, strict=True):
        decided = abnormal(DISC_RULES, DiscPlace(ratio=ratio, typical=typical, parameters=p.disc), p.rules_off)
        if decided is None:
            continue
        z = (ratio - typical) / spread
        findings.append(_as_decided(picture, region, decided, z, role, ["common-without-pain"]))
    return findings


def find_dark_marrow(picture: MRPicture) -> list[MRFinding]:
    """With T1 alone: marrow that is clearly darker than its surroundings, in one compact part. Graded lowest."""
    p, surroundings = picture.parameters, picture.surroundings
    t1 = np.nan_to_num(picture.z["T1"], nan=0.0)
    inner = inner_voxels(surroundings.marrow, surroundings.geometry)
    findings = []
    for region in regions_of((t1 <= -p.t1_only.z) & inner, surroundings.geometry, p.t1_only.minimum_ml):
        place = MarrowPlace(picture, region, inner)
        flags = ["no-fluid-series", *(["modic-without-fluid-series"] if place.is_at_endplate else [])]
        make = partial(make_finding, picture, OEDEMA, region, place.t1_z or 0.0, "T1", flags)
        decided = _abnormal(picture, DARK_MARROW_RULES, place, region, make)
        if decided is not None:
            findings.append(_as_decided(picture, region, decided, place.t1_z or 0.0, "T1", flags))
    return findings


def find_fat_drops(picture: MRPicture) -> list[MRFinding]:
    """Without a fluid-sensitive series: marrow whose fat fraction is clearly below that of the marrow around.

    Edema takes the place of fat. Where there is a T1, it must not be bright there. Graded lowest, because red marrow
    and tumor take the place of fat, too.

    Parameters
    ----------
    picture : MRPicture
        With z-scores of the fat fraction.

    Returns
    -------
    list of MRFinding
        Their z-score is that of the fat fraction, below 0.
    """
    p, surroundings = picture.parameters, picture.surroundings
    drop = np.nan_to_num(-picture.z[Role.FAT_FRACTION.value], nan=NO_BRIGHT_Z)
    grown = drop >= p.fat_fraction.z
    if "T1" in picture.z:
        grown &= np.nan_to_num(picture.z["T1"], nan=NO_DARK_Z) <= p.oedema.t1_z
    inner = inner_voxels(surroundings.marrow, surroundings.geometry)
    seeds = grown & inner & (drop >= p.fat_fraction.core_z)
    findings = []
    for region in _seeded(grown, seeds, surroundings.geometry, p.fat_fraction.minimum_ml):
        place = MarrowPlace(picture, region, inner)
        z = -(region_mean(drop, region) or 0.0)
        flags = ["fat-fraction"]
        make = partial(make_finding, picture, OEDEMA, region, z, Role.FAT_FRACTION.value, flags)
        decided = _abnormal(picture, FAT_DROP_RULES, place, region, make)
        if decided is not None:
            findings.append(_as_decided(picture, region, decided, z, Role.FAT_FRACTION.value, flags))
    return findings
