"""Every input case comes out right, or with a warning or a refusal where that is what is right."""

from __future__ import annotations

import pytest
from input_cases.everything import ALL_CASES

EVERY = 8
"""`make check` runs one case in so many; `make test` runs all of them."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.slow or number % EVERY else [])
        for number, case in enumerate(ALL_CASES)
    ],
)
def test_an_input_is_read_rightly_or_refused(case, tmp_path):
    found = case.judge(tmp_path)
    assert found.outcome in case.accepted, f"{found.outcome}: {found.seen}"


def test_names_of_cases_are_unique():
    names = [case.name for case in ALL_CASES]
    assert len(names) == len(set(names))
