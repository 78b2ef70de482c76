"""Codes of our own for what a structured report says and DICOM has no code for. docs/exchange.md lists them."""

from __future__ import annotations

from ..Numerics.core.coding import DCM, SCT, Code
from .codes import (
    DISC_CODES,
    HOT_SPOT,
    KIND_CODES,
    OWN,
    REFERENCE_REGION,
    STRUCTURE_CODES,
    VERTEBRA_CODES,
)

QUESTIONS: dict[str, Code] = {
    "evidence": Code(OWN, "evidence", "Images that show the candidate"),
    "status": Code(OWN, "status", "Decision of the reader"),
    "origin": Code(OWN, "origin", "How the outline was made"),
    "mr_kind": Code(OWN, "mr-kind", "Kind of the MR finding"),
    "pet_state": Code(OWN, "pet-state", "What PET says of the place"),
    "mr_state": Code(OWN, "mr-state", "What MR says of the place"),
    "strength": Code(OWN, "strength", "Strength of the evidence"),
}
"""What is answered with a code: measure -> question."""
ANSWERS: dict[str, dict[str, Code]] = {
    "evidence": {
        "PET+MR": Code(OWN, "pet-and-mr", "PET and MR"),
        "PET only": Code(OWN, "pet-only", "PET only"),
        "MR only": Code(OWN, "mr-only", "MR only"),
    },
    "status": {
        "pending": Code(OWN, "pending", "No decision yet"),
        "accepted": Code(OWN, "accepted", "Accepted as candidate pain generator"),
        "rejected": Code(OWN, "rejected", "Rejected"),
        "physiologic": Code(OWN, "physiologic", "Physiologic"),
    },
    "origin": {
        "automatic": Code(OWN, "automatic", "Found by the program"),
        "edited": Code(OWN, "edited", "Found by the program, edited by a reader"),
        "manual": Code(OWN, "manual", "Drawn by a reader"),
    },
    "pet_state": {
        "abnormal": Code(OWN, "abnormal", "Abnormal"),
        "normal": Code(OWN, "normal", "Not remarkable"),
        "not assessable": Code(OWN, "not-assessable", "Not assessable"),
    },
    "strength": {
        "strong": Code(OWN, "strong", "Strong"),
        "moderate": Code(OWN, "moderate", "Moderate"),
        "weak": Code(OWN, "weak", "Weak"),
        "little": Code(OWN, "little", "Little"),
    },
}
"""Question -> word -> code. What MR finding it is has the codes of :data:`.codes.KIND_CODES`."""
ANSWERS["mr_state"] = ANSWERS["pet_state"]

TEXTS: dict[str, Code] = {
    "name": Code(OWN, "place", "Name of the place"),
    "decided_by": Code(OWN, "decided-by", "Reader who decided"),
    "decided_at": Code(OWN, "decided-at", "Time of the decision"),
    "reference_name": Code(OWN, "reference-tissue", "Reference tissue"),
    "comment": Code(DCM, "121106", "Comment"),
    "flags": Code(OWN, "flags", "Cautions"),
}
"""What is answered with text."""
MEASURE_CODES: dict[str, Code] = {
    "score": Code(OWN, "points", "Points of evidence"),
    "left_right_ratio": Code(OWN, "left-right-ratio", "SUVpeak over that of the mirrored place"),
    "reference": Code(OWN, "reference", "SUV of the reference tissue"),
    "mr_z": Code(OWN, "mr-z", "Signal against its reference tissue in standard deviations"),
    "fat_fraction": Code(OWN, "fat-fraction", "Mean signal fat fraction"),
    "fat_fraction_z": Code(OWN, "fat-fraction-z", "Fat fraction against the marrow around in standard deviations"),
    "distance_to_pain_mm": Code(OWN, "pain-distance", "Distance to the nearest painful place"),
}
"""Measures for which DICOM has no quantity."""
SERIES = Code(OWN, "series-role", "Series on which it was measured")
"""Which MR series a value belongs to, as text."""
PET_REPORT = Code(DCM, "126003", "PET Measurement Report")
"""Title of the report."""
IMPRESSION = Code(DCM, "121073", "Impression")
"""The reader's conclusion."""
QUALITATIVE = Code("UMLS", "C0034375", "Qualitative Evaluations")
"""Container of what is said about the whole examination (TID 1500)."""
PROTOCOL = Code(OWN, "protocol", "Protocol of the analysis")
"""Name of the parameters that were used."""
BY_HAND = Code(OWN, "given-by-hand", "Values given by hand in place of those of the images")
"""What was not taken from the images."""
SUV_METHOD = Code(DCM, "126410", "SUV body weight calculation method")
"""How SUVbw is computed."""
PROCEDURE = Code(SCT, "82918005", "Positron emission tomography")
"""Procedure reported."""


def own_codes() -> list[Code]:
    """All codes of the scheme 99PAINGEN in objects, but those of zones, which are named after the zone."""
    answers = [code for words in ANSWERS.values() for code in words.values()]
    named = [*QUESTIONS.values(), *answers, *TEXTS.values(), *MEASURE_CODES.values(), SERIES, PROTOCOL, BY_HAND]
    places = [*STRUCTURE_CODES.values(), *VERTEBRA_CODES.values(), *DISC_CODES.values()]
    kinds = [*KIND_CODES.values(), HOT_SPOT, REFERENCE_REGION]
    return list(dict.fromkeys(code for code in (*places, *kinds, *named) if code.scheme == OWN))
