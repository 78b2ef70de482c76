"""``pain-generator study phantoms``: a study of phantom cases to try everything on; half of the patients are treated.

The cases are analyzed as those of patients are. Treatment and outcome are made up: they show nothing about treatments.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..Study.records import Case, Patient

    Commands = argparse._SubParsersAction[Any]

REGISTRY = "study.sqlite"
"""Name of the registry in the folder."""
FIRST_SEED = 501
"""Seed of the first phantom; those of the others follow."""
MOST_PATIENTS = 99
"""Upper bound: each takes half a minute."""
AUTHOR = "phantom study"


def add_study_phantoms(own: Commands) -> None:
    """Add the command to those of ``study``."""
    phantoms = own.add_parser("phantoms", help="a study of phantom cases to try everything on; half are treated")
    phantoms.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to make")
    phantoms.add_argument("--patients", type=_count, default=10, metavar="N", help="how many; default: 10")
    phantoms.add_argument("--overwrite", action="store_true", help="replace what an earlier run wrote into DIR")


def _count(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= MOST_PATIENTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 2 to {MOST_PATIENTS}")
    return int(text)


def run_study_phantoms(options: argparse.Namespace) -> None:
    """Make phantoms, analyze and enroll them, and record a made-up course.

    Raises
    ------
    PainGeneratorError
        When the folder cannot be written.
    """
    from ..Report.output_folder import OutputFolder
    from ..Study.registry import Registry
    from ..Workflow.progress import part
    from .streams import say, visible, warn
    from .terminal import TerminalProgress

    target = OutputFolder(options.output, options.overwrite)
    progress = TerminalProgress(stop=options.stop, is_quiet=options.quiet)
    try:
        with target as folder:
            registry = Registry.create(str(folder / REGISTRY), "Phantom study (made up)", AUTHOR)
            with registry.writing(AUTHOR) as writer:
                writer.set_setting("simulated", True)
            for number in range(options.patients):
                share = part(progress, number / options.patients, (number + 1) / options.patients)
                _add_patient(registry, folder, number, share)
            registry.engine.dispose()
    finally:
        progress.close()
    for text in (*target.notes, *target.warnings):
        warn(text)
    if not options.quiet:
        say(f"Registry: {visible(str(target.path / REGISTRY))}")


def _add_patient(registry: Any, folder: Path, number: int, progress: Any) -> None:
    from ..Phantoms.case import write_phantom
    from ..Study.enroll import enroll, read_result
    from ..Workflow.case import CaseOptions
    from ..Workflow.progress import part
    from .run import analyze_to_folder

    name = f"PH-{number + 1:02d}"
    group = "low-back" if number % 2 == 0 else "hip-replacement"
    phantom, results = folder / name / "phantom", folder / name / "results"
    truth = write_phantom(phantom, group, FIRST_SEED + number, progress=part(progress, 0.0, 0.2), size="small")
    results.mkdir()
    options = CaseOptions(
        group=group,
        prosthesis_side=truth["prosthesis_side"],
        pain_side=truth["pain_side"],
        anatomy=phantom / "anatomy.nii.gz",
        anatomy_labels=phantom / "anatomy-labels.json",
    )
    analyze_to_folder(phantom / "dicom", options, results, part(progress, 0.2, 1.0), objects=())
    result = read_result(results)
    scanned = result.case.scan_date or datetime.date.today()
    with registry.writing(AUTHOR) as writer:
        case = enroll(writer, name, result, scanned, None)
    with registry.writing(AUTHOR) as writer:
        _record_course(writer, registry.patient(name), case, scanned, number)


def _record_course(writer: Any, patient: Patient, case: Case, scanned: datetime.date, number: int) -> None:
    """Treatment and outcome that are made up: the first of two patients of a group is treated, guided by the case."""
    from ..Study.records import Discussion, Treatment
    from ..Study.simulated import made_up_follow_ups
    from ..Study.words import Arm, Decision, TreatmentKind

    is_treated = (number // 2) % 2 == 0
    arm = Arm.GUIDED if is_treated else Arm.CONTROL
    course: list[Any] = []
    treatments: tuple[Treatment, ...] = ()
    if is_treated and case.candidates:
        target = case.candidates[0].id
        talk, day = (scanned + datetime.timedelta(days=days) for days in (7, 21))
        kind = TreatmentKind.INJECTION
        treatments = (Treatment(day, arm, kind, case_number=case.number, candidate=target, complication="none"),)
        course = [Discussion(talk, "made up", Decision.TREAT, case.number, target), *treatments]
    writer.set_fields(patient.pseudonym, "patient", "", {"arm": arm}, patient.version)
    for record in (*course, *made_up_follow_ups(number, patient.group, arm, scanned, treatments)):
        writer.record(patient.pseudonym, record)
