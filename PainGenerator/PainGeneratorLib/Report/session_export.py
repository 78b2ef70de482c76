"""Writes the outputs that the user of the panel chose. The panel gives this function to its session."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Scene.scene_files import write_bundle
from ..Workflow.analyze import Analysis
from ..Workflow.progress import Show, part, silent
from .case_outputs import write_node_files, write_report_file, write_tables
from .output_folder import OutputFolder


def export_session(
    analysis: Analysis,
    scene: Any,
    nodes: Mapping[str, Any],
    folder: Path,
    what: set[str],
    overwrite: bool,
    created: datetime.datetime,
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
        Of ``report``, ``tables``, ``segmentations``, ``scene``.
    overwrite : bool
    created : datetime
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
    target = OutputFolder(folder, overwrite)
    with target as work:
        if "tables" in what:
            progress(0.0, "Writing tables")
            write_tables(analysis, work, created)
        if "report" in what:
            write_report_file(analysis, work, created, part(progress, 0.1, 0.7))
        if "segmentations" in what:
            progress(0.7, "Writing segmentations")
            write_node_files(nodes, analysis.targets, work)
        if "scene" in what:
            progress(0.85, "Writing the scene")
            _save_scene(scene, work / "case.mrb")
        progress(1.0, "Exported")
    for text in (*target.notes, *target.warnings):
        tell(text)
    return Path(folder)


def _save_scene(scene: Any, path: Path) -> None:
    why = write_bundle(scene, path)
    if why:
        raise PainGeneratorError(f"The scene could not be written: {why}.", "Check the folder and the space there.")
