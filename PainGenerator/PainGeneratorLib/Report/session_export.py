"""Writes the outputs that the user of the panel chose. The panel gives this function to its session."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ..Exchange.choices import USUAL
from ..Exchange.dicom_objects import ObjectInputs
from ..Exchange.source_images import SourceImages
from ..Numerics.core.errors import PainGeneratorError
from ..Scene.scene_files import write_bundle
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, part, silent
from .case_outputs import write_node_files, write_report_file, write_tables
from .dicom_files import write_dicom_files
from .output_folder import OutputFolder


def export_session(
    analysis: Analysis,
    scene: Any,
    nodes: Mapping[str, Any],
    folder: Path,
    what: set[str],
    overwrite: bool,
    created: datetime.datetime,
    sources: SourceImages,
    objects: Collection[str] = USUAL,
    progress: Show = silent,
    tell: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write the chosen outputs into a folder that appears complete or not at all.

    Parameters
    ----------
    analysis : Analysis
    scene : vtkMRMLScene
    nodes : mapping
        ``hot-spots``, ``mr-findings``, ``candidates`` (segmentations).
    folder : Path
    what : set of str
        Of ``report``, ``tables``, ``segmentations``, ``scene``, ``dicom``.
    overwrite : bool
    created : datetime
    sources : SourceImages
        The images of the case, which DICOM objects refer to.
    objects : collection of str
        Which DICOM objects, names of :data:`..Exchange.choices.CHOICES`.
    progress : callable, optional
        May raise Cancelled.
    tell : callable, optional
        Told, as sentences, what was found in the folder and kept, and what an earlier export had left.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    PainGeneratorError
        When the folder exists or cannot be written.
    """
    target, notes = OutputFolder(folder, overwrite), []
    with target as work:
        if "tables" in what:
            progress(0.0, "Writing tables")
            write_tables(analysis, work, created)
        inputs = _reported(analysis, work, created, what, part(progress, 0.1, 0.6))
        if "dicom" in what:
            notes = write_dicom_files(analysis, sources, work, created, inputs, objects, part(progress, 0.6, 0.7))
        if "segmentations" in what:
            progress(0.7, "Writing segmentations")
            write_node_files(nodes, analysis.targets, work)
        if "scene" in what:
            progress(0.85, "Writing the scene")
            _save_scene(scene, work / "case.mrb")
        progress(1.0, "Exported")
    for text in (*target.notes, *target.warnings, *notes):
        tell(text)
    return Path(folder)


def _reported(
    analysis: Analysis, work: Path, created: datetime.datetime, what: set[str], progress: Show
) -> ObjectInputs:
    """Write the report; where it is wanted as DICOM only, its files are not kept."""
    if "report" in what:
        return write_report_file(analysis, work, created, progress)
    if "dicom" not in what:
        return ObjectInputs()
    with tempfile.TemporaryDirectory(prefix="paingenerator-") as aside:
        return write_report_file(analysis, Path(aside), created, progress)


def _save_scene(scene: Any, path: Path) -> None:
    why = write_bundle(scene, path)
    if why:
        raise PainGeneratorError(f"The scene could not be written: {why}.", "Check the folder and the space there.")
