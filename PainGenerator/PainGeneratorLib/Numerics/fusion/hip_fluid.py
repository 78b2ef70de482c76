"""What fluid around a hip is, by its place: in a bursa a bursitis or a collection, within the capsule an effusion.

On MR alone fluid near metal is taken for an effusion, as the place of the capsule is not known there. The sites of the
hip show where the bursae lie: the trochanteric bursa lateral of the greater trochanter, the iliopsoas bursa between
tendon and capsule in front of the joint (Pfirrmann CW et al. Radiology 2001;221:469).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from ..core.image import Region
from ..core.records import MRFinding, Place
from ..mr.verdicts import COLLECTION, EFFUSION

FLUID_KINDS = (EFFUSION, COLLECTION)
ILIOPSOAS_TENDON = "iliopsoas tendon"
ILIOPSOAS_BURSA = "iliopsoas bursa"
AT_BURSA = frozenset({"trochanteric bursa", ILIOPSOAS_TENDON, ILIOPSOAS_BURSA, "gluteal tendons"})
"""Structures of places where fluid lies in a bursa: a tendon holds none, the bursa beside it does."""
IN_JOINT = frozenset({"hip joint", "hip joint capsule", "prosthesis head", "prosthesis neck"})
"""Structures of places within the capsule of a hip."""


def fluid_kind(kind: str, place: Place) -> str:
    """The kind of a finding at a place: fluid is named by the place, all else stays what it is."""
    if kind not in FLUID_KINDS:
        return kind
    if place.structure in AT_BURSA:
        return COLLECTION
    return EFFUSION if place.structure in IN_JOINT else kind


def name_fluid(findings: Iterable[MRFinding], name: Callable[[Region], Place]) -> None:
    """Give fluid around hips its kind by its place, in place.

    Parameters
    ----------
    findings : iterable of MRFinding
    name : callable
        Gives the anatomical place of a region.
    """
    for finding in findings:
        if finding.kind in FLUID_KINDS:
            finding.kind = fluid_kind(finding.kind, name(finding.region))


def with_bursa(place: Place, findings: Sequence[MRFinding]) -> Place:
    """The place of a candidate: at the tendon of the iliopsoas fluid lies in the bursa behind it."""
    if place.structure != ILIOPSOAS_TENDON or not any(finding.kind in FLUID_KINDS for finding in findings):
        return place
    text = place.name.replace(ILIOPSOAS_TENDON, ILIOPSOAS_BURSA)
    return dataclasses.replace(place, name=text, structure=ILIOPSOAS_BURSA)
