"""New names of levels for what was found already: nothing is found or measured again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from ..Anatomy.anatomy_map import AnatomyMap
from ..Numerics.body.level_names import GivenLevel
from ..Numerics.body.renaming import renamed
from ..Numerics.core.records import NAMED_BY_READER, Candidate, Place
from ..Numerics.fusion.candidates import Name
from ..Numerics.fusion.pairs import joint_place, signs_of
from ..Numerics.fusion.places import is_same_name
from .case import Case
from .finding import Found
from .renamed_texts import RenamedTexts
from .sites import find_case_sites, with_new_names
from .stages import Alignment, Suv


@dataclass(frozen=True, eq=False)
class NewNames:
    """The change from one naming of all places to another.

    Parameters
    ----------
    former, now : callable
        Give the place of a region.
    texts : RenamedTexts
        Puts new names into texts.
    """

    former: Name
    now: Name
    texts: RenamedTexts

    def of(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Candidates with their new places, and with the new names in their reasons and ledgers."""
        return self.texts.of_candidates(named_anew(candidate, self.former, self.now) for candidate in candidates)


def with_named_level(
    found: Found, case: Case, suv: Suv, alignment: Alignment, anatomy: AnatomyMap | None, given: GivenLevel
) -> tuple[Found, NewNames]:
    """What was found, with the names that follow from a level that the reader named.

    Vertebrae, sites, and the places of candidates are named anew, and so are the places of which the reasons and the
    ledgers tell. Nothing is found or measured again: measures, outlines, ids, ranks and decisions stay, and so does a
    name that the reader gave. It needs no detector, so that it works in a reopened case, too.

    Parameters
    ----------
    found : Found
        Is not changed.
    case : Case
        Its option `level` is not asked. The caller keeps the named level there, for the next run.
    suv : Suv
    alignment : Alignment
    anatomy : AnatomyMap, optional
        As it was read; its levels are shifted where the reader contradicts them.
    given : GivenLevel
        In the reference frame.

    Returns
    -------
    found : Found
    names : NewNames
        For what is no part of the result, such as candidates that a new run did not find again.

    Raises
    ------
    PainGeneratorError
        There is no such level, or no vertebra lies at this place.
    """
    mr = found.mr if found.mr.spine is None else dataclasses.replace(found.mr, spine=renamed(found.mr.spine, given))
    table, names = with_new_names(found.measured_sites, find_case_sites(case, mr, found.plan, anatomy, given))
    right, front, up = (float(x) for x in given.point_ras)
    level = (given.level, (right, front, up))
    named = dataclasses.replace(found, mr=mr, measured_sites=table, named_level=level)
    former = found.namer(anatomy, case, suv, alignment)
    now = named.namer(anatomy, case, suv, alignment)
    before = (found.candidates, found.set_apart, found.attention)
    after = [[named_anew(candidate, former, now) for candidate in entries] for entries in before]
    for entries, new_entries in zip(before, after, strict=True):
        names |= {old.place.name: new.place.name for old, new in zip(entries, new_entries, strict=True)}
    texts = RenamedTexts(names)
    named.measured_sites = texts.of_table(table)
    named.candidates, named.set_apart, named.attention = map(texts.of_candidates, after)
    return named, NewNames(former, now, texts)


def names_after_run(former: Found, former_name: Name, found: Found, name: Name) -> NewNames:
    """The change of names from one run to the next, which may count the levels in another way.

    Parameters
    ----------
    former, found : Found
        The results of both runs.
    former_name, name : callable
        Their namers.
    """
    _, names = with_new_names(former.measured_sites, found.measured_sites)
    return NewNames(former_name, name, RenamedTexts(names))


def named_anew(candidate: Candidate, former: Name, now: Name) -> Candidate:
    """A candidate with the place that another namer gives; itself where the former namer did not give its name.

    A name that the reader gave stays so. The place of a pair, or of both endplates of a disc, follows from the places
    of two of its signs.
    """
    if NAMED_BY_READER in candidate.place.flags:
        return candidate
    own = signs_of(candidate)
    for one, other in combinations(own, 2):
        old = joint_place(former(one.region), former(other.region))
        place = joint_place(now(one.region), now(other.region))
        if old is not None and place is not None and is_same_name(old, candidate.place):
            return _placed(candidate, old, place)
    for region in (candidate.region, *(sign.region for sign in own)):
        old = former(region)
        if is_same_name(old, candidate.place):
            return _placed(candidate, old, now(region))
    return candidate


def _placed(candidate: Candidate, old: Place, place: Place) -> Candidate:
    """A candidate at a new place, with the flags of this place instead of those of the old one."""
    flags = [*(flag for flag in candidate.flags if flag not in old.flags), *place.flags]
    return dataclasses.replace(candidate, place=place, flags=list(dict.fromkeys(flags)))
