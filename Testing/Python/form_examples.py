"""Studies for tests: one that is right, and random ones with odd text."""

import datetime
import random

from PainGeneratorLib.Numerics.core.words import Group, Side, Status
from PainGeneratorLib.Study import records as r
from PainGeneratorLib.Study.words import (
    AnalgesicRule,
    Arm,
    ConfirmationKind,
    Decision,
    Outcome,
    Sex,
    TreatmentKind,
    VisitKind,
)

ODD_TEXTS = (
    "plain",
    "says \"left\", then 'right'",
    "two\nlines",
    "Windows\r\nline",
    "ÄÖÜ äöü ß ñ 患者 🦴",
    "a;b;c",
    "comma, comma",
    "\ttab at the start and space at the end ",
    "=1+1",
    "\ufeffmark",
    "NULL",
    "-1",
    "1, text | 2, text",
    '"',
    "\n",
    "007",
)
DAY = datetime.date(2026, 1, 10)


def right_study() -> r.StudyData:
    """Two patients of whom everything is recorded, and nothing contradicts."""
    back = r.Patient(
        "P-001",
        Group.LOW_BACK,
        DAY,
        Arm.GUIDED,
        {"site": "A"},
        Sex.FEMALE,
        51.5,
        70.25,
        1.68,
        "left",
        30.0,
        note="first",
        visits=(r.Visit(DAY, VisitKind.BASELINE, number=1, version=1),),
        cases=(case(Group.LOW_BACK),),
        discussions=(r.Discussion(day(3), "Dr. R", Decision.TREAT, 1, "PG-02", number=1, version=1),),
        confirmations=(
            r.Confirmation(
                day(5), ConfirmationKind.BLOCK, Outcome.POSITIVE, 1, "PG-02", "", 80.0, number=1, version=1
            ),
        ),
        treatments=(
            r.Treatment(day(9), Arm.GUIDED, TreatmentKind.INJECTION, 1, "PG-02", "", "none", number=1, version=1),
        ),
        follow_ups=(
            r.FollowUp(DAY, "baseline", nrs_back=7.0, nrs_leg=2.0, odi=44.0, number=1, version=1),
            r.FollowUp(day(60), "6 weeks", nrs_back=3.0, nrs_leg=1.0, odi=20.0, pgic=2, number=2, version=1),
        ),
        version=1,
    )
    hip = r.Patient(
        "P-002",
        Group.HIP_REPLACEMENT,
        DAY,
        Arm.CONTROL,
        {"site": "B"},
        Sex.MALE,
        70.0,
        prosthesis_side="right",
        cases=(case(Group.HIP_REPLACEMENT),),
        treatments=(
            r.Treatment(day(12), Arm.CONTROL, TreatmentKind.OTHER, None, "", "hip", "none", number=1, version=1),
        ),
        follow_ups=(
            r.FollowUp(DAY, "baseline", vas_hip=81.5, hoos_jr=46.652, number=1, version=1),
            r.FollowUp(day(70), "6 weeks", vas_hip=40.0, hoos_jr=64.664, number=2, version=1),
        ),
        version=1,
    )
    return r.StudyData("Backs and hips", (back, hip))


def day(after: int) -> datetime.date:
    """A day after :data:`DAY`."""
    return DAY + datetime.timedelta(days=after)


def case(group: Group, number: int = 1) -> r.Case:
    """A case with three candidates: rejected, accepted, pending none."""
    first = r.Candidate(
        "PG-01", 1, "left facet joint L4/L5", "facet joint", Side.LEFT, "L4/L5", "PET+MR", Status.REJECTED, 9.25,
        {"suv_max": 4.125, "mr_z": None}, ("modic-1", "oedema"),
        r.Reading("AB", Status.REJECTED, "2026-01-11T08:00:00Z"), r.Reading("CD", Status.ACCEPTED), version=1,
    )  # fmt: skip
    second = r.Candidate("PG-02", 2, "right sacroiliac joint", status=Status.ACCEPTED, version=1)
    return r.Case(
        DAY,
        group,
        "1.2.0",
        "2026-01-10T10:00:00+01:00",
        {"group": str(group), "changed": {"fusion.bar": 2.5}, "sha256": "ab" * 32},
        ("01" * 32, "fe" * 32),
        "cd" * 32,
        {"path": "units Bq/ml", "given_by_hand": []},
        {"T1": "aligned"},
        (first, second),
        number,
        1,
    )


def random_study(seed: int) -> r.StudyData:
    """Some patients with random records; every field is empty in some of them, and filled with odd text in others."""
    chance = random.Random(seed)
    return r.StudyData(
        f"Study {seed}",
        tuple(_patient(chance, f"P-{number:03}") for number in range(chance.randint(1, 4))),
        {"site": "A"},
    )


def _maybe(chance, make, empty=None):
    return make() if chance.random() < 0.7 else empty


def _text(chance) -> str:
    return chance.choice(("", *ODD_TEXTS)) + chance.choice(("", chance.choice(ODD_TEXTS)))


def _name(chance) -> str:
    return "x" + _text(chance)


def _number(chance, low, high) -> float:
    return chance.choice([float(low), float(high), chance.uniform(low, high), round(chance.uniform(low, high), 1)])


def _date(chance) -> datetime.date:
    return day(chance.randint(-300, 200))


def _patient(chance, pseudonym) -> r.Patient:
    def several(make):
        return tuple(make(number) for number in range(1, chance.randint(1, 4)))

    return r.Patient(
        pseudonym,
        chance.choice(list(Group)),
        _maybe(chance, lambda: _date(chance)),
        _maybe(chance, lambda: chance.choice(list(Arm))),
        _maybe(chance, lambda: {_text(chance): _text(chance), "site": "Ü"}, {}),
        _maybe(chance, lambda: chance.choice(list(Sex))),
        _maybe(chance, lambda: _number(chance, 0, 120)),
        _maybe(chance, lambda: _number(chance, 1, 500)),
        _maybe(chance, lambda: _number(chance, 0.3, 2.6)),
        _text(chance),
        _maybe(chance, lambda: _number(chance, 0, 1200)),
        _text(chance),
        _maybe(chance, lambda: _date(chance)),
        _text(chance),
        _text(chance),
        several(lambda n: r.Visit(_date(chance), chance.choice(list(VisitKind)), f"{n}{_text(chance)}", n, 2)),
        several(lambda n: _case(chance, n)),
        several(
            lambda n: r.Discussion(
                _date(chance),
                _name(chance),
                chance.choice(list(Decision)),
                note=f"{n}{_text(chance)}",
                number=n,
                version=1,
            )
        ),
        several(
            lambda n: r.Confirmation(
                _date(chance),
                chance.choice(list(ConfirmationKind)),
                chance.choice(list(Outcome)),
                None,
                "",
                f"{n}{_text(chance)}",
                _maybe(chance, lambda: _number(chance, 0, 100)),
                _text(chance),
                n,
                1,
            )
        ),
        several(
            lambda n: r.Treatment(
                _date(chance),
                chance.choice(list(Arm)),
                chance.choice(list(TreatmentKind)),
                None,
                "",
                _text(chance),
                _text(chance),
                f"{n}{_text(chance)}",
                n,
                3,
            )
        ),
        several(lambda n: _follow_up(chance, n)),
        chance.randint(1, 9),
    )


def _case(chance, number) -> r.Case:
    candidates = tuple(
        r.Candidate(
            f"PG-{rank:02}", _maybe(chance, lambda rank=rank: rank), _name(chance), _text(chance),
            _maybe(chance, lambda: chance.choice(list(Side))), _text(chance), _text(chance),
            chance.choice(list(Status)), _maybe(chance, lambda: _number(chance, -5, 30)),
            _maybe(chance, lambda: {"suv_max": chance.uniform(0, 9), "tbr": None}, {}),
            _maybe(chance, lambda: (_name(chance), "a;b"), ()),
            _maybe(chance, lambda: r.Reading(_text(chance), chance.choice(list(Status)), _text(chance))),
            _maybe(chance, lambda: r.Reading(_text(chance), chance.choice(list(Status)), _text(chance))), 1,
        )
        for rank in range(1, chance.randint(1, 4))
    )  # fmt: skip
    return r.Case(
        _maybe(chance, lambda: _date(chance)), chance.choice(list(Group)), _name(chance), f"{number}{_text(chance)}",
        _maybe(chance, lambda: {"a": {"b": [1, 2.5, None, _text(chance)]}}, {}),
        _maybe(chance, lambda: ("01" * 32,) * 3000, ()), _text(chance), {},
        _maybe(chance, lambda: {"T1": _text(chance)}, {}), candidates, number, 1,
    )  # fmt: skip


def _follow_up(chance, number) -> r.FollowUp:
    rule = _maybe(chance, lambda: chance.choice(list(AnalgesicRule)))
    return r.FollowUp(
        _date(chance),
        f"{number} {_name(chance)}",
        nrs_back=_number(chance, 0, 10),
        vas_leg=_maybe(chance, lambda: _number(chance, 0, 100)),
        odi=_maybe(chance, lambda: _number(chance, 0, 100)),
        hoos12=_maybe(chance, lambda: _number(chance, 0, 100)),
        hoos12_pain=_maybe(chance, lambda: 100.0 / 3),
        hoos_jr=_maybe(chance, lambda: 52.965),
        pgic=_maybe(chance, lambda: chance.randint(1, 7)),
        analgesic_score=None if rule is None else 2.5,
        analgesic_rule=rule,
        analgesic_source="a table" if rule else _text(chance),
        tens=_maybe(chance, lambda: chance.random() < 0.5),
        injections_since=_maybe(chance, lambda: chance.randint(0, 3)),
        items=_maybe(
            chance,
            lambda: {
                "odi": {"1": chance.randint(0, 5), "8": None, "10": 0},
                "hoos_jr": {},
                "hoos12": {"12": 4},
                "other": {"a": 17, "b": None},
            },
            {},
        ),
        note=_text(chance),
        number=number,
        version=1,
    )
