"""What is known of a case, for tests of the fusion: the shipped protocol, and nothing else known."""

from __future__ import annotations

from PainGeneratorLib.Numerics.fusion.judged import CaseFacts
from PainGeneratorLib.Numerics.fusion.parameters import FusionParameters
from PainGeneratorLib.Numerics.fusion.site_parameters import SiteParameters
from PainGeneratorLib.Numerics.fusion.symptoms import Symptoms
from PainGeneratorLib.Numerics.pet.detector import HotSpotParameters
from PainGeneratorLib.Workflow.evidence import evidence_table
from PainGeneratorLib.Workflow.protocol import load_protocol


def facts(group: str = "low-back", **more: object) -> CaseFacts:
    """A case of a group, with the shipped weights."""
    protocol = load_protocol(group)
    values = {
        "parameters": protocol.stage("fusion", FusionParameters),
        "evidence": evidence_table(protocol),
        "symptoms": Symptoms.none(),
        "group": group,
        "alike_ratio": protocol.stage("hot_spots", HotSpotParameters).physiologic.symmetric_ratio,
        "least_spread": protocol.stage("sites", SiteParameters).uptake.least_spread,
        **more,
    }
    return CaseFacts(**values)
