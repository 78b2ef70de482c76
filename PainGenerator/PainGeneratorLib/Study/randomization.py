"""Assign patients to arms by chance: permuted blocks of varying size, in strata, from a stored seed.

The order of arms follows from the seed alone, by SHA-256, so that it is the same on every computer and with every
version of Python. It stays concealed: an arm is drawn when a patient is enrolled, with the patient's strata, and no
function tells the next one. The seed never leaves the settings of a registry; who can read its file or database can
compute the order, so that this file belongs to somebody who enrolls nobody. The seal, a hash of seed and plan, can
be put down elsewhere before the first patient: it proves afterwards that the order was fixed.

Every assignment is an entry of an audit trail. Each entry holds the hash of the one before, so that none can be
changed, left out or moved unseen.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.words import listed
from .history import Conflict
from .words import Arm

if TYPE_CHECKING:
    from .registry import Registry

RANDOMIZATION, TRAIL = "randomization", "randomization-trail"
"""Settings of a study: the plan with its seed, which is set once, and the entries of the audit trail."""
CONCEALED = "concealed"
"""In place of a seed, where settings are shown."""
SEED_BYTES = 32
"""Length of a seed. Lower bound of what cannot be guessed: 16."""
BLOCK_SIZES = (4, 6, 8)
"""Sizes of blocks when none are given: even for two arms, and varying, so that the last of a block cannot be known."""
MOST_BLOCK = 24
"""Upper bound of a block, patients: larger ones balance too late. Ours."""


@dataclass(frozen=True)
class Plan:
    """How arms are drawn.

    Parameters
    ----------
    seed : str
        Hexadecimal digits; not shown when the plan is printed.
    block_sizes : tuple of int
        Each block takes one of these by chance. Multiples of the number of arms.
    strata : mapping of str to tuple of str
        Name of each stratum, such as ``site``, to its possible values. Every combination has its own blocks.
    arms : tuple of Arm
    """

    seed: str = field(repr=False)
    block_sizes: tuple[int, ...] = BLOCK_SIZES
    strata: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    arms: tuple[Arm, ...] = (Arm.GUIDED, Arm.CONTROL)

    @property
    def seal(self) -> str:
        """SHA-256 of the whole plan with its seed, hexadecimal: it tells nothing, and changes when anything does."""
        return hashlib.sha256(_text(self.to_json()).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As the settings of a registry hold it, seed included."""
        return {
            "seed": self.seed,
            "block_sizes": list(self.block_sizes),
            "strata": {name: list(values) for name, values in self.strata.items()},
            "arms": [str(arm) for arm in self.arms],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Plan:
        """The plan of :meth:`to_json`."""
        return cls(
            values["seed"],
            tuple(values["block_sizes"]),
            {name: tuple(found) for name, found in values["strata"].items()},
            tuple(Arm(arm) for arm in values["arms"]),
        )


@dataclass(frozen=True)
class Assignment:
    """One entry of the audit trail.

    Parameters
    ----------
    pseudonym : str
    strata : mapping of str to str
        Those of the patient.
    position : int
        Place in the order of this combination of strata, from 1.
    arm : Arm
    time : str
        ISO 8601 with zone.
    author : str
    previous : str
        :attr:`digest` of the entry before; the seal of the plan for the first one.
    """

    pseudonym: str
    strata: Mapping[str, str]
    position: int
    arm: Arm
    time: str
    author: str
    previous: str

    @property
    def digest(self) -> str:
        """SHA-256 of this entry, hexadecimal."""
        return hashlib.sha256(_text(asdict(self)).encode()).hexdigest()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Assignment:
        """An entry as :func:`dataclasses.asdict` wrote it."""
        return cls(**{**values, "arm": Arm(values["arm"])})


def make_plan(
    strata: Mapping[str, Sequence[str]] | None = None,
    block_sizes: Sequence[int] = BLOCK_SIZES,
    seed: str | None = None,
) -> Plan:
    """A plan that was checked, with a new seed unless one is given.

    Raises
    ------
    PainGeneratorError
        A block size is no multiple of the number of arms, there is only one size, or strata have no or equal values.
    """
    plan = Plan(
        seed or secrets.token_hex(SEED_BYTES),
        tuple(sorted(set(block_sizes))),
        {name: tuple(values) for name, values in (strata or {}).items()},
    )
    arms = len(plan.arms)
    wrong = [size for size in plan.block_sizes if not 0 < size <= MOST_BLOCK or size % arms]
    if wrong:
        raise PainGeneratorError(
            f"A block of {wrong[0]} cannot hold {arms} arms equally often.",
            f"Give multiples of {arms} up to {MOST_BLOCK}.",
        )
    if len(plan.block_sizes) < 2:
        raise PainGeneratorError(
            "With blocks of one size the last arms of each block can be known.", "Give two sizes, such as 4 and 6."
        )
    for name, values in plan.strata.items():
        if not name.strip() or len(values) < 2 or len(set(values)) < len(values) or not all(values):
            raise PainGeneratorError(f"The stratum {name!r} needs two different values.", "Write it as: site=A,B.")
    return plan


def assign(
    plan: Plan,
    entries: Sequence[Assignment],
    pseudonym: str,
    strata: Mapping[str, str],
    author: str,
    time: datetime.datetime,
) -> Assignment:
    """Draw the arm of a patient who was enrolled; the only way to learn one.

    Parameters
    ----------
    plan : Plan
    entries : sequence of Assignment
        All that were made, in their order.
    pseudonym : str
    strata : mapping of str to str
        Of the patient; every stratum of the plan, and no other.
    author : str
    time : datetime
        With a zone.

    Returns
    -------
    Assignment
        To be stored with the others before anybody is told.

    Raises
    ------
    PainGeneratorError
        The patient has an arm already, a stratum is missing or unknown, or the entries were changed.
    """
    problems = verify(plan, entries)
    if problems:
        raise PainGeneratorError(
            f"The audit trail of the assignments is not intact: {problems[0]}", "Restore the registry from a backup."
        )
    if any(entry.pseudonym == pseudonym for entry in entries):
        raise PainGeneratorError(f"{pseudonym} has an arm already.", "An assignment is final; look it up.")
    if not (pseudonym.strip() and author.strip()):
        raise PainGeneratorError("Pseudonym or author is missing.", "Give both.")
    if time.tzinfo is None:
        raise PainGeneratorError("The time of the assignment has no zone.", "Give a time with its zone.")
    _check_strata(plan, strata)
    own = {name: strata[name] for name in plan.strata}
    position = 1 + sum(dict(entry.strata) == own for entry in entries)
    return Assignment(
        pseudonym,
        own,
        position,
        next(itertools.islice(_arms(plan, own), position - 1, None)),
        time.isoformat(timespec="seconds"),
        author,
        entries[-1].digest if entries else plan.seal,
    )


def verify(plan: Plan, entries: Sequence[Assignment]) -> list[str]:
    """What is wrong with an audit trail; an empty list where each entry is the one that the seed gives.

    The last entries can be cut off unseen; the registry's own history, and the digest of the last entry where it was
    put down, show that.
    """
    found, seen, previous = [], set(), plan.seal
    counts: dict[str, int] = {}
    orders: dict[str, Iterator[Arm]] = {}
    for number, entry in enumerate(entries, 1):
        if entry.previous != previous:
            found.append(f"entry {number} ({entry.pseudonym}) does not follow the one before.")
        if entry.pseudonym in seen:
            found.append(f"{entry.pseudonym} was assigned twice.")
        key = _text(dict(entry.strata))
        counts[key] = counts.get(key, 0) + 1
        if set(entry.strata) != set(plan.strata) or entry.position != counts[key]:
            found.append(f"entry {number} ({entry.pseudonym}) has a wrong place in its stratum.")
        elif entry.arm != next(orders.setdefault(key, _arms(plan, entry.strata))):
            found.append(f"entry {number} ({entry.pseudonym}) has another arm than the seed gives.")
        seen.add(entry.pseudonym)
        previous = entry.digest
    return found


def trail_of(settings: Mapping[str, Any]) -> tuple[Plan | None, list[Assignment]]:
    """Plan and audit trail of the settings of a study; None where arms are not drawn."""
    if not settings.get(RANDOMIZATION):
        return None, []
    return Plan.from_json(settings[RANDOMIZATION]), [Assignment.from_json(one) for one in settings.get(TRAIL, ())]


def without_seed(value: Any) -> Any:
    """A value of JSON, such as the settings of a study or its history, in which no seed can be read."""
    if isinstance(value, Mapping):
        return {name: CONCEALED if name == "seed" else without_seed(one) for name, one in value.items()}
    return [without_seed(one) for one in value] if isinstance(value, list | tuple) else value


def set_up(registry: Registry, plan: Plan, author: str) -> None:
    """Store a plan in a registry, once.

    Raises
    ------
    PainGeneratorError
        There is one already, or patients have arms.
    """
    armed = [one.pseudonym for one in registry.load().patients if one.arm is not None]
    if armed:
        raise PainGeneratorError(
            f"{armed[0]} has an arm that was not drawn.", "Set up the assignment before the first patient gets one."
        )
    from sqlalchemy.exc import IntegrityError

    there = PainGeneratorError("The random assignment of this study is set up already.", "It cannot be changed.")
    try:
        with registry.writing(author) as writer:
            # Asked here, as a conflict of the registry would tell what the setting holds.
            if writer.setting(RANDOMIZATION)[1]:
                raise there
            writer.set_setting(RANDOMIZATION, plan.to_json())
            # The trail is there from the start, so that drawing always changes it, and two that draw are noticed.
            writer.set_setting(TRAIL, [])
    except IntegrityError:
        raise there from None


def draw(registry: Registry, pseudonym: str, author: str, time: datetime.datetime) -> Assignment:
    """Draw the arm of an enrolled patient, and store it with the audit trail in one transaction.

    Raises
    ------
    PainGeneratorError
        No assignment was set up, the patient is not enrolled or has an arm, or somebody else drew at the same time.
    """
    patient = registry.patient(pseudonym)
    if patient.enrolled is None:
        raise PainGeneratorError(f"{pseudonym} is not enrolled: the date is missing.", "Enroll the patient first.")
    if patient.arm is not None:
        raise PainGeneratorError(f"{pseudonym} is in the arm {patient.arm} already.", "An assignment is final.")
    try:
        with registry.writing(author) as writer:
            stored, seen = writer.setting(TRAIL)
            plan, entries = trail_of({RANDOMIZATION: writer.setting(RANDOMIZATION)[0], TRAIL: stored or ()})
            if plan is None:
                raise PainGeneratorError(
                    "Arms are not drawn in this study.", "Set it up: pain-generator study randomize."
                )
            entry = assign(plan, entries, pseudonym, patient.strata, author, time)
            writer.set_setting(TRAIL, [asdict(one) for one in (*entries, entry)], seen)
            writer.set_fields(pseudonym, "patient", "", {"arm": entry.arm}, patient.version)
    except Conflict as error:
        raise PainGeneratorError(
            "Somebody else changed this patient, or drew an arm, at the same moment. Nothing was written.",
            "Try again.",
        ) from error
    return entry


def _check_strata(plan: Plan, strata: Mapping[str, str]) -> None:
    unknown = sorted(set(strata) - set(plan.strata))
    if unknown:
        raise PainGeneratorError(
            f"{unknown[0]!r} is no stratum of this study.", f"Its strata: {listed(plan.strata) or 'none'}."
        )
    for name, values in plan.strata.items():
        if strata.get(name) not in values:
            raise PainGeneratorError(
                f"The stratum {name} of the patient is {strata.get(name, 'missing')!r}.",
                f"Give one of {listed(values)}.",
            )


def _arms(plan: Plan, strata: Mapping[str, str]) -> Iterator[Arm]:
    """The endless order of arms of a combination of strata."""
    words = _words(plan.seed, _text({name: strata[name] for name in sorted(plan.strata)}))
    while True:
        size = plan.block_sizes[_below(words, len(plan.block_sizes))]
        block = [arm for arm in plan.arms for _ in range(size // len(plan.arms))]
        for last in range(size - 1, 0, -1):  # Fisher and Yates
            other = _below(words, last + 1)
            block[last], block[other] = block[other], block[last]
        yield from block


def _words(seed: str, stratum: str) -> Iterator[int]:
    """Endless random whole numbers of 64 bits that follow from seed and stratum."""
    for counter in itertools.count():
        data = hmac.new(bytes.fromhex(seed), f"{stratum}\n{counter}".encode(), hashlib.sha256).digest()
        for start in range(0, len(data), 8):
            yield int.from_bytes(data[start : start + 8], "big")


def _below(words: Iterator[int], bound: int) -> int:
    """A random whole number from 0 to `bound` - 1, each equally often."""
    limit = (1 << 64) - (1 << 64) % bound
    return next(word % bound for word in words if word < limit)


def _text(values: Any) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
