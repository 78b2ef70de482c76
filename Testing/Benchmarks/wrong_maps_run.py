"""Give wrong label maps to a case, and see what is said about them and what is named wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PainGeneratorLib.Anatomy.anatomy_files import anatomy_of_labels
from PainGeneratorLib.Anatomy.anatomy_place import on_reference
from PainGeneratorLib.Anatomy.label_files import read_labels
from PainGeneratorLib.Anatomy.map_levels import refuse_shifted_levels
from PainGeneratorLib.Anatomy.map_place import refuse_misplaced
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.image import Region, ball
from PainGeneratorLib.Numerics.core.sites import Site
from PainGeneratorLib.Numerics.core.words import LATERAL_SIDES, Certainty, Group
from PainGeneratorLib.Workflow.finding import Found
from PainGeneratorLib.Workflow.sites import find_case_sites
from sites_cases import SiteCase
from sites_run import SiteRun
from sites_score import Place
from wrong_maps_changes import NamedLabels

AWAY_MM = 15.0
"""Lower bound of the distance of a site from its true place at which it is wrong, mm: half of the way to the like site
of the next level."""
NAMED = ("facet joint", "pedicle", "vertebral body", "disc", "sacroiliac joint", "upper endplate", "foramen")
"""Structures of true places that are asked for their names."""
NAMED_RADIUS_MM = 4.0
"""Radius of the balls that are named, mm."""


@dataclass(eq=False)
class MapScore:
    """What came of one map.

    Parameters
    ----------
    verdict : str
        ``refused``; ``silent``: something wrong is called certain, without a warning; ``warned``: the same with a
        warning; ``flagged``: all that is wrong is called uncertain or likely, with a warning; ``quiet``: the same
        without a warning; ``right``: nothing is wrong and nothing is said; ``alarm``: nothing is wrong and something
        is said.
    sides, levels, places : int
        Names with a wrong side, with a wrong level, and sites far from their true place, that are called certain.
    flagged : int
        The same that are called likely or uncertain.
    texts : list of str
        What is said, that was not said of the unchanged map.
    """

    verdict: str
    sides: int = 0
    levels: int = 0
    places: int = 0
    flagged: int = 0
    asked: int = 0
    texts: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Answers:
    """The names of true places and the sites of a case with one map."""

    names: list
    sites: list
    texts: list[str]


class MapJudge:
    """A case on which maps are tried.

    Parameters
    ----------
    run : SiteRun
        Of the case without its map.
    case : SiteCase
    """

    def __init__(self, run: SiteRun, case: SiteCase) -> None:
        self.run, self.case = run, case
        image = read_labels(case.test.anatomy[0]).image
        names = json.loads(Path(case.test.anatomy[1]).read_text())
        self.labels = NamedLabels(image, {int(n): text for n, text in names.items()})
        is_spine = case.test.case.group == Group.LOW_BACK
        self.truth = [place for place in case.truth if place.structure in NAMED or not is_spine]
        self._usual = self._ask(self.labels)

    @property
    def usual_texts(self) -> list[str]:
        """What is said of the unchanged map."""
        return self._usual.texts

    def score(self, change: Callable[[NamedLabels], NamedLabels]) -> MapScore:
        """Try one map."""
        try:
            found = self._ask(change(self.labels))
        except PainGeneratorError as error:
            return MapScore("refused", texts=[error.reason])
        score = MapScore("", texts=[text for text in found.texts if text not in self._usual.texts])
        for truth, usual, name in zip(self.truth, self._usual.names, found.names, strict=True):
            score.asked += 1
            _count_name(score, truth, usual, name)
        usual_sites = {(s.structure, str(s.side), s.level): s for s in self._usual.sites}
        for truth, site in _partners(self.truth, found.sites):
            usual_site = usual_sites.get((site.structure, str(site.side), site.level))
            if _away_mm(site, truth) > AWAY_MM and _is_worse(site, usual_site, truth):
                is_certain = str(site.side_certainty) == Certainty.CERTAIN == str(site.level_certainty)
                score.places += is_certain
                score.flagged += not is_certain
        wrong = score.sides + score.levels + score.places
        if wrong:
            score.verdict = "warned" if score.texts else "silent"
        elif score.flagged:
            score.verdict = "flagged" if score.texts else "quiet"
        else:
            score.verdict = "alarm" if score.texts else "right"
        return score

    def _ask(self, labels: NamedLabels) -> _Answers:
        anatomy = anatomy_of_labels(labels.image, dict(labels.names), "the map")
        return ask(self.run, anatomy, self.truth)


def ask(run: SiteRun, anatomy, truth: list[Place]) -> _Answers:
    """Name the true places with a map, as the stages of the program do."""
    placed = on_reference(anatomy, run.case.reference.image)
    refuse_misplaced(placed, run.plan, run.mr.spine)
    refuse_shifted_levels(placed, run.mr.spine)
    table = find_case_sites(run.case, run.mr, run.plan, placed)
    found = Found(None, run.mr, None, run.plan, [], [])
    found.measured_sites = table
    namer = found.namer(placed, run.case, None, run.alignment)
    grid = run.case.reference.image.geometry
    names = [namer(Region(grid, ball(grid, place.center_ras, NAMED_RADIUS_MM))) for place in truth]
    texts = [*placed.warnings, *table.notes, *table.level_reasons]
    return _Answers(names, [row.site for row in table.rows], texts)


def _is_worse(site: Site, usual: Site | None, truth: Place) -> bool:
    """Whether a site lies clearly farther from its true place than with the right map."""
    return usual is None or _away_mm(site, truth) - _away_mm(usual, truth) > 0.5 * AWAY_MM


def _away_mm(site: Site, truth: Place) -> float:
    return float(np.linalg.norm(site.center_ras - truth.center_ras))


def _count_name(score: MapScore, truth: Place, usual, name) -> None:
    """Compare a name with the truth; where the right map names it otherwise, it is not counted."""
    side = truth.side if truth.side in LATERAL_SIDES else None
    if side is not None and str(usual.side) == side and str(name.side) in LATERAL_SIDES and str(name.side) != side:
        is_certain = str(name.side_certainty) == Certainty.CERTAIN
        score.sides += is_certain
        score.flagged += not is_certain
    if truth.level and usual.level == truth.level and name.level and not _is_same_level(name.level, truth.level):
        is_certain = str(name.level_certainty) == Certainty.CERTAIN
        score.levels += is_certain
        score.flagged += not is_certain


def _is_same_level(one: str, other: str) -> bool:
    """Whether two levels can be those of one place: a disc and a vertebra beside it are."""
    if ("/" in one) == ("/" in other):
        return one == other
    disc, vertebra = (one, other) if "/" in one else (other, one)
    return vertebra in disc.split("/")


def _partners(truth: list[Place], sites: list) -> Iterator[tuple]:
    """True places with the sites of the same name."""
    known = {(site.structure, str(site.side), site.level): site for site in sites}
    for place in truth:
        site = known.get((place.structure, str(place.side), place.level))
        if site is not None:
            yield place, site
