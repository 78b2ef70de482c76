"""Converts a case between the plain data of the stages and what its scene holds, in both directions.

What the scene shows is made from the case by :func:`scene_content`. What else the stages need goes into
``SceneContent.working``: each record gives its own fields (:class:`.kept.Kept`), and images are volumes of the scene.
:func:`restored` makes the same records again.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.core.image import Image
from ..Numerics.core.version import VERSION
from ..Scene.scene_content import SceneContent, SceneSeries
from .case import Case
from .finding import Found
from .prosthesis_facts import surgery_json
from .protocol import Protocol
from .stages import Alignment, Suv

FORM = 3
"""Version of what is kept in ``SceneContent.working``. A case of another version can be shown, but its steps have to
be run again. Up to version 2 the score went from 0 to 100, and nothing was set apart."""


def scene_content(
    case: Case,
    suv: Suv,
    alignment: Alignment | None = None,
    anatomy: AnatomyMap | None = None,
    found: Found | None = None,
    *,
    volumes: Mapping[str, Any] | None = None,
    created: datetime.datetime | None = None,
    warnings: Sequence[str] = (),
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
        case={
            **case.patient,
            "group": case.group,
            "prosthesis_side": options.prosthesis_side,
            "pain_side": options.pain_side,
            **surgery_json(options),
        },
        suv=suv.result.to_json(),
        alignment=alignment_json(case, alignment),
        protocol=protocol_json(case),
        provenance={"software_version": VERSION, **time},
        warnings=list(warnings),
        working={
            "form": FORM,
            **case.to_kept(),
            "suv": suv.result,
            "alignment": dict(alignment.by_role),
            "shown": {
                role: (suv.image if role == "PET" else one.image).fingerprint for role, one in case.series.items()
            },
        },
    )
    if anatomy is not None:
        content.anatomy = anatomy.image
        content.anatomy_labels = {number: structure.text for number, structure in anatomy.structures.items()}
        content.working["anatomy"] = anatomy.to_kept()
    if found is not None:
        content.hot_spots, content.mr_findings = found.hot_spots, found.mr.findings
        content.candidates = found.candidates
        content.set_apart, content.attention = found.set_apart, found.attention
        content.sites = found.sites
        content.spheres = found.regions
        content.maps = found.maps
        content.implant_margin = found.mr.implant.unreliable
        content.working["found"] = found.to_kept()
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
        instance_uids=tuple(dict.fromkeys(series.facts.get("sop_instance_uids", ()))),
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

    The alignment is the one that was judged. Transforms that were corrected by hand in the scene since then are in
    ``content.series``.

    Parameters
    ----------
    content : SceneContent
        As :func:`Scene.read_case.read_case` gave it.
    protocol : Protocol
        The case's parameters.

    Returns
    -------
    Restored or None
        None when the scene lacks what is needed, or was written by an older version: then its candidates can be
        shown, but not measured again.
    """
    working = content.working
    if working.get("form") != FORM:
        return None
    pet = _required(content.first("PET")).image
    # A copy: the scene's own memory is written to by whoever changes the volume.
    suv = Suv(Image(np.array(pet.array), pet.geometry), working["suv"])
    case = Case.reopened(
        working,
        protocol,
        {series.role: series.image for series in content.series},
        pain_sites_ras_mm=tuple(tuple(float(x) for x in site) for site in content.pain_sites_ras),
    )
    alignment = Alignment(working["alignment"]) if working["alignment"] else None
    anatomy = found = None
    if content.anatomy is not None and "anatomy" in working:
        labels = Image(np.array(content.anatomy.array, dtype=np.uint16), content.anatomy.geometry)
        anatomy = AnatomyMap.from_kept(working["anatomy"], image=labels)
    if "found" in working and alignment is not None:
        found = Found.reopened(working["found"], content.maps)
        found.candidates = content.candidates
        found.set_apart, found.attention = content.set_apart, content.attention
    return Restored(case, suv, alignment, anatomy, found)


def _required(series: SceneSeries | None) -> SceneSeries:
    if series is None:
        raise ValueError("the case has no PET")
    return series
