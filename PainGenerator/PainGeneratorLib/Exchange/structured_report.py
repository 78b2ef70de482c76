"""The measurements of all candidates as a DICOM structured report, template TID 1500.

Names, units and decimals are those of the registry of measures (:mod:`..Numerics.core.measures`), so that the report
holds the numbers of ``candidates.csv`` to the last digit.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..Anatomy import report_codes as own
from ..Anatomy.codes import CANDIDATE, KIND_CODES, SIDE_CODES, part_code, structure_code
from ..Numerics.core.coding import Code
from ..Numerics.core.measures import SUV_BW, Measure, Output, measures_of
from ..Numerics.core.records import Candidate
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import Role
from ..Workflow.analyze import Analysis
from .object_identity import (
    MANUFACTURER,
    MODEL,
    SeriesIdentity,
    declare_scheme,
    instance_uid,
    take_study,
    tracking_id,
    tracking_uid,
    uid_of,
)
from .segmentation_object import concept
from .source_images import SourceImages
from .text_values import name_value, text_value


@dataclass(frozen=True, eq=False)
class SegmentReference:
    """Where the outline of a candidate is.

    Parameters
    ----------
    segmentation : pydicom.Dataset
    number : int
        Of the segment, from 1.
    source_series_uid : str
        Of the images on which it was drawn.
    """

    segmentation: Any
    number: int
    source_series_uid: str


def structured_report(
    analysis: Analysis,
    sources: SourceImages,
    segments: Mapping[str, SegmentReference],
    series: SeriesIdentity,
    created: datetime.datetime,
    impression: str = "",
) -> Any:
    """Make the structured report of a case.

    Parameters
    ----------
    analysis : Analysis
    sources : SourceImages
    segments : mapping of str to SegmentReference
        By candidate id. A candidate whose outline is in no segmentation object has its measures, but refers to none.
    series : SeriesIdentity
    created : datetime
    impression : str, optional
        What the reader wrote.

    Returns
    -------
    pydicom.Dataset
    """
    import highdicom.sr as sr

    groups = [_group(sr, one, analysis, sources, segments.get(one.id)) for one in analysis.candidates]
    # highdicom wants at least one group. A case without candidates has a report without groups: the template asks for
    # measurements or for qualitative evaluations, and the latter are always there.
    content = sr.MeasurementReport(
        observation_context=_context(sr, analysis),
        procedure_reported=concept(own.PROCEDURE),
        imaging_measurements=groups or [_no_group(sr, series)],
        title=concept(own.PET_REPORT),
    )
    if not groups:
        del content[0].ContentSequence[-1]
    _append_texts(sr, content, analysis, impression)
    evidence = _evidence(sources, segments)
    found = sr.Comprehensive3DSR(
        evidence=evidence,
        content=content[0],
        series_instance_uid=series.uid,
        series_number=series.number,
        sop_instance_uid=instance_uid(series, created, sources.study, content[0].to_json()),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=series.description,
    )
    take_study(found, sources.study, series, created)
    declare_scheme(found)
    return found


def _evidence(sources: SourceImages, segments: Mapping[str, SegmentReference]) -> list[Any]:
    """The objects that the report refers to: segmentations, and the images of all series that were measured."""
    objects = [reference.segmentation for reference in segments.values()]
    measured = [one for role, one in sources.by_role.items() if role != Role.ATTENUATION]
    objects += [dataset for one in measured for dataset in one.datasets]
    return list({str(one.SOPInstanceUID): one for one in objects}.values())


# --- who


def _context(sr: Any, analysis: Analysis) -> Any:
    from pydicom.sr.codedict import codes

    device = sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=uid_of("device", VERSION),
            name=f"PainGenerator {VERSION}",
            manufacturer_name=MANUFACTURER,
            model_name=MODEL,
        ),
    )
    reader = last_reader(analysis)
    person = None
    if reader:
        person = sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=reader),
        )
    return sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def last_reader(analysis: Analysis) -> str:
    """The reader who decided last, as a name of DICOM; empty when none did, or without a name."""
    acts = [act for one in analysis.candidates for act in one.acts if act.reader]
    return name_value(max(acts, key=lambda act: _seconds(act.time)).reader) if acts else ""


def _seconds(time: str) -> float:
    """A time of an act as a number, whatever its zone."""
    return datetime.datetime.fromisoformat(time).timestamp()


# --- one candidate


def _group(
    sr: Any, candidate: Candidate, analysis: Analysis, sources: SourceImages, reference: SegmentReference | None
) -> Any:
    tracking = sr.TrackingIdentifier(
        uid=tracking_uid(sources.study.StudyInstanceUID, candidate.id), identifier=tracking_id(candidate.id)
    )
    common = {
        "tracking_identifier": tracking,
        "finding_type": concept(CANDIDATE),
        "finding_sites": [_site(sr, candidate)],
        "measurements": list(_measurements(sr, candidate)) or None,
        "qualitative_evaluations": list(_evaluations(sr, candidate)),
    }
    if reference is None:
        group = sr.MeasurementsAndQualitativeEvaluations(**common)
    else:
        segment = sr.ReferencedSegment(
            sop_class_uid=reference.segmentation.SOPClassUID,
            sop_instance_uid=reference.segmentation.SOPInstanceUID,
            segment_number=reference.number,
            source_series=sr.SourceSeriesForSegmentation(reference.source_series_uid),
        )
        group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **common)
    for name, text in _texts(candidate):
        group[0].ContentSequence.append(_text(sr, own.TEXTS[name], text))
    return group


def _no_group(sr: Any, series: SeriesIdentity) -> Any:
    tracking = sr.TrackingIdentifier(uid=uid_of("none", series.uid), identifier="none")
    return sr.MeasurementsAndQualitativeEvaluations(tracking_identifier=tracking)


def _site(sr: Any, candidate: Candidate) -> Any:
    side = candidate.place.side
    return sr.FindingSite(
        anatomic_location=concept(structure_code(candidate.place)),
        laterality=concept(SIDE_CODES[side]) if side in ("left", "right", "both") else None,
        topographical_modifier=None if (part := part_code(candidate.place)) is None else concept(part),
    )


def quantities() -> tuple[Measure, ...]:
    """The measures that are quantities, in the order of the files."""
    return tuple(
        one for one in measures_of(Output.FILES) if one.ucum and (one.quantity or one.key in own.MEASURE_CODES)
    )


def _measurements(sr: Any, candidate: Candidate) -> Iterator[Any]:
    for measure in quantities():
        value = measure.stored(candidate)
        if value is not None and measure.key != "mr_z":
            yield _measurement(sr, measure, value)
    measure = next(one for one in quantities() if one.key == "mr_z")
    for role, z in z_by_series(candidate, measure).items():
        found = _measurement(sr, measure, z)
        found[0].ContentSequence = [*found[0].get("ContentSequence", []), _modifier(sr, own.SERIES, role)]
        yield found


def z_by_series(candidate: Candidate, measure: Measure) -> dict[str, float]:
    """The clearest z of each MR series, rounded as in the files.

    ``mr_z`` of the files is that of the clearest finding on its best series. It is empty for fluid, whose z on T1
    stands here all the same.
    """
    found: dict[str, float] = {}
    for finding in sorted(candidate.mr_findings, key=lambda one: one.order):
        for role, z in ((finding.series_role, finding.z), ("T1", finding.z_t1)):
            if z is not None and role not in found:
                found[role] = measure.rounded(z)
    return found


def _measurement(sr: Any, measure: Measure, value: float) -> Any:
    from pydicom.sr.coding import Code as Concept

    code = measure.quantity or own.MEASURE_CODES[measure.key]
    return sr.Measurement(
        name=concept(code),
        value=float(value),
        unit=Concept(measure.ucum, "UCUM", measure.unit or ("ratio" if measure.ucum == "{ratio}" else "no units")),
        derivation=None if measure.modifier is None else concept(measure.modifier),
        method=concept(own.SUV_METHOD) if measure.quantity == SUV_BW else None,
    )


def _evaluations(sr: Any, candidate: Candidate) -> Iterator[Any]:
    for measure in measures_of(Output.FILES):
        question = own.QUESTIONS.get(measure.key)
        word = measure.stored(candidate)
        if question is None or word is None:
            continue
        answers = KIND_CODES if measure.key == "mr_kind" else own.ANSWERS[measure.key]
        yield sr.QualitativeEvaluation(name=concept(question), value=concept(answers[str(word)]))


def _texts(candidate: Candidate) -> Iterator[tuple[str, str]]:
    values = {measure.key: measure.stored(candidate) for measure in measures_of(Output.FILES)}
    for name in own.TEXTS:
        value = candidate.comment if name == "comment" else values.get(name)
        text = "; ".join(value) if isinstance(value, list) else str(value or "")
        if text_value(text).strip():
            yield name, text


# --- the whole examination


def _append_texts(sr: Any, content: Any, analysis: Analysis, impression: str) -> None:
    by_hand = analysis.suv.result.to_json().get("given_by_hand") or []
    texts: list[tuple[Code, str]] = [(own.PROTOCOL, analysis.case.group)]
    if text_value(impression).strip():
        texts.insert(0, (own.IMPRESSION, impression.strip()))
    if by_hand:
        texts.append((own.BY_HAND, ", ".join(str(name) for name in by_hand)))
    container = sr.ContainerContentItem(
        name=concept(own.QUALITATIVE), is_content_continuous=False, relationship_type="CONTAINS"
    )
    container.ContentSequence = [_text(sr, code, text) for code, text in texts]
    content[0].ContentSequence.append(container)


def _text(sr: Any, code: Code, text: str) -> Any:
    return sr.TextContentItem(name=concept(code), value=text_value(text), relationship_type="CONTAINS")


def _modifier(sr: Any, code: Code, text: str) -> Any:
    return sr.TextContentItem(name=concept(code), value=text, relationship_type="HAS CONCEPT MOD")


def plain_texts(found: Any) -> Sequence[str]:
    """All text values of a report, for tests and for reading."""
    texts: list[str] = []
    for item in found.get("ContentSequence", ()):
        if "TextValue" in item:
            texts.append(str(item.TextValue))
        texts += plain_texts(item)
    return texts
