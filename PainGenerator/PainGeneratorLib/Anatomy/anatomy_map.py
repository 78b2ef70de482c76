"""An anatomy segmentation: a label image on its own grid, together with the meaning of its labels."""

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
"""Structures that are a vertebra or a part of one."""
BONES = (
    *VERTEBRA_PARTS,
    *("sacrum", "coccyx", "hip bone", "ilium", "ischium", "pubis", "acetabulum", "femur", "femoral head"),
    *("greater trochanter", "lesser trochanter", "rib"),
)
"""Structures that are bones or parts of bones."""
MUSCLES = (
    *("erector spinae", "iliopsoas", "gluteus maximus", "gluteus medius", "gluteus minimus", "quadratus lumborum"),
    *("piriformis", "quadriceps femoris", "medial thigh muscles", "posterior thigh muscles", "sartorius", "muscle"),
)
"""Structures that are muscles."""
ORGANS = (
    *("kidney", "kidney cyst", "ureter", "adrenal gland", "urinary bladder", "prostate", "uterus", "ovary", "testis"),
    *("small bowel", "duodenum", "colon", "rectum", "stomach", "liver", "gallbladder", "spleen", "pancreas"),
    *("aorta", "inferior vena cava", "iliac artery", "iliac vein", "portal vein", "lung"),
)
"""Structures that are organs or vessels, where uptake can be physiologic."""

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
"""Structure -> tissue class. Later entries replace those of the groups."""


@dataclass(frozen=True, eq=False)
class AnatomyMap(Kept):
    """Labels and their meaning, in the frame of the reference series unless `frame_to_map_ras` is given.

    Parameters
    ----------
    image : Image
        Labels as uint16 on the grid of the segmentation; 0 is the background.
    structures : mapping of int to Structure
        The structure of every label that occurs.
    family : str
        The program whose numbers the labels have, or ``named`` when the file or the user named the labels.
    certainty : str
        ``certain`` or ``likely``; see :class:`.labels.LabelMatch`.
    counted : bool
        True when levels were counted upward from the sacrum because the labels did not name them.
    warnings : tuple of str
        Sentences for the user about the map.
    frame_to_map_ras : ndarray, shape (4, 4), optional
        Maps points of the reference frame to points of the frame of the map, RAS mm; the identity when None.
    """

    image: Image
    structures: Mapping[int, Structure]
    family: str = "named"
    certainty: str = "certain"
    counted: bool = False
    warnings: tuple[str, ...] = ()
    frame_to_map_ras: np.ndarray | None = None

    not_kept = ("image",)
    """The image is not written with the other fields, because the scene keeps the labels as a volume."""

    def labels_of(
        self, structures: Iterable[str] | str, side: str | None = None, level: str | None = None
    ) -> list[int]:
        """Numbers of the labels of one or several structures, limited to a side or a level when one is given."""
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
        """Make a boolean image of the voxels of some labels.

        Parameters
        ----------
        labels : iterable of int
        margin : int
            Number of voxels by which the box around the labels is widened, within the grid.

        Returns
        -------
        Image or None
            An image of the box; None when the labels do not occur.
        """
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

    def points(self, labels: Iterable[int], step_mm: float = 0.0) -> np.ndarray:
        """Centers of the voxels of some labels.

        Parameters
        ----------
        labels : iterable of int
        step_mm : float
            Along each axis of the grid only every n-th voxel is taken, so that they are at most this far apart; every
            voxel where the voxels are as large already.

        Returns
        -------
        ndarray, shape (n, 3)
            RAS mm in the frame of the map.
        """
        mask = self.mask(labels)
        if mask is None:
            return np.empty((0, 3))
        steps = [max(1, int(step_mm / spacing)) for spacing in mask.geometry.spacing_kji_mm]
        if max(steps) == 1:
            return Region.from_mask(mask.array, mask.geometry).points_ras
        kji = np.argwhere(mask.array[:: steps[0], :: steps[1], :: steps[2]]) * steps
        return mask.geometry.to_ras(kji[:, ::-1])

    def labels_at(self, points_ras: np.ndarray) -> np.ndarray:
        """Labels of the voxels nearest to points, shape (n,); 0 outside the grid.

        Parameters
        ----------
        points_ras : ndarray, shape (n, 3)
            RAS mm in the frame of the map.
        """
        geometry = self.image.geometry
        kji = np.rint(geometry.to_ijk(points_ras)).astype(np.int64)[:, ::-1]
        inside = np.all((kji >= 0) & (kji < geometry.shape), axis=1)
        found = np.zeros(len(kji), dtype=np.int64)
        found[inside] = self.image.array[tuple(kji[inside].T)]
        return found

    def to_map(self, points_ras: np.ndarray) -> np.ndarray:
        """Map points of the reference frame (RAS mm) to the frame of the map."""
        points = np.asarray(points_ras, dtype=float)
        return points if self.frame_to_map_ras is None else transform_points(self.frame_to_map_ras, points)

    def _translated(self, table: np.ndarray, target: Geometry, target_to_frame_ras: np.ndarray | None) -> Image:
        """Resample the labels to another grid and replace each label by its value in a table of uint8."""
        between = np.eye(4) if self.frame_to_map_ras is None else self.frame_to_map_ras
        if target_to_frame_ras is not None:
            between = between @ target_to_frame_ras
        labels = resample(self.image, target, between, order=0, outside=0)
        return Image(table[labels], target)

    def _table(self) -> np.ndarray:
        """An empty table with one entry for every label."""
        return np.zeros(int(max(self.image.array.max(), max(self.structures, default=0))) + 1, dtype=np.uint8)

    def tissues(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> Image:
        """Tissue classes at the voxels of a grid.

        Parameters
        ----------
        target : Geometry
        target_to_frame_ras : ndarray, shape (4, 4), optional
            Maps points of the frame of the target to points of the reference frame; the identity when left out.

        Returns
        -------
        Image
            Codes of :mod:`.Numerics.core.tissues` as uint8; UNKNOWN where nothing is labeled.
        """
        table = self._table()
        for number, what in self.structures.items():
            table[number] = _TISSUES.get(what.structure, codes.UNKNOWN)
        return self._translated(table, target, target_to_frame_ras)

    def levels(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> Image:
        """The vertebra to which each voxel of a grid belongs.

        Parameters
        ----------
        target, target_to_frame_ras
            As for :meth:`tissues`.

        Returns
        -------
        Image
            Codes as uint8: 0 for none, otherwise 1 plus the index into :data:`.label_families.VERTEBRAE` (C1 is 1).
            All labels of the sacrum become S1.
        """
        table = self._table()
        for number, what in self.structures.items():
            if what.structure == "sacrum":
                table[number] = 1 + VERTEBRAE.index("S1")
            elif what.structure in VERTEBRA_PARTS and what.level in VERTEBRAE:
                table[number] = 1 + VERTEBRAE.index(what.level)
        return self._translated(table, target, target_to_frame_ras)

    def organs(self, target: Geometry, target_to_frame_ras: np.ndarray | None = None) -> tuple[Image, dict[int, str]]:
        """Organs and vessels, where uptake can be physiologic, at the voxels of a grid.

        Parameters
        ----------
        target, target_to_frame_ras
            As for :meth:`tissues`.

        Returns
        -------
        Image
            Codes as uint8; 0 for none.
        dict of int to str
            Code -> name, such as ``left kidney`` or ``urinary bladder``.
        """
        names = sorted({what.text for what in self.structures.values() if what.structure in ORGANS})
        codes_by_name = {name: code for code, name in enumerate(names, start=1)}
        table = self._table()
        for number, what in self.structures.items():
            table[number] = codes_by_name.get(what.text, 0) if what.structure in ORGANS else 0
        return self._translated(table, target, target_to_frame_ras), {c: n for n, c in codes_by_name.items()}


def label_facts(image: Image) -> dict[int, LabelFacts]:
    """Measure the place and the size of every label of a label image except 0.

    Parameters
    ----------
    image : Image
        Labels as unsigned integers.

    Returns
    -------
    dict of int to LabelFacts
    """
    array = image.array
    k, j, i = np.nonzero(array)
    if not k.size:
        return {}
    values = array[k, j, i]
    counts = np.bincount(values)
    numbers = np.flatnonzero(counts)
    n = counts[numbers]
    ijk = (i, j, k)
    sums = np.stack([np.bincount(values, weights=axis)[numbers] for axis in ijk], axis=1)
    means = sums / n[:, None]
    spread = np.empty((len(numbers), 3, 3))
    for a in range(3):
        for b in range(a, 3):
            products = np.bincount(values, weights=ijk[a].astype(float) * ijk[b])[numbers] / n
            spread[:, a, b] = spread[:, b, a] = products - means[:, a] * means[:, b]
    linear = image.geometry.ijk_to_ras[:3, :3]
    ras = linear @ (spread + np.eye(3) / 12) @ linear.T
    extents = np.sqrt(12 * np.maximum(np.diagonal(ras, axis1=1, axis2=2), 0))
    centers = image.geometry.to_ras(means)
    edges = np.unique(np.concatenate([np.take(array, (0, -1), axis=axis).ravel() for axis in range(3)]))
    volume = image.geometry.voxel_volume_ml
    return {
        int(number): LabelFacts(center, float(count * volume), extent, number in edges)
        for number, center, count, extent in zip(numbers, centers, n, extents, strict=True)
    }
