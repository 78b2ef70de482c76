"""Everything that ``analyze`` writes (DESIGN: "The command line"), from one analysis."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ..Numerics.core.version import VERSION
from ..Registration.transform_files import write_transform
from ..Scene.markups import save_markups
from ..Scene.scene_content import CaseNodes, SceneContent
from ..Scene.segment_files import save_seg_nrrd
from ..Workflow import case_in_scene
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, silent
from .content import ReportContent
from .key_images import KeyImageInputs, key_images
from .output_folder import write_json, write_text
from .overview import overview_picture
from .report import write_report
from .tables import candidates_csv, candidates_json

KEY_IMAGE_LIMIT = 10
HASH_CHUNK = 1 << 20


def write_plain_files(analysis: Analysis, folder: Path, created: datetime.datetime, progress: Show = silent) -> None:
    """Tables, transforms, report and provenance: all that needs no scene.

    Parameters
    ----------
    analysis : Analysis
    folder : Path
        An empty, writable folder.
    created : datetime
        Written into report and provenance.
    progress : callable, optional
    """
    write_tables(analysis, folder, created)
    write_report_file(analysis, folder, created, progress)


def write_tables(analysis: Analysis, folder: Path, created: datetime.datetime) -> None:
    """Candidates, SUV, alignment with its transforms, and provenance; arguments as :func:`write_plain_files`."""
    write_json(folder / "candidates.json", case_json(analysis))
    write_text(folder / "candidates.csv", candidates_csv(analysis.candidates))
    write_json(folder / "suv.json", analysis.suv.result.to_json())
    write_json(folder / "alignment.json", alignment_json(analysis))
    (folder / "transforms").mkdir()
    for role, series in analysis.alignment.by_role.items():
        write_transform(folder / "transforms" / f"{role}-to-reference.tfm", series.reference_to_series_ras)
    write_json(folder / "provenance.json", provenance(analysis, created))


def write_report_file(analysis: Analysis, folder: Path, created: datetime.datetime, progress: Show = silent) -> None:
    """``report.html``; arguments as :func:`write_plain_files`."""
    progress(0.0, "Drawing key images")
    inputs = _key_image_inputs(analysis)
    pictures = key_images(analysis.candidates, inputs, limit=KEY_IMAGE_LIMIT)
    overview = overview_picture(analysis.candidates, inputs)
    progress(0.8, "Writing the report")
    write_report(folder / "report.html", _report_content(analysis, pictures, overview, created))


def case_json(analysis: Analysis) -> dict[str, Any]:
    """The content of ``candidates.json``; foci held to be physiologic stand apart, under ``excluded``."""
    case, options = analysis.case, analysis.case.options
    facts = {
        **case.patient,
        "group": case.group,
        "prosthesis_side": options.prosthesis_side or analysis.mr.implant.side,
        "pain_side": options.pain_side,
        "pain_sites_ras_mm": [list(site) for site in options.pain_sites_ras_mm],
        "reference_series": case.reference.label,
        "reference_role": case.reference_role,
        "pet_aligned": analysis.alignment.is_aligned("PET"),
        "software_version": VERSION,
        "warnings": analysis.warnings,
    }
    content = candidates_json(facts, analysis.candidates)
    content["excluded"] = [
        {
            "reason": spot.physiologic,
            "centroid_ras_mm": [round(float(x), 2) for x in spot.centroid_ras_mm],
            "suv_max": round(spot.suv_max, 4),
            "mtv_ml": round(spot.mtv_ml, 3),
        }
        for spot in analysis.excluded
    ]
    return content


def alignment_json(analysis: Analysis) -> dict[str, Any]:
    """The content of ``alignment.json``."""
    return case_in_scene.alignment_json(analysis.case, analysis.alignment)


def provenance(analysis: Analysis, created: datetime.datetime) -> dict[str, Any]:
    """What was made from what: version, protocol, parameters, input UIDs and hashes."""
    case = analysis.case
    return {
        "schema": 1,
        "software": "PainGenerator",
        "software_version": VERSION,
        "created": created.isoformat(timespec="seconds"),
        "protocol": {"group": case.group, "changed": list(case.protocol.changed), "values": case.protocol.values()},
        "options": {
            name: str(value) if isinstance(value, Path | datetime.datetime) else value
            for name, value in vars(case.options).items()
        },
        "series": case.all_series,
        "left_out": [{"what": what, "reason": reason} for what, reason in case.left_out],
        "inputs": [
            {
                "role": role,
                "series_instance_uid": series.facts.get("series_uid"),
                "sop_instance_uids": list(dict.fromkeys(series.facts.get("sop_instance_uids", ()))),
            }
            for role, series in case.series.items()
        ],
        "input_files": [
            {"name": _relative(file, case.input_folder), "sha256": _sha256(file)} for file in case.input_files
        ],
        "notes": list(case.notes),
        "warnings": analysis.warnings,
    }


def _relative(file: Path, folder: Path | None) -> str:
    return str(file.relative_to(folder)) if folder is not None and file.is_relative_to(folder) else file.name


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _key_image_inputs(analysis: Analysis) -> KeyImageInputs:
    case, alignment = analysis.case, analysis.alignment
    fluid = case.series.get("FLUID")
    shows_fluid = fluid is not None and case.reference_role != "FLUID" and alignment.is_aligned("FLUID")
    is_aligned = alignment.is_aligned("PET")
    return KeyImageInputs(
        suv=analysis.suv.image,
        reference_to_pet=alignment.reference_to("PET") if is_aligned else np.eye(4),
        reference=case.reference.image,
        reference_name=case.reference_role,
        fluid=fluid.image if shows_fluid else None,
        reference_to_fluid=alignment.reference_to("FLUID") if shows_fluid else None,
        aligned=is_aligned,
    )


def _report_content(
    analysis: Analysis, pictures: dict[str, Any], overview: bytes | None, created: datetime.datetime
) -> ReportContent:
    case, options = analysis.case, analysis.case.options
    fusion = case.protocol.stages["fusion"]
    return ReportContent(
        case={
            **case.patient,
            "group": case.group,
            "prosthesis_side": options.prosthesis_side or analysis.mr.implant.side,
            "pain_side": options.pain_side,
            "pain_sites_ras_mm": [list(site) for site in options.pain_sites_ras_mm],
        },
        candidates=analysis.candidates,
        created=created.strftime("%Y-%m-%d %H:%M"),
        software_version=VERSION,
        key_images=pictures,
        overview_png=overview,
        excluded=analysis.excluded,
        mr_findings=analysis.mr.findings,
        series=case.all_series,
        suv=analysis.suv.result.to_json(),
        alignment=[series.to_json() for series in analysis.alignment.by_role.values()],
        reference_tissues=_reference_rows(analysis),
        score_weights={name: fusion[f"weight_{name}"]["value"] for name in _PARTS},
        changed_parameters=_changed_parameters(analysis),
        protocol=case.group,
        method=case.notes,
        warnings=analysis.warnings,
    )


_PARTS = ("pet", "mr", "concordance", "asymmetry", "symptom")


def _reference_rows(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "tissue": value.name,
            "image": "PET",
            "median": value.median,
            "spread": value.spread,
            "unit": "g/ml",
            "volume_ml": value.volume_ml,
            "method": "median and 1.4826 x MAD",
        }
        for value in analysis.pet.references
    ]


def _changed_parameters(analysis: Analysis) -> list[dict[str, Any]]:
    from ..Workflow.protocol import load_protocol

    protocol = analysis.case.protocol
    shipped = load_protocol(protocol.group)
    rows = []
    for name in protocol.changed:
        entry = protocol.entry(name)
        rows.append(
            {
                "name": name,
                "value": entry["value"],
                "shipped": shipped.value(name),
                "unit": entry["unit"],
                "description": entry["description"],
            }
        )
    return rows


def scene_content(analysis: Analysis, created: datetime.datetime) -> SceneContent:
    """What the scene of a case holds."""
    return case_in_scene.scene_content(
        analysis.case,
        analysis.suv,
        analysis.alignment,
        analysis.anatomy,
        analysis.found,
        created=created,
        warnings=analysis.warnings,
    )


def write_scene_files(nodes: CaseNodes, folder: Path) -> None:
    """The files of the scene's nodes that stand alone: segmentations and target points.

    Parameters
    ----------
    nodes : CaseNodes
        As :func:`Scene.write_case.write_case` returned them.
    folder : Path
    """
    save_seg_nrrd(nodes.hot_spots, folder / "pet-hot-spots.seg.nrrd")
    save_seg_nrrd(nodes.mr_findings, folder / "mr-findings.seg.nrrd")
    save_seg_nrrd(nodes.candidates, folder / "pain-generators.seg.nrrd")
    save_markups(nodes.targets, folder / "targets.mrk.json")
