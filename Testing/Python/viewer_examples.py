"""Made-up viewers: the case of the report's examples, and an oblique one that looks alike in no direction."""

from __future__ import annotations

import dataclasses

import numpy as np
from PainGeneratorLib.Numerics.core.image import Geometry, Image, Region
from PainGeneratorLib.Numerics.core.records import Candidate, Place
from PainGeneratorLib.Report.content import ReportCase, ReportContent
from PainGeneratorLib.Report.key_images import key_images
from PainGeneratorLib.Report.viewer_data import Midline, ViewerInputs, ViewerSeries, viewer_data
from report_examples import attention_examples, candidate, example_candidates, example_images, hot_spot

MIDLINE = Midline(np.array([-1.0, 0.0, 0.0]), 700.0, np.full(200, 3.0))
"""The midline 3 mm to the left."""


def example_viewer() -> ViewerInputs:
    """Oblique sagittal T1 and STIR, and an axial PET that is placed by its alignment."""
    images = example_images()
    pet = Image(images.suv.array, images.suv.geometry.moved(np.linalg.inv(images.reference_to_pet)))
    series = [
        ViewerSeries("T1", "T1", images.reference),
        ViewerSeries("FLUID", "Fluid-sensitive MR", images.fluid),
        ViewerSeries("PET", "PET", pet, True, unit="g/ml"),
    ]
    marks = [("A", attention_examples()[0]), *((str(c.rank), c) for c in example_candidates())]
    return ViewerInputs(series, marks, MIDLINE)


def report_content(inputs: ViewerInputs, **changes: object) -> ReportContent:
    """A report with a viewer and key images, of a patient whose name tries to run a script."""
    found = [one for label, one in inputs.marks if label.isdigit()]
    content = ReportContent(
        case=ReportCase(patient_name='</script><script>document.title="hacked"</script>', study_date="2026-02-17"),
        candidates=found,
        created="2026-03-01 14:20",
        software_version="0.1.0",
        viewer=viewer_data(inputs),
    )
    return dataclasses.replace(content, **changes)


def report_with_pictures() -> ReportContent:
    """The same with key images."""
    inputs = example_viewer()
    return report_content(inputs, key_images=key_images(example_candidates(), example_images()))


LESION = np.array([-47.0, 21.0, 33.0])
"""A place on the patient's left, in front, and above the middle, RAS mm."""
SMALL_LESION = np.array([38.0, -26.0, -41.0])
"""A place on the patient's right, behind, and below the middle."""


def _turned(angles: tuple[float, float, float]) -> np.ndarray:
    """A rotation about the three axes, degrees."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(angles)):
        turn = np.eye(3)
        first, second = (n for n in range(3) if n != axis)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix


def oblique_geometry(order: tuple[int, int, int], flips: tuple[int, int, int], tilt: float) -> Geometry:
    """A grid around the zero point whose axes (i, j, k) run along patient axes in some order and direction, tilted."""
    spacing, count = np.array([1.6, 1.9, 4.0]), np.array([110, 92, 46])
    axes = np.zeros((3, 3))
    for grid, patient in enumerate(order):
        axes[patient, grid] = flips[grid] * spacing[grid]
    matrix = np.eye(4)
    matrix[:3, :3] = _turned((tilt, -0.6 * tilt, 0.4 * tilt)) @ axes
    matrix[:3, 3] = -matrix[:3, :3] @ ((count - 1) / 2)
    return Geometry((int(count[2]), int(count[1]), int(count[0])), matrix)


def oblique_viewer(order: tuple[int, int, int], flips: tuple[int, int, int], tilt: float) -> ViewerInputs:
    """A box of fat with two lesions: a large one on the left, and a small one on the right."""
    geometry = oblique_geometry(order, flips, tilt)
    points = geometry.flat_to_ras(np.arange(geometry.size)).reshape(*geometry.shape, 3)
    values = np.full(geometry.shape, 100.0, dtype=np.float32)
    for center, radius, value in ((LESION, 9.0, 900.0), (SMALL_LESION, 6.0, 600.0)):
        values[np.linalg.norm(points - center, axis=-1) <= radius] = value
    mask = np.linalg.norm(points - LESION, axis=-1) <= 9.0
    spot = hot_spot((0.0, 0.0, 900.0), 6.0, 2.0, region=Region.from_mask(mask, geometry))
    mark: Candidate = candidate(1, Place("left trunk", "trunk", "left"), [spot], [], centroid_ras_mm=LESION)
    return ViewerInputs([ViewerSeries("T1", "T1", Image(values, geometry))], [("1", mark)], MIDLINE)
