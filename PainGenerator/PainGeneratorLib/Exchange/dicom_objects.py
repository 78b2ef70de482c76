"""Writes the DICOM objects of a case into a folder."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..Anatomy.codes import SIDE_CODES, color_of, part_code, structure_code, type_code
from ..Numerics.core.records import Candidate, MRFinding
from ..Numerics.core.short_names import short_name
from ..Numerics.core.words import Status
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, silent
from .choices import USUAL
from .homes import homes
from .object_identity import series_identity, tracking_id, tracking_uid, uid_of
from .picture_objects import document_object, picture_object
from .segmentation_object import AUTOMATIC, BY_HAND, HALF_AUTOMATIC, SegmentFacts, segmentation_object
from .source_images import SourceImages
from .structured_report import SegmentReference, last_reader, structured_report

MADE = {"automatic": AUTOMATIC, "edited": HALF_AUTOMATIC, "manual": BY_HAND}
"""Origin of a candidate -> how its outline was made, in DICOM's words."""
PICTURES_FOLDER = "key-images"
"""Folder of the key images."""


@dataclass(frozen=True)
class Picture:
    """A key image: color JPEG and what it shows, in plain words."""

    candidate_id: str
    jpeg: bytes
    caption: str


@dataclass(frozen=True)
class ObjectInputs:
    """What objects hold that is made elsewhere.

    Parameters
    ----------
    pictures : sequence of Picture
    pdf : bytes or None
        The report; None where it could not be made.
    impression : str
        What the reader wrote.
    """

    pictures: Sequence[Picture] = ()
    pdf: bytes | None = None
    impression: str = ""


@dataclass
class Written:
    """What was written, and what was not.

    Parameters
    ----------
    paths : list of Path
    notes : list of str
        Why something is missing, as sentences.
    """

    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def write_dicom_objects(
    analysis: Analysis,
    sources: SourceImages,
    folder: Path,
    created: datetime.datetime,
    inputs: ObjectInputs | None = None,
    choices: Collection[str] = USUAL,
    progress: Show = silent,
) -> Written:
    """Write the chosen DICOM objects of a case.

    Parameters
    ----------
    analysis : Analysis
        With the decisions of the reader: the objects hold the candidates as they stand.
    sources : SourceImages
    folder : Path
        Existing.
    created : datetime
        Date and time of the objects.
    inputs : ObjectInputs, optional
    choices : collection of str
        Names of :data:`.choices.CHOICES`.
    progress : callable, optional

    Raises
    ------
    PainGeneratorError
        When no image of the case is known.
    """
    return _Writer(analysis, sources, folder, created, inputs or ObjectInputs()).write(choices, progress)


class _Writer:
    def __init__(
        self, analysis: Analysis, sources: SourceImages, folder: Path, created: datetime.datetime, inputs: ObjectInputs
    ) -> None:
        self._analysis, self._sources, self._folder, self._inputs = analysis, sources, folder, inputs
        self._created, self._study = created, sources.study
        self._taken = sources.series_numbers | {
            int(one["number"]) for one in analysis.case.all_series if one.get("number") is not None
        }
        self._segments: dict[str, SegmentReference] = {}
        self.written = Written()

    def write(self, choices: Collection[str], progress: Show) -> Written:
        if "seg" in choices:
            progress(0.0, "Writing DICOM segmentations")
            self._candidates()
        if "mr-seg" in choices:
            progress(0.3, "Writing DICOM segmentations of MR findings")
            self._mr_findings()
        if "sr" in choices:
            progress(0.5, "Writing the structured report")
            self._report()
        progress(0.8, "Writing pictures and report as DICOM")
        if "pictures" in choices:
            self._pictures()
        if "pdf" in choices:
            self._document()
        return self.written

    def _identity(self, kind: str, description: str, role: str = "") -> Any:
        return series_identity(str(self._study.StudyInstanceUID), kind, description, self._taken, role)

    def _save(self, found: Any, name: str) -> None:
        path = self._folder / name
        path.parent.mkdir(exist_ok=True)
        found.save_as(path, enforce_file_format=True)
        self.written.paths.append(path)

    # --- outlines

    def _candidates(self) -> None:
        candidates = [one for one in self._analysis.candidates if len(one.region)]
        for role, entries in self._by_series(candidates).items():
            labels = [short_name(candidate.place) for candidate, _region in entries]
            facts = [
                self._facts(candidate, region, label if labels.count(label) == 1 else f"{label} {candidate.id}")
                for (candidate, region), label in zip(entries, labels, strict=True)
            ]
            identity = self._identity("segmentation", f"outlines on {role}", role)
            found = segmentation_object(
                self._sources.by_role[role],
                facts,
                identity,
                self._created,
                "PAIN GENERATORS",
                last_reader(self._analysis),
            )
            for number, (candidate, _region) in enumerate(entries, start=1):
                self._segments[candidate.id] = SegmentReference(
                    found, number, str(self._sources.by_role[role].first.SeriesInstanceUID)
                )
            self._save(found, _file_name("pain-generators", role))

    def _mr_findings(self) -> None:
        entries = self._by_series([one for one in self._analysis.mr.findings if len(one.region)])
        for role, found in entries.items():
            facts = [self._finding_facts(finding, region) for finding, region in found]
            identity = self._identity("mr findings", f"MR findings on {role}", role)
            segmentation = segmentation_object(
                self._sources.by_role[role], facts, identity, self._created, "MR FINDINGS"
            )
            self._save(segmentation, _file_name("mr-findings", role))

    def _by_series(self, entries: Sequence[Any]) -> dict[str, list[tuple[Any, Any]]]:
        """The entries by the series on whose grid their outline lies, each with the outline on that grid."""
        found: dict[str, list[tuple[Any, Any]]] = {}
        regions = [one.region for one in entries]
        where = homes(regions, self._analysis.case, self._analysis.alignment, self._sources)
        for entry, home in zip(entries, where, strict=True):
            name = entry.id if isinstance(entry, Candidate) else f"{entry.kind} {entry.label}"
            if home is None:
                self.written.notes.append(
                    f"The outline of {name} lies on no series whose DICOM images are known; it is in no DICOM SEG."
                )
                continue
            if not home.is_exact:
                self.written.notes.append(
                    f"The outline of {name} was put onto the voxels of the {home.role}; its volume there is "
                    f"{home.region.volume_ml:.2f} ml in place of {entry.region.volume_ml:.2f} ml."
                )
            found.setdefault(home.role, []).append((entry, home.region))
        return found

    def _facts(self, candidate: Candidate, region: Any, label: str) -> SegmentFacts:
        category, kind = type_code("pain generator")
        # Many viewers show nothing else of a segment: what a reader set aside must not look like a candidate there.
        is_set_aside = candidate.status in (Status.REJECTED, Status.PHYSIOLOGIC)
        side, part = candidate.place.side, part_code(candidate.place)
        return SegmentFacts(
            label=f"{label} ({candidate.status})" if is_set_aside else label,
            region=region,
            category=category,
            type=kind,
            structure=structure_code(candidate.place),
            modifiers=(*([SIDE_CODES[side]] if side in ("left", "right", "both") else []), *([part] if part else [])),
            tracking_id=tracking_id(candidate.id),
            tracking_uid=tracking_uid(str(self._study.StudyInstanceUID), candidate.id),
            made=MADE[candidate.origin],
            color=color_of("implant artefact" if is_set_aside else "pain generator"),
        )

    def _finding_facts(self, finding: MRFinding, region: Any) -> SegmentFacts:
        category, kind = type_code(finding.kind)
        name = f"MR finding {finding.label}"
        return SegmentFacts(
            label=f"{finding.kind} {finding.label}",
            region=region,
            category=category,
            type=kind,
            structure=None,
            modifiers=(),
            tracking_id=f"PainGenerator {name}",
            tracking_uid=uid_of("tracking", self._study.StudyInstanceUID, name),
            made=AUTOMATIC,
            color=color_of(finding.kind),
        )

    # --- report and pictures

    def _report(self) -> None:
        found = structured_report(
            self._analysis,
            self._sources,
            self._segments,
            self._identity("report", "measurements"),
            self._created,
            self._inputs.impression,
        )
        self._save(found, "measurements.sr.dcm")

    def _pictures(self) -> None:
        identity = self._identity("key images", "key images")
        for number, one in enumerate(self._inputs.pictures, start=1):
            found = picture_object(one.jpeg, one.caption, self._study, identity, number, self._created)
            self._save(found, f"{PICTURES_FOLDER}/{number:02d}-{one.candidate_id}.dcm")

    def _document(self) -> None:
        if self._inputs.pdf is None:
            self.written.notes.append("The report could not be made as PDF; it is in no DICOM object.")
            return
        identity = self._identity("document", "report")
        self._save(
            document_object(self._inputs.pdf, "PainGenerator report", self._study, identity, self._created),
            "report.dcm",
        )


def _file_name(what: str, role: str) -> str:
    """The PET has the plain name, as most candidates lie on it."""
    return f"{what}.seg.dcm" if role == "PET" else f"{what}-{role}.seg.dcm"
