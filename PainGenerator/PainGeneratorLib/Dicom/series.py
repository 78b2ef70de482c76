"""Series as the rest of the program sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Image
from ..Numerics.suv.factors import PetHeader
from .files import Frame
from .pixels import load_frames
from .values import parse_date

Progress = Callable[[float, str], None]


@dataclass(eq=False)
class Series:
    """One volume: a DICOM series, or one stack, echo, Dixon part or phase of it."""

    uid: str
    """Series Instance UID, with "/1", "/2", ... where the series was split."""
    series_uid: str
    number: int | None
    """Series Number (0020,0011)."""
    part: int | None
    """1, 2, ... where the series was split; None where it is whole."""
    description: str
    modality: str
    geometry: Geometry | None
    """The grid in RAS; None when `problem` says why there is none."""
    header: dict[str, Any]
    """Plain values by DICOM keyword (first slice): EchoTime ms, RepetitionTime ms, ImageType tuple, ..."""
    frames: list[Frame]
    split_by: str = ""
    """What this part stands for, in words; empty for a whole series."""
    pet_header: PetHeader | None = None
    problem: PainGeneratorError | None = None
    role: str = "OTHER"
    role_reason: str = ""
    warnings: list[str] = field(default_factory=list)
    _image: Image | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """How the series is called in messages: number, part, description."""
        number = "without number" if self.number is None else str(self.number)
        part = "" if self.part is None else f"/{self.part}"
        words = f" '{self.description}'" if self.description else ""
        return f"series {number}{part}{words}"

    @property
    def frame_of_reference_uid(self) -> str | None:
        return self.header.get("FrameOfReferenceUID")

    @property
    def study_uid(self) -> str | None:
        return self.header.get("StudyInstanceUID")

    @property
    def study_date(self) -> date | None:
        return parse_date(self.header.get("StudyDate"))

    @property
    def date(self) -> date | None:
        """Day of the acquisition, else of the series, else of the study."""
        for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
            day = parse_date(self.header.get(keyword))
            if day is not None:
                return day
        return None

    @property
    def patient_id(self) -> str | None:
        return self.header.get("PatientID")

    @property
    def patient_name(self) -> str | None:
        return self.header.get("PatientName")

    @property
    def sop_instance_uids(self) -> tuple[str, ...]:
        """SOP Instance UID of every slice; all the same for a multi-frame file."""
        return tuple(frame.header.get("SOPInstanceUID", "") for frame in self.frames)

    @property
    def frame_numbers(self) -> tuple[int | None, ...]:
        """Frame number from 1 of every slice in its file; None for single-frame files."""
        return tuple(None if frame.index is None else frame.index + 1 for frame in self.frames)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the series, each once, in slice order."""
        return tuple(dict.fromkeys(frame.path for frame in self.frames))

    @property
    def n_slices(self) -> int:
        return len(self.frames)

    @property
    def image(self) -> Image:
        """The rescaled voxels, read at the first use."""
        return self.load()

    def load(self, progress: Progress | None = None) -> Image:
        """Read the voxels (once).

        Returns
        -------
        Image
            float32, ``stored * slope + intercept`` with each slice's own; RAS geometry.

        Raises
        ------
        PainGeneratorError
            The series is no regular volume, or a file cannot be decoded.
        """
        if self.problem is not None:
            raise self.problem
        if self._image is None:
            if self.geometry is None:
                raise ValueError(f"{self.label} has neither a grid nor a reason why not")
            self._image = Image(load_frames(self.frames, progress), self.geometry)
        return self._image

    def unload(self) -> None:
        """Forget the voxels; they are read again when asked for."""
        self._image = None


@dataclass(eq=False)
class DicomFolder:
    """What was found in a folder."""

    path: Path
    series: list[Series]
    left_out: list[tuple[str, str]]
    """(description, reason) of what is no volume image."""
    warnings: list[str]
    n_files: int = 0
    n_not_dicom: int = 0
