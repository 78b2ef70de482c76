"""What a report is made from: plain data, filled by the workflow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..Numerics.core.records import Candidate, MRFinding
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.fusion.evidence import SignWeight
from ..Workflow.letter_notes import LetterNotes
from ..Workflow.readers import Readers
from .key_images import KeyImage
from .viewer_data import ViewerData

Row = Mapping[str, Any]
"""An entry of one of the JSON files, with the keys that it has there."""


@dataclass(frozen=True)
class ReportCase:
    """What identifies a case, in the report and in ``candidates.json``; None where it is not known.

    Parameters
    ----------
    patient_name, patient_id, birth_date, sex : str, optional
    study_date, study_description : str, optional
    group : str, optional
        A word of :class:`Numerics.core.words.Group`.
    prosthesis_side : str, optional
        ``left`` or ``right``.
    surgery_date, fixation, crp_mg_l : optional
        What was given about a hip replacement: a date in ISO form, a word of :class:`Numerics.core.words.Fixation`,
        mg/l.
    pain_side : str, optional
        A word of :class:`Numerics.core.words.PainSide`.
    pain_sites_ras_mm : list of list of float
        Three numbers each, mm, in the frame of the reference series.
    """

    patient_name: str | None = None
    patient_id: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    study_date: str | None = None
    study_description: str | None = None
    group: str | None = None
    prosthesis_side: str | None = None
    pain_side: str | None = None
    pain_sites_ras_mm: list[list[float]] = field(default_factory=list)
    surgery_date: str | None = None
    fixation: str | None = None
    crp_mg_l: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The facts by name."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class ReferenceRow:
    """What was measured in one reference tissue.

    Parameters
    ----------
    tissue : str
    image : str
        ``PET`` or the role of an MR series.
    median, spread : float, optional
        In `unit`.
    unit : str
    volume_ml : float, optional
    method : str
        How median and spread were taken.
    use : str
        Whether foci are compared with it; with the reason where it was refused.
    """

    tissue: str
    image: str
    median: float | None
    spread: float | None
    unit: str
    volume_ml: float | None = None
    method: str = ""
    use: str = ""


@dataclass(frozen=True)
class ChangedParameter:
    """A parameter whose value is not that of the shipped protocol.

    Parameters
    ----------
    name : str
        ``stage.parameter``.
    value, shipped : number, str, bool or list
        The value in this case, and the shipped one.
    unit, description : str
        As in the protocol.
    """

    name: str
    value: Any
    shipped: Any
    unit: str = ""
    description: str = ""


@dataclass(frozen=True)
class ReportContent:
    """All that stands in ``report.html``. A value that is not known is None or left out, and is shown as a dash.

    Parameters
    ----------
    case : ReportCase
    candidates : sequence of Candidate
        In the reference frame; shown by rank.
    created : str
        When the report was made, as it is shown ("2026-03-01 14:20"). It is never taken from the clock here, so that
        the same content gives the same bytes.
    software_version : str
    key_images : mapping of str to KeyImage
        By candidate id.
    overview_png : bytes, optional
        The picture of :func:`.overview.overview_picture`.
    viewer : ViewerData, optional
        Images and outlines for the viewer in the page; without them the page has no viewer and no script.
    set_apart : sequence of Candidate
        What was found, but has fewer points of evidence than the bar; ``reason`` says why.
    attention : sequence of Candidate
        What is no pain generator, but has to be looked at; ``reason`` says why.
    bar : float
        Least points of evidence of a candidate.
    weights : mapping of str to SignWeight
        The weights of the signs of the protocol, with their sources, by the name of the sign.
    mr_findings : sequence of MRFinding
        All of them, implant artifacts included.
    sites : SiteTable
        Every site with its measures, in the reference frame.
    regions : sequence of SphereRegion
        Spherical regions of the reader.
    series : sequence of mapping
        What was read: ``role``, ``description``, ``number``, ``date`` and ``reason`` (why it has this role).
    left_out : sequence of (str, str)
        What was in the folder and was not read, and why. It is not shown in a report with a pseudonym, because names
        of files may name the patient.
    suv : mapping
        ``SuvResult.to_json()``; empty when there is no SUV.
    alignment : sequence of mapping
        ``SeriesAlignment.to_json()`` of every series that was aligned. A row with the verdict "not aligned" puts a
        warning on top of the report.
    reference_tissues : sequence of ReferenceRow
    changed_parameters : sequence of ChangedParameter
    protocol : str
        Name of the protocol.
    method : sequence of str
        Sentences about how this case was analyzed, shown after the general ones.
    warnings : sequence of str
        Shown on top.
    readers : Readers
        What readers decided; their decisions stand beside each other where there is more than one.
    pseudonymized : bool
        Leave out the patient's name, ID and birth date; `pseudonym` is shown instead when there is one.
    pseudonym : str, optional
    language : str
        Code of the language of the letter to the referring physician (:data:`.languages.LANGUAGE_NAMES`).
    notes : LetterNotes
        What people wrote for the letter.
    """

    case: ReportCase
    candidates: Sequence[Candidate]
    created: str
    software_version: str
    key_images: Mapping[str, KeyImage] = field(default_factory=dict)
    overview_png: bytes | None = None
    viewer: ViewerData | None = None
    set_apart: Sequence[Candidate] = ()
    attention: Sequence[Candidate] = ()
    bar: float = 0.0
    weights: Mapping[str, SignWeight] = field(default_factory=dict)
    mr_findings: Sequence[MRFinding] = ()
    sites: SiteTable = field(default_factory=SiteTable)
    regions: Sequence[SphereRegion] = ()
    series: Sequence[Row] = ()
    left_out: Sequence[tuple[str, str]] = ()
    suv: Row = field(default_factory=dict)
    alignment: Sequence[Row] = ()
    reference_tissues: Sequence[ReferenceRow] = ()
    changed_parameters: Sequence[ChangedParameter] = ()
    protocol: str = ""
    method: Sequence[str] = ()
    warnings: Sequence[str] = ()
    readers: Readers = field(default_factory=Readers)
    pseudonymized: bool = False
    pseudonym: str | None = None
    language: str = "en"
    notes: LetterNotes = field(default_factory=LetterNotes)
