"""The dataclasses of a DICOM series and of a DICOM folder, as the other rooms use them."""

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
from .joined_grid import joined_values
from .pixels import load_frames
from .values import parse_date

Progress = Callable[[float, str], None]
"""Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`."""


@dataclass(eq=False)
class Series:
    """One volume: a DICOM series, or one stack, echo, Dixon part or phase of it."""

    uid: str
    """Series Instance UID, followed by "/1", "/2", ... when the series was split."""
    series_uid: str
    """Series Instance UID (0020,000E)."""
    number: int | None
    """Series Number (0020,0011)."""
    part: int | None
    """Number of the part from 1 when the series was split; None when it is whole, and when it joins all parts."""
    description: str
    modality: str
    geometry: Geometry | None
    """The voxel grid in RAS coordinates, mm; None when `problem` says why there is none."""
    header: dict[str, Any]
    """Plain values of the first slice by DICOM keyword, in the units of DICOM (for example EchoTime in ms)."""
    frames: list[Frame]
    """The frames in the order of the slices."""
    split_by: str = ""
    """What sets this part apart from the other parts, in words; empty for a whole series."""
    pet_header: PetHeader | None = None
    """What the computation of SUV needs; None for CT and MR."""
    problem: PainGeneratorError | None = None
    """Why the series cannot be used as a volume; None when it can."""
    role: str = "OTHER"
    role_reason: str = ""
    warnings: list[str] = field(default_factory=list)
    block: str = ""
    """Which block of a series in several blocks this part is ("block 2 of 5"); empty when it is none."""
    blocks: tuple[Series, ...] = ()
    """The blocks that this volume joins on one grid, with no values (NaN) between them; empty for every other one."""
    _image: Image | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """Name of the series in messages: number, part, description."""
        number = "without number" if self.number is None else str(self.number)
        part = "" if self.part is None else f"/{self.part}"
        words = f" '{self.description}'" if self.description else ""
        return f"series {number}{part}{words}"

    @property
    def frame_of_reference_uid(self) -> str | None:
        """Frame of Reference UID (0020,0052)."""
        return self.header.get("FrameOfReferenceUID")

    @property
    def study_uid(self) -> str | None:
        """Study Instance UID (0020,000D)."""
        return self.header.get("StudyInstanceUID")

    @property
    def study_date(self) -> date | None:
        """Study Date (0008,0020)."""
        return parse_date(self.header.get("StudyDate"))

    @property
    def date(self) -> date | None:
        """Day of the acquisition; if it is missing, that of the series; if that is missing, too, that of the study."""
        for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
            day = parse_date(self.header.get(keyword))
            if day is not None:
                return day
        return None

    @property
    def patient_id(self) -> str | None:
        """Patient ID (0010,0020)."""
        return self.header.get("PatientID")

    @property
    def patient_name(self) -> str | None:
        """Patient's Name (0010,0010)."""
        return self.header.get("PatientName")

    @property
    def sop_instance_uids(self) -> tuple[str, ...]:
        """SOP Instance UID of every slice. It is the same for all slices of a multi-frame file."""
        return tuple(frame.header.get("SOPInstanceUID", "") for frame in self.frames)

    @property
    def frame_numbers(self) -> tuple[int | None, ...]:
        """Frame number of every slice in its file, from 1; None for single-frame files."""
        return tuple(None if frame.index is None else frame.index + 1 for frame in self.frames)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the series, each once, in the order of the slices."""
        return tuple(dict.fromkeys(frame.path for frame in self.frames))

    @property
    def n_slices(self) -> int:
        """Number of slices."""
        return len(self.frames)

    @property
    def image(self) -> Image:
        """The rescaled voxels. They are read at the first use and kept."""
        return self.load()

    def load(self, progress: Progress | None = None) -> Image:
        """Read the voxels at the first call and return them.

        Parameters
        ----------
        progress : callable, optional
            Called with the fraction that is done (0 to 1) and a text. It may raise `Cancelled`.

        Returns
        -------
        Image
            Array of float32, shape (slices, rows, columns): ``stored * slope + intercept``, with the slope and
            intercept of each slice; NaN between the blocks of a joined volume. The geometry is in RAS coordinates, mm.

        Raises
        ------
        PainGeneratorError
            The series is not a regular volume, or a file cannot be decoded.
        """
        if self.problem is not None:
            raise self.problem
        if self._image is None:
            if self.geometry is None:
                raise ValueError(f"{self.label} has neither a grid nor a reason why not")
            if self.blocks:
                array = joined_values([block.load(progress) for block in self.blocks], self.geometry)
            else:
                array = load_frames(self.frames, progress)
            self._image = Image(array, self.geometry)
        return self._image

    def take_image(self, image: Image) -> None:
        """Take voxels that were read elsewhere, such as those of a volume in a scene, with their grid."""
        self._image, self.geometry = image, image.geometry

    def unload(self) -> None:
        """Free the memory of the voxels. They are read again when they are needed."""
        self._image = None


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Something of a folder that is not read as a volume, and why."""

    what: str
    """For people: "series 5 PT 'PET AC' (8 images)", or the number and names of files."""
    reason: str
    modality: str = ""
    number: int | None = None
    """Series Number (0020,0011), where it is a series."""
    series_uid: str = ""
    frames: tuple[Frame, ...] = ()
    """The images, where they can form a volume all the same: a role that is given by hand brings them back."""
    is_fault: bool = False
    """True when images of a volume cannot be used because something is wrong with them; this is told in a warning."""

    @property
    def sentence(self) -> str:
        """What it is, and the reason."""
        return f"{self.what}: {self.reason}"


@dataclass(eq=False)
class DicomFolder:
    """What was found in a folder."""

    path: Path
    series: list[Series]
    left_out: list[LeftOut]
    """Everything in the folder that is not read as a volume."""
    warnings: list[str]
    n_files: int = 0
    """Number of all files."""
    n_not_dicom: int = 0
    """Number of files that are not DICOM."""
