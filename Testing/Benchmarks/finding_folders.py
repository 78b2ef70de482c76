"""Cases of the benchmark that are read from DICOM folders with a ``truth.json``, as independent phantoms write
them."""

from __future__ import annotations

import datetime
import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from finding_cases import Lesion, TestCase
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Registration.itk_images import from_itk_image
from PainGeneratorLib.Workflow.case import CaseOptions
from PainGeneratorLib.Workflow.reading import read_case_folder

STRUCTURE_WORDS = {
    "facet": ("facet",),
    "foramen": ("foram", "root", "recess"),
    "endplate": ("endplate", "modic", "vertebra", "body", "disc"),
    "disc": ("disc",),
    "pedicle": ("pedicle", "pars", "arch"),
    "spinous": ("spinous",),
    "sacroiliac": ("sacroiliac", "si joint", "sacrum", "ilium"),
    "stem": ("gruen", "stem", "femur", "femoral", "shaft"),
    "acetabul": ("acetab", "cup", "delee"),
    "trochant": ("trochant", "gluteal insertion"),
    "joint": ("joint", "capsule", "synov", "neck"),
    "collection": ("collection", "fluid", "soft tissue", "muscle", "bursa"),
    "iliopsoas": ("iliopsoas", "psoas"),
}
"""Structure in the truth -> parts of words. The structure or the name of a candidate is right when it contains one of
them."""
ORGANS = {
    "bladder": ("bladder",),
    "kidney": ("kidney", "renal"),
    "ureter": ("ureter",),
    "bowel": ("bowel", "colon", "rectum", "duoden", "jejun", "ileum", "sigmoid", "cecum", "stomach"),
    "vessel": ("aorta", "cava", "iliac_artery", "iliac_vein", "iliac_vena", "vessel", "artery", "vein"),
    "CSF": ("csf", "dural", "thecal", "cauda", "canal"),
    "implant artefact": ("implant", "prosthesis", "metal", "void", "pile"),
}
"""Structure in which no candidate may lie -> parts of the names that it has in a more detailed map."""
LANDMARKS_WITHIN_MM = 150.0
"""Upper bound of the distance of landmarks from their median, mm. Landmarks farther away are not near spine or hips.
Our estimate."""
NEUTRAL_MM = 10.0
"""Upper bound of the distance of a candidate from a focus of the real images behind a case at which it belongs to this
focus, mm. Our estimate."""


def folder_case(folder: Path) -> TestCase:
    """Read the case in a folder with ``dicom/``, ``truth.json`` and the label maps ``anatomy`` and ``where``."""
    truth = json.loads((folder / "truth.json").read_text())
    case = read_case_folder(folder / "dicom", options_of(truth["arguments"]))
    points = np.array(list(truth["landmarks_ras_mm"].values()), dtype=float).reshape(-1, 3)
    points = points[np.linalg.norm(points - np.median(points, axis=0), axis=1) < LANDMARKS_WITHIN_MM]
    anatomy = (folder / "anatomy.nrrd", folder / "anatomy.json")
    mark = zlib.crc32((folder / "truth.json").read_bytes())
    return TestCase(
        f"{folder.parent.name}-{folder.name}-{mark:08x}",
        case,
        [lesion_of(x) for x in truth["lesions"] if x.get("count", True)],
        [],
        {role: np.array(matrix) for role, matrix in truth["reference_to_series_ras"].items()},
        anatomy if anatomy[0].exists() else None,
        points,
        WherePlaces(folder),
        neutral_places(truth),
    )


def options_of(arguments: list[str]) -> CaseOptions:
    """Make the options of a case from the arguments that the command line would get."""
    values: dict[str, Any] = dict(zip(arguments[::2], arguments[1::2], strict=True))
    injected = values.get("--injection-time")
    return CaseOptions(
        group=values.get("--group"),
        prosthesis_side=values.get("--prosthesis-side"),
        pain_side=values.get("--pain-side"),
        injection_time=None if injected is None else datetime.datetime.fromisoformat(injected),
    )


def neutral_places(truth: dict[str, Any]) -> tuple[tuple[np.ndarray, float], ...]:
    """Lesions that do not count, and foci that the real images behind a case had already."""
    uncounted = [(x["centre_ras_mm"], x["radius_mm"]) for x in truth["lesions"] if not x.get("count", True)]
    own = [(x["centre_ras_mm"], NEUTRAL_MM) for x in truth.get("natural_foci", ())]
    return tuple((np.array(at, dtype=float), float(radius)) for at, radius in (*uncounted, *own))


def lesion_of(x: dict[str, Any]) -> Lesion:
    """Make a lesion from the truth, with the keys that the score uses."""
    truth = {"volume_ml": None, "blurred_suv_peak": None, "zone": None, **x}
    truth["structure_words"] = STRUCTURE_WORDS.get(x["structure"], (x["structure"],))
    return Lesion(x["id"], x["evidence"], np.array(x["centre_ras_mm"], dtype=float), float(x["radius_mm"]), truth)


class WherePlaces:
    """Names the structure at a point (RAS mm, reference frame) by the map of all structures of such a case."""

    def __init__(self, folder: Path) -> None:
        self._file, self._names_file = folder / "where.nrrd", folder / "where.json"
        self._labels: Image | None = None

    def __call__(self, point: np.ndarray) -> str:
        """Return a key of ORGANS, or "elsewhere" with the name of the structure and the two most frequent ones
        nearby."""
        import SimpleITK as sitk

        if self._labels is None:
            self._labels = from_itk_image(sitk.ReadImage(str(self._file)))
            self._names = {int(n): name for n, name in json.loads(self._names_file.read_text()).items()} | {0: "air"}
        kji = np.rint(self._labels.geometry.to_ijk(point)).astype(int)[::-1]
        if np.any(kji < 0) or np.any(kji >= self._labels.geometry.shape):
            return "elsewhere (out of the map)"
        near = self._labels.array[tuple(slice(max(n - 1, 0), n + 2) for n in kji)]
        name = self._names.get(int(self._labels.array[tuple(kji)]), "?")
        organ = next((word for word, parts in ORGANS.items() if any(part in name.lower() for part in parts)), None)
        if organ is not None:
            return organ
        around = [self._names.get(int(n), "?") for n, _ in Counter(near.ravel().tolist()).most_common(2)]
        return "elsewhere (" + " / ".join(dict.fromkeys([name, *around])) + ")"
