"""Names of what is one finding at two places: both joints or bones of a pair, both endplates of a disc."""

from __future__ import annotations

PLURALS_OF_PAIRS: dict[str, str] = {
    "facet joint": "facet joints",
    "pedicle": "pedicles",
    "lamina": "laminae",
    "pars interarticularis": "partes interarticulares",
    "transverse process": "transverse processes",
    "sacroiliac joint": "sacroiliac joints",
    "sacral ala": "sacral alae",
    "iliac crest": "iliac crests",
    "acetabulum": "acetabula",
    "femoral head": "femoral heads",
    "femoral neck": "femoral necks",
    "greater trochanter": "greater trochanters",
    "lesser trochanter": "lesser trochanters",
    "hip joint": "hip joints",
    "hip joint capsule": "hip joint capsules",
}
"""Joint or bone that everybody has on the left and on the right -> its plural."""
SEVERAL = "several places"
"""Structure of a place of alike MR findings that lie apart. Its name counts them: ``3 places on MR``."""
DISCOVERTEBRAL = "discovertebral unit"
"""Structure of a place at both endplates of one disc, with or without the disc."""


def name_of_both(structure: str, level: str | None) -> str:
    """The name of a structure on both sides, such as "both facet joints L4/L5" or "psoas L4, both sides".

    Parameters
    ----------
    structure : str
        In the singular.
    level : str or None
    """
    at = f" {level}" if level else ""
    plural = PLURALS_OF_PAIRS.get(structure)
    return f"{structure}{at}, both sides" if plural is None else f"both {plural}{at}"


def name_of_unit(level: str | None, side: str) -> str:
    """The name of both endplates of a disc, such as "endplates of L4/L5, right".

    Parameters
    ----------
    level : str or None
        Of the disc.
    side : str
        A word of :class:`.words.Side`; nothing is said of the midline.
    """
    name = f"endplates of {level}" if level else "endplates of one disc"
    return name if side == "midline" else f"{name}, {side}"
