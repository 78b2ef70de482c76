"""What a report is made from: plain data, filled by the workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.records import Candidate, HotSpot, MRFinding
from .key_images import KeyImage

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReportContent:
    """All that stands in ``report.html``. A value that is not known is None or left out, and is shown as a dash.

    Parameters
    ----------
    case : mapping
        ``patient_name``, ``patient_id``, ``birth_date``, ``sex``, ``study_date``, ``study_description``, ``group``
        (``low-back`` or ``hip-replacement``), ``prosthesis_side``, ``pain_side``: text;
        ``pain_sites_ras_mm``: list of three numbers each, reference frame.
    candidates : sequence of Candidate
        In the reference frame; shown by rank.
    created : str
        When the report was made, as it is to be shown ("2026-03-01 14:20"). Never taken from the clock here, so that
        the same content gives the same bytes.
    software_version : str
    key_images : mapping of str to KeyImage
        By candidate id.
    overview_png : bytes, optional
        The picture of :func:`.overview.overview_picture`.
    excluded : sequence of HotSpot
        Foci held to be physiologic, in the reference frame; the reason is in ``physiologic``.
    mr_findings : sequence of MRFinding
        All of them, implant artefacts included.
    series : sequence of mapping
        What was read: ``role``, ``description``, ``number``, ``date`` and ``reason`` (why it has this role).
    suv : mapping
        ``SuvResult.to_json()``; empty when there is no SUV.
    alignment : sequence of mapping
        ``SeriesAlignment.to_json()`` of every series that was aligned. A row with the verdict "not aligned" puts a
        warning on top of the report.
    reference_tissues : sequence of mapping
        ``tissue``, ``image`` ("PET", "FLUID"), ``median``, ``spread``, ``unit``, ``volume_ml``, ``method``.
    score_weights : mapping of str to float
        Most points of each part of the score: ``pet``, ``mr``, ``concordance``, ``asymmetry``, ``symptom``.
    changed_parameters : sequence of mapping
        Parameters that differ from the shipped protocol: ``name``, ``value``, ``shipped``, ``unit``, ``description``.
    protocol : str
        Name of the protocol.
    method : sequence of str
        Sentences about how this case was analyzed, shown after the general ones.
    warnings : sequence of str
        Shown on top.
    pseudonymized : bool
        Leave out the patient's name, ID and birth date; ``case["pseudonym"]`` is shown instead when there is one.
    """

    case: Row
    candidates: Sequence[Candidate]
    created: str
    software_version: str
    key_images: Mapping[str, KeyImage] = field(default_factory=dict)
    overview_png: bytes | None = None
    excluded: Sequence[HotSpot] = ()
    mr_findings: Sequence[MRFinding] = ()
    series: Sequence[Row] = ()
    suv: Row = field(default_factory=dict)
    alignment: Sequence[Row] = ()
    reference_tissues: Sequence[Row] = ()
    score_weights: Mapping[str, float] = field(default_factory=dict)
    changed_parameters: Sequence[Row] = ()
    protocol: str = ""
    method: Sequence[str] = ()
    warnings: Sequence[str] = ()
    pseudonymized: bool = False
