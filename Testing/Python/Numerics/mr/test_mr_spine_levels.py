"""A level that the reader gives is used, or it is said that it was not."""

from __future__ import annotations

import numpy as np
from PainGeneratorLib.Numerics.body.level_names import GivenLevel
from PainGeneratorLib.Numerics.core.image import Geometry, Image
from PainGeneratorLib.Numerics.mr.findings import find_mr_findings
from PainGeneratorLib.Numerics.mr.parameters import MRParameters
from PainGeneratorLib.Workflow.protocol import load_protocol


def test_a_level_that_is_given_where_no_vertebrae_are_seen_is_said_to_be_unused() -> None:
    matrix = np.diag([4.0, 4.0, 4.0, 1.0])
    ball = np.linalg.norm(np.indices((24, 24, 24)) - 11.5, axis=0) < 10.0
    noise = np.random.default_rng(1).normal(100.0, 20.0, ball.shape)
    image = Image(np.where(ball, noise, 0.0).astype(np.float32), Geometry((24, 24, 24), matrix))
    parameters = load_protocol("low-back").stage("mr_findings", MRParameters)
    given = GivenLevel("L5", np.array([46.0, 46.0, 46.0]))
    result = find_mr_findings({"T1": image}, {}, image, parameters, group="low-back", given_level=given)
    assert result.spine is None
    assert "The level L5 that was given names nothing on the MR, as no vertebrae were found there." in result.warnings
