"""A readout as rows and sentences, for the panel and the command line."""

from __future__ import annotations

from ..Numerics.core import tissues
from ..Numerics.core.readout import PlaceValues, Readout, Reason, Why
from ..Numerics.pet.why_none import number_text

NOTHING = "\N{EN DASH}"
"""Stands where a value is not known."""

Row = tuple[str, str, str]
"""Name of a value, the value here, and that at the mirrored place."""


def value_rows(readout: Readout) -> list[Row]:
    """The values of a readout, one row for each."""
    here, there = readout.here, readout.mirrored
    names = ["SUV of the voxel, g/ml", "SUVpeak (1 ml), g/ml", "Reference, g/ml", "Ratio to reference"]
    rows: list[Row] = [
        (name, one, other) for name, one, other in zip(names, _pet_texts(here), _pet_texts(there), strict=True)
    ]
    others = {} if there is None else {one.role: one for one in there.series}
    for one in here.series:
        other = others.get(one.role)
        rows.append((f"{one.role} signal", _text(one.value, 0), _text(None if other is None else other.value, 0)))
        rows.append((f"{one.role} z", _text(one.z, 1), _text(None if other is None else other.z, 1)))
    return rows


def _pet_texts(values: PlaceValues | None) -> tuple[str, str, str, str]:
    if values is None:
        return (NOTHING,) * 4
    reference = _text(values.reference, 2)
    if values.reference_name:
        reference = f"{reference} ({values.reference_name})"
    return _text(values.suv, 2), _text(values.suv_peak, 2), reference, _text(values.ratio, 2)


def _text(value: float | None, digits: int) -> str:
    if value is None:
        return NOTHING
    return f"{round(value, digits) + 0.0:.{digits}f}"


def place_text(readout: Readout) -> str:
    """Where the place is: its name, its tissue where that is known, and the position."""
    r, a, s = readout.here.position_ras
    position = f"R {r:.1f}, A {a:.1f}, S {s:.1f} mm"
    if any(reason.kind == Why.OUTSIDE_BODY for reason in readout.reasons):
        return f"{Why.OUTSIDE_BODY}; {position}"
    if readout.here.suv is None and all(one.value is None for one in readout.here.series):
        # A name would be that of the nearest place, which may be anywhere.
        return f"{Why.OUTSIDE}; {position}"
    tissue = "" if readout.tissue == tissues.NAMES[tissues.UNKNOWN] else f"tissue: {readout.tissue}; "
    return f"{readout.place.name}; {tissue}{position}"


def site_text(readout: Readout) -> str:
    """The site in which the place lies, with its measures; empty where there is none."""
    row = readout.site
    if row is None:
        return ""
    facts = [row.state]
    if row.suv_peak is not None:
        facts.append(f"SUVpeak {number_text(row.suv_peak)}")
    if row.ratio is not None:
        facts.append(f"{number_text(row.ratio)} times {row.reference_name or 'its reference'}")
    facts += [f"{role} z {value:.1f}" for role, value in row.z.items()]
    return f"Site {row.site.name}: {', '.join(facts)}."


def verdict_text(readout: Readout) -> str:
    """Which candidate lies here, or that none does."""
    if readout.entry_id is not None:
        return f"Candidate {readout.entry_id}: {readout.entry_name}."
    return "No candidate here."


def reason_text(reason: Reason) -> str:
    """A reason with its kind and the rule or parameter that decided."""
    name = f" [{reason.name}]" if reason.name else ""
    kind = str(reason.kind)
    head = "" if kind.lower() in reason.text.lower() else f"{kind[0].upper()}{kind[1:]}: "
    return f"{head}{reason.text}{name}"


def readout_text(readout: Readout) -> str:
    """The whole readout as plain text, one fact for each line."""
    lines = [place_text(readout), verdict_text(readout)]
    lines += [reason_text(reason) for reason in readout.reasons]
    lines += [line for line in (site_text(readout),) if line]
    width = max(len(name) for name, _, _ in value_rows(readout))
    lines.append(f"{'':{width}}  here / mirrored place")
    lines += [f"{name:{width}}  {one} / {other}" for name, one, other in value_rows(readout)]
    return "\n".join(lines)
