"""Names, colors, codes and tags that candidates, hot spots and MR findings carry as segments."""

from __future__ import annotations

from collections.abc import Sequence

from ..Anatomy import codes
from ..Numerics.core.image import Region
from ..Numerics.core.records import Candidate, HotSpot, MRFinding
from ..Numerics.core.words import Evidence, Status
from .segments import TAG_PREFIX, Segment

Color = tuple[float, float, float]
"""Red, green, blue, 0 to 1."""

EVIDENCE_COLORS: dict[str, Color] = {
    Evidence.BOTH: (0.10, 1.00, 0.25),
    Evidence.PET_ONLY: (0.00, 1.00, 1.00),
    Evidence.MR_ONLY: (1.00, 0.00, 1.00),
}
"""Colors of candidates by evidence: green, cyan and magenta. No color map of the PET holds them, so that an outline is
seen on any uptake: they are at least 30 units of the CIELAB color space from every color of the maps that the panel
offers (tested)."""

MARGIN_COLOR: Color = (0.75, 0.55, 0.95)
"""Color of the zone around an implant where PET and MR are unreliable."""

DIMMED_COLOR: Color = (0.55, 0.55, 0.55)
"""Color of rejected and physiologic candidates and of physiologic hot spots: shown, but not in the foreground."""


def candidate_color(candidate: Candidate) -> Color:
    """The color of a candidate: by evidence, or dimmed when it is rejected or physiologic."""
    if candidate.status in (Status.REJECTED, Status.PHYSIOLOGIC):
        return DIMMED_COLOR
    return EVIDENCE_COLORS[candidate.evidence]


def candidate_segment_name(candidate: Candidate) -> str:
    """Rank and place, as in lists and on target points."""
    return f"{candidate.rank} {candidate.place.name}"


def candidate_segments(candidates: Sequence[Candidate]) -> list[Segment]:
    """One segment for each candidate, best first."""
    return [
        Segment(
            candidate.id,
            candidate_segment_name(candidate),
            candidate.region,
            candidate_color(candidate),
            codes.terminology_entry("pain generator", candidate.place),
            _tags(
                Id=candidate.id,
                Name=candidate_segment_name(candidate),
                Rank=candidate.rank,
                Score=f"{candidate.score:.1f}",
                Status=candidate.status,
                Origin=candidate.origin,
                Evidence=candidate.evidence,
                Side=candidate.place.side,
                Level=candidate.place.level,
                SUVPeak=None if candidate.suv_peak is None else f"{candidate.suv_peak:.4g}",
                Comment=candidate.comment,
            ),
        )
        for candidate in sorted(candidates, key=lambda candidate: candidate.rank)
    ]


def hot_spot_segment_id(label: int) -> str:
    """Id of the segment of a hot spot with this label."""
    return f"hot-spot-{label}"


def hot_spot_placeholders(regions: Sequence[Region]) -> list[Segment]:
    """Segments for hot spots that are not known yet, numbered from 1; the live preview fills them."""
    return [
        Segment(
            hot_spot_segment_id(number),
            f"Hot spot {number}",
            region,
            codes.color_of("hot spot"),
            codes.terminology_entry("hot spot"),
            _tags(Id=hot_spot_segment_id(number)),
        )
        for number, region in enumerate(regions, start=1)
    ]


def hot_spot_segments(hot_spots: Sequence[HotSpot]) -> list[Segment]:
    """One segment for each hot spot; physiologic ones dimmed."""
    return [
        Segment(
            hot_spot_segment_id(spot.label),
            f"Hot spot {spot.label}" + (" (physiologic)" if spot.physiologic else ""),
            spot.region,
            DIMMED_COLOR if spot.physiologic else codes.color_of("hot spot"),
            codes.terminology_entry("hot spot"),
            _tags(
                Id=hot_spot_segment_id(spot.label),
                SUVMax=f"{spot.suv_max:.4g}",
                Contour=f"{spot.contour_method} {spot.contour_threshold:.4g}",
                Physiologic=spot.physiologic,
            ),
        )
        for spot in hot_spots
    ]


def mr_finding_segments(findings: Sequence[MRFinding]) -> list[Segment]:
    """One segment for each MR finding, colored by kind."""
    return [
        Segment(
            f"mr-{finding.label}",
            f"{finding.kind[0].upper()}{finding.kind[1:]} {finding.label}",
            finding.region,
            codes.color_of(finding.kind),
            codes.terminology_entry(finding.kind),
            _tags(
                Id=f"mr-{finding.label}",
                Kind=finding.kind,
                Series=finding.series_role,
                Z=None if finding.z is None else f"{finding.z:.2f}",
            ),
        )
        for finding in findings
    ]


def implant_margin_segment(region: Region) -> Segment:
    """The zone around an implant where neither PET nor MR is reliable."""
    return Segment("implant-margin", "Unreliable beside the implant", region, MARGIN_COLOR)


def _tags(**values: object) -> dict[str, str]:
    return {f"{TAG_PREFIX}{name}": str(value) for name, value in values.items() if value not in (None, "")}
