"""Structural abnormality on MR: from corrected, standardized signal to findings of each kind.

Start at :func:`find_mr_findings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

import numpy as np

from ..body.canal import SpineLine, find_spine_lines
from ..body.discs import line_with_discs, with_discs
from ..body.distances import METAL_HALO_REACH
from ..body.level_names import GivenLevel
from ..body.midline import midline_r_mm, plane_r_mm
from ..body.sections import BodySections, find_sections
from ..body.spine_check import is_refuted
from ..body.symmetry import SymmetryPlane
from ..body.vertebrae import Spine
from ..body.vertebral_shape import centered_line, find_vertebral_shape
from ..core import tissues
from ..core.image import Geometry, Image, Region
from ..core.kept import Kept
from ..core.records import MRFinding
from ..core.regions import is_cut_off
from ..core.words import MR_ROLES, Group, Role
from .blocks import Factors, spread_blocks
from .body_votes import OtherOutline
from .bright import bright_mask
from .checked_map import checked_map, filled_levels
from .endplate_pairs import find_endplate_pairs, without_parts_of
from .fat_fraction import deep_in_thick_bone, fraction_on
from .hip import bright_halo, find_at_hips
from .implant import ImplantResult, find_implant
from .kinds import (
    find_dark_marrow,
    find_degenerated_discs,
    find_endplate_changes,
    find_fat_drops,
    find_fluid,
    find_oedema,
)
from .parameters import MRParameters
from .picture import MRPicture, inner_voxels
from .signal import Signals, in_plane_smooth, local_z, prepare_signals
from .spine import SpineMap, find_by_anatomy, find_in_spine, map_spine, mark_spine
from .spine_coordinates import spine_box
from .spine_levels import find_spine_levels
from .spine_planes import with_planes_of
from .spine_tissues import SpineTissues, find_spine_tissues
from .surroundings import MRSurroundings
from .tissue_map import TissueSignals, make_tissue_map, tissue_signals
from .usual_places import mark_usual
from .verdicts import IMPLANT_ARTEFACT, LOW_GRADE

Progress = Callable[[float, str], None]
UNUSABLE_PART = 0.1
"""Lower bound for the part of the body about the spine without usable signal that the reader is told. Our estimate."""
NO_FLUID_OR_T2 = "There is no fluid-sensitive or T2 series:"
"""How the warning begins that says what was looked for without such a series, and what cannot be seen."""
LEVEL_NOT_USED = "The level {level} that was given names nothing on the MR, as no vertebrae were found there."
"""Warning where a given level has no spine to name."""


@dataclass(frozen=True, eq=False)
class MRResult(Kept):
    """Everything that was found on MR, on the grid of the reference series.

    Parameters
    ----------
    findings : list of MRFinding
        Clearest first. The artifact of an implant, if there is one, is one of them.
    tissues : Image
        uint8 codes of :mod:`..core.tissues`.
    implant : ImplantResult
    z_maps : dict
        Role -> float32 Image of marrow z-scores; NaN outside marrow.
    warnings : list of str
    weak : list of MRFinding
        Too faint, small or doubtful to count alone (flag "weak"). The fusion takes those where PET shows uptake.
    usual : list of MRFinding
        Places that a rule takes for normal anatomy, with the reason (``usual``). The fusion lists them below the bar,
        and joins them to uptake that agrees.
    not_listed : dict of str to int
        Why other bright or dark places are no findings, with the name of the rule -> how many.
    spine_line : SpineLine or None
        The course of the spinal canal with its discs, in the reference frame; group ``low-back`` only.
    spine : Spine or None
        The vertebrae with their levels as the MR shows them, in the reference frame; None where no discs are seen.
    """

    findings: list[MRFinding]
    tissues: Image
    implant: ImplantResult
    z_maps: dict[str, Image] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    weak: list[MRFinding] = field(default_factory=list)
    spine_line: SpineLine | None = None
    spine: Spine | None = None
    usual: list[MRFinding] = field(default_factory=list)
    not_listed: dict[str, int] = field(default_factory=dict)

    not_kept = ("tissues", "z_maps")
    """Images are kept as volumes of the scene."""


def find_mr_findings(
    series: Mapping[str, Image],
    reference_to_series: Mapping[str, np.ndarray],
    reference: Image,
    parameters: MRParameters,
    *,
    group: str,
    anatomy_tissues: Image | None = None,
    levels: Image | None = None,
    symmetry: SymmetryPlane | None = None,
    sections: BodySections | None = None,
    prosthesis_side: str | None = None,
    fat_fraction: tuple[Image, np.ndarray] | None = None,
    outlines: Sequence[OtherOutline] = (),
    given_level: GivenLevel | None = None,
    progress: Progress | None = None,
) -> MRResult:
    """Mark structural abnormality.

    Parameters
    ----------
    series : mapping of role to Image
        T1, FLUID, T2 and CONTRAST as acquired: their shading is removed here. Other roles are not looked at.
    reference_to_series : mapping of role to ndarray, shape (4, 4)
        Maps points (RAS mm) of the reference frame to points of that series; identity where missing.
    reference : Image
        The reference series.
    parameters : MRParameters
    group : str
        ``low-back`` or ``hip-replacement``.
    anatomy_tissues : Image of uint8, optional
        Tissue codes on the reference grid, from an anatomy segmentation.
    levels : Image of uint8, optional
        Number of the vertebra on the reference grid, 0 for none.
    symmetry : SymmetryPlane, optional
        In the reference frame.
    sections : BodySections, optional
        What the cross sections of the PET show, in the reference frame. A line through legs is no spine.
    prosthesis_side : str, optional
        "left", "right" or "both".
    fat_fraction : tuple of (Image, ndarray), optional
        The signal fat fraction (percent, 0 where there is no signal) and the matrix (4 x 4) that maps points (RAS mm)
        of the reference frame to it.
    outlines : sequence of OtherOutline, optional
        The body as the PET and the scan for its attenuation correction show it.
    given_level : GivenLevel, optional
        A level that the reader named; all others follow from it.
    progress : callable, optional
        Gets the fraction that is done, 0 to 1, and a text.

    Returns
    -------
    MRResult
    """
    report = progress or (lambda _fraction, _text: None)
    known = {str(role): series[role] for role in MR_ROLES if role in series}
    empty = Image(np.zeros(reference.geometry.shape, dtype=np.uint8), reference.geometry)
    if not known:
        text = "There is no T1, fluid-sensitive, T2 or contrast series: MR findings were not looked for."
        return MRResult([], empty, ImplantResult(), {}, [text])
    report(0.0, "Removing the shading of the MR")
    p = parameters
    signals = prepare_signals(known, reference_to_series, reference, p.bias, outlines)
    if not signals.body.any():
        return MRResult([], empty, ImplantResult(), {}, ["The MR holds no signal: MR findings were not looked for."])
    report(0.3, "Finding the spinal canal and its discs")
    line = _spine_line(signals, group, symmetry, sections)
    line, places, vertebrae = _spine_places(signals, line, given_level)
    report(0.4, "Telling tissues apart")
    typical = tissue_signals(signals, p.fluid.over_muscle, places)
    codes, map_warnings = _checked_codes(anatomy_tissues, signals, places)
    vertebra = None if levels is None else _thinned(levels.array, signals.factors)
    tissue = make_tissue_map(signals, typical, codes)
    implant = find_implant(
        signals, typical.muscle, p.implant,
        group=group, symmetry=symmetry, midline=_midline(signals, sections),
        prosthesis_side=prosthesis_side, anatomy=codes,
    )  # fmt: skip
    report(0.6, "Comparing signal with normal tissue")
    picture, spine, bright = _prepare(
        signals, typical, tissue, codes, vertebra, implant, symmetry, line, places, vertebrae, group, p
    )
    if fat_fraction is not None:
        _add_fat_fraction(picture, *fat_fraction)
    report(0.8, "Marking abnormal regions")
    findings, weak, warnings = _apply_rules(picture, spine, bright)
    mark_usual(picture, [*findings, *weak])
    warnings += [*map_warnings, *signals.warnings, *_unusable_warnings(signals, line), *implant.warnings]
    if implant.void is not None:
        findings.append(_implant_finding(implant.void))
    usual = picture.aside.findings([*findings, *weak], p.bright.sure_ml)
    result = _on_reference(findings, weak, usual, tissue, implant, picture, reference.geometry, warnings)
    if line is None or places is None:
        return _without_vertebrae(result, given_level)
    return replace(result, spine=vertebrae)


def _spine_places(
    signals: Signals, line: SpineLine | None, given: GivenLevel | None
) -> tuple[SpineLine | None, SpineTissues | None, Spine | None]:
    """The canal with the planes of its discs, the tissues about it, and the frames of the vertebrae.

    Where the frames show that the plane of a disc was pulled off, all are found again with the right planes.
    """
    if line is None:
        return None, None, None
    places = find_spine_tissues(signals, line)
    if places is None:
        return line, None, None
    vertebrae = find_spine_levels(signals, line, places.shape, given=given)
    mended = with_planes_of(line, vertebrae)
    if mended is line:
        return line, places, vertebrae
    again = find_spine_tissues(signals, mended)
    if again is None:
        return line, places, vertebrae
    return mended, again, find_spine_levels(signals, mended, again.shape, given=given)


def _checked_codes(
    anatomy_tissues: Image | None, signals: Signals, places: SpineTissues | None
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Tissue codes of the segmentation on the working grid, checked by what the MR shows, and warnings about them."""
    if anatomy_tissues is None:
        return None, ()
    codes = _thinned(anatomy_tissues.array, signals.factors)
    if places is None:
        return codes, ()
    checked = checked_map(codes, places)
    return checked.codes, checked.warnings


def _add_fat_fraction(picture: MRPicture, image: Image, reference_to_image: np.ndarray) -> None:
    """Add the z-scores of the fat fraction of marrow to the picture, in place."""
    geometry = picture.signals.geometry
    fraction = fraction_on(image, geometry, reference_to_image)
    deep = deep_in_thick_bone(picture.surroundings.marrow, geometry, max(image.geometry.spacing_mm))
    picture.z[Role.FAT_FRACTION.value] = _standardized(picture, fraction, np.isfinite(fraction) & deep)


def _without_vertebrae(result: MRResult, given: GivenLevel | None) -> MRResult:
    """The result where no vertebrae were found; it says that a given level was not used."""
    if given is None:
        return result
    return replace(result, warnings=[*result.warnings, LEVEL_NOT_USED.format(level=given.level)])


def _spine_line(
    signals: Signals, group: str, symmetry: SymmetryPlane | None, sections: BodySections | None
) -> SpineLine | None:
    """The spinal canal with its discs, in the group ``low-back``."""
    if group != Group.LOW_BACK:
        return None
    fluid_role = next((role for role in ("FLUID", "T2") if role in signals.roles), None)
    return find_canal_with_discs(signals, fluid_role, symmetry, sections)


def _midline(signals: Signals, sections: BodySections | None) -> SymmetryPlane | None:
    """The middle of the body's outline on PET, else on MR; None where neither shows the body from side to side."""
    middle = None if sections is None else sections.midline()
    return find_sections(_body_image(signals)).midline() if middle is None else middle


def _body_image(signals: Signals) -> Image:
    """The body as an image: the first series, 0 outside the body and nowhere dark within it."""
    array = np.nan_to_num(next(iter(signals.roles.values())))
    typical = np.float32(np.median(array[signals.body & signals.usable])) if signals.usable.any() else np.float32(1.0)
    return Image(np.where(signals.body, np.maximum(array, typical), np.float32(0.0)), signals.geometry)


def _thinned(array: np.ndarray, factors: Factors) -> np.ndarray:
    """The middle voxel of each block of a label map."""
    shape = tuple(n // f for n, f in zip(array.shape, factors, strict=True))
    return array[tuple(slice(f // 2, None, f) for f in factors)][tuple(slice(n) for n in shape)]


def _prepare(
    signals: Signals,
    typical: TissueSignals,
    tissue: np.ndarray,
    codes: np.ndarray | None,
    vertebra: np.ndarray | None,
    implant: ImplantResult,
    symmetry: SymmetryPlane | None,
    line: SpineLine | None,
    places: SpineTissues | None,
    vertebrae: Spine | None,
    group: str,
    p: MRParameters,
) -> tuple[MRPicture, SpineMap | None, np.ndarray | None]:
    """Everything that the rules look at: the picture, the map of the spine, and the bright voxels.

    What the spine shows amends the tissues and the bright voxels in place.
    """
    geometry = signals.geometry
    usable = _without(signals.body & signals.usable, implant.unreliable)
    marrow = (tissue == tissues.MARROW) & usable
    smooth = {role: in_plane_smooth(array, geometry, p.signal.smooth_mm) for role, array in signals.roles.items()}
    is_low_back = group == Group.LOW_BACK
    middle = midline_r_mm(signals.body, geometry, symmetry, marrow if is_low_back else None)
    surroundings = MRSurroundings(geometry, tissue, marrow, usable, group, middle, codes)
    role = next((role for role in ("FLUID", "T2") if role in signals.roles), None)
    picture = MRPicture(signals, smooth, typical, surroundings, {}, vertebra, role, p, implant.void, line, vertebrae)
    # On T2 all marrow is brighter than muscle.
    bright = bright_mask(picture, p.bright.over_muscle) if role == "FLUID" and typical.muscle.get(role) else None
    spine = None
    if line is not None:
        spine = _mapped_spine(picture, line, places, bright)
        picture = spine.picture
    for name in smooth:
        picture.z[name] = _standardized(picture, smooth[name], np.isfinite(picture.signals.roles[name]))
    return picture, spine, bright


def _without(mask: np.ndarray, region: Region | None) -> np.ndarray:
    """A copy of a mask without the voxels of a region."""
    rest = mask.copy()
    if region is not None:
        rest.reshape(-1)[region.flat] = False
    return rest


def _mapped_spine(
    picture: MRPicture, line: SpineLine, places: SpineTissues | None, bright: np.ndarray | None
) -> SpineMap:
    """The map of the spine; its vertebrae become those of the picture where a segmentation gives none."""
    spine = map_spine(picture, places)
    mark_spine(spine, bright)
    if not len(line.disc_mm):
        return spine
    own = np.zeros(picture.surroundings.geometry.shape, dtype=np.uint8)
    own[spine.box] = spine.level
    if picture.vertebra is not None:
        own = filled_levels(picture.vertebra, own)
    return replace(spine, picture=replace(picture, vertebra=own))


def find_canal_with_discs(
    signals: Signals,
    fluid_role: str | None,
    symmetry: SymmetryPlane | None,
    sections: BodySections | None = None,
) -> SpineLine | None:
    """The spinal canal with its discs, from images without shading.

    Parameters
    ----------
    signals : Signals
    fluid_role : str or None
        Role of the series that shows fluid bright.
    symmetry : SymmetryPlane or None
    sections : BodySections, optional
        What the cross sections of the PET show, in the same frame.

    Returns
    -------
    SpineLine or None
        None where it cannot be relied on, where the outline of the body shows legs or a single limb, and where there
        is neither T1 nor a series that shows fluid bright.
    """
    geometry = signals.geometry
    # Noise in the air must not take part.
    images: dict[str, Image] = {
        role: Image(np.where(signals.body, np.nan_to_num(signals.roles[role]), np.float32(0.0)), geometry)
        for role in ("T1", "FLUID", "T2")
        if role in signals.roles
    }
    if not images:
        return None
    fluid = None if fluid_role is None else images.get(fluid_role)
    lines = find_spine_lines(next(iter(images.values())), fluid, plane_r_mm(geometry, symmetry))
    line = line_with_discs(lines, *images.values())
    if line is None:
        return None
    line = _centered(line, list(images.values()))
    if not line.is_reliable:
        return None
    own = find_sections(_body_image(signals))
    return None if is_refuted(line, [part for part in (sections, own) if part is not None]) else line


def _centered(line: SpineLine, images: list[Image]) -> SpineLine:
    """The canal moved to where the bodies of every level fit; unchanged where discs or bodies are not seen."""
    if not len(line.disc_mm):
        return line
    samples = [line.straight.sample(image.array, image.geometry) for image in images]
    shape = find_vertebral_shape(line.straight, samples)
    if shape is None:
        return line
    moved = centered_line(line, shape, samples)
    if moved is line:
        return line
    again = with_discs(moved, *images)
    return again if len(again.disc_mm) >= len(line.disc_mm) - 1 else line


def _standardized(picture: MRPicture, values_of: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
    """z-scores of marrow in one series (its values, and where it has any); NaN elsewhere."""
    geometry = picture.surroundings.geometry
    flat = np.flatnonzero(picture.surroundings.marrow)
    scores = np.full(geometry.size, np.nan, dtype=np.float32)
    if flat.size:
        points = geometry.flat_to_ras(flat)
        inner = inner_voxels(picture.surroundings.marrow, geometry).reshape(-1)[flat]
        own = None if picture.vertebra is None else picture.vertebra.reshape(-1)[flat]
        seen = is_seen.reshape(-1)[flat]
        values = values_of.reshape(-1)[flat]
        some = local_z(values, points, inner & seen, own, picture.parameters.signal.reference_reach_mm)
        scores[flat[seen]] = some[seen]
    return scores.reshape(geometry.shape)


def _apply_rules(
    picture: MRPicture, spine: SpineMap | None, bright: np.ndarray | None
) -> tuple[list[MRFinding], list[MRFinding], list[str]]:
    """Findings, weak findings and warnings."""
    warnings = _missing_warnings(picture)
    drops = _fat_drops(picture)
    if picture.fluid_role is None:
        if not picture.reads_t1:
            return drops, [], warnings
        also = " and marrow with a low fat fraction were" if Role.FAT_FRACTION in picture.z else " was"
        text = f"{NO_FLUID_OR_T2} only marrow replaced on T1{also} looked for, graded low."
        text += " Edema and fluid cannot be seen."
        dark = find_dark_marrow(picture)
        return [*dark, *_apart(drops, dark)], [], [*warnings, text]
    if picture.surroundings.group == Group.LOW_BACK:
        findings, weak = _in_low_back(picture, spine, bright)
        warnings += _canal_warnings(picture, spine)
    else:
        has_halo = bright is not None and bright_halo(picture, bright)
        findings, weak = find_at_hips(picture, bright, has_halo)
        warnings += _halo_warnings(has_halo)
    for finding in weak:
        finding.flags.append("weak")
        finding.grade = LOW_GRADE
    findings += find_endplate_changes(picture)
    if picture.surroundings.segmented is not None and (picture.surroundings.tissue == tissues.DISC).any():
        findings += find_degenerated_discs(picture)
    findings += _apart(drops, [*findings, *weak])
    findings.sort(key=attrgetter("order"))
    return findings, weak, warnings


def _fat_drops(picture: MRPicture) -> list[MRFinding]:
    """Drops of the fat fraction, where it is known and no fluid-sensitive series was made."""
    if "FLUID" in picture.signals.roles or Role.FAT_FRACTION not in picture.z:
        return []
    return find_fat_drops(picture)


def _apart(findings: list[MRFinding], others: list[MRFinding]) -> list[MRFinding]:
    """Findings that share no voxel with other findings of one grid."""
    taken = {int(voxel) for other in others for voxel in other.region.flat}
    return [one for one in findings if not taken.intersection(one.region.flat.tolist())]


def _missing_warnings(picture: MRPicture) -> list[str]:
    """What could not be looked for, as series or marrow are missing."""
    warnings = []
    if picture.fluid_role == "T2":
        also = " and the fat fraction were" if Role.FAT_FRACTION in picture.z else " was"
        text = f"There is no fluid-sensitive series: T2{also} used for edema and fluid, which is less sure."
        text += " Edema of bone outside the vertebrae cannot be assessed on it."
        warnings.append(text)
    if "T1" not in picture.signals.roles:
        warnings.append("There is no T1 series: fat replacement could not be checked.")
    elif not picture.reads_t1:
        text = "On the T1 series fat is not brighter than muscle, as on some gradient echoes:"
        warnings.append(f"{text} fat replacement could not be checked.")
    if not picture.surroundings.marrow.any():
        warnings.append("No bone marrow was recognized on the MR: marrow edema could not be looked for.")
    return warnings


def _unusable_warnings(signals: Signals, line: SpineLine | None) -> list[str]:
    """How much of the body about the spine shows no more than noise, where it is a large part."""
    if line is None:
        return []
    box = spine_box(line.points_ras, signals.geometry)
    body = signals.body[box]
    if not body.any():
        return []
    usable = np.broadcast_to(signals.usable, signals.body.shape)[box]
    lost = 1.0 - float(usable[body].mean())
    if lost < UNUSABLE_PART:
        return []
    return [
        f"The MR shows no more than noise in {100.0 * lost:.0f} % of the body about the spine, far from the coil: "
        "nothing is found there."
    ]


def _canal_warnings(picture: MRPicture, spine: SpineMap | None) -> list[str]:
    """What is less sure, as neither the canal nor an anatomy segmentation is known."""
    if spine is not None or picture.surroundings.segmented is not None:
        return []
    text = "The spinal canal was not found on the MR: findings there are told from marrow alone."
    return [f"{text} This is less sure."]


def _halo_warnings(has_halo: bool) -> list[str]:
    """What counts less, as metal makes the surroundings of the implant bright."""
    if not has_halo:
        return []
    text = "The surroundings of the implant are bright on the fluid-sensitive series, as metal makes them:"
    reach = f"within {METAL_HALO_REACH.value:g} mm"
    return [f"{text} {reach} only clear fluid counts where PET shows nothing."]


def _in_low_back(
    picture: MRPicture, spine: SpineMap | None, bright: np.ndarray | None
) -> tuple[list[MRFinding], list[MRFinding]]:
    """Findings and weak findings of a spine; where its canal was not found, from marrow and fluid alone."""
    if spine is None:
        findings, weak = find_oedema(picture)
        return findings + find_fluid(picture), weak
    sure: list[MRFinding] = []
    weak = []
    if bright is not None:
        sure, weak = find_in_spine(spine, bright)
    taken = np.zeros(picture.surroundings.geometry.size, dtype=bool)
    for finding in [*sure, *weak]:
        taken[finding.region.flat] = True
    more, fainter = find_by_anatomy(spine, taken)
    pairs = [] if spine.places is None else find_endplate_pairs(picture, spine.places)
    return pairs + without_parts_of(sure + more, pairs), without_parts_of(weak + fainter, pairs)


def _implant_finding(void: Region) -> MRFinding:
    """The void of an implant as a finding, so that it is shown."""
    return MRFinding(
        label=0,
        kind=IMPLANT_ARTEFACT,
        region=void,
        centroid_ras_mm=void.centroid_ras_mm,
        volume_ml=void.volume_ml,
        z=None,
        z_t1=None,
        series_role="T1",
        grade=0.0,
        flags=["near-implant", *(["truncated"] if is_cut_off(void, np.zeros(void.geometry.shape)) else [])],
    )


def _on_reference(
    findings: list[MRFinding],
    weak: list[MRFinding],
    usual: list[MRFinding],
    tissue: np.ndarray,
    implant: ImplantResult,
    picture: MRPicture,
    geometry: Geometry,
    warnings: list[str],
) -> MRResult:
    """Bring everything from the working grid to the reference grid."""
    factors, shape = picture.signals.factors, geometry.shape

    def there(region: Region) -> Region:
        if factors == (1, 1, 1):
            return region
        return Region.from_mask(spread_blocks(region.to_mask(), factors, shape), geometry)

    for number, finding in enumerate(findings, start=1):
        finding.label = number
        finding.region = there(finding.region)
    for finding in (*weak, *usual):
        finding.region = there(finding.region)
    implant = replace(
        implant,
        void=None if implant.void is None else there(implant.void),
        unreliable=None if implant.unreliable is None else there(implant.unreliable),
        parts=tuple(replace(part, void=there(part.void)) for part in implant.parts),
    )
    z_maps = {role: Image(spread_blocks(array, factors, shape), geometry) for role, array in picture.z.items()}
    tissues_there = Image(spread_blocks(tissue, factors, shape), geometry)
    return MRResult(
        findings, tissues_there, implant, z_maps, warnings, weak, picture.spine_line,
        usual=usual, not_listed=dict(picture.aside.counts),
    )  # fmt: skip
