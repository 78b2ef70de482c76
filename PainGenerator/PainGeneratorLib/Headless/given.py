"""What the user says about a case with the options of a command."""

from __future__ import annotations

import argparse
import dataclasses
import textwrap
from collections.abc import Mapping

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import Group
from ..Workflow.case import CaseOptions
from ..Workflow.protocol import Protocol, load_protocol
from ..Workflow.protocol_values import expected, has_type
from .settings_file import SetInFile

ADVICE_LETTERS = 350
"""The most letters of an advice about a parameter: some name all parameters of a stage."""
MORE = " ... (all are in Resources/Protocols/base.json)"
"""Stands for the rest of such an advice."""


def case_options_of(options: argparse.Namespace) -> CaseOptions:
    """The options of a case from those of the command.

    Raises
    ------
    PainGeneratorError
        They contradict each other, or name parameters that do not exist.
    """
    given = CaseOptions(
        group=Group.LOW_BACK,
        weight_kg=options.weight,
        height_m=options.height,
        dose_mbq=options.dose,
        injection_time=options.injection_time,
        nuclide=options.nuclide,
        roles=tuple(options.role),
    )
    if options.command == "suv":
        return given
    case_options = dataclasses.replace(
        given,
        group=options.group,
        prosthesis_side=options.prosthesis_side,
        pain_side=options.pain_side,
        pain_sites_ras_mm=tuple(options.pain_site),
        level=options.level,
        surgery_date=options.surgery_date,
        fixation=options.fixation,
        crp_mg_l=options.crp,
        anatomy=options.anatomy,
        anatomy_labels=options.anatomy_labels,
        landmarks=options.landmarks,
        protocol_file=options.protocol,
        settings=tuple(options.set),
    )
    _check_parameters(case_options)
    return dataclasses.replace(case_options, settings=tuple((name, str(text)) for name, text in options.set))


def _check_parameters(case_options: CaseOptions) -> None:
    """Refuse parameters that do not exist, or values that they cannot have, before anything is read.

    Raises
    ------
    PainGeneratorError
        A wrong usage, when the fault lies in the words of the command, and none, when it lies in a settings file.
    """
    group, _ = case_options.resolved_group()
    protocol = load_protocol(group, case_options.protocol_file)
    in_file: dict[str, str] = {}
    for name, text in case_options.settings:
        if isinstance(text, SetInFile):
            in_file[name] = text
            _check_in_file(protocol, name, text, in_file)
    try:
        protocol.with_values(dict(case_options.settings))
    except PainGeneratorError as error:
        short = _shortened(error)
        short.is_usage = True  # type: ignore[attr-defined]
        raise short from error


def _check_in_file(protocol: Protocol, name: str, text: SetInFile, in_file: Mapping[str, str]) -> None:
    """Refuse a parameter of a settings file, with its line; `in_file` holds it and those before it.

    Raises
    ------
    PainGeneratorError
    """
    try:
        entry = protocol.entry(name)
        if not has_type(text.raw, entry):
            raise PainGeneratorError(
                f"The parameter '{name}' cannot be {text.raw!r}.", f"Give {expected(entry)}, of this type in TOML."
            )
        protocol.with_values(in_file)
    except PainGeneratorError as error:
        short = _shortened(error)
        raise PainGeneratorError(f"In {text.where}: {short.reason}", short.advice) from error


def _shortened(error: PainGeneratorError) -> PainGeneratorError:
    """The same error, its advice not longer than a terminal shows."""
    return PainGeneratorError(error.reason, textwrap.shorten(error.advice, ADVICE_LETTERS, placeholder=MORE))
