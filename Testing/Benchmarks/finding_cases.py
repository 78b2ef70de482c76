"""Cases of the benchmark for finding: phantoms as cases without DICOM files, which are kept in a folder."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import hashlib
import json
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.image import Region
from PainGeneratorLib.Numerics.core.words import Role
from PainGeneratorLib.Phantoms.case import Phantom, make_phantom, write_label_map
from PainGeneratorLib.Workflow.case import Case, CaseOptions, CaseSeries
from PainGeneratorLib.Workflow.stages import SUV_BW

LIBRARY = Path(__file__).resolve().parents[2] / "PainGenerator" / "PainGeneratorLib"
"""The package of this project."""
SURGERY_OPTIONS = ("surgery_date", "date_of_surgery", "surgery")
"""Names of the option of a case that holds the date on which the prosthesis was implanted."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """One true lesion in the reference frame.

    Parameters
    ----------
    id, evidence : str
    center_ras_mm : ndarray, shape (3,)
    largest_radius_mm : float
    truth : dict
        The lesion as in ``truth.json``; empty for real lesions.
    region : Region or None
        The outline that a person drew; None for phantoms.
    """

    id: str
    evidence: str
    center_ras_mm: np.ndarray
    largest_radius_mm: float
    truth: dict = field(default_factory=dict)
    region: Region | None = None

    @property
    def reach_mm(self) -> float:
        """Upper bound of the distance of the centroid of a candidate that has found the lesion, mm."""
        return max(10.0, self.largest_radius_mm)


@dataclass(frozen=True, eq=False)
class TestCase:
    """A case with its truth.

    Parameters
    ----------
    name : str
    case : Case
        The case. Its PET is in SUV already.
    lesions : list of Lesion
    normal : list of dict
        Normal structures as in ``truth.json``.
    reference_to_series : dict
        Role -> true transform, shape (4, 4), RAS mm; empty when the transforms are not known.
    anatomy : (Path, Path) or None
        Files of the label map and of the names of its labels.
    landmarks_ras : ndarray, shape (n, 3)
        Landmarks in the reference frame.
    places : callable or None
        Function that names the structure at a point (RAS mm, reference frame). None when the label map and `normal`
        are used for this.
    neutral : tuple of (ndarray, float)
        Places (RAS mm, reference frame) and radii (mm) at which a candidate is neither right nor false: foci of real
        images that nobody has judged.
    facts : callable or None
        Function of a run (``finding_run.Run``) that gives more measures in plain types.
    most_ml : float or None
        Upper bound of the volume of a candidate that can find a lesion, ml; None when there is none.
    answer : dict or None
        The right answer of a scenario as in ``truth.json``; None for other cases.
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
    facts: Callable[[Any], dict[str, Any]] | None = None
    most_ml: float | None = None
    answer: dict[str, Any] | None = None
    __test__ = False

    @property
    def is_phantom(self) -> bool:
        """True when the true transforms are known."""
        return bool(self.reference_to_series)


def digest(*patterns: str) -> str:
    """Return a short digest of source files of the library. Results that depend on these files are kept under it."""
    text = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(LIBRARY.glob(pattern)):
            text.update(path.read_bytes())
    return text.hexdigest()[:12]


def digest_of_modules(*files: str) -> str:
    """Return a short digest of modules of the library and of everything that they import from it, also indirectly."""
    found: set[Path] = set()
    waiting = [LIBRARY / file for file in files]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imported_modules(path)
    return digest(*(str(path.relative_to(LIBRARY)) for path in sorted(found)))


def imported_modules(path: Path) -> Iterator[Path]:
    """The modules of the library that a module imports directly."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            modules = [base.with_suffix(".py"), *(base / f"{name.name}.py" for name in node.names)]
            yield from (module for module in modules if module.is_file())


def kept(path: Path, make, *, packed: bool = False):
    """Return the object in a file. If the file is missing, make the object and write it first.

    Parameters
    ----------
    path : Path
    make : callable
        Function without parameters that makes the object.
    packed : bool
        True when the file is compressed, which is useful for label images.
    """
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


def phantom_case(
    cache: Path,
    group: str,
    seed: int,
    size: str = "normal",
    realism: str = "plain",
    variant: str = "plain",
    scenario: str = "plain",
) -> TestCase:
    """Return a phantom as a case. It is kept in `cache` under a digest of the source files of the phantoms.

    `realism`, `variant` and `scenario` are names that :func:`.Phantoms.case.make_phantom` takes.
    """
    phantom, folder, name = kept_phantom(cache, group, seed, size, realism, variant, scenario)
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
    case = _phantom_as_case(phantom)
    answer = truth.get("scenario")
    return TestCase(name, case, lesions, truth["normal"], transforms, anatomy, landmarks, answer=answer)


def kept_phantom(
    cache: Path,
    group: str,
    seed: int,
    size: str = "normal",
    realism: str = "plain",
    variant: str = "plain",
    scenario: str = "plain",
) -> tuple[Phantom, Path, str]:
    """Return a phantom, the folder in which it is kept, and its name there."""
    folder = cache / f"phantoms-{digest('Phantoms/[!d]*.py')}"
    more = ((size, "normal"), (realism, "plain"), (variant, "plain"), (scenario, "plain"))
    name = "-".join([group, str(seed), *(word for word, usual in more if word != usual)])
    path = folder / f"{name}.pickle"
    phantom: Phantom = kept(
        path, lambda: make_phantom(group, seed, size=size, realism=realism, variant=variant, scenario=scenario)
    )
    return phantom, folder, name


def _phantom_as_case(phantom: Phantom) -> Case:
    """Make a case of the first series of each role."""
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
    options = with_surgery(options, truth.get("scenario"), exam.start)
    return make_case(options, series, {"study_date": exam.start.date().isoformat()})


def with_surgery(options: CaseOptions, answer: dict[str, Any] | None, scanned: datetime.datetime) -> CaseOptions:
    """The options with the date of surgery of a scenario, where the program can be told of it."""
    weeks = None if answer is None else answer["weeks_since_surgery"]
    name = next((field.name for field in dataclasses.fields(options) if field.name in SURGERY_OPTIONS), None)
    if weeks is None or name is None:
        return options
    date = (scanned - datetime.timedelta(weeks=weeks)).date()
    return dataclasses.replace(options, **{name: date})


def make_case(options: CaseOptions, series: dict[str, CaseSeries], patient: dict[str, Any] | None = None) -> Case:
    """Make a case whose PET is in SUVbw already."""
    return Case(
        options=options,
        group=options.resolved_group()[0],
        protocol=options.protocol(),
        reference_role=next((role for role in ("T1", "FLUID", "T2") if role in series), "T1"),
        series=series,
        pet_header=None,
        patient=patient or {},
        pet_unit=SUV_BW,
    )
