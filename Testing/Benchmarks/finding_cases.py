"""The cases of the ruler for finding: phantoms as cases without DICOM, kept in a folder, and real cases."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.words import Role
from PainGeneratorLib.Phantoms.case import Phantom, make_phantom, write_label_map
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries
from PainGeneratorLib.Workflow.stages import SUV_BW

LIBRARY = Path(__file__).resolve().parents[2] / "PainGenerator" / "PainGeneratorLib"


@dataclass(frozen=True, eq=False)
class Lesion:
    """One true lesion, in the reference frame.

    Parameters
    ----------
    id, evidence : str
    center_ras_mm : ndarray, shape (3,)
    largest_radius_mm : float
    truth : dict
        As in ``truth.json``; empty for real lesions.
    region : Region or None
        The outline that a person drew.
    """

    id: str
    evidence: str
    center_ras_mm: np.ndarray
    largest_radius_mm: float
    truth: dict = field(default_factory=dict)
    region: Region | None = None

    @property
    def reach_mm(self) -> float:
        """A candidate whose centroid is nearer than this has found the lesion."""
        return max(10.0, self.largest_radius_mm)


@dataclass(frozen=True, eq=False)
class TestCase:
    """A case with its truth.

    Parameters
    ----------
    name : str
    case : Case
        The PET among its series is SUV already.
    lesions : list of Lesion
    normal : list of dict
        Normal structures, as in ``truth.json``.
    reference_to_series : dict
        True transforms, by role (4 x 4, RAS); empty where they are not known.
    anatomy : (Path, Path) or None
        Label map and names of its labels.
    landmarks_ras : ndarray, shape (n, 3)
    neutral : tuple of (ndarray, float)
        Places (RAS mm, reference frame) and radii at which a candidate is neither right nor false: true foci of real
        images that nobody judged.
    places : callable or None
        Names what is at a point (RAS mm, reference frame); None where label map and `normal` tell it.
    """

    name: str
    case: Case
    lesions: list[Lesion]
    normal: list[dict]
    reference_to_series: dict[str, np.ndarray]
    anatomy: tuple[Path, Path] | None = None
    landmarks_ras: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    places: Callable[[np.ndarray], str] | None = None
    neutral: tuple[tuple[np.ndarray, float], ...] = ()
    __test__ = False

    @property
    def is_phantom(self) -> bool:
        return bool(self.reference_to_series)


def digest(*patterns: str) -> str:
    """A short digest of source files of the library: results that follow from them are kept under it."""
    text = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(LIBRARY.glob(pattern)):
            text.update(path.read_bytes())
    return text.hexdigest()[:12]


def digest_of_modules(*files: str) -> str:
    """A short digest of modules of the library and of all that they import from it, however far away."""
    found: set[Path] = set()
    waiting = [LIBRARY / file for file in files]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return digest(*(str(path.relative_to(LIBRARY)) for path in sorted(found)))


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            modules = [base.with_suffix(".py"), *(base / f"{name.name}.py" for name in node.names)]
            yield from (module for module in modules if module.is_file())


def kept(path: Path, make, *, packed: bool = False):
    """What a file holds; made and kept first when it is missing. Packed: compressed, for label images."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = make()
        data = pickle.dumps(made, protocol=5)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.write_bytes(zlib.compress(data, 1) if packed else data)
        partial.rename(path)
        return made
    data = path.read_bytes()
    return pickle.loads(zlib.decompress(data) if packed else data)


def phantom_case(cache: Path, group: str, seed: int, size: str = "normal") -> TestCase:
    """A phantom as a case; kept in `cache` under a digest of the phantoms' code."""
    folder = cache / f"phantoms-{digest('Phantoms/[!d]*.py')}"
    name = f"{group}-{seed}" + ("" if size == "normal" else f"-{size}")
    phantom: Phantom = kept(folder / f"{name}.pickle", lambda: make_phantom(group, seed, size=size))
    anatomy = (folder / f"{name}-anatomy.nii.gz", folder / f"{name}-labels.json")
    if not anatomy[1].exists():
        write_label_map(anatomy[0], phantom.anatomy)
        anatomy[1].write_text(json.dumps({str(n): text for n, text in phantom.anatomy_labels.items()}))
    truth = phantom.truth
    lesions = [
        Lesion(t["id"], t["evidence"], np.array(t["centre_ras_mm"]), t["largest_radius_mm"], t)
        for t in truth["lesions"]
    ]
    transforms = {
        key.removeprefix("reference_to_"): np.array(matrix) for key, matrix in truth["transforms_ras"].items()
    }
    landmarks = np.array(list(truth["landmarks_ras_mm"].values()), dtype=float).reshape(-1, 3)
    return TestCase(name, _phantom_as_case(phantom), lesions, truth["normal"], transforms, anatomy, landmarks)


def _phantom_as_case(phantom: Phantom) -> Case:
    truth, exam = phantom.truth, phantom.examination
    series = {}
    for item in phantom.series:
        role = item.plan.role
        if role in series or role not in tuple(Role) or role == Role.OTHER:
            continue
        shared = exam.shared_frame or role in ("PET", "ATTENUATION")
        frame = "pet" if shared else "mr"
        series[role] = CaseSeries(role, item.plan.name, item.image, "PT" if role == "PET" else "MR", frame, {})
    options = CaseOptions(
        group=truth["group"],
        prosthesis_side=truth["prosthesis_side"],
        pain_side=truth["pain_side"],
        pain_sites_ras_mm=tuple(tuple(site) for site in truth["pain_sites_ras_mm"]),
    )
    return make_case(options, series)


def make_case(options: CaseOptions, series: dict[str, CaseSeries]) -> Case:
    """A case whose PET is SUVbw already."""
    return Case(
        options=options,
        group=options.resolved_group()[0],
        protocol=options.protocol(),
        reference_role="T1",
        series=series,
        pet_header=None,
        patient={},
        pet_unit=SUV_BW,
    )
