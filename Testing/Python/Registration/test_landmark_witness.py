"""Landmarks decide, but not in silence: their disagreement with scanner and images is said in mm."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Registration.alignment import align
from PainGeneratorLib.Registration.alignment_types import OFFSET, AlignmentParameters, PairAlignment
from PainGeneratorLib.Registration.landmark_witness import FROM_IMAGES, FROM_SCANNER, with_landmark_witness
from PainGeneratorLib.Registration.landmarks import LandmarkFit, LandmarkPairs
from PainGeneratorLib.Workflow.protocol import load_protocol
from Registration.test_alignment import CENTER, PROBES, body

UP = 35.0


@pytest.fixture(scope="module")
def parameters() -> AlignmentParameters:
    return load_protocol("low-back").stage("alignment", AlignmentParameters)


def moved(up_mm: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[2, 3] = up_mm
    return matrix


def pair(up_mm: float, kept: str = "landmarks", doubt: str | None = None) -> PairAlignment:
    verdict = "not aligned" if kept == "not aligned" else "aligned"
    return PairAlignment(
        moved(up_mm), moved(up_mm), kept, verdict, abs(up_mm), 0.0, None, None, None, {"doubt": doubt}
    )


def judged(parameters: AlignmentParameters, up_mm: float, alone: PairAlignment, shared: bool = True) -> PairAlignment:
    fit = LandmarkFit(moved(up_mm), np.array([2.0, 1.0, 2.0]))
    return with_landmark_witness(pair(up_mm), alone, fit, PROBES, parameters, shared)


def test_landmarks_that_contradict_the_images_say_by_how_many_millimeters(parameters: AlignmentParameters) -> None:
    found = judged(parameters, UP, pair(0.0, "registered"))
    assert any("contradict the images" in text and "35 mm" in text for text in found.warnings)
    assert found.evidence[FROM_IMAGES] == pytest.approx(UP)
    assert found.evidence[OFFSET] == pytest.approx(UP)


def test_landmarks_that_nothing_confirms_say_how_far_they_leave_the_scanners_coordinates(
    parameters: AlignmentParameters,
) -> None:
    found = judged(parameters, UP, pair(0.0, "not aligned", "nothing is seen."))
    assert any("35 mm" in text and "do not confirm" in text for text in found.warnings)
    assert found.evidence[FROM_SCANNER] == pytest.approx(UP)
    assert found.evidence[OFFSET] == pytest.approx(UP)


def test_landmarks_that_the_images_confirm_leave_no_doubt(parameters: AlignmentParameters) -> None:
    found = judged(parameters, UP, pair(UP - 2.0, "registered"))
    assert OFFSET not in found.evidence
    assert any("35 mm" in text and "agree with them" in text for text in found.warnings)


def test_landmarks_of_series_in_two_frames_are_not_measured_against_the_scanner(
    parameters: AlignmentParameters,
) -> None:
    found = judged(parameters, UP, pair(0.0, "not aligned", "nothing is seen."), shared=False)
    assert found.warnings == ()
    assert found.evidence[FROM_SCANNER] is None


def test_landmarks_at_the_right_place_are_not_remarked_upon(parameters: AlignmentParameters) -> None:
    assert judged(parameters, 1.0, pair(0.0, "registered")).warnings == ()


@pytest.mark.slow
def test_landmarks_one_vertebra_off_do_not_move_a_series_in_silence(parameters: AlignmentParameters) -> None:
    marks = CENTER + np.array([[-30, 8, 0], [25, -8, 30], [2, 20, -30], [35, 15, 20], [-40, -10, -35.0]])
    wrong = LandmarkPairs(marks, marks + np.array([0.0, 0.0, UP]))
    found = align(
        body("MR"), body("CT", spacing=(3.0, 3.0, 3.0)), parameters=parameters, moving_kind="CT", landmarks=wrong
    )
    off_mm = np.linalg.norm(found.fixed_to_moving_ras[:3, 3])
    assert off_mm < 2.0 or any("contradict the images" in text for text in found.warnings)
