"""Random assignment: balance, concealment, reproduction, audit trail."""

import concurrent.futures
import contextlib
import datetime
import random
from collections import Counter
from dataclasses import asdict, replace

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study.randomization import (
    Assignment,
    Plan,
    assign,
    draw,
    make_plan,
    set_up,
    trail_of,
    verify,
    without_seed,
)
from PainGeneratorLib.Study.words import Arm

SEED = "00112233445566778899aabbccddeeff"
STRATA = {"site": ("A", "B"), "group": ("low-back", "hip-replacement")}
NOON = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


def _draw(plan, count, strata=lambda number: {}, start=()):
    entries = list(start)
    for number in range(len(entries), len(entries) + count):
        entries.append(assign(plan, entries, f"P-{number:03}", strata(number), "study nurse", NOON))
    return entries


def _arms(entries):
    return [entry.arm for entry in entries]


def test_arms_never_differ_by_more_than_half_a_block():
    for seed in range(20):
        plan = make_plan(block_sizes=(4, 6), seed=f"{seed:032x}")
        guided = 0
        for count, arm in enumerate(_arms(_draw(plan, 60)), 1):
            guided += arm == Arm.GUIDED
            assert abs(2 * guided - count) <= 3


def test_each_stratum_is_balanced_by_itself():
    chance = random.Random(5)
    values = [{"site": chance.choice("AB"), "group": chance.choice(STRATA["group"])} for _ in range(120)]
    plan = make_plan(STRATA, (4, 6), SEED)
    entries = _draw(plan, 120, values.__getitem__)
    for site in STRATA["site"]:
        for group in STRATA["group"]:
            arms = Counter(e.arm for e in entries if (e.strata["site"], e.strata["group"]) == (site, group))
            assert abs(arms[Arm.GUIDED] - arms[Arm.CONTROL]) <= 3


def test_both_arms_come_first_about_equally_often():
    first = Counter(_arms(_draw(make_plan(seed=f"{seed:032x}"), 1))[0] for seed in range(400))
    assert 160 < first[Arm.GUIDED] < 240  # five standard deviations are 50


def test_blocks_vary_in_size_so_that_the_last_of_a_block_cannot_be_known():
    # With blocks of 4 alone the sum is even after every 4th patient; here no such number of patients exists.
    for size in (4, 6, 8):
        sums = set()
        for seed in range(60):
            arms = _arms(_draw(make_plan(seed=f"{seed:032x}"), 3 * size))
            sums.add(sum(1 if arm == Arm.GUIDED else -1 for arm in arms[: 2 * size]))
        assert sums != {0}


def test_the_order_of_arms_is_the_same_for_ever():
    # Written down once: a change of the program that draws other arms from a stored seed breaks a running study.
    arms = "".join("G" if arm == Arm.GUIDED else "C" for arm in _arms(_draw(make_plan(seed=SEED), 24)))
    assert arms == EXPECTED


EXPECTED = "CCCGGGCCGGGGCGGCCCGCGCGC"


def test_other_seeds_and_other_strata_have_other_orders():
    orders = {tuple(_arms(_draw(make_plan(seed=f"{seed:032x}"), 24))) for seed in range(50)}
    assert len(orders) == 50
    plan = make_plan({"site": ("A", "B")}, seed=SEED)
    assert _arms(_draw(plan, 24, lambda number: {"site": "A"})) != _arms(_draw(plan, 24, lambda number: {"site": "B"}))


def test_what_was_drawn_does_not_depend_on_who_comes_when_in_other_strata():
    plan = make_plan({"site": ("A", "B")}, seed=SEED)
    alone = _arms(_draw(plan, 12, lambda number: {"site": "A"}))
    mixed = _draw(plan, 24, lambda number: {"site": "AB"[number % 2]})
    assert _arms([entry for entry in mixed if entry.strata["site"] == "A"]) == alone


def test_the_seed_is_not_shown_and_new_plans_have_new_ones():
    plan = make_plan()
    assert plan.seed not in repr(plan)
    assert plan.seed != make_plan().seed
    assert len(plan.seed) == 64
    hidden = without_seed({"settings": {"randomization": plan.to_json()}, "rows": [{"seed": plan.seed}]})
    assert plan.seed not in repr(hidden)


def test_nothing_tells_the_next_arm():
    entries = _draw(make_plan(seed=SEED), 5)
    told = {name for entry in entries for name in asdict(entry)}
    assert told == {"pseudonym", "strata", "position", "arm", "time", "author", "previous"}


def test_an_assignment_is_final():
    plan = make_plan(seed=SEED)
    entries = _draw(plan, 3)
    with pytest.raises(PainGeneratorError, match="already"):
        assign(plan, entries, "P-001", {}, "somebody", NOON)


@pytest.mark.parametrize("strata", [{}, {"site": "C"}, {"site": "A", "age": "old"}])
def test_a_patient_needs_all_strata_and_no_others(strata):
    with pytest.raises(PainGeneratorError):
        assign(make_plan({"site": ("A", "B")}, seed=SEED), [], "P-1", strata, "somebody", NOON)


def test_the_audit_trail_shows_every_tampering():
    plan = make_plan({"site": ("A", "B")}, seed=SEED)
    entries = _draw(plan, 8, lambda number: {"site": "AB"[number % 2]})
    assert verify(plan, entries) == []
    other = {Arm.GUIDED: Arm.CONTROL, Arm.CONTROL: Arm.GUIDED}
    tampered = [
        [*entries[:3], replace(entries[3], arm=other[entries[3].arm]), *entries[4:]],
        [*entries[:2], *entries[3:]],
        [entries[1], entries[0], *entries[2:]],
        [*entries[:4], replace(entries[4], pseudonym="P-999"), *entries[5:]],
        [*entries[:4], replace(entries[4], time="2026-03-02T12:00:00+00:00"), *entries[5:]],
        [*entries, entries[-1]],
    ]
    for wrong in tampered:
        assert verify(plan, wrong)
        with pytest.raises(PainGeneratorError, match="not intact"):
            assign(plan, wrong, "P-100", {"site": "A"}, "somebody", NOON)
    assert verify(make_plan({"site": ("A", "B")}, seed=SEED.replace("00", "01")), entries)


def test_plan_and_entries_survive_json():
    plan = make_plan(STRATA, (4, 6), SEED)
    assert Plan.from_json(plan.to_json()) == plan
    entry = _draw(plan, 1, lambda number: {"site": "A", "group": "low-back"})[0]
    assert Assignment.from_json(asdict(entry)) == entry


@pytest.mark.parametrize("sizes", [(4,), (3, 4), (0, 4), (4, 26)])
def test_blocks_that_cannot_balance_or_conceal_are_refused(sizes):
    with pytest.raises(PainGeneratorError):
        make_plan(block_sizes=sizes)


@pytest.mark.parametrize("strata", [{"site": ["A"]}, {"site": ["A", "A"]}, {"": ["A", "B"]}, {"site": ["A", ""]}])
def test_strata_need_two_different_values(strata):
    with pytest.raises(PainGeneratorError):
        make_plan(strata)


def test_sites_that_draw_at_once_never_share_a_place(registry):
    from PainGeneratorLib.Numerics.core.words import Group
    from PainGeneratorLib.Study.records import Patient

    names = [f"P-{number}" for number in range(6)]
    for name in names:
        registry.add_patient(Patient(name, Group.LOW_BACK, NOON.date()), "nurse")
    set_up(registry, make_plan(seed=SEED), "statistician")
    with pytest.raises(PainGeneratorError, match="set up already"):
        set_up(registry, make_plan(seed=SEED), "statistician")

    def one(name):
        for _ in range(50):
            with contextlib.suppress(PainGeneratorError):  # another one drew at the same moment
                return draw(registry, name, "nurse", NOON)
        raise AssertionError(name)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        drawn = list(pool.map(one, names))
    data = registry.load()
    plan, entries = trail_of(data.settings)
    assert verify(plan, entries) == []
    assert sorted(entry.position for entry in entries) == [1, 2, 3, 4, 5, 6]
    assert {entry.pseudonym: entry.arm for entry in drawn} == {one.pseudonym: one.arm for one in data.patients}
    with pytest.raises(PainGeneratorError, match="final"):
        draw(registry, "P-0", "nurse", NOON)
