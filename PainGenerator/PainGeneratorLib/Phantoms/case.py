"""Make one phantom case: as arrays with the truth, or as a folder with DICOM files, ``truth.json`` and a label map."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.image import Image, resample, transform_points
from ..Numerics.core.words import Group, listed
from . import imaging
from .clinical_lesions import show_as_on_clinical_mr
from .clinical_scan import Receiver
from .clinical_signal import ClinicalTissue
from .dicom_files import Examination, write_mr, write_pet
from .hip_lesions import add_hip_lesions
from .hip_replacement import make_hip_replacement
from .hip_scenarios import posed_hip
from .implant_effects import distance_to_metal
from .low_back import make_low_back
from .low_back_lesions import add_lesions
from .low_back_scenarios import posed_low_back
from .marrow_and_muscle import compose
from .patient import Patient
from .protocol_of_series import SeriesPlan, plan
from .realism import Realism
from .scenarios import PLAIN_SCENARIO, Scenario, scenario_of
from .tissue_table import TISSUES
from .true_sites import measure_true_sites
from .variant_field import variant_plans
from .variants import Variant

SIZES = ("normal", "small", "full")
"""Sizes of a phantom: ``small`` has coarse grids for tests; ``full`` has a PET of the whole field of view."""


@dataclass(frozen=True, eq=False)
class PhantomSeries:
    """One series in its own frame: its plan and its voxels (SUVbw in g/ml for PET, any positive scale for MR).

    `normalized` is True when the scanner has divided by the sensitivity of the coil.
    """

    plan: SeriesPlan
    image: Image
    normalized: bool = False


@dataclass(frozen=True, eq=False)
class Phantom:
    """A digital case.

    Parameters
    ----------
    series : list of PhantomSeries
        The PET first, then the reference T1.
    anatomy : Image
        Label map (uint8) on the grid of the reference T1.
    anatomy_labels : dict
        Number of a label -> its name as in TotalSegmentator.
    truth : dict
        The content of ``truth.json``.
    examination : Examination
        What all series have in common.
    clean_pet : Image
        The PET without noise, SUVbw in g/ml. It is no series of the case.
    """

    series: list[PhantomSeries]
    anatomy: Image
    anatomy_labels: dict[int, str]
    truth: dict
    examination: Examination
    clean_pet: Image

    def first(self, role: str) -> PhantomSeries:
        """Return the first series of a role."""
        return next(s for s in self.series if s.plan.role == role)


def make_phantom(
    group: str,
    seed: int,
    *,
    progress: Callable[[float, str], None] | None = None,
    size: str = "normal",
    realism: str = "plain",
    variant: str = "plain",
    scenario: str = PLAIN_SCENARIO,
) -> Phantom:
    """Make a digital case with known truth.

    Parameters
    ----------
    group : str
        ``low-back`` or ``hip-replacement``.
    seed : int
        Seed of the random generators. The same seed gives the same case.
    progress : callable, optional
        Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.
    size : str
        ``normal``; ``small`` with coarse grids, for tests; ``full`` with a PET of the whole field of view of 344 x 344
        x 127 voxels.
    realism : str
        ``plain``; ``clinical`` with everything that makes a clinical examination harder to read; or some of
        :data:`.realism.EFFECTS`, joined by ``+``. A seed gives the same patient with each of them.
    variant : str
        One of :data:`.variants.VARIANTS`. ``plain`` is regular anatomy in the whole field.
    scenario : str
        One of :data:`.scenarios.SCENARIO_NAMES` of the group. One with a variant of its own ignores `variant`.

    Returns
    -------
    Phantom

    Raises
    ------
    ValueError
        The group, the size, the realism, the variant or the scenario is not known.
    """
    if group not in tuple(Group) or size not in SIZES:
        raise ValueError(f"group must be one of {listed(Group)} and size one of {SIZES}, not {group!r}, {size!r}")
    show = progress or (lambda fraction, text: None)
    effects = Realism.of(realism, seed, group)
    posed = scenario_of(scenario, group)
    if posed is not None and posed.variant != PLAIN_SCENARIO:
        variant = posed.variant
    anatomy_variant = Variant.of(variant, seed, group)
    small = size == "small"
    streams = np.random.SeedSequence([seed, list(Group).index(Group(group))]).spawn(6)
    anatomy_rng, plan_rng, uptake_rng, signal_rng, noise_rng, header_rng = map(np.random.default_rng, streams)
    show(0.0, "Painting the anatomy")
    spacing = 2.0 if small else 1.2
    patient = _make_patient(group, seed, anatomy_rng, spacing, effects, anatomy_variant, posed)
    patient.composition = compose(patient, effects)
    lower, upper = (f(patient.atlas.geometry.corners_ras, axis=0) for f in (np.min, np.max))
    center = (lower + upper) / 2 * [0, 0, 1]
    plans = variant_plans(plan(group, plan_rng, size, center, effects), anatomy_variant, patient.landmarks)
    if posed is not None:
        plans = [item for item in plans if item.role not in posed.left_out]
    show_as_on_clinical_mr(patient, plans, effects)
    metal = distance_to_metal(patient.atlas)
    show(0.25, "Imaging the uptake")
    fwhm = float(plan_rng.uniform(5.0, 6.2))
    blurred = imaging.blurred_uptake(patient, imaging.uptake(patient, uptake_rng), fwhm, metal)
    measure_true_sites(patient.sites, blurred)
    noise = float(plan_rng.uniform(0.06, 0.12))
    pet = plans[0]
    suv = imaging.image_pet(patient, blurred, pet.geometry, pet.reference_to_series, noise, noise_rng)
    clean = resample(blurred, pet.geometry, np.linalg.inv(pet.reference_to_series), outside=0.02)
    series = [PhantomSeries(pet, Image(suv, pet.geometry))]
    del blurred
    tissue = ClinicalTissue(patient, effects) if effects else None
    imager = imaging.MRImager(patient, signal_rng, metal, tissue)
    for n, item in enumerate(plans[1:], start=1):
        show(0.4 + 0.55 * n / len(plans), f"Imaging {item.name}")
        series.append(_image_mr(imager, item, effects, noise_rng, group))
    exam = _examination(group, seed, patient, header_rng)
    anatomy, names = _label_map(patient, plans[1])
    truth = _truth(group, seed, size, effects, anatomy_variant, patient, plans, exam)
    if posed is not None:
        truth["scenario"] = posed.to_json({lesion.id: lesion.answer for lesion in patient.lesions})
    show(1.0, "Done")
    return Phantom(series, anatomy, names, truth, exam, Image(clean, pet.geometry))


def _make_patient(
    group: str,
    seed: int,
    rng: np.random.Generator,
    spacing_mm: float,
    effects: Realism,
    variant: Variant,
    scenario: Scenario | None,
) -> Patient:
    """The patient of a seed, with the disease of a scenario when one is given."""
    own = None if scenario is None or scenario.has_usual_lesions else scenario
    if group == "low-back":
        add_low_back = add_lesions if own is None else posed_low_back(own, seed)
        patient = make_low_back(rng, spacing_mm, effects, variant, add_low_back)
    else:
        add_hip = add_hip_lesions if own is None else posed_hip(own, seed)
        both = scenario is not None and scenario.has_both_prostheses
        patient = make_hip_replacement(rng, spacing_mm, effects, add_hip, both)
    if scenario is not None and "FLUID" in scenario.left_out:
        for lesion in patient.lesions:
            lesion.answer = replace(lesion.answer, is_mr_unknown=True)
    return patient


def _label_map(patient: Patient, reference: SeriesPlan) -> tuple[Image, dict[int, str]]:
    """The labels of the anatomy on the grid of the reference series, and the names of those that lie in it."""
    labels = Image(patient.atlas.anatomy, patient.atlas.geometry)
    back = (
        None
        if np.array_equal(reference.reference_to_series, np.eye(4))
        else np.linalg.inv(reference.reference_to_series)
    )
    anatomy = Image(resample(labels, reference.geometry, back, order=0, outside=0), reference.geometry)
    present = set(np.unique(anatomy.array).tolist())
    return anatomy, {n: name for n, name in enumerate(patient.atlas.anatomy_names) if name and n in present}


def _image_mr(
    imager: imaging.MRImager, item: SeriesPlan, effects: Realism, rng: np.random.Generator, group: str
) -> PhantomSeries:
    """Image one MR series. The generator gives the shading and the noise of a plain phantom."""
    posterior = group == "low-back" and item.role != "ATTENUATION"
    bias = imaging.surface_coil(item.geometry, np.linalg.inv(item.reference_to_series), rng, posterior)
    snr = float(rng.uniform(14, 28))
    signal = imager.sampled(item)
    if not effects:
        return PhantomSeries(item, Image(imaging.received(signal, bias, snr, rng), item.geometry))
    receiver = Receiver(effects)
    signal = receiver.receive(signal, item, bias, snr, rng)
    return PhantomSeries(item, Image(signal, item.geometry), receiver.normalized and posterior)


def write_phantom(
    folder: Path,
    group: str,
    seed: int,
    *,
    progress: Callable[[float, str], None] | None = None,
    size: str = "normal",
    realism: str = "plain",
    variant: str = "plain",
    scenario: str = PLAIN_SCENARIO,
) -> dict:
    """Write a digital case: ``dicom/`` (the case), ``truth.json``, ``anatomy.nii.gz`` and ``anatomy-labels.json``.

    Parameters
    ----------
    folder : Path
        It is made when it is missing. Files with the same names are replaced.
    group, seed, progress, size, realism, variant, scenario
        As for :func:`make_phantom`.

    Returns
    -------
    dict
        The content of ``truth.json``.
    """
    show = progress or (lambda fraction, text: None)
    phantom = make_phantom(
        group,
        seed,
        progress=lambda f, text: show(0.8 * f, text),
        size=size,
        realism=realism,
        variant=variant,
        scenario=scenario,
    )
    folder = Path(folder)
    exam = phantom.examination
    for number, item in enumerate(phantom.series, start=1):
        show(0.8 + 0.19 * number / len(phantom.series), f"Writing {item.plan.name}")
        study = "MR" if exam.two_studies and item.plan.role != "PET" else "ST"
        place = folder / "dicom" / f"{study}0" / f"SE{number - 1:04d}"
        place.mkdir(parents=True, exist_ok=True)
        if item.plan.role == "PET":
            write_pet(place, item.image.array, item.plan.geometry, exam, number, item.plan.name)
        else:
            start = {"ATTENUATION": -1.0}.get(item.plan.role, 1.0 + 4 * number)
            write_mr(
                place, item.image.array, item.plan.geometry, exam, number, item.plan.name, item.plan.mr_sequence,
                item.plan.slice_mm, start, in_pet_frame=item.plan.role == "ATTENUATION",
                normalized=item.normalized,
            )  # fmt: skip
    write_label_map(folder / "anatomy.nii.gz", phantom.anatomy)
    labels = {str(n): name for n, name in phantom.anatomy_labels.items()}
    _write_json(folder / "anatomy-labels.json", labels)
    _write_json(folder / "truth.json", phantom.truth)
    show(1.0, "Written")
    return phantom.truth


def write_label_map(path: Path, image: Image) -> None:
    """Write a label map as NIfTI or NRRD, in its own frame. The ending of the name decides about the format."""
    import SimpleITK

    from ..Numerics.core.image import LPS_TO_RAS

    out = SimpleITK.GetImageFromArray(image.array)
    lps = LPS_TO_RAS @ image.geometry.ijk_to_ras
    spacing = image.geometry.spacing_mm
    out.SetSpacing(spacing)
    out.SetOrigin(lps[:3, 3].tolist())
    out.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    SimpleITK.WriteImage(out, str(path), useCompression=True)


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _examination(group: str, seed: int, patient: Patient, rng: np.random.Generator) -> Examination:
    """Choose date, dose, uptake time and the ways in which the header is written."""
    start = datetime.datetime(2024, 1, 8, 8, 30) + datetime.timedelta(
        days=int(rng.integers(0, 600)), minutes=int(rng.integers(0, 480)), seconds=int(rng.integers(0, 60))
    )
    return Examination(
        key=f"phantom {group} {seed}",
        patient_id=f"PG-{'LB' if group == 'low-back' else 'HR'}-{seed:04d}",
        sex=patient.sex,
        age=patient.age,
        weight_kg=patient.weight_kg,
        height_m=patient.height_m,
        dose_bq=float(round(patient.weight_kg * rng.uniform(2.8, 4.2), 1) * 1e6),
        uptake_s=float(rng.integers(50 * 60, 85 * 60)),
        start=start,
        decay_correction="ADMIN" if rng.random() < 0.15 else "START",
        injection_written_as=str(rng.choice(["both", "time", "date-time"], p=[0.5, 0.3, 0.2])),
        two_studies=bool(rng.random() < 0.25),
        shared_frame=bool(rng.random() < 0.75),
        description="PET/MR low back" if group == "low-back" else "PET/MR pelvis and thigh",
        birth_year=start.year - patient.age,
    )


def _truth(
    group: str,
    seed: int,
    size: str,
    effects: Realism,
    variant: Variant,
    patient: Patient,
    plans: list[SeriesPlan],
    exam: Examination,
) -> dict:
    """Make the content of ``truth.json``; positions are RAS mm in the reference frame."""
    transforms: dict[str, list] = {}
    series = []
    to_reference = plans[1].reference_to_series
    is_turned = not np.array_equal(to_reference, np.eye(4))
    back = np.linalg.inv(to_reference)
    for number, item in enumerate(plans, start=1):
        matrix = np.round(item.reference_to_series @ back if is_turned else item.reference_to_series, 9).tolist()
        transforms.setdefault(f"reference_to_{item.role}", matrix)
        series.append(
            {"role": item.role, "number": number, "description": item.name, "uid": str(exam.uid("series", number)),
             "reference_to_series_ras": matrix}
        )  # fmt: skip
    grids = [item.geometry.moved(to_reference @ np.linalg.inv(item.reference_to_series)) for item in plans[1:]]
    truth = {
        "schema": 1,
        "group": group,
        "seed": seed,
        "size": size,
        "realism": {"name": effects.name, "effects": sorted(effects.effects)},
        "variant": variant.to_json(),
        "prosthesis_side": patient.prosthesis_side,
        "pain_side": patient.pain_side,
        "pain_sites_ras_mm": [[round(float(v), 1) for v in site] for site in patient.pain_sites_ras_mm],
        "suv_factor": exam.suv_factor,
        "transforms_ras": transforms,
        "series": series,
        "landmarks_ras_mm": {name: [round(float(v), 2) for v in point] for name, point in patient.landmarks.items()},
        "lesions": [lesion.to_json() for lesion in patient.lesions],
        "normal": [structure.to_json() for structure in patient.normal],
    }
    if is_turned:
        truth = _moved_truth(truth, to_reference)
    mr = [grid for grid, item in zip(grids, plans[1:], strict=True) if item.role != "ATTENUATION"]
    marrow = patient.suv_gains["marrow"]
    normal = {"marrow": TISSUES["marrow"].suv * marrow, "muscle": TISSUES["muscle"].suv}
    return truth | {"normal_suv": normal, "sites": [site.to_json(to_reference, mr) for site in patient.sites]}


def _moved_points(points: list, matrix: np.ndarray) -> list:
    """Points as in ``truth.json`` after a rigid motion."""
    moved: list = transform_points(matrix, np.array(points, float)).round(2).tolist()
    return moved


def _moved_truth(content, matrix: np.ndarray):
    """The truth with all positions moved by a rigid matrix: everything whose name ends in ``ras_mm``."""
    if isinstance(content, list):
        return [_moved_truth(item, matrix) for item in content]
    if not isinstance(content, dict):
        return content
    moved: dict[str, Any] = {}
    for name, value in content.items():
        if name.endswith("ras_mm") and isinstance(value, dict):
            moved[name] = {key: _moved_points(value[key], matrix) for key in value}
        elif name.endswith("ras_mm") and value:
            moved[name] = _moved_points(value, matrix)
        else:
            moved[name] = _moved_truth(value, matrix)
    return moved
