"""The main job without Qt: stages, then files, on a scene of its own."""

from __future__ import annotations

import datetime
from pathlib import Path

from ..Report.case_outputs import analysis_in_scene, write_plain_files, write_scene_files
from ..Report.output_folder import write_json
from ..Scene.write_case import write_case
from ..Workflow.analyze import Analysis, analyze
from ..Workflow.case import CaseOptions
from ..Workflow.progress import Show, part, silent
from .host import HeadlessHost


def analyze_to_folder(case: Path, options: CaseOptions, folder: Path, progress: Show = silent) -> Analysis:
    """Analyze a DICOM folder and write all outputs.

    Parameters
    ----------
    case : Path
        The input; never written to.
    options : CaseOptions
    folder : Path
        Existing, empty; see :class:`Report.output_folder.OutputFolder` for one that appears complete or not at all.
    progress : callable, optional
    """
    created = datetime.datetime.now().astimezone()
    analysis = analyze(case, options, part(progress, 0.0, 0.8))
    # Nothing is searched again here, and the first pass of the detector takes several times the memory of the PET.
    analysis.found.detector = None
    with analysis.clock.stage("report"):
        write_plain_files(analysis, folder, created, part(progress, 0.8, 0.93))
    with analysis.clock.stage("scene"):
        progress(0.93, "Writing segmentations and scene")
        with HeadlessHost() as host:
            nodes = write_case(host.scene, analysis_in_scene(analysis, created))
            write_scene_files(nodes, analysis.targets, folder)
            host.save_mrb(folder / "case.mrb")
    write_json(folder / "timings.json", analysis.clock.to_json())
    progress(1.0, "Done")
    return analysis
