"""A reading of a case that is not shown at the moment: the lists as one reader left them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..Numerics.core.image import Region
from ..Numerics.core.records import NAMED_BY_READER, Candidate, Place
from ..Numerics.core.since_decided import with_seen
from ..Numerics.core.words import Origin
from ..Numerics.fusion.reading import Reading
from ..Workflow.finding import Found
from ..Workflow.naming import NewNames
from ..Workflow.readers import ReaderReading
from .carrying import carry_decisions

if TYPE_CHECKING:
    from .review import Review

LISTS = ("candidates", "set_apart", "attention")
"""The names of the three lists, as they are kept."""


@dataclasses.dataclass(eq=False)
class StoredReading:
    """What one reader decided, put aside while another reading is shown.

    Parameters
    ----------
    label : str
        The name of the reader who began it; empty when none was given.
    lists : Reading
    unmatched : list of Candidate
        Decided candidates that no new run has found again.
    carried : list of str
        Sentences on decided candidates that the last run by itself would have set apart.
    deleted : tuple of Candidate
    review : Review, optional
        Its history; None after reopening.
    found : Found, optional
        The result whose names its entries have.
    """

    label: str
    lists: Reading
    unmatched: list[Candidate] = dataclasses.field(default_factory=list)
    carried: list[str] = dataclasses.field(default_factory=list)
    deleted: tuple[Candidate, ...] = ()
    review: Review | None = None
    found: Found | None = None

    def take_run(
        self,
        new: Reading,
        found: Found,
        names: NewNames | None,
        measure: Callable[[Candidate], Candidate] | None = None,
        used: Collection[str] = (),
    ) -> None:
        """A step was run again: hand the decisions over to what it found. The history ends.

        Parameters
        ----------
        new : Reading
        found : Found
        names : NewNames, optional
        measure : callable, optional
            Measures anew what keeps its outline.
        used : collection of str
            All ids that were ever given in this case.
        """
        former = _entries(self.lists)
        old = [*self.lists.candidates, *self.unmatched]
        old = old if names is None else names.of(old)
        carried = carry_decisions(old, new, self.deleted, measure=measure, former=former, used=used)
        if measure is not None:
            self.deleted = tuple(measure(with_seen(candidate)) for candidate in self.deleted)
        self.lists, self.unmatched, self.carried = carried.lists, carried.unmatched, carried.notices
        self.review, self.found = None, found

    def take_names(self, automatic: Reading | None, found: Found | None, name: Callable[[Region], Place]) -> None:
        """Name its entries as the levels are called now. Names that the reader gave stay.

        An entry has the place of the one of the run that has the same voxels. Ids do not tell it: each run numbers
        its entries anew.

        Parameters
        ----------
        automatic : Reading, optional
            What the run found, with the names of now.
        found : Found, optional
        name : callable
            Names a place, for entries that a reader drew, and those that the run did not outline in this way.
        """
        if self.found is None or self.found is found:
            self.found = found
            return
        self.found, self.review = found, None
        entries = [] if automatic is None else _entries(automatic)

        def named(entry: Candidate) -> Candidate:
            if NAMED_BY_READER in entry.place.flags:
                return entry
            found_same = (one.place for one in entries if _has_same_voxels(one.region, entry.region))
            place = next(found_same, None) if entry.origin == Origin.AUTOMATIC else None
            return dataclasses.replace(entry, place=place or name(entry.region))

        self.lists = Reading(*([named(entry) for entry in getattr(self.lists, key)] for key in LISTS))

    def to_kept(self) -> dict[str, Any]:
        """What the scene's text holds of it."""
        return {
            "label": self.label,
            **kept_lists(self.lists),
            "unmatched": self.unmatched,
            "carried": self.carried,
            "deleted": list(self.deleted),
        }

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> StoredReading:
        """The reading again."""
        return cls(
            kept["label"], lists_of(kept), list(kept["unmatched"]), list(kept["carried"]), tuple(kept["deleted"])
        )

    def shown(self) -> ReaderReading:
        """It as files and tables show it."""
        return reader_reading(self.label, self.lists, self.deleted)


def reader_reading(label: str, lists: Reading, deleted: Sequence[Candidate]) -> ReaderReading:
    """A reading as files and tables show it."""
    return ReaderReading(label, lists.candidates, lists.set_apart, lists.attention, deleted)


def copied(lists: Reading) -> Reading:
    """The lists with copies of their entries, which ranking may change; voxels are shared."""
    return Reading(*([dataclasses.replace(entry) for entry in getattr(lists, key)] for key in LISTS))


def kept_lists(lists: Reading) -> dict[str, Any]:
    """The three lists by name."""
    return {key: list(getattr(lists, key)) for key in LISTS}


def lists_of(kept: Mapping[str, Any]) -> Reading:
    """The three lists again."""
    return Reading(*(list(kept[key]) for key in LISTS))


def lists_in(lists: Reading) -> list[list[Candidate]]:
    """The three lists, in the order of :class:`Reading`."""
    return [list(getattr(lists, key)) for key in LISTS]


def _has_same_voxels(one: Region, other: Region) -> bool:
    is_same_grid = len(one) == len(other) and one.geometry.is_same_grid(other.geometry)
    return is_same_grid and bool((one.flat == other.flat).all())


def _entries(lists: Reading) -> list[Candidate]:
    return [entry for key in LISTS for entry in getattr(lists, key)]
