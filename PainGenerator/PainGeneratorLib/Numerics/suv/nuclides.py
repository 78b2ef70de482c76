"""Nuclides of PET: half-lives, codes and names, and what a header says about its own."""

from __future__ import annotations

import re

from ..core.errors import PainGeneratorError
from .records import PetHeader

HALF_LIVES_S = {
    "F-18": 6586.2,
    "Ga-68": 4057.7,
    "C-11": 1221.84,
    "N-13": 597.9,
    "O-15": 122.24,
    "Cu-64": 45721.0,
    "Zr-89": 282276.0,
    "Rb-82": 75.45,
    "I-124": 360806.0,
    "Ga-66": 34164.0,
    "Cu-60": 1422.0,
    "Cu-61": 11999.0,
    "Cu-62": 580.2,
    "Sc-44": 14551.0,
    "Y-86": 53064.0,
    "Y-90": 230544.0,
    "Br-76": 58320.0,
}
"""Nuclide -> half-life, s. For F-18 and Ga-68 the values that most scanners write (some write 6588 for F-18). The
others: National Nuclear Data Center, NuDat 3, https://www.nndc.bnl.gov/nudat3, rounded."""

NUCLIDE_CODES = {
    "C-111A1": "F-18",
    "77004003": "F-18",
    "C-131A1": "Ga-68",  # In DICOM Ga-66; public objects (IBSI-SUV) write it for Ga-68. See `nuclide_of`.
    "C-131A3": "Ga-68",
    "35337001": "Ga-68",
    "49792000": "Ga-68",
    "79477007": "Ga-66",
    "C-105A1": "C-11",
    "40565003": "C-11",
    "C-107A1": "N-13",
    "21576001": "N-13",
    "C-B1038": "O-15",
    "129504001": "O-15",
    "C-127A2": "Cu-64",
    "3932008": "Cu-64",
    "C-168A4": "Zr-89",
    "63360001": "Zr-89",
    "C-159A2": "Rb-82",
    "79197006": "Rb-82",
    "C-114A5": "I-124",
    "40937006": "I-124",
    "C-127A4": "Cu-60",
    "425364008": "Cu-60",
    "C-127A1": "Cu-61",
    "71425003": "Cu-61",
    "C-127A5": "Cu-62",
    "422934004": "Cu-62",
    "126600": "Sc-44",
    "C-162A3": "Y-86",
    "10738001": "Y-86",
    "C-162A7": "Y-90",
    "14691008": "Y-90",
    "C-113A2": "Br-76",
    "79523006": "Br-76",
}
"""Code value of DICOM CID 4020 (SRT, SNOMED CT and DCM) -> nuclide."""

ELEMENT_NAMES = {
    "FLUORINE": "F-18",
    "GALLIUM": "Ga-68",
    "CARBON": "C-11",
    "NITROGEN": "N-13",
    "OXYGEN": "O-15",
    "COPPER": "Cu-64",
    "ZIRCONIUM": "Zr-89",
    "RUBIDIUM": "Rb-82",
    "IODINE": "I-124",
    "SCANDIUM": "Sc-44",
    "YTTRIUM": "Y-86",
    "BROMINE": "Br-76",
}
"""Name of an element, upper case -> its nuclide that is most used in PET, for texts without a mass number."""

FDG_CODES = ("35321007", "C-B1031", "Y-X1743")
"""Code values of FDG in DICOM CID 4021 (SNOMED CT, SRT and an older one)."""

FDG_WORDS = (
    "FDG",
    "DEOXYGLUC",
    "DESOXYGLUC",
    "DEOXYGLUK",
    "DESOXYGLUK",
    "DEOXY-GLUC",
    "FLUORO-2-DEOXY",
    "FLUORO-D-GLUCOSE",
    "FLUOROGLUCOSE",
)
"""A tracer's name in upper case that contains one of these is FDG, also as it is written in German, French, Spanish
and Italian."""

HALF_LIFE_TOLERANCE = 0.05
"""Upper bound of the relative difference between the half-life in the header and the known one (our estimate)."""

UNITS_OF_HALF_LIFE = {"minutes": 60.0, "hours": 3600.0, "days": 86400.0, "milliseconds": 1e-3}
"""Units that a half-life may be written in by mistake -> seconds."""


def names_fdg(tracer: str | None, code: str | None) -> bool:
    """Whether a tracer's name or code is that of FDG."""
    words = " ".join(word for word in (tracer, code) if word).upper()
    return code in FDG_CODES or any(word in words for word in FDG_WORDS)


def _patterns() -> dict[str, re.Pattern[str]]:
    """For each nuclide, the ways to write symbol and mass number: 18F, F-18, ^18^Fluorine, Fluorine-18, F^18^."""
    names = {nuclide.split("-")[0]: name for name, nuclide in ELEMENT_NAMES.items()}
    found = {}
    for nuclide in HALF_LIVES_S:
        symbol, mass = nuclide.split("-")
        element = f"(?:{names[symbol]}|{symbol.upper()}(?![A-Z]))"
        before = rf"(?<!\d){mass}[\^\]\s-]*{element}"
        after = rf"(?<![A-Z]){element}[\^\[\s-]*{mass}(?!\d)"
        found[nuclide] = re.compile(f"{before}|{after}")
    return found


_PATTERNS = _patterns()


def nuclide_in(text: str | None) -> str | None:
    """The nuclide that a text names; None when it names none.

    Parameters
    ----------
    text : str or None
        Such as ``18F``, ``F-18``, ``^68^Gallium``, ``Ga68-PSMA`` or ``Fluorine``.
    """
    word = (text or "").upper()
    for nuclide, pattern in _PATTERNS.items():
        if pattern.search(word):
            return nuclide
    if any(letter.isdigit() for letter in word):
        return None
    return next((nuclide for name, nuclide in ELEMENT_NAMES.items() if name in word), None)


def nuclide_by_hand(text: str) -> str:
    """The nuclide that a user names.

    Raises
    ------
    PainGeneratorError
        It is not one of HALF_LIVES_S.
    """
    found = nuclide_in(text)
    if found is None:
        raise PainGeneratorError(
            f"The nuclide '{text}' is not known as one of PET.", f"Use one of {', '.join(HALF_LIVES_S)}."
        )
    return found


def fits(half_life_s: float, nuclide: str) -> bool:
    """Whether a half-life is that of a nuclide."""
    return abs(half_life_s / HALF_LIVES_S[nuclide] - 1.0) <= HALF_LIFE_TOLERANCE


def nuclide_with(half_life_s: float) -> str | None:
    """The nuclide whose half-life is nearest; None when no known one fits."""
    best = min(HALF_LIVES_S, key=lambda nuclide: abs(half_life_s / HALF_LIVES_S[nuclide] - 1.0))
    return best if fits(half_life_s, best) else None


def nuclide_of_tracer(header: PetHeader) -> str | None:
    """The nuclide that the tracer's name or code tells; None when it tells none."""
    named = nuclide_in(header.tracer) if any(c.isdigit() for c in header.tracer or "") else None
    return named or ("F-18" if names_fdg(header.tracer, header.tracer_code) else None)


def nuclide_of(header: PetHeader) -> str | None:
    """The nuclide by its code, else by its name, else by the tracer; None when none of them tells it."""
    if header.nuclide_code == "C-131A1" and header.half_life_s and fits(header.half_life_s, "Ga-66"):
        return "Ga-66"
    if header.nuclide_code in NUCLIDE_CODES:
        return NUCLIDE_CODES[header.nuclide_code]
    return nuclide_in(header.nuclide) if header.nuclide else nuclide_of_tracer(header)
