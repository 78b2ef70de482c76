"""The main job without Qt: stages, then files, on a scene of its own."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Sequence
from pathlib import Path

from ..Exchange.choices import USUAL
from ..Exchange.source_images import read_source_images
from ..Report.case_outputs import analysis_in_scene, write_plain_files, write_scene_files
from ..Report.dicom_files import write_dicom_files
from ..Report.output_folder import write_json
from ..Scene.write_case import write_case
from ..Session.taken_outlines import add_given_outlines
from ..Workflow.analyze import Analysis, analyze
from ..Workflow.case import CaseOptions
from ..Workflow.letter_notes import LetterWishes
from ..Workflow.progress import Show, part, silent
from .host import HeadlessHost


def analyze_to_folder(
    case: Path,
    options: CaseOptions,
    folder: Path,
    progress: Show = silent,
    letter: LetterWishes | None = None,
    objects: Collection[str] = USUAL,
    outlines: Sequence[Path] = (),
) -> Analysis:
    """Analyze a DICOM folder and write all outputs.

    Parameters
    ----------
    case : Path
        The input; never written to.
    options : CaseOptions
    folder : Path
        Existing, empty; see :class:`Report.output_folder.OutputFolder` for one that appears complete or not at all.
    progress : callable, optional
    letter : LetterWishes, optional
        Language of the letter, and what people wrote for it.
    objects : collection of str
        DICOM objects to write, names of :data:`..Exchange.choices.CHOICES`.
    outlines : sequence of Path
        DICOM segmentations, or folders of them: each outline is measured as a further candidate.

    Returns
    -------
    Analysis
        Its warnings also say what could not be written as DICOM.
    """
    created = datetime.datetime.now().astimezone()
    analysis = analyze(case, options, part(progress, 0.0, 0.8))
    if outlines:
        said = add_given_outlines(analysis, outlines)
        analysis = dataclasses.replace(analysis, said=(*analysis.said, *said))
    # Nothing is searched again here, and the first pass of the detector takes several times the memory of the PET.
    analysis.found.detector = None
    if letter is not None:
        analysis = dataclasses.replace(analysis, language=letter.language, notes_for_letter=letter.notes)
    with analysis.clock.stage("targets"):
        progress(0.8, "Finding targets for a needle")
        targets = analysis.targets
    with analysis.clock.stage("report"):
        inputs = write_plain_files(analysis, folder, created, part(progress, 0.8, 0.9))
    with analysis.clock.stage("dicom"):
        sources = read_source_images(analysis.case)
        notes = write_dicom_files(analysis, sources, folder, created, inputs, objects, part(progress, 0.9, 0.93))
    with analysis.clock.stage("scene"):
        progress(0.93, "Writing segmentations and scene")
        with HeadlessHost() as host:
            nodes = write_case(host.scene, analysis_in_scene(analysis, created))
            write_scene_files(nodes, targets, folder)
            host.save_mrb(folder / "case.mrb")
    write_json(folder / "timings.json", analysis.clock.to_json())
    progress(1.0, "Done")
    return dataclasses.replace(analysis, said=(*analysis.said, *notes))
