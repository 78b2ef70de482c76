"""Signs that make no candidate because they are usual at their place.

Painless hip prostheses have uptake at their neck for years (Gelderman, Acta Orthop 2018; Zhuang, 2002), and scar
looks like edema there. Uptake whose nearest structure is an organ belongs to the organ: no bone, joint or muscle lies
nearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import HotSpot, MRFinding, Place
from ..core.rules import Rule, RuleList
from ..core.words import Group
from ..mr.verdicts import OEDEMA
from .parameters import FusionParameters, NeckParameters
from .places import ORGANS_WITH_UPTAKE, Places, is_near_neck


@dataclass(frozen=True)
class UptakeAlone:
    """Hot spots of one candidate at which no MR finding says more than is usual there.

    Parameters
    ----------
    spots : tuple of HotSpot
        At least one, the hottest first.
    places : tuple of Place
        The place of each hot spot.
    group : str
        ``low-back`` or ``hip-replacement``.
    parameters : FusionParameters
    """

    spots: tuple[HotSpot, ...]
    places: tuple[Place, ...]
    group: str
    parameters: FusionParameters


def usual_at_neck(uptake: UptakeAlone) -> str | None:
    """Mild uptake at the neck of a hip prosthesis is usual without complaints, unless the MR shows fluid there.

    SUVmax is compared without its noise, because noise alone can raise it above the limit.
    """
    neck = uptake.parameters.neck
    if uptake.group != Group.HIP_REPLACEMENT or not all(is_near_neck(place) for place in uptake.places):
        return None
    if max(noise_free_max(spot.suv_max, spot.suv_peak, neck) for spot in uptake.spots) >= neck.suv_limit:
        return None
    highest = max(spot.suv_max for spot in uptake.spots)
    return (
        f"expected at a prosthesis neck: SUVmax {highest:.1f} g/ml is not above {neck.suv_limit:g} but "
        "for noise, and the MR shows no fluid there"
    )


def uptake_of_organ(uptake: UptakeAlone) -> str | None:
    """Uptake that lies in an organ or nearest to one belongs to it, when the MR shows nothing at the place."""
    if not {place.structure for place in uptake.places} <= ORGANS_WITH_UPTAKE:
        return None
    return f"{uptake.places[0].name}: uptake of an organ, and the MR shows nothing there"


SET_APART_RULES: RuleList[UptakeAlone, str] = RuleList(
    [
        Rule("usual-at-prosthesis-neck", usual_at_neck),
        Rule("uptake-of-organ", uptake_of_organ),
    ]
)
"""Why uptake makes no candidate. The verdict is the reason, as the reader sees it."""


def noise_free_max(suv_max: float, suv_peak: float | None, neck: NeckParameters) -> float:
    """The SUVmax in g/ml that a focus of the size of a prosthesis neck would have without noise.

    It is computed from SUVpeak. It is lower than SUVmax by no more than noise can raise SUVmax, and never above it.
    """
    if suv_peak is None:
        return suv_max
    return min(suv_max, max(suv_peak / neck.peak_of_max, suv_max / neck.noise_lift))


def is_scar_at_neck(finding: MRFinding, place: Place, neck: NeckParameters) -> bool:
    """Whether an MR finding is what every prosthesis has at its neck: scar, or signal that the metal has shifted."""
    return is_near_neck(place) and finding.kind == OEDEMA and finding.volume_ml < neck.scar_ml


def are_scar_after_replacement(
    findings: Sequence[MRFinding], places: Places, group: str, neck: NeckParameters
) -> bool:
    """Whether MR findings without uptake are all scar at the neck, so that they make no candidate of their own."""
    return group == Group.HIP_REPLACEMENT and all(is_scar_at_neck(f, places[f], neck) for f in findings)
