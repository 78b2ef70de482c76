"""What a case consists of and what its analysis would lack, without analyzing it.

``pain-generator check`` and the panel's button *Check* show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry
from ..Numerics.core.words import MR_ROLES, Role
from ..Registration.landmarks import read_landmarks
from .analyze import read_case_anatomy
from .case import Case, CaseOptions, CaseSeries
from .group_witness import group_doubt
from .image_witness import ImageSays, image_says
from .progress import Show, part, silent
from .reading import read_case_folder
from .series_list import SeriesList, list_folder
from .stages import Suv, make_suv
from .warnings import all_signs

NOT_CHECKED = (
    "The alignment, which part of the body the images show, and the side of a prosthesis against the implant that is "
    "seen. The analysis checks them, and it stops when the images contradict the side."
)
"""What the check leaves to the analysis, because it takes long."""
LACKING = {
    Role.T1: "Without a T1 series edema and Modic changes cannot be told apart, and bone marrow is hardly recognized.",
    Role.FLUID: "Without a fluid-sensitive series (STIR, or T2 with suppressed fat) edema, effusion and bursitis are "
    "found badly or not at all.",
    Role.T2: "Without a T2 series worn discs are judged on the fluid-sensitive series, or not at all.",
    Role.ATTENUATION: "Without an in-phase Dixon image or CT in the PET's frame of reference, the PET is aligned by "
    "its own image, which is less reliable.",
}
"""Role -> what an analysis without it lacks."""


@dataclass(frozen=True)
class CheckedRole:
    """One role of a case: which series has it, and what both witnesses say.

    Parameters
    ----------
    role, label : str
    header_says : str
        Why the series has the role, by its header and name, or because it was given by hand.
    image_says : ImageSays or None
        What the image shows; None where nothing can be compared.
    geometry : Geometry
    shares_frame : bool
        True when it has the PET's frame of reference.
    """

    role: str
    label: str
    header_says: str
    image_says: ImageSays | None
    geometry: Geometry
    shares_frame: bool

    def to_json(self) -> dict[str, Any]:
        """The role as a JSON object; size and spacing along columns, rows and slices."""
        says = self.image_says
        return {
            "role": self.role,
            "series": self.label,
            "header": self.header_says,
            "image": None if says is None else says.text,
            "image_agrees": None if says is None else says.agrees,
            "size": list(self.geometry.shape[::-1]),
            "spacing_mm": [round(x, 4) for x in self.geometry.spacing_mm],
            "shares_frame_with_pet": self.shares_frame,
        }

    def to_text(self) -> str:
        """Three lines for people."""
        size = " x ".join(map(str, self.geometry.shape[::-1]))
        spacing = " x ".join(f"{x:.2g}" for x in self.geometry.spacing_mm)
        frame = "" if self.role == Role.PET else ", " + ("" if self.shares_frame else "not ") + "in the PET's frame"
        lines = [f"{self.role}: {self.label}", f"    header: {self.header_says}"]
        if self.role in MR_ROLES:
            says = "not checked: no other series in the same frame surely shows fat"
            lines.append(f"    image:  {says if self.image_says is None else self.image_says.text}")
        lines.append(f"    grid:   {size} voxels of {spacing} mm{frame}")
        return "\n".join(lines)


@dataclass(frozen=True)
class CaseCheck:
    """What :func:`check_folder` and :func:`check_case` find.

    Parameters
    ----------
    roles : tuple of CheckedRole
    suv : Suv or None
        None when the SUV is refused.
    lacking : tuple of str
        What an analysis would lack.
    warnings : tuple of str
        What is doubtful.
    refusals : tuple of PainGeneratorError
        Why the case cannot be analyzed; empty when it can.
    series : SeriesList or None
        All series of the folder; None for a case of loaded volumes.
    """

    roles: tuple[CheckedRole, ...] = ()
    suv: Suv | None = None
    lacking: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[PainGeneratorError, ...] = ()
    series: SeriesList | None = None

    def to_json(self) -> dict[str, Any]:
        """The check for ``pain-generator check --json``."""
        return {
            "schema": 1,
            "can_be_analyzed": not self.refusals,
            "refused": [{"reason": error.reason, "advice": error.advice} for error in self.refusals],
            "roles": [one.to_json() for one in self.roles],
            "suv": None if self.suv is None else self.suv.result.to_json(),
            "lacking": list(self.lacking),
            "warnings": list(self.warnings),
            "folder": None if self.series is None else self.series.to_json(),
        }

    def to_text(self) -> str:
        """The check for people."""
        blocks = []
        if self.series is not None:
            blocks.append(["Series", self.series.to_text()])
        if self.roles:
            blocks.append(["Roles", *(one.to_text() for one in self.roles)])
        if self.suv is not None:
            blocks.append(["SUV", *_suv_lines(self.suv)])
        if self.lacking:
            blocks.append(["What an analysis of this case will miss", *self.lacking])
        if self.warnings:
            blocks.append(["Doubtful", *self.warnings])
        blocks.append(["Not checked here", NOT_CHECKED])
        verdict = ["This case can be analyzed."]
        if self.refusals:
            verdict = ["This case cannot be analyzed.", *(f"{one.reason} {one.advice}" for one in self.refusals)]
        blocks.append(verdict)
        return "\n\n".join("\n".join(block) for block in blocks)


def _suv_lines(suv: Suv) -> list[str]:
    """The factor and where every number of it came from."""
    result = suv.result
    low, high = float(result.factors.min()), float(result.factors.max())
    factor = f"{low:.6g}" if result.is_constant else f"{low:.6g} to {high:.6g}, by slice"
    return [f"factor {factor} ({result.path})", *(row.to_text() for row in result.provenance)]


def check_folder(folder: Path, options: CaseOptions, progress: Show = silent) -> CaseCheck:
    """Check a DICOM folder.

    Parameters
    ----------
    folder : Path
        Never written to.
    options : CaseOptions
    progress : callable, optional

    Returns
    -------
    CaseCheck
        Also when the case cannot be analyzed: its `refusals` say why.

    Raises
    ------
    PainGeneratorError
        The folder holds no DICOM images, or those of several patients.
    """
    group, warnings = options.resolved_group()
    listed = list_folder(folder, dict(options.roles), part(progress, 0.0, 0.2), group)
    try:
        case = read_case_folder(folder, options, part(progress, 0.2, 0.8))
    except PainGeneratorError as error:
        return CaseCheck(warnings=(*warnings, *listed.warnings), refusals=(error,), series=listed)
    found = check_case(case, None, listed)
    progress(1.0, "checked")
    return found


def check_case(case: Case, suv: Suv | None = None, series: SeriesList | None = None) -> CaseCheck:
    """Check a case whose series were read.

    Parameters
    ----------
    case : Case
    suv : Suv, optional
        Computed when left out.
    series : SeriesList, optional
        All series of the folder, to be shown with the rest.
    """
    refusals: list[PainGeneratorError] = []
    warnings = list(case.warnings.sentences)
    if suv is None:
        try:
            suv = make_suv(case)
        except PainGeneratorError as error:
            refusals.append(error)
    if suv is not None:
        warnings += suv.result.warnings
    says = image_says(case)
    pet = case.pet
    roles = tuple(_checked(role, one, pet, says) for role, one in case.series.items())
    warnings += [f"The {role} is doubtful: {view.text}" for role, view in says.items() if not view.agrees]
    warnings += _anatomy_doubts(case, refusals)
    _refuse_landmarks(case, refusals)
    return CaseCheck(
        roles=roles,
        suv=suv,
        lacking=tuple(_lacking(case)),
        warnings=tuple(dict.fromkeys(warnings)),
        refusals=tuple(refusals),
        series=series,
    )


def _checked(role: str, series: CaseSeries, pet: CaseSeries, says: Mapping[str, ImageSays]) -> CheckedRole:
    frame = series.frame_of_reference
    return CheckedRole(
        role=str(role),
        label=series.label,
        header_says=str(series.facts.get("reason") or "not known"),
        image_says=says.get(role),
        geometry=series.image.geometry,
        shares_frame=frame is not None and frame == pet.frame_of_reference,
    )


def _lacking(case: Case) -> list[str]:
    """What an analysis of the case would lack."""
    found = [text for role, text in LACKING.items() if role not in case.series]
    if Role.FLUID not in case.series and Role.FAT_FRACTION in case.series:
        found.append("Marrow edema is looked for as a drop of the fat fraction, which shows it in thick bones only.")
    reference = case.reference
    same = reference.frame_of_reference is not None and reference.frame_of_reference == case.pet.frame_of_reference
    if same and Role.ATTENUATION not in case.series:
        found.remove(LACKING[Role.ATTENUATION])
    if not same:
        found.append(
            f"PET and {case.reference_role} have different frames of reference: they are aligned by their images "
            "alone. If that fails, hot spots and MR findings are not joined; landmarks help."
        )
    if case.options.anatomy is None:
        found.append(
            "Without an anatomy segmentation places are named from the MR alone: with fewer structures, and with "
            "levels only where the MR shows the spine."
        )
    return found


def _anatomy_doubts(case: Case, refusals: list[PainGeneratorError]) -> list[str]:
    """The warnings of the anatomy segmentation and its place, and what contradicts the group; a refusal is added to
    `refusals`."""
    anatomy = None
    try:
        anatomy = read_case_anatomy(case)
    except PainGeneratorError as error:
        refusals.append(error)
    doubt = group_doubt(case.group, all_signs(case, anatomy))
    return [*([] if doubt is None else [doubt]), *(() if anatomy is None else anatomy.warnings)]


def _refuse_landmarks(case: Case, refusals: list[PainGeneratorError]) -> None:
    """Add to `refusals` why the landmarks cannot be used, when they cannot."""
    if case.options.landmarks is not None:
        try:
            read_landmarks(case.options.landmarks)
        except PainGeneratorError as error:
            refusals.append(error)
