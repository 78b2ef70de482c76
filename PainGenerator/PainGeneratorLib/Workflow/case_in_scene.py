"""A case between the stages' plain data and what its scene holds: there, and back again after a reload."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.labels import Structure
from ..Numerics.body.canal import SpineLine
from ..Numerics.body.symmetry import SymmetryPlane
from ..Numerics.core.version import VERSION
from ..Numerics.mr.findings import MRResult
from ..Numerics.mr.implant import ImplantResult
from ..Numerics.pet.detector import HotSpotResult
from ..Numerics.pet.reference_tissue import ReferenceValue
from ..Numerics.suv.records import ProvenanceRow, SuvResult
from ..Registration.alignment_types import SeriesAlignment
from ..Scene.scene_content import SceneContent, SceneSeries
from .case import Case, CaseOptions, CaseSeries, Warnings
from .finding import Found, hip_implant, in_reference_frame
from .protocol import Protocol
from .stages import Alignment, Suv


def scene_content(
    case: Case,
    suv: Suv,
    alignment: Alignment | None = None,
    anatomy: AnatomyMap | None = None,
    found: Found | None = None,
    *,
    volumes: Mapping[str, Any] | None = None,
    created: datetime.datetime | None = None,
    warnings: list[str] | tuple[str, ...] = (),
) -> SceneContent:
    """What the scene of a case holds, as far as the case has come.

    Parameters
    ----------
    case : Case
    suv : Suv
    alignment, anatomy, found : optional
        None for steps that were not done yet.
    volumes : mapping of role to vtkMRMLScalarVolumeNode, optional
        Volumes that are in the scene already and stay as they are.
    created : datetime, optional
        Written into the provenance.
    warnings : sequence of str
    """
    alignment = alignment or Alignment({})
    options = case.options
    time = {} if created is None else {"created": created.isoformat(timespec="seconds")}
    content = SceneContent(
        reference_role=case.reference_role,
        series=[_scene_series(case, suv, alignment, role, (volumes or {}).get(role)) for role in case.series],
        pain_sites_ras=options.symptoms().sites_ras_mm,
        anatomy=None if anatomy is None else anatomy.image,
        anatomy_labels={}
        if anatomy is None
        else {number: structure.text for number, structure in anatomy.structures.items()},
        case={
            **case.patient,
            "group": case.group,
            "prosthesis_side": options.prosthesis_side,
            "pain_side": options.pain_side,
        },
        suv=suv.result.to_json(),
        alignment=alignment_json(case, alignment),
        protocol=protocol_json(case),
        provenance={"software_version": VERSION, **time},
        warnings=list(warnings),
        working=_working(case, anatomy, found),
    )
    if found is not None:
        content.hot_spots, content.mr_findings = found.hot_spots, found.mr.findings
        content.candidates = found.candidates
        content.maps = {"tissues": found.mr.tissues}
        content.maps |= {f"z {role}": image for role, image in found.mr.z_maps.items()}
        content.implant_margin = found.mr.implant.unreliable
    return content


def alignment_json(case: Case, alignment: Alignment) -> dict[str, Any]:
    """The content of ``alignment.json``."""
    return {
        "schema": 1,
        "reference_role": case.reference_role,
        "series": {role: series.to_json() for role, series in alignment.by_role.items()},
    }


def protocol_json(case: Case) -> dict[str, Any]:
    """The parameters of a case, for its scene and its provenance."""
    return {"group": case.group, "changed": list(case.protocol.changed), "values": case.protocol.values()}


def _scene_series(case: Case, suv: Suv, alignment: Alignment, role: str, node: Any) -> SceneSeries:
    series = case.series[role]
    aligned = alignment.is_aligned(role)
    patient = case.patient
    return SceneSeries(
        role=role,
        name=series.facts.get("volume_name") or f"{role} {series.facts.get('description') or ''}".strip(),
        image=suv.image if role == "PET" else series.image,
        reference_to_series_ras=alignment.reference_to(role) if aligned else np.eye(4),
        instance_uids=list(dict.fromkeys(series.facts.get("sop_instance_uids", ()))),
        dicom={
            "PatientName": patient.get("patient_name") or "",
            "PatientID": patient.get("patient_id") or "",
            "StudyInstanceUID": series.facts.get("study_uid") or "",
            "SeriesInstanceUID": series.facts.get("series_uid") or "",
            "Modality": series.modality,
            "FrameOfReferenceUID": series.frame_of_reference or "",
        },
        node=node,
    )


_KEPT_FACTS = ("number", "description", "modality", "date", "reason", "uid", "series_uid", "study_uid", "n_slices")


def _working(case: Case, anatomy: AnatomyMap | None, found: Found | None) -> dict[str, Any]:
    """Plain values from which :func:`restored` makes the case again."""
    options = case.options
    kept: dict[str, Any] = {
        "series": {
            role: {
                "label": series.label,
                "modality": series.modality,
                "frame_of_reference": series.frame_of_reference,
                "facts": {name: series.facts.get(name) for name in _KEPT_FACTS},
            }
            for role, series in case.series.items()
        },
        "options": {
            "weight_kg": options.weight_kg,
            "height_m": options.height_m,
            "dose_mbq": options.dose_mbq,
            "injection_time": None if options.injection_time is None else options.injection_time.isoformat(),
        },
        "patient": dict(case.patient),
        "case_warnings": list(case.warnings.sentences),
        "notes": list(case.notes),
        "left_out": [list(item) for item in case.left_out],
        "all_series": case.all_series,
    }
    if anatomy is not None:
        kept["anatomy"] = {
            "family": anatomy.family,
            "certainty": anatomy.certainty,
            "counted": anatomy.counted,
            "warnings": list(anatomy.warnings),
            "structures": {number: dataclasses.astuple(what) for number, what in anatomy.structures.items()},
        }
    if found is not None:
        kept["found"] = _working_found(found)
    return kept


def _working_found(found: Found) -> dict[str, Any]:
    plane, plan, implant, pet = found.symmetry, found.plan, found.mr.implant, found.pet
    line = plan.spine_line
    return {
        "symmetry": {"point": plane.point_ras, "normal": plane.normal_ras, "quality": float(plane.quality)},
        "plan": {
            "midpoint": plan.midpoint_ras,
            "left": plan.left_ras,
            "source": plan.source,
            "line": None
            if line is None
            else {
                "points": line.points_ras,
                "mirror": float(line.mirror),
                "canal": float(line.canal),
                "discs": [line.disc_mm, line.disc_tilt],
            },
        },
        "implant": {
            "void": implant.void,
            "unreliable": implant.unreliable,
            "axis": implant.axis_ras,
            "side": implant.side,
            "warnings": list(implant.warnings),
        },
        "mr_warnings": list(found.mr.warnings),
        "references": [dataclasses.asdict(row) for row in pet.references],
        "noise": float(pet.noise),
        "typical_suv": float(pet.typical_suv),
        "pet_warnings": list(pet.warnings),
    }


@dataclasses.dataclass(eq=False)
class Restored:
    """A case made again from its scene; steps that were not done are None."""

    case: Case
    suv: Suv
    alignment: Alignment | None
    anatomy: AnatomyMap | None
    found: Found | None


def restored(content: SceneContent, protocol: Protocol) -> Restored | None:
    """The case of a scene as the stages know it.

    Parameters
    ----------
    content : SceneContent
        As :func:`Scene.read_case.read_case` gave it.
    protocol : Protocol
        The case's parameters.

    Returns
    -------
    Restored or None
        None when the scene was written without what it takes: then its candidates can be shown, not measured anew.
    """
    working = content.working
    if not working:
        return None
    alignment = _restored_alignment(content)
    case = _restored_case(content, protocol)
    pet = content.first("PET")
    suv = Suv(pet.image, _suv_result(content.suv))
    anatomy = _restored_anatomy(content)
    found = None
    if "found" in working and alignment is not None:
        found = _restored_found(content, alignment)
    return Restored(case, suv, alignment, anatomy, found)


def _restored_case(content: SceneContent, protocol: Protocol) -> Case:
    working = content.working
    series = {}
    for item in content.series:
        kept = working["series"].get(item.role)
        if kept is None:
            continue
        facts = {**kept["facts"], "sop_instance_uids": tuple(item.instance_uids)}
        facts["volume_name"] = item.name
        series[item.role] = CaseSeries(
            item.role, kept["label"], item.image, kept["modality"], kept["frame_of_reference"], facts
        )
    told = working["options"]
    time = told["injection_time"]
    options = CaseOptions(
        group=content.case.get("group"),
        prosthesis_side=content.case.get("prosthesis_side"),
        pain_side=content.case.get("pain_side"),
        pain_sites_ras_mm=tuple(tuple(float(x) for x in site) for site in content.pain_sites_ras),
        weight_kg=told["weight_kg"],
        height_m=told["height_m"],
        dose_mbq=told["dose_mbq"],
        injection_time=None if time is None else datetime.datetime.fromisoformat(time),
    )
    return Case(
        options=options,
        group=content.case["group"],
        protocol=protocol,
        reference_role=content.reference_role,
        series=series,
        pet_header=None,
        patient=working["patient"],
        pet_is_suv=True,
        warnings=Warnings(list(working["case_warnings"])),
        notes=tuple(working["notes"]),
        left_out=[tuple(item) for item in working["left_out"]],
        all_series=working["all_series"],
    )


def _suv_result(stored: dict[str, Any]) -> SuvResult:
    factors = stored["factors_per_slice"] or [stored["factor"]] * stored["n_slices"]
    return SuvResult(
        np.array(factors, dtype=np.float64),
        stored["path"],
        tuple(ProvenanceRow(**row) for row in stored["provenance"]),
        tuple(stored["warnings"]),
        stored["weight_kg"],
        stored["height_m"],
        stored["sex"],
        stored["dose_bq"],
        stored["half_life_s"],
        stored["uptake_minutes"],
    )


def _restored_alignment(content: SceneContent) -> Alignment | None:
    """The alignment as it was judged, with the transforms of the scene, which may have been corrected by hand."""
    stored = content.alignment.get("series")
    if not stored:
        return None
    by_role = {}
    for role, item in stored.items():
        facts = {name: value for name, value in item.items() if name != "similarity"}
        facts["reference_to_series_ras"] = np.array(item["reference_to_series_ras"])
        facts["start_ras"] = np.array(item["start_ras"])
        facts["warnings"] = tuple(item["warnings"])
        similarity = item["similarity"]
        by_role[role] = SeriesAlignment(
            **facts, similarity_start=similarity["start"], similarity_end=similarity["end"]
        )
    return Alignment(by_role)


def _restored_anatomy(content: SceneContent) -> AnatomyMap | None:
    if content.anatomy is None:
        return None
    image = dataclasses.replace(content.anatomy, array=np.array(content.anatomy.array, dtype=np.uint16))
    told = content.working["anatomy"]
    return AnatomyMap(
        image,
        {number: Structure(*what) for number, what in told["structures"].items()},
        told["family"],
        told["certainty"],
        told["counted"],
        tuple(told["warnings"]),
    )


def _restored_found(content: SceneContent, alignment: Alignment) -> Found:
    kept = content.working["found"]
    plane, plan, implant = kept["symmetry"], kept["plan"], kept["implant"]
    line = plan["line"]
    tissues = content.maps["tissues"]
    z_maps = {name.removeprefix("z "): image for name, image in content.maps.items() if name.startswith("z ")}
    mr = MRResult(
        content.mr_findings,
        tissues,
        ImplantResult(
            implant["void"], implant["unreliable"], implant["axis"], implant["side"], tuple(implant["warnings"])
        ),
        z_maps,
        list(kept["mr_warnings"]),
    )
    to_pet = Alignment({} if not alignment.is_aligned("PET") else {"PET": _inverse(alignment.by_role["PET"])})
    pet = HotSpotResult(
        in_reference_frame(content.hot_spots, to_pet) if "PET" in to_pet.by_role else content.hot_spots,
        tuple(ReferenceValue(**row) for row in kept["references"]),
        kept["noise"],
        kept["typical_suv"],
        tuple(kept["pet_warnings"]),
    )
    body = BodyPlan(
        plan["midpoint"],
        plan["left"],
        plan["source"],
        None if line is None else SpineLine(line["points"], line["mirror"], line["canal"], *line.get("discs", ())),
        hip_implant(mr),
    )
    return Found(
        SymmetryPlane(plane["point"], plane["normal"], plane["quality"]),
        mr,
        pet,
        body,
        content.hot_spots,
        content.candidates,
    )


def _inverse(series: SeriesAlignment) -> SeriesAlignment:
    return dataclasses.replace(series, reference_to_series_ras=np.linalg.inv(series.reference_to_series_ras))
