"""Measure the export of a case with 30 candidates as DICOM objects."""

from __future__ import annotations

import dataclasses
import datetime
import tempfile
from pathlib import Path

from bench_timing import line, timed
from bench_whole import whole_case

CANDIDATES = 30
"""Number of candidates."""


def export_row(cache: Path, repeat: int) -> None:
    """Print the row of writing outlines, measurements and report as DICOM."""
    from PainGeneratorLib.Exchange.dicom_objects import ObjectInputs, write_dicom_objects
    from PainGeneratorLib.Exchange.source_images import read_source_images
    from PainGeneratorLib.Workflow.analyze import analyze
    from PainGeneratorLib.Workflow.case import CaseOptions

    analysis = analyze(whole_case(cache) / "dicom", CaseOptions(group="low-back"))
    found = [*analysis.found.candidates, *analysis.found.set_apart]
    analysis.found.candidates[:] = [
        dataclasses.replace(found[number % len(found)], id=f"PG-{number + 1:02d}", reason="")
        for number in range(CANDIDATES)
    ]
    created = datetime.datetime.now().astimezone()
    inputs = ObjectInputs(pdf=b"%PDF-1.4\n%%EOF")

    def export() -> int:
        with tempfile.TemporaryDirectory() as folder:
            sources = read_source_images(analysis.case)
            return len(write_dicom_objects(analysis, sources, Path(folder), created, inputs).paths)

    ours, count = timed(export, repeat)
    line(f"DICOM objects of {CANDIDATES} candidates, with headers read", ours, note=f"{count} objects")
