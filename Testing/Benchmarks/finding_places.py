"""Find the normal structure of a phantom in which a false candidate lies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from finding_cases import TestCase
from PainGeneratorLib.Registration.itk_images import from_itk_image
from scipy import ndimage

FORBIDDEN = ("bladder", "kidney", "ureter", "bowel", "vessel", "CSF", "implant artefact")
"""Structures in which no candidate may lie."""
WORDS = {
    "bladder": "bladder",
    "kidney": "kidney",
    "bowel": "bowel",
    "colon": "bowel",
    "aorta": "vessel",
    "vena": "vessel",
    "artery": "vessel",
    "cord": "CSF",
    "implant": "implant artefact",
}
"""Part of the name of a label -> structure."""
LABELED = ("bladder", "kidney", "bowel", "vessel")
"""Structures with a label of their own. The label is used, because the ball in ``truth.json`` is larger than the
structure."""
BONES = ("vertebrae", "sacrum", "hip_", "femur")
"""First parts of the names of the labels of bones."""
ORGAN_EDGE_MM = 5.0
"""Upper bound of the distance from an organ at which its uptake is seen, mm. A PET has a resolution of 5 to 6 mm. A
place inside a bone does not belong to the organ. Our estimate."""
MARGINS_MM = {"implant artefact": 4.0, "CSF": 0.0}
"""Structure -> upper bound of the distance at which a place belongs to it, mm, when it differs from `ORGAN_EDGE_MM`.
Our estimates."""


class NormalPlaces:
    """Names the structure at a point (RAS mm, reference frame) by the label map, and by balls where there is no
    label."""

    def __init__(self, case: TestCase) -> None:
        self._normal = [n for n in case.normal if n["kind"] not in LABELED]
        self._labels = None
        if case.anatomy is not None:
            self._labels, self._names = _label_map(*case.anatomy)

    def __call__(self, point: np.ndarray) -> str:
        """Return a word of FORBIDDEN, another normal structure of the truth, or "elsewhere" with the label there."""
        organ = self._organ(point)
        # Uptake and edema that are expected at an implant are not artifacts of it.
        ball = self._ball(point) if organ in (None, "implant artefact") else None
        return ball or organ or self._elsewhere(point)

    def _near(self, point: np.ndarray, reach_mm: float) -> dict[str, float]:
        """Names of the labels within a distance -> their distance, mm."""
        geometry = self._labels.geometry
        ijk = geometry.to_ijk(point)
        reach = np.ceil(reach_mm / np.array(geometry.spacing_mm)).astype(int)
        low = np.clip(np.rint(ijk).astype(int) - reach, 0, np.array(geometry.shape[::-1]))[::-1]
        high = np.clip(np.rint(ijk).astype(int) + reach + 1, 0, np.array(geometry.shape[::-1]))[::-1]
        box = self._labels.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        if not box.size:
            return {}
        kji = np.argwhere(box > 0)
        numbers = box[tuple(kji.T)]
        distance = np.linalg.norm(geometry.to_ras((kji + low)[:, ::-1]) - point, axis=1)
        present = np.unique(numbers)
        least = ndimage.minimum(distance, numbers, present) if len(present) else []
        half = 0.5 * max(geometry.spacing_mm)
        return {self._names[n]: max(d - half, 0.0) for n, d in zip(present.tolist(), least, strict=True)}

    def _organ(self, point: np.ndarray) -> str | None:
        """The nearest structure of FORBIDDEN within its margin; None when there is none."""
        if self._labels is None:
            return None
        labels = self._near(point, ORGAN_EDGE_MM + 5.0)
        in_bone = any(distance == 0.0 and name.startswith(BONES) for name, distance in labels.items())
        near = {}
        for name, distance in labels.items():
            word = next((word for part, word in WORDS.items() if part in name), None)
            margin = MARGINS_MM.get(word, 0.0 if in_bone else ORGAN_EDGE_MM)
            if word is not None and distance <= margin:
                near[word] = min(distance, near.get(word, np.inf))
        return min(near, key=near.get) if near else None

    def _ball(self, point: np.ndarray) -> str | None:
        """The normal structure of the truth in whose ball a point lies; None when there is none."""
        parts = {}
        for normal in self._normal:
            part = float(np.linalg.norm(point - np.array(normal["centre_ras_mm"]))) / max(normal["radius_mm"], 1.0)
            if part <= 1.0:
                parts[normal["kind"]] = min(part, parts.get(normal["kind"], 1.0))
        return min(parts, key=parts.get) if parts else None

    def _elsewhere(self, point: np.ndarray) -> str:
        """The word "elsewhere" with the nearest label within 1 mm."""
        at = {} if self._labels is None else self._near(point, 1.0)
        return f"elsewhere ({min(at, key=at.get)})" if at else "elsewhere"


def _label_map(file: Path, names: Path):
    """Read a label map and the names of its labels."""
    import SimpleITK as sitk

    words = {int(n): text for n, text in json.loads(names.read_text()).items()}
    return from_itk_image(sitk.ReadImage(str(file))), words
