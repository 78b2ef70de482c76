"""An anatomy segmentation: a label image on its own grid together with what its labels are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from ..Numerics.core import tissues as codes
from ..Numerics.core.image import Geometry, Image, Region, resample, transform_points
from ..Numerics.core.kept import Kept
from .label_families import VERTEBRAE
from .labels import LabelFacts, Structure

VERTEBRA_PARTS = (
    "vertebra",
    "vertebral body",
    "vertebral arch",
    "spinous process",
    "transverse process",
    "superior articular process",
    "inferior articular process",
    "pedicle",
    "upper endplate",
    "lower endplate",
    "endplate",
    "facet joint",
)
BONES = (
    *VERTEBRA_PARTS,
    *("sacrum", "coccyx", "hip bone", "ilium", "ischium", "pubis", "acetabulum", "femur", "femoral head"),
    *("greater trochanter", "lesser trochanter", "rib"),
)
MUSCLES = (
    *("erector spinae", "iliopsoas", "gluteus maximus", "gluteus medius", "gluteus minimus", "quadratus lumborum"),
    *("piriformis", "quadriceps femoris", "medial thigh muscles", "posterior thigh muscles", "sartorius", "muscle"),
)
ORGANS = (
    *("kidney", "kidney cyst", "ureter", "adrenal gland", "urinary bladder", "prostate", "uterus", "ovary", "testis"),
    *("small bowel", "duodenum", "colon", "rectum", "stomach", "liver", "gallbladder", "spleen", "pancreas"),
    *("aorta", "inferior vena cava", "iliac artery", "iliac vein", "portal vein", "lung"),
)

_TISSUES: dict[str, int] = {
    **dict.fromkeys(BONES, codes.MARROW),
    **dict.fromkeys(MUSCLES, codes.MUSCLE),
    **dict.fromkeys(ORGANS, codes.VISCERA),
    "fat": codes.FAT,
    "disc": codes.DISC,
    "spinal canal": codes.FLUID,
    "spinal cord": codes.VISCERA,
    "urinary bladder": codes.FLUID,
    "gallbladder": codes.FLUID,
    "kidney cyst": codes.FLUID,
    "implant": codes.VOID,
    "lung": codes.VOID,
}


@dataclass(frozen=True, eq=False)
class AnatomyMap(Kept):
    """Labels and their meaning, in the frame of the reference series unless `frame_to_map_ras` says otherwise.

    Parameters
    ----------
    image : Image
        uint16 labels, 0 background, on the segmentation's own grid.
    structures : mapping of int to Structure
        For every label that occurs.
    family : str
        The program whose numbers they are, or ``named`` when the file or the user named the labels.
    certainty : str
        ``certain`` or ``likely``; see :class:`labels.LabelMatch`.
    counted : bool
        True when levels were counted upward from the sacrum because the labels did not tell them.
    warnings : tuple of str
        What the user should know about the map.
    frame_to_map_ras : ndarray, shape (4, 4), optional
        Maps points of the reference frame to points of the map's own frame; identity when None.
    """

    image: Image
    structures: Mapping[int, Structure]
    family: str = "named"
    certainty: str = "certain"
    counted: bool = False
    warnings: tuple[str, ...] = ()
    frame_to_map_ras: np.ndarray | None = None

    not_kept = ("image",)
    """The labels are kept as a volume of the scene."""

    def labels_of(
        self, structures: Iterable[str] | str, side: str | None = None, level: str | None = None
    ) -> list[int]:
        """Numbers of the labels of one or several structures, of a side or level when that is given."""
        wanted = {structures} if isinstance(structures, str) else set(structures)
        return [
            number
            for number, what in self.structures.items()
            if what.structure in wanted and side in (None, what.side) and level in (None, what.level)
        ]

    @cached_property
    def _boxes(self) -> list[tuple[slice, slice, slice] | None]:
        return ndimage.find_objects(self.image.array)

    def mask(self, labels: Iterable[int], margin: int = 0) -> Image | None:
        """The voxels of some labels as a boolean image of their box (widened, clipped to the grid); None when
        empty."""
        labels = [label for label in labels if label <= len(self._boxes) and self._boxes[label - 1] is not None]
        if not labels:
            return None
        boxes = [box for label in labels if (box := self._boxes[label - 1]) is not None]
        shape = self.image.geometry.shape
        k, j, i = (
            slice(
                max(min(box[axis].start for box in boxes) - margin, 0),
                min(max(box[axis].stop for box in boxes) + margin, shape[axis]),
            )
            for axis in range(3)
        )
        part = self.image.array[k, j, i]
        table = np.zeros(int(self.image.array.max()) + 1, dtype=bool)
        table[labels] = True
        extent = (k.stop - k.start, j.stop - j.start, i.stop - i.start)
        return Image(table[part], self.image.geometry.cropped((k.start, j.start, i.start), extent))

    def points(self, labels: Iterable[int]) -> np.ndarray:
        """Voxel centres of some labels, RAS mm of the map's own frame, shape (n, 3)."""
        mask = self.mask(labels)
        return np.empty((0, 3)) if mask is None else Region.from_mask(mask.array, mask.geometry).points_ras

    def labels_at(self, points_ras: np.ndarray) -> np.ndarray:
        """Label of the nearest voxel at points (RAS mm of the map's own frame, shape (n, 3)); 0 outside, shape
        (n,)."""
        geometry = self.image.geometry
        kji = np.rint(geometry.to_ijk(points_ras)).astype(np.int64)[:, ::-1]
        inside = np.all((kji >= 0) & (kji < geometry.shape), axis=1)
        found = np.zeros(len(kji), dtype=np.int64)
        found[inside] = self.image.array[tuple(kji[inside].T)]
        return found

    def to_map(self, points_ras: np.ndarray) -> np.ndarray:
        """Points of the reference frame (RAS mm) in the map's own frame."""
        points = np.asarray(points_ras, dtype=float)
        return points if self.frame_to_map_ras is None else transform_points(self.frame_to_map_ras, points)

    def _translated(self, table: np.ndarray, target: Geometry, target_to_frame_ras: np.ndarray | None) -> Image:
        """The labels through a table of uint8, at the voxels of another grid."""
        between = np.eye(4) if self.frame_to_map_ras is None else self.frame_to_map_ras
        if target_to_frame_ras is not None:
            between = between @ target_to_frame_ras
        labels = resample(self.image, target, between, order=0, outside=0)
        return Image(table[labels], target)

    def _table(self) -> np.ndarray:
        return np.zeros(int(max(self.image.array.max(), max(self.structures, default=0))) + 1, dtype=np.uint8)

    def tissues(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> Image:
        """Tissue classes at the voxels of a grid.

        Parameters
        ----------
        target : Geometry
        target_to_frame_ras : ndarray, shape (4, 4), optional
            Maps points of the target's frame to points of the reference frame; identity when left out.

        Returns
        -------
        Image
            uint8 codes of ``Numerics.tissues``; UNKNOWN where nothing is labeled.
        """
        table = self._table()
        for number, what in self.structures.items():
            table[number] = _TISSUES.get(what.structure, codes.UNKNOWN)
        return self._translated(table, target, target_to_frame_ras)

    def levels(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> Image:
        """Which vertebra each voxel belongs to.

        Returns
        -------
        Image
            uint8: 0 none, else 1 + index into ``label_families.VERTEBRAE`` (C1 = 1). All sacral labels are S1.
        """
        table = self._table()
        for number, what in self.structures.items():
            if what.structure == "sacrum":
                table[number] = 1 + VERTEBRAE.index("S1")
            elif what.structure in VERTEBRA_PARTS and what.level in VERTEBRAE:
                table[number] = 1 + VERTEBRAE.index(what.level)
        return self._translated(table, target, target_to_frame_ras)

    def organs(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> tuple[Image, dict[int, str]]:
        """Organs and vessels, where tracer is physiologic.

        Returns
        -------
        Image
            uint8 codes, 0 none.
        dict of int to str
            Code to name, such as ``left kidney`` or ``urinary bladder``.
        """
        names = sorted({what.text for what in self.structures.values() if what.structure in ORGANS})
        codes_by_name = {name: code for code, name in enumerate(names, start=1)}
        table = self._table()
        for number, what in self.structures.items():
            table[number] = codes_by_name.get(what.text, 0) if what.structure in ORGANS else 0
        return self._translated(table, target, target_to_frame_ras), {c: n for n, c in codes_by_name.items()}


def label_facts(image: Image) -> dict[int, LabelFacts]:
    """Centroid (RAS mm) and volume (ml) of every label of a label image but 0."""
    array = image.array
    numbers = np.flatnonzero(np.bincount(array.ravel()))
    numbers = numbers[numbers > 0]
    if not numbers.size:
        return {}
    counts = np.bincount(array.ravel())[numbers]
    facts = {}
    for number, count, box in zip(numbers, counts, (ndimage.find_objects(array)[n - 1] for n in numbers), strict=True):
        kji = np.argwhere(array[box] == number).mean(axis=0) + [axis.start for axis in box]
        centroid = image.geometry.to_ras(kji[::-1])
        facts[int(number)] = LabelFacts(centroid, float(count * image.geometry.voxel_volume_ml))
    return facts
