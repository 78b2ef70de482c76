"""Everything that the command ``analyze`` writes, from one analysis."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..Exchange.dicom_objects import ObjectInputs, Picture
from ..Numerics.core.measures import as_stored
from ..Numerics.core.site_columns import row_as_stored
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import Role, Status
from ..Numerics.pet.structure_uptake import ORGANS
from ..Registration.transform_files import write_transform
from ..Scene.scene_content import CaseNodes, SceneContent
from ..Scene.segment_files import save_seg_nrrd
from ..Workflow import case_in_scene
from ..Workflow.analyze import Analysis
from ..Workflow.case import READ_FROM, CaseOptions, CaseSeries
from ..Workflow.evidence import evidence_table
from ..Workflow.letter_notes import NOTES_FILE, notes_text
from ..Workflow.progress import Show, silent
from ..Workflow.protocol import Protocol, load_protocol
from ..Workflow.readers import CSV_COLUMNS, readers_json, readers_rows
from ..Workflow.report_edit import final_text
from ..Workflow.target_records import Target
from .content import ChangedParameter, ReferenceRow, ReportCase, ReportContent
from .key_images import KeyImage, KeyImageInputs, key_images
from .languages import load_language
from .letter import comment_names, letter_facts
from .mr_files import mr_findings_csv, mr_findings_json, three_lists
from .output_folder import write_bytes, write_json, write_text
from .overview import overview_picture
from .pdf import MISSING, can_write_pdf, report_pdf
from .plain_text import plain_report
from .regions import regions_csv
from .report import report_html
from .site_files import sites_csv, sites_json
from .tables import candidates_csv, candidates_json, csv_text, ledger_csv, set_apart_csv
from .target_files import write_target_models, write_target_tables
from .viewer_data import room_for_viewer, viewer_data
from .viewer_inputs import viewer_inputs

KEY_IMAGE_LIMIT = 10
"""The most candidates that get a key image, and the most entries to be looked at; the first ones by rank."""
SEGMENTATION_FILES = {
    "hot-spots": "pet-hot-spots.seg.nrrd",
    "mr-findings": "mr-findings.seg.nrrd",
    "candidates": "pain-generators.seg.nrrd",
}
"""The file of each segmentation."""


def write_plain_files(
    analysis: Analysis, folder: Path, created: datetime.datetime, progress: Show = silent
) -> ObjectInputs:
    """Write tables, transforms, report and provenance: all files that need no scene.

    Parameters
    ----------
    analysis : Analysis
    folder : Path
        An empty, writable folder.
    created : datetime
        Written into report and provenance.
    progress : callable, optional

    Returns
    -------
    ObjectInputs
        As :func:`write_report_file`.
    """
    write_tables(analysis, folder, created)
    return write_report_file(analysis, folder, created, progress)


def write_tables(analysis: Analysis, folder: Path, created: datetime.datetime) -> None:
    """Write every file of :data:`TABLE_WRITERS`; arguments as :func:`write_plain_files`."""
    for write in TABLE_WRITERS:
        write(analysis, folder, created)


def _write_candidates(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    write_json(folder / "candidates.json", case_json(analysis))
    write_text(folder / "candidates.csv", candidates_csv(analysis.candidates))
    found = analysis.found
    write_text(folder / "set-apart.csv", set_apart_csv(found.attention, found.set_apart))
    write_text(folder / "ledger.csv", ledger_csv(found.candidates, found.set_apart, found.attention))
    if analysis.readers.readings:
        blank = dict.fromkeys(CSV_COLUMNS, "")
        write_text(folder / "readers.csv", csv_text(readers_rows(analysis.readers), blank))


def _write_mr_findings(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    found = analysis.found
    namer = found.namer(analysis.anatomy, analysis.case, analysis.suv, analysis.alignment)
    lists = three_lists(found.candidates, found.set_apart, found.attention)
    content = mr_findings_json(case_facts(analysis), analysis.mr, lists, namer)
    write_json(folder / "mr-findings.json", content)
    write_text(folder / "mr-findings.csv", mr_findings_csv(content["findings"]))


def _write_sites(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    table = analysis.found.sites
    write_json(
        folder / "sites.json",
        sites_json(
            case_facts(analysis), table, analysis.candidates, analysis.found.attention, analysis.readers.removed
        ),
    )
    write_text(folder / "sites.csv", sites_csv(table))


def _write_regions(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    if analysis.found.regions:
        write_text(folder / "regions.csv", regions_csv(analysis.found.regions))


def _write_suv(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    write_json(folder / "suv.json", analysis.suv.result.to_json())


def _write_alignment(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    write_json(folder / "alignment.json", case_in_scene.alignment_json(analysis.case, analysis.alignment))
    (folder / "transforms").mkdir()
    for role, series in analysis.alignment.by_role.items():
        write_transform(folder / "transforms" / f"{role}-to-reference.tfm", series.reference_to_series_ras)


def _write_targets(analysis: Analysis, folder: Path, _created: datetime.datetime) -> None:
    write_target_tables(analysis.targets, folder)


def _write_provenance(analysis: Analysis, folder: Path, created: datetime.datetime) -> None:
    write_json(folder / "provenance.json", provenance(analysis, created))


TABLE_WRITERS: tuple[Callable[[Analysis, Path, datetime.datetime], None], ...] = (
    _write_candidates,
    _write_mr_findings,
    _write_sites,
    _write_regions,
    _write_suv,
    _write_alignment,
    _write_targets,
    _write_provenance,
)
"""What writes the tables of a case, in order. An export is added here, as a function of the analysis, an existing
folder and the time that is written into the files."""


def write_report_file(
    analysis: Analysis, folder: Path, created: datetime.datetime, progress: Show = silent
) -> ObjectInputs:
    """Write ``report.html``, ``report.pdf`` and ``report.txt``; arguments as :func:`write_plain_files`.

    Returns
    -------
    ObjectInputs
        What DICOM objects take from the report: key images, the PDF, the reader's impression.
    """
    progress(0.0, "Drawing key images")
    inputs = _key_image_inputs(analysis)
    pictures = {
        **key_images(analysis.found.attention, inputs, limit=KEY_IMAGE_LIMIT),
        **key_images(analysis.candidates, inputs, limit=KEY_IMAGE_LIMIT),
    }
    active = [one for one in analysis.candidates if one.status in (Status.PENDING, Status.ACCEPTED)]
    overview = overview_picture(active, inputs, attention=analysis.found.attention)
    progress(0.8, "Writing the report")
    content = _report_content(analysis, pictures, overview, created)
    room = room_for_viewer([*(picture.jpeg for picture in pictures.values()), overview])
    content = dataclasses.replace(content, viewer=viewer_data(viewer_inputs(analysis), room))
    page = report_html(
        content if can_write_pdf() else dataclasses.replace(content, warnings=[*content.warnings, MISSING])
    )
    write_text(folder / "report.html", page)
    pdf = None
    if can_write_pdf():
        progress(0.9, "Writing the PDF")
        pdf = report_pdf(page, created)
        write_bytes(folder / "report.pdf", pdf)
    names = list(comment_names(content).values())
    write_text(folder / NOTES_FILE, notes_text(analysis.notes_for_letter, letter_facts(content), names))
    write_text(folder / "report.txt", final_text(plain_report(content), analysis.report_edit))
    places = {one.id: one.place.name for one in (*analysis.candidates, *analysis.found.attention)}
    shown = [
        Picture(entry_id, picture.jpeg, f"{places[entry_id]} ({entry_id}). {picture.caption}")
        for entry_id, picture in pictures.items()
    ]
    return ObjectInputs(shown, pdf, analysis.notes_for_letter.impression)


def plain_text(analysis: Analysis) -> str:
    """The report of a case as plain text, as the case gives it."""
    # The text holds no time, so that any will do.
    return plain_report(_report_content(analysis, {}, None, datetime.datetime.min))


def facts_of_letter(analysis: Analysis) -> str:
    """Fingerprint of what the letter says about the findings of a case."""
    return letter_facts(_report_content(analysis, {}, None, datetime.datetime.min))


def case_json(analysis: Analysis) -> dict[str, Any]:
    """The content of ``candidates.json``."""
    found = analysis.found
    lists = candidates_json(case_facts(analysis), found.candidates, found.set_apart, found.attention)
    return {**lists, "readers": readers_json(analysis.readers)}


def case_facts(analysis: Analysis) -> dict[str, Any]:
    """What identifies the case and how it was made, for ``candidates.json`` and ``sites.json``."""
    case = analysis.case
    return {
        **report_case(analysis).to_json(),
        "reference_series": case.reference.label,
        "reference_role": case.reference_role,
        "pet_aligned": analysis.alignment.is_aligned(Role.PET),
        "software_version": VERSION,
        "warnings": analysis.warnings,
    }


def report_case(analysis: Analysis) -> ReportCase:
    """What identifies the case."""
    options = analysis.case.options
    return ReportCase(
        **analysis.case.patient,
        group=analysis.case.group,
        prosthesis_side=options.prosthesis_side or analysis.mr.implant.side,
        pain_side=options.pain_side,
        surgery_date=None if options.surgery_date is None else options.surgery_date.isoformat(),
        fixation=options.fixation,
        crp_mg_l=options.crp_mg_l,
        pain_sites_ras_mm=[list(site) for site in options.pain_sites_ras_mm],
    )


def provenance(analysis: Analysis, created: datetime.datetime) -> dict[str, Any]:
    """What was made from what: version, protocol, parameters, UIDs of the input and hashes of its files."""
    case = analysis.case
    return {
        "schema": 1,
        "software": "PainGenerator",
        "software_version": VERSION,
        "created": created.isoformat(timespec="seconds"),
        "protocol": case_in_scene.protocol_json(case),
        "options": _options_json(case.options),
        "series": case.all_series,
        "left_out": [{"what": what, "reason": reason} for what, reason in case.left_out],
        "inputs": [_input_json(role, series) for role, series in case.series.items()],
        "input_files": [
            {"name": _relative(file, case.input_folder), "sha256": digest}
            for file, digest in zip(case.input_files, case.input_hashes, strict=True)
        ],
        "notes": analysis.notes,
        "warnings": analysis.warnings,
    }


def _options_json(options: CaseOptions) -> dict[str, Any]:
    """What the user said about the case; paths and times as text."""
    return {
        name: str(value) if isinstance(value, Path | datetime.date) else value for name, value in vars(options).items()
    } | {"reference_edits": [dataclasses.asdict(edit) for edit in options.reference_edits]}


def _input_json(role: str, series: CaseSeries) -> dict[str, Any]:
    return {
        "role": role,
        "series_instance_uid": series.facts.get("series_uid"),
        "sop_instance_uids": list(dict.fromkeys(series.facts.get("sop_instance_uids", ()))),
    }


def _relative(file: Path, folder: Path | None) -> str:
    return str(file.relative_to(folder)) if folder is not None and file.is_relative_to(folder) else file.name


def _key_image_inputs(analysis: Analysis) -> KeyImageInputs:
    case, alignment = analysis.case, analysis.alignment
    is_aligned = alignment.is_aligned(Role.PET)
    inputs = KeyImageInputs(
        suv=analysis.suv.image,
        reference_to_pet=alignment.reference_to(Role.PET) if is_aligned else np.eye(4),
        reference=case.reference.image,
        reference_name=case.reference_role,
        aligned=is_aligned,
        language=load_language(analysis.language),
    )
    fluid = case.series.get(Role.FLUID)
    if fluid is None or case.reference_role == Role.FLUID or not alignment.is_aligned(Role.FLUID):
        return inputs
    return dataclasses.replace(inputs, fluid=fluid.image, reference_to_fluid=alignment.reference_to(Role.FLUID))


def _report_content(
    analysis: Analysis, pictures: dict[str, KeyImage], overview: bytes | None, created: datetime.datetime
) -> ReportContent:
    case, sites = analysis.case, analysis.found.sites
    return ReportContent(
        case=report_case(analysis),
        candidates=[as_stored(one) for one in analysis.candidates],
        created=created.strftime("%Y-%m-%d %H:%M"),
        software_version=VERSION,
        key_images=pictures,
        overview_png=overview,
        set_apart=[as_stored(one) for one in analysis.found.set_apart],
        attention=[as_stored(one) for one in analysis.found.attention],
        bar=case.protocol.value("fusion.bar"),
        weights=evidence_table(case.protocol).weights,
        mr_findings=analysis.mr.findings,
        sites=dataclasses.replace(sites, rows=tuple(row_as_stored(row) for row in sites.rows)),
        regions=analysis.found.regions,
        series=case.all_series,
        left_out=tuple(case.left_out),
        suv=analysis.suv.result.to_json(),
        alignment=[series.to_json() for series in analysis.alignment.by_role.values()],
        reference_tissues=_reference_rows(analysis),
        changed_parameters=_changed_parameters(case.protocol),
        protocol=case.group,
        method=tuple(analysis.notes),
        warnings=analysis.warnings,
        readers=analysis.readers,
        language=analysis.language,
        notes=analysis.notes_for_letter,
    )


def _reference_rows(analysis: Analysis) -> list[ReferenceRow]:
    return [
        ReferenceRow(
            tissue=value.name,
            image=Role.PET,
            median=value.median,
            spread=value.spread,
            unit="g/ml",
            volume_ml=value.volume_ml,
            method="mean and SD" if value.name in ORGANS else "median and 1.4826 x MAD",
            use=f"{value.status}: {value.note}" if value.note else value.status,
        )
        for value in analysis.pet.references
    ]


def _changed_parameters(protocol: Protocol) -> list[ChangedParameter]:
    shipped = load_protocol(protocol.group)
    rows = []
    for name in protocol.changed:
        entry = protocol.entry(name)
        rows.append(ChangedParameter(name, entry["value"], shipped.value(name), entry["unit"], entry["description"]))
    return rows


def analysis_in_scene(analysis: Analysis, created: datetime.datetime) -> SceneContent:
    """What a new scene of a case holds. The volumes of another scene from which it was read are not in it."""
    series = {
        role: dataclasses.replace(one, facts={name: fact for name, fact in one.facts.items() if name != READ_FROM})
        for role, one in analysis.case.series.items()
    }
    return case_in_scene.scene_content(
        dataclasses.replace(analysis.case, series=series),
        analysis.suv,
        analysis.alignment,
        analysis.anatomy,
        analysis.found,
        created=created,
        warnings=analysis.warnings,
    )


def write_scene_files(nodes: CaseNodes, targets: Sequence[Target], folder: Path) -> None:
    """The files of the scene's nodes that stand alone: segmentations and targets.

    Parameters
    ----------
    nodes : CaseNodes
        As :func:`Scene.write_case.write_case` returned them.
    targets : sequence of Target
    folder : Path
    """
    segmentations = {"hot-spots": nodes.hot_spots, "mr-findings": nodes.mr_findings, "candidates": nodes.candidates}
    write_node_files(segmentations, targets, folder)


def write_node_files(segmentations: Mapping[str, Any], targets: Sequence[Target], folder: Path) -> None:
    """Write segmentations, and the targets with the outlines of their candidates.

    Parameters
    ----------
    segmentations : mapping of str to vtkMRMLSegmentationNode
        With the keys of :data:`SEGMENTATION_FILES`.
    targets : sequence of Target
    folder : Path
    """
    for key, name in SEGMENTATION_FILES.items():
        save_seg_nrrd(segmentations[key], folder / name)
    write_target_models(targets, folder)
