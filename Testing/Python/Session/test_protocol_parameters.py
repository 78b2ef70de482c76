"""The parameters of the protocol as the user changes them, without a scene."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Session.protocol_parameters import (
    CONTOUR_METHOD,
    CONTOUR_SUV,
    SENSITIVITY,
    ProtocolParameters,
    parameter_text,
)
from PainGeneratorLib.Session.types import ParameterEntry, SessionSettings
from PainGeneratorLib.Workflow.protocol import Protocol, load_protocol


class SettingsInMemory:
    """Settings and protocol without a scene."""

    group = "low-back"

    def __init__(self) -> None:
        self.now = SessionSettings()

    def keep(self, **values: Any) -> None:
        self.now = dataclasses.replace(self.now, **values)

    def protocol(self) -> Protocol:
        return load_protocol(self.group).with_values(self.now.protocolChanges)


@pytest.fixture
def settings() -> Any:
    return SettingsInMemory()


def test_the_bar_and_the_weights_of_all_signs_are_parameters_of_the_panel(settings: Any) -> None:
    entries = {e.name: e for e in ProtocolParameters(settings, None, lambda word: None).entries()}
    assert entries["fusion.bar"].unit == "points"
    assert entries["fusion.bar"].minimum < entries["fusion.bar"].value < entries["fusion.bar"].maximum
    weights = [entry for entry in entries.values() if entry.stage == "evidence"]
    assert len(weights) > 20
    assert all(entry.source and entry.description for entry in weights)


@pytest.fixture
def outdated() -> list[str]:
    """The steps that were made out of date."""
    return []


@pytest.fixture
def parameters(settings: Any, outdated: list[str]) -> ProtocolParameters:
    class States:
        def outdate(self, step: str) -> None:
            outdated.append(step)

    states: Any = States()
    notify: Any = lambda what: None  # noqa: E731
    return ProtocolParameters(settings, states, notify)


def entry(parameters: ProtocolParameters, name: str) -> ParameterEntry:
    return next(one for one in parameters.entries() if one.name == name)


def test_the_names_that_the_panel_sets_are_parameters_of_the_protocol(parameters: ProtocolParameters) -> None:
    assert {SENSITIVITY, CONTOUR_METHOD, CONTOUR_SUV} <= {one.name for one in parameters.entries()}
    assert entry(parameters, CONTOUR_METHOD).choices
    assert (entry(parameters, SENSITIVITY).stage, entry(parameters, SENSITIVITY).key) == ("hot_spots", "sensitivity")
    assert all(one.is_default and one.description for one in parameters.entries())


def test_a_change_outdates_the_step_that_reads_the_parameter(
    parameters: ProtocolParameters, outdated: list[str]
) -> None:
    parameters.set(SENSITIVITY, 1.5)
    assert entry(parameters, SENSITIVITY).value == 1.5
    assert not entry(parameters, SENSITIVITY).is_default
    parameters.set("alignment.restarts.count", 2)
    assert outdated == ["find", "align"]
    parameters.set(SENSITIVITY, 1.5)
    assert outdated == ["find", "align"], "it has this value already"


def test_the_way_back_to_the_shipped_value_leaves_no_change(
    parameters: ProtocolParameters, settings: Any, outdated: list[str]
) -> None:
    parameters.set(SENSITIVITY, 1.5)
    parameters.reset(SENSITIVITY)
    assert settings.now.protocolChanges == {}
    parameters.set(SENSITIVITY, 1.5)
    parameters.set("alignment.restarts.count", 2)
    outdated.clear()
    parameters.reset_all()
    assert (settings.now.protocolChanges, outdated) == ({}, ["align"])
    parameters.reset_all()
    assert outdated == ["align"], "nothing was changed any more"


def test_a_change_for_the_preview_keeps_the_steps_as_they_are(
    parameters: ProtocolParameters, outdated: list[str]
) -> None:
    assert parameters.change(SENSITIVITY, 1.5)
    assert not parameters.change(SENSITIVITY, 1.5)
    assert outdated == []


def test_an_unknown_name_and_a_value_out_of_range_are_refused(parameters: ProtocolParameters, settings: Any) -> None:
    for name, value in (("hot_spots.colour", 1), ("sensitivity", 1.4), (SENSITIVITY, 99.0)):
        with pytest.raises(PainGeneratorError):
            parameters.set(name, value)
    assert settings.now.protocolChanges == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (3, "3"), (1.5, "1.5"), ("a50p", "a50p"), ([1.0, 2.5], "1.0,2.5"), ([], "")],
)
def test_a_value_is_kept_as_text_that_the_protocol_reads(value: Any, text: str) -> None:
    assert parameter_text(value) == text
