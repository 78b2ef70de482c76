"""All lists of rules about MR findings, in the order in which they are used. A reader looks for a rule's name here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.rules import RuleList
from .endplate_rules import DISC_RULES, ENDPLATE_RULES
from .fluid_rules import FLUID_RULES
from .hip import HIP_DOUBTS, HIP_RULES
from .marrow_rules import DARK_MARROW_RULES, FAT_DROP_RULES, MARROW_RULES
from .spine_rules import ANATOMY_RULES, BESIDE_RULES, BODY_RULES, BRIGHT_DISC_RULES, DOUBT_RULES
from .usual_places import USUAL_RULES

MR_RULE_LISTS: Mapping[str, RuleList[Any, Any]] = {
    "bright places in vertebral bodies": BODY_RULES,
    "bright places behind and beside the bodies": BESIDE_RULES,
    "doubts about bright places": DOUBT_RULES,
    "bright discs": BRIGHT_DISC_RULES,
    "bright marrow": MARROW_RULES,
    "fluid": FLUID_RULES,
    "findings of marrow and fluid in a spine": ANATOMY_RULES,
    "endplates": ENDPLATE_RULES,
    "degenerated discs": DISC_RULES,
    "dark marrow with T1 alone": DARK_MARROW_RULES,
    "marrow with a low fat fraction": FAT_DROP_RULES,
    "bright places at hips": HIP_RULES,
    "doubts about findings at hips": HIP_DOUBTS,
    "normal anatomy that looks like a finding": USUAL_RULES,
}
"""What each list is about, and the list. The fluid rules include those about normal fluid."""


RULES_OF_COLD_ANATOMY = frozenset(
    {
        "body-open", "body-wall-open", "body-tube", "body-vein", "beside-tube", "joint-open-in-front", "joint-darker",
        "tube-in-marrow", "vein-in-vertebra", "vein-in-midline", "disc-between-bones", "dark-tube", "tube-fat-drop",
        "vein-fat-drop", "vein-fat-drop-in-midline", "disc-fat-drop", "endplate-beyond-band",
        "endplate-apart-from-disc", "endplate-small", "bright-disc-between-vertebrae", "small-collection",
        "hip-vessel", "hip-elsewhere",
    }
)  # fmt: skip
"""Rules that take a place for what has no uptake of its own: a vein, the wall of a vessel, a nerve root, a disc, fluid
of a bursa, fat, or marrow that is usual. Uptake there speaks against the rule. Bowel, kidney, ureter and bladder have
uptake, so that it says nothing against their rules. ``beside-tube`` may also be a ureter, and ``hip-elsewhere`` bowel:
they are here because painful roots and muscle look the same, and the rules about usual uptake
(:mod:`..pet.physiologic`) take ureter and bowel out of the hot spots first."""


def mr_rule_text(name: str) -> str:
    """What a rule says and why; empty for a name that no rule has."""
    return next((rule.text for rules in MR_RULE_LISTS.values() for rule in rules if rule.name == name), "")


def mr_rule_names() -> list[str]:
    """Names of all rules about MR findings: what ``mr_findings.rules_off`` may contain."""
    return [name for rules in MR_RULE_LISTS.values() for name in rules.names]
