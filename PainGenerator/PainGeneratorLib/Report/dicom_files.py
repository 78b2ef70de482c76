"""The DICOM objects of a case among its other files, with a list of them."""

from __future__ import annotations

import datetime
import importlib.util
from collections.abc import Collection
from pathlib import Path

from ..Exchange.choices import USUAL
from ..Exchange.dicom_objects import ObjectInputs, write_dicom_objects
from ..Exchange.source_images import SourceImages
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, silent
from .output_folder import write_json

LIST_FILE = "dicom-objects.json"
"""What was written as DICOM, and what could not be."""


GIVE = "Give the folder of its images (export --source), or load the case from the DICOM database of Slicer."
"""What to do where the images are missing."""
MISSING = (
    "No DICOM objects were written, as the Python package highdicom is not installed. Install it (in the Python "
    "console of Slicer: slicer.util.pip_install('highdicom')) and export again."
)
"""Said where the package that makes DICOM objects is missing; Slicer 5.12 has it, older versions may not."""


def can_write_dicom() -> bool:
    """True when the package that makes DICOM objects is installed."""
    return importlib.util.find_spec("highdicom") is not None


def write_dicom_files(
    analysis: Analysis,
    sources: SourceImages,
    folder: Path,
    created: datetime.datetime,
    inputs: ObjectInputs,
    choices: Collection[str] = USUAL,
    progress: Show = silent,
) -> list[str]:
    """Write the DICOM objects of a case, and ``dicom-objects.json``.

    Parameters
    ----------
    analysis : Analysis
    sources : SourceImages
        Without any image of the case nothing can be written as DICOM; the file says so.
    folder : Path
        Existing.
    created : datetime
    inputs : ObjectInputs
        As :func:`.case_outputs.write_report_file` gave them.
    choices : collection of str
        Names of :data:`..Exchange.choices.CHOICES`; nothing is written without any.
    progress : callable, optional

    Returns
    -------
    list of str
        What could not be written as DICOM or differs there, as sentences.
    """
    if not choices:
        return []
    objects, notes = [], []
    if not can_write_dicom():
        notes = [MISSING]
    elif sources.by_role:
        written = write_dicom_objects(analysis, sources, folder, created, inputs, choices, progress)
        objects = [_facts(path, folder) for path in written.paths]
        notes = written.notes
    else:
        reasons = "; ".join(f"{role}: {reason}" for role, reason in sources.missing.items())
        notes = [f"No DICOM objects were written, as no DICOM image of this case is known ({reasons}). {GIVE}"]
    write_json(folder / LIST_FILE, {"schema": 1, "objects": objects, "notes": notes})
    return notes


def _facts(path: Path, folder: Path) -> dict[str, object]:
    """What an archive knows an object by."""
    import pydicom

    found = pydicom.dcmread(path, stop_before_pixels=True, defer_size=1024)
    return {
        "file": path.relative_to(folder).as_posix(),
        "modality": str(found.Modality),
        "series_number": int(found.SeriesNumber),
        "series_description": str(found.SeriesDescription),
        "series_instance_uid": str(found.SeriesInstanceUID),
        "sop_class_uid": str(found.SOPClassUID),
        "sop_instance_uid": str(found.SOPInstanceUID),
    }
