"""Rules about bright and dark marrow: which is edema, which is a vein, a rim or a disc, what is Modic I."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..body import distances
from ..core import tissues
from ..core.image import Region
from ..core.rules import Rule, RuleList
from ..core.words import Group, Role
from .parameters import MRParameters
from .picture import PEAK_PERCENTILE, MRPicture, region_mean
from .signal import extents_mm, sample_mask
from .spine_planes import is_middle_third, place_in_vertebra
from .surroundings import (
    FRONT,
    UP,
    is_tube_shaped,
    marrow_along,
    part_between_marrow,
    slice_axis,
    slice_counts,
)
from .verdicts import LOW_GRADE, MODIC_I, OEDEMA, MRVerdict, artifact, normal, weak

DISC_FIRST_STEP_MM = 1.0
"""Smallest distance along the body's length at which a disc is looked for."""
DISC_STEP_MM = 1.5
"""Spacing of those distances."""
DISC_ROUNDING_MM = 0.1
"""Added to the largest of those distances, so that rounding does not leave it out."""
BETWEEN_BONES_STEPS_MM = (6.0, 9.0, 12.0)
"""Distances above and below a dark disc at which marrow is looked for."""
BODY_PERCENTILE = 3
"""The percentile of the voxels of a vertebral body that stands for its edge."""
VERTEBRA_PERCENTILE = 2
"""The percentile of the voxels of a vertebra that stands for its back; the front is that of 100 minus it."""
WALL_STEP_MM = 2.0
"""Spacing of the distances at which the back wall of a body is looked for."""


def disc_part(picture: MRPicture, region: Region, reach_mm: float) -> float:
    """Part of the voxels of a region within `reach_mm` of a disc along the body's length."""
    mask = picture.disc_mask
    if not mask.any():
        return 0.0
    points = region.points_ras
    found = np.zeros(len(points), dtype=bool)
    for step in np.arange(DISC_FIRST_STEP_MM, reach_mm + DISC_ROUNDING_MM, DISC_STEP_MM):
        for sign in (1.0, -1.0):
            found |= sample_mask(mask, picture.surroundings.geometry, points + np.array([0.0, 0.0, sign * step]))
    return float(found.mean())


@dataclass(frozen=True, eq=False)
class MarrowPlace:
    """A place in marrow. What the rules ask for is measured when it is asked for.

    Parameters
    ----------
    picture : MRPicture
    region : Region
    inner : ndarray of bool
        Voxels at least about 2 mm within the marrow.
    """

    picture: MRPicture
    region: Region
    inner: np.ndarray

    @cached_property
    def parameters(self) -> MRParameters:
        """The parameters of the stage."""
        return self.picture.parameters

    @cached_property
    def group(self) -> str:
        """Clinical group of the case."""
        return self.picture.surroundings.group

    @cached_property
    def is_t2_alone(self) -> bool:
        """Whether a T2 without suppressed fat is the only series that shows fluid."""
        return self.picture.fluid_role == Role.T2

    @cached_property
    def is_segmented(self) -> bool:
        """Whether there is an anatomy segmentation."""
        return self.picture.surroundings.segmented is not None

    @cached_property
    def volume_ml(self) -> float:
        """Volume of the place."""
        return self.region.volume_ml

    @cached_property
    def lengths_mm(self) -> np.ndarray:
        """Length, width and thickness, shape (3,)."""
        return extents_mm(self.region.points_ras)[0]

    @cached_property
    def height_mm(self) -> float:
        """Height along the body's axis: four standard deviations."""
        return 4.0 * float(np.std(self.region.points_ras[:, 2]))

    @cached_property
    def depth_mm(self) -> float:
        """Depth from back to front: four standard deviations."""
        return 4.0 * float(np.std(self.region.points_ras[:, 1]))

    @cached_property
    def slice_voxels(self) -> int:
        """Number of voxels on the largest slice."""
        return int(slice_counts(self.region).max())

    @cached_property
    def slices(self) -> int:
        """Number of slices on which it is seen."""
        return int(slice_counts(self.region).size)

    @cached_property
    def is_single_slice(self) -> bool:
        """Whether the series has slices and the place is seen on one alone."""
        return slice_axis(self.region.geometry) is not None and self.slices < 2

    @cached_property
    def inner_part(self) -> float:
        """Part of the place that lies deep in the marrow."""
        return float(np.mean(self.inner.reshape(-1)[self.region.flat]))

    @cached_property
    def between_bones_part(self) -> float:
        """Part of the place with marrow above and below."""
        return part_between_marrow(self.picture.surroundings, self.region.points_ras, BETWEEN_BONES_STEPS_MM)

    @cached_property
    def fluid_z(self) -> float:
        """Mean z-score on the series that shows fluid bright."""
        return region_mean(self.picture.fluid_z, self.region) or 0.0

    @cached_property
    def t1_z(self) -> float | None:
        """Mean z-score on T1; None without T1."""
        return region_mean(self.picture.z.get("T1"), self.region)

    @cached_property
    def near_disc_part(self) -> float:
        """Part of the place in the band at a disc."""
        return disc_part(self.picture, self.region, self.parameters.modic.band_mm)

    @cached_property
    def touching_disc_part(self) -> float:
        """Part of the place that reaches the endplate."""
        return disc_part(self.picture, self.region, distances.ENDPLATE_FROM_DISC_EDGE.value)

    @cached_property
    def peak_signal(self) -> float:
        """Peak of the signal that shows fluid bright."""
        return float(np.percentile(self.picture.fluid_signal.reshape(-1)[self.region.flat], PEAK_PERCENTILE))

    @cached_property
    def muscle_signal(self) -> float:
        """Signal of muscle on a fluid-sensitive series with suppressed fat; 0 on T2, where all marrow is brighter."""
        return self.picture.muscle_signal if self.picture.fluid_role == "FLUID" else 0.0

    @cached_property
    def vertebra(self) -> Region | None:
        """The marrow of the vertebra that holds most of the place; None where none is known."""
        numbers = self.picture.vertebra
        if numbers is None:
            return None
        own = numbers.reshape(-1)[self.region.flat]
        own = own[own > 0]
        if not own.size:
            return None
        surroundings = self.picture.surroundings
        mask = (numbers == int(np.bincount(own).argmax())) & (surroundings.tissue == tissues.MARROW)
        return Region.from_mask(mask, surroundings.geometry)

    @cached_property
    def has_vertebra(self) -> bool:
        """Whether the vertebra of the place is known."""
        return self.vertebra is not None

    @cached_property
    def _body_box(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest place of the vertebral body, RAS mm. Ask only where the vertebra is known."""
        if self.vertebra is None:
            raise ValueError("the vertebra of the place is not known")
        points = self.vertebra.points_ras
        # The canal divides body and arch: the body is the front of the vertebra.
        back, front = np.percentile(points[:, 1], (VERTEBRA_PERCENTILE, 100 - VERTEBRA_PERCENTILE))
        if front - back > distances.VERTEBRA_WITH_ARCH_DEPTH_LEAST.value:
            points = points[points[:, 1] > front - distances.BODY_PART_OF_VERTEBRA.value * (front - back)]
        low = np.percentile(points, BODY_PERCENTILE, axis=0)
        return low, np.percentile(points, 100 - BODY_PERCENTILE, axis=0)

    @cached_property
    def place_in_body(self) -> np.ndarray:
        """Place of the middle in the vertebral body: from left to right, back to front, bottom to top, 0 to 1."""
        low, high = self._body_box
        return np.asarray((self.region.centroid_ras_mm - low) / np.maximum(high - low, 1.0))

    @cached_property
    def is_mid_body(self) -> bool:
        """Whether its middle lies in the middle third of the height of a body: no change of an endplate."""
        found = place_in_vertebra(self.picture.vertebrae, self.region.points_ras)
        return found is not None and is_middle_third(found[0])

    @property
    def is_at_endplate(self) -> bool:
        """Whether it lies along an endplate and reaches it."""
        p = self.parameters.modic
        is_near = self.near_disc_part > p.near_disc_part and self.touching_disc_part > p.touching_part
        return is_near and not self.is_mid_body

    @cached_property
    def body_height_mm(self) -> float:
        """Height of the vertebral body."""
        low, high = self._body_box
        return float((high - low)[2])

    @cached_property
    def from_midline_mm(self) -> float | None:
        """Distance of the middle of the place from the midline; None where the midline is not known."""
        middle = self.picture.surroundings.midline_r_mm
        return None if middle is None else float(abs(self.region.centroid_ras_mm[0] - middle))

    @cached_property
    def has_marrow_above_and_below(self) -> bool:
        """Whether there is marrow as far above and below the middle as around a vein."""
        center = self.region.centroid_ras_mm[None]
        reach = distances.VEIN_MARROW_ABOVE.value
        return all(marrow_along(self.picture.surroundings, center, [step * UP])[0] for step in (-reach, reach))

    @cached_property
    def has_wall_behind(self) -> bool:
        """Whether the marrow ends close behind the middle."""
        surroundings = self.picture.surroundings
        steps = np.arange(distances.VEIN_WALL_LEAST.value, distances.VEIN_WALL_MOST.value, WALL_STEP_MM)
        behind = self.region.centroid_ras_mm[None] - FRONT * steps[:, None]
        return not sample_mask(surroundings.marrow, surroundings.geometry, behind).all()


def thin_in_marrow(place: MarrowPlace) -> MRVerdict | None:
    """A place of very few voxels on every slice is noise."""
    return artifact("few voxels") if place.slice_voxels < place.parameters.oedema.slice_voxels else None


def bone_on_t2_alone(place: MarrowPlace) -> MRVerdict | None:
    """Without suppressed fat, T2 shows marrow of all kinds bright, and bowel and bladder beside it. Outside the
    vertebrae, whose neighbors tell what is normal, it does not show edema of bone."""
    if not place.is_t2_alone or place.has_vertebra:
        return None
    return artifact("T2 without suppressed fat does not show edema of this bone")


def rim_of_marrow(place: MarrowPlace) -> MRVerdict | None:
    """A rim that hardly reaches 2 mm into the marrow is its edge, which shares voxels with canal, joint or disc."""
    return artifact("edge of marrow") if place.inner_part < place.parameters.oedema.inner_part else None


def tube_in_marrow(place: MarrowPlace) -> MRVerdict | None:
    """What is much longer than wide, and thin both ways, is a vessel."""
    return normal("vessel") if is_tube_shaped(place.lengths_mm) else None


def vein_in_vertebra(place: MarrowPlace) -> MRVerdict | None:
    """The basivertebral vein: in the back of a vertebral body, in the middle of its width and height, and flat."""
    if not place.has_vertebra or place.volume_ml > distances.VEIN_VOLUME_MOST.value:
        return None
    across, forward, up = place.place_in_body
    is_central = (
        distances.VEIN_WIDTH_LEAST.value < across < distances.VEIN_WIDTH_MOST.value
        and distances.VEIN_UP_LEAST.value < up < distances.VEIN_UP_MOST.value
        and forward < distances.VEIN_DEPTH_MOST.value
    )
    is_flat = place.height_mm < distances.VEIN_HEIGHT_PART_MOST.value * place.body_height_mm
    return normal("basivertebral vein") if is_central and is_flat else None


def vein_in_midline(place: MarrowPlace) -> MRVerdict | None:
    """The basivertebral vein where no vertebra is known: small and flat, near the midline of a low back, with marrow
    above and below and the back wall of the body close behind."""
    aside = place.from_midline_mm
    if place.has_vertebra or place.group != Group.LOW_BACK or aside is None:
        return None
    if aside > distances.VEIN_MIDLINE_MOST.value or place.volume_ml > distances.VEIN_MIDLINE_VOLUME_MOST.value:
        return None
    is_flat = place.height_mm < distances.VEIN_MIDLINE_HEIGHT_MOST.value
    if is_flat and place.has_marrow_above_and_below and place.has_wall_behind:
        return normal("basivertebral vein")
    return None


def small_on_one_slice(place: MarrowPlace) -> MRVerdict | None:
    """On a single slice a small place may be partial volume of a neighboring slice, so it must be larger."""
    p = place.parameters.oedema
    if place.is_single_slice and place.volume_ml < p.one_slice_factor * p.minimum_ml:
        return artifact("small on one slice")
    return None


def disc_between_bones(place: MarrowPlace) -> MRVerdict | None:
    """Marrow that is known from signal alone may include a disc between two vertebrae that look like one. In a low
    back, a flat place on one slice with marrow above and below is such a disc."""
    if place.is_segmented or not place.is_single_slice or place.group != Group.LOW_BACK:
        return None
    is_between = place.between_bones_part > place.parameters.oedema.between_bones_part
    is_flat = place.height_mm < distances.DARK_DISC_HEIGHT_MOST.value and place.depth_mm > place.height_mm
    return normal("disc") if is_between and is_flat else None


def _kind_in_marrow(place: MarrowPlace) -> str:
    """Modic I along an endplate, where it is dark on T1 and wet; else edema."""
    p = place.parameters.modic
    if place.t1_z is None or place.t1_z >= p.t1_z or place.fluid_z <= p.fluid_z:
        return OEDEMA
    return MODIC_I if place.is_at_endplate else OEDEMA


def no_brighter_than_muscle(place: MarrowPlace) -> MRVerdict | None:
    """Islands of red marrow in fatty marrow have a high z score, but they are no brighter than muscle: a place that is
    not clearly brighter than muscle is weak."""
    if place.peak_signal < place.parameters.bright.over_muscle * place.muscle_signal:
        return weak(_kind_in_marrow(place), "no brighter than muscle")
    return None


def modic_one(place: MarrowPlace) -> MRVerdict | None:
    """Marrow along an endplate that is dark on T1 and wet is Modic I."""
    return MRVerdict(MODIC_I, "dark on T1, wet, at an endplate") if _kind_in_marrow(place) == MODIC_I else None


def marrow_edema(_place: MarrowPlace) -> MRVerdict | None:
    """All other marrow that is brighter than normal marrow on the fluid-sensitive series, and not on T1, is edema."""
    return MRVerdict(OEDEMA, "bright on the fluid-sensitive series, not on T1")


MARROW_RULES: RuleList[MarrowPlace, MRVerdict] = RuleList(
    [
        Rule("bone-on-t2-alone", bone_on_t2_alone),
        Rule("thin-in-marrow", thin_in_marrow),
        Rule("rim-of-marrow", rim_of_marrow),
        Rule("tube-in-marrow", tube_in_marrow),
        Rule("vein-in-vertebra", vein_in_vertebra),
        Rule("vein-in-midline", vein_in_midline),
        Rule("small-on-one-slice", small_on_one_slice),
        Rule("disc-between-bones", disc_between_bones),
        Rule("no-brighter-than-muscle", no_brighter_than_muscle),
        Rule("modic-one", modic_one),
        Rule("marrow-edema", marrow_edema),
    ]
)
"""What bright marrow is."""


def dark_on_few_slices(place: MarrowPlace) -> MRVerdict | None:
    """With T1 alone, dark marrow on a single slice may be partial volume of a neighboring slice."""
    return artifact("few slices") if place.slices < place.parameters.t1_only.slices else None


def dark_tube(place: MarrowPlace) -> MRVerdict | None:
    """With T1 alone, dark marrow that is much longer than wide, and thin both ways, is a vessel."""
    return normal("vessel") if is_tube_shaped(place.lengths_mm) else None


def replaced_marrow(_place: MarrowPlace) -> MRVerdict | None:
    """With T1 alone, all other compact dark marrow has lost its fat. T1 cannot show edema itself: the lowest grade."""
    return MRVerdict(OEDEMA, "dark on T1", grade=LOW_GRADE)


DARK_MARROW_RULES: RuleList[MarrowPlace, MRVerdict] = RuleList(
    [
        Rule("dark-on-few-slices", dark_on_few_slices),
        Rule("dark-tube", dark_tube),
        Rule("replaced-marrow", replaced_marrow),
    ]
)
"""What dark marrow is where T1 is the only series."""


def fat_drop(_place: MarrowPlace) -> MRVerdict | None:
    """Where no fluid-sensitive series was made, all other marrow that has lost fat is edema: the lowest grade, because
    cells and red marrow take the place of fat, too."""
    return MRVerdict(OEDEMA, "its fat fraction is low", grade=LOW_GRADE)


FAT_DROP_RULES: RuleList[MarrowPlace, MRVerdict] = RuleList(
    [
        Rule("thin-fat-drop", thin_in_marrow),
        Rule("rim-fat-drop", rim_of_marrow),
        Rule("tube-fat-drop", tube_in_marrow),
        Rule("vein-fat-drop", vein_in_vertebra),
        Rule("vein-fat-drop-in-midline", vein_in_midline),
        Rule("small-fat-drop", small_on_one_slice),
        Rule("disc-fat-drop", disc_between_bones),
        Rule("fat-drop", fat_drop),
    ]
)
"""What marrow with a low fat fraction is where no fluid-sensitive series was made."""
