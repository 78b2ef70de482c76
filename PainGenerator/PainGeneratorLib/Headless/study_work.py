"""What the commands of ``pain-generator study`` do."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Study.authors import login_name
from ..Study.randomization import without_seed
from ..Study.record_fields import make_record, record_type, typed_fields
from ..Study.record_lines import read_lines
from ..Study.records import Patient
from ..Study.registry import Registry
from ..Study.timeline import patient_lines, record_with, study_lines
from .near_misses import did_you_mean
from .streams import on_one_line, say, tell, visible, warn


def init(options: argparse.Namespace) -> None:
    """Make a registry."""
    Registry.create(options.study, options.name, author_of(options))
    if not options.quiet:
        say(f"Registry: {visible(options.study)}")


def enroll(options: argparse.Namespace) -> None:
    """Add a result, or the second reading of one."""
    from ..Study.enroll import add_second_reading, read_result
    from ..Study.enroll import enroll as add_case

    result = read_result(options.result)
    registry = open_registry(options)
    known = {one.pseudonym: one for one in registry.load().patients}.get(options.pseudonym)
    with registry.writing(author_of(options), options.reason) as writer:
        if options.second_reader is None:
            case = add_case(writer, options.pseudonym, result, options.date or datetime.date.today(), known)
            said = f"Case {case.number} of {options.pseudonym}: {len(case.candidates)} candidates"
        else:
            patient = registry.patient(options.pseudonym)
            number = options.case or _only_case(patient)
            count, unknown = add_second_reading(writer, patient, number, result, options.second_reader)
            said = f"Case {number} of {options.pseudonym}: second reading of {count} candidates"
            for name in unknown:
                warn(f"The first reading has no {name}; what was decided about it is not stored.")
    if not options.quiet:
        say(visible(said))


def _only_case(patient: Patient) -> int:
    if len(patient.cases) != 1:
        raise PainGeneratorError(
            f"{patient.pseudonym} has {len(patient.cases)} cases.", "Say which one was read: --case N."
        )
    return patient.cases[0].number


def record(options: argparse.Namespace) -> None:
    """Add one record, or those of a file; all of them or none."""
    if options.source is not None:
        if options.pseudonym is not None:
            raise _usage("Give either a record, or --from with a file.", "Leave out one of both.")
        entries = read_lines(options.source, sys.stdin)
    elif options.pseudonym is None or options.kind is None:
        raise _usage(
            "It is not said what to record.",
            "Write: study record STUDY PSEUDONYM KIND FIELD=VALUE ..., such as: study record backs.sqlite P-001 "
            "follow-up date=2026-03-01 time-point=baseline nrs-back=7",
        )
    else:
        values = _values(options.kind, options.values)
        entries = [("", options.pseudonym, options.kind, values)]
    registry = open_registry(options)
    with registry.writing(author_of(options)) as writer:
        added = [_add_one(writer, *entry) for entry in entries]
    if not options.quiet:
        for line in added:
            say(visible(line))


def _add_one(writer: Any, where: str, pseudonym: str, kind: str, values: Mapping[str, Any]) -> str:
    try:
        if kind == "patient":
            writer.add_patient(make_record(kind, {**values, "pseudonym": pseudonym}))
            return f"patient {pseudonym}"
        if kind not in _recorded():
            raise PainGeneratorError(f"{kind!r} cannot be recorded.", f"Give one of {', '.join(_recorded())}.")
        found = writer.record(pseudonym, make_record(kind, values))
    except PainGeneratorError as error:
        if not where:
            raise
        raise PainGeneratorError(f"{where}: {error.reason}", f"{error.advice} Nothing was written.") from error
    return f"{kind} {found.number} of {pseudonym}"


def _recorded() -> Sequence[str]:
    from .study_commands import RECORDED_KINDS

    return RECORDED_KINDS


def correct(options: argparse.Namespace) -> None:
    """Correct fields of one record."""
    registry = open_registry(options)
    key, words = _key_and_words(options, registry)
    values = _values(options.kind, words)
    if not values:
        raise _usage("It is not said what to correct.", "Give at least one FIELD=VALUE.")
    seen = _seen(options, registry, key)
    version = registry.correct(options.pseudonym, options.kind, key, values, author_of(options), options.reason, seen)
    if not options.quiet:
        same = " (it was so already)" if version == seen else ""
        say(visible(f"{options.kind} {key} of {options.pseudonym}: version {version}{same}".replace("  ", " ")))


def remove(options: argparse.Namespace) -> None:
    """Take out one record."""
    registry = open_registry(options)
    key, words = _key_and_words(options, registry)
    if words:
        raise _usage(f"{words[0]!r} is not understood.", "Name one record by its number.")
    seen = _seen(options, registry, key)
    registry.remove(options.pseudonym, options.kind, key, author_of(options), options.reason, seen)
    if not options.quiet:
        say(visible(f"Taken out: {options.kind} {key} of {options.pseudonym}".replace("  ", " ")))


def _key_and_words(options: argparse.Namespace, registry: Registry) -> tuple[str, list[str]]:
    """The number of the record that is meant, and the words after it."""
    words = list(options.values)
    if options.kind == "patient":
        return "", words
    if not words or "=" in words[0]:
        raise _usage(
            f"It is not said which {options.kind} is meant.",
            f"Give its number: {options.kind} 1; study show lists them.",
        )
    key = words.pop(0)
    if options.kind == "candidate" and "/" not in key:
        key = f"{_only_case(registry.patient(options.pseudonym))}/{key}"
    return key, words


def _seen(options: argparse.Namespace, registry: Registry, key: str) -> int:
    """The version that the writer has read.

    A record that nobody has changed since it was made can be named without its version. Of one that was changed,
    somebody may not know the last change: then the version is asked for.
    """
    if options.seen is not None:
        return int(options.seen)
    found = record_with(registry.patient(options.pseudonym), options.kind, key)
    version = 1 if found is None else found.version
    if version > 1:
        changes = [
            one.to_text()
            for one in registry.history(options.pseudonym)
            if (one.kind, one.record_key) == (options.kind, key) and one.version > 1
        ]
        raise PainGeneratorError(
            f"The record was changed since it was made: {'; '.join(changes)}. Nothing was written.",
            f"If your change is still right, add --seen {version}.",
        )
    return int(version)


def show(options: argparse.Namespace) -> None:
    """Show the patients, one patient, or what was changed."""
    registry = open_registry(options)
    if options.history:
        changes = [
            dataclasses.replace(one, before=without_seed(one.before), after=without_seed(one.after))
            for one in registry.history(options.pseudonym)
        ]
        if options.json:
            say(json.dumps([dataclasses.asdict(one) for one in changes], indent=2))
            return
        lines = [one.to_text() for one in changes]
    elif options.pseudonym is not None:
        patient = registry.patient(options.pseudonym)
        if options.json:
            say(json.dumps(dataclasses.asdict(patient), indent=2, default=str))
            return
        lines = patient_lines(patient)
    else:
        data = registry.load()
        if options.json:
            say(json.dumps(without_seed(dataclasses.asdict(data)), indent=2, default=str))
            return
        lines = study_lines(data)
    for line in lines:
        say(on_one_line(line))


def check(options: argparse.Namespace) -> None:
    """List what is missing or contradictory; a contradiction is an error, after all that was found."""
    from ..Study.checks import Severity, check_study

    found = check_study(open_registry(options).load(), datetime.date.today())
    if options.json:
        say(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
    else:
        for one in found:
            say(on_one_line(one.line))
        if not found and not options.quiet:
            say("Nothing is missing or contradictory.")
    count = sum(one.severity == Severity.CONTRADICTORY for one in found)
    if count:
        raise PainGeneratorError(
            f"The registry holds {count} contradiction{'s' if count > 1 else ''}.",
            "Correct them with study correct, each with its reason.",
        )


def fields(options: argparse.Namespace) -> None:
    """List the fields of a kind of record."""
    for name, info in typed_fields(record_type(options.kind)).items():
        needed = " (needed)" if info.is_required else ""
        say(f"{name.replace('_', '-'):18} {info.hint}{needed}")


def _values(kind: str, words: Sequence[str]) -> dict[str, str]:
    known = [name.replace("_", "-") for name in typed_fields(record_type(kind))]
    found: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        plain = name.strip().lower().replace("_", "-")
        if not sign:
            raise _usage(f"{word!r} is not FIELD=VALUE.", "Write no space around =, and quote a text: note='no pain'.")
        if plain not in known:
            raise _usage(
                f"A {kind} has no field {name!r}.{did_you_mean(plain, known)}", f"Its fields: {', '.join(known)}."
            )
        if plain in found:
            raise _usage(f"{name!r} was given twice.", "Give each field once.")
        found[plain] = value
    return found


def _usage(reason: str, advice: str) -> PainGeneratorError:
    """An error of usage, which has an exit status of its own."""
    error = PainGeneratorError(reason, advice)
    error.is_usage = True  # type: ignore[attr-defined]
    return error


def open_registry(options: argparse.Namespace) -> Registry:
    """The registry that a command names."""
    registry = Registry.open(options.study)
    if registry.updated:
        tell(on_one_line(registry.updated))
    return registry


def author_of(options: argparse.Namespace) -> str:
    """Who writes."""
    return login_name() if options.author is None else str(options.author)


__all__ = ("author_of", "check", "correct", "enroll", "fields", "init", "open_registry", "record", "remove", "show")
