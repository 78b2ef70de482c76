"""The table of weights of a protocol, and what is known of a case, for the stage "fusion"."""

from __future__ import annotations

from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.sites import SiteTable
from ..Numerics.core.words import Role
from ..Numerics.fusion.evidence import EvidenceTable, SignWeight
from ..Numerics.fusion.judged import CaseFacts
from ..Numerics.fusion.parameters import FusionParameters
from ..Numerics.fusion.site_parameters import SiteParameters
from ..Numerics.pet.detector import HotSpotParameters
from .case import Case
from .prosthesis_facts import prosthesis_facts
from .protocol import Protocol
from .stages import Alignment, mr_in_reference

STAGE = "evidence"


def evidence_table(protocol: Protocol) -> EvidenceTable:
    """The weights of all signs, with their sources."""
    weights = {}
    for sign, entries in protocol.stages[STAGE].items():
        present, absent = entries["present"], entries["absent"]
        weights[sign] = SignWeight(
            present["value"],
            absent["value"],
            present["source"],
            absent["source"],
            present["description"].removesuffix(": present"),
        )
    return EvidenceTable(weights)


def case_facts(
    case: Case,
    alignment: Alignment,
    pet_field: Geometry | None = None,
    table: SiteTable | None = None,
    *,
    metal: Region | None = None,
    has_pet_reference: bool = True,
) -> CaseFacts:
    """What is known of a case, for judging its candidates.

    Parameters
    ----------
    case : Case
    alignment : Alignment
    pet_field : Geometry, optional
        Field of view of the PET in the reference frame.
    table : SiteTable, optional
        The sites with their measures.
    metal : Region, optional
        Where metal makes PET and MR unreliable, in the reference frame.
    has_pet_reference : bool
        Whether a tissue of the PET tells what raised uptake is.
    """
    roles = [role for role in (Role.FLUID, Role.T2) if role in case.series and alignment.is_aligned(role)]
    clearness = case.protocol.stage("hot_spots", HotSpotParameters).clearness
    return CaseFacts(
        parameters=case.protocol.stage("fusion", FusionParameters),
        evidence=evidence_table(case.protocol),
        symptoms=case.options.symptoms(),
        group=str(case.group),
        aligned=alignment.is_aligned(Role.PET),
        mr_field=case.reference.image.geometry,
        pet_field=pet_field,
        has_fluid_series=bool(roles),
        series_fields=series_fields(case, alignment),
        has_pet_reference=has_pet_reference,
        metal=metal,
        alike_ratio=case.protocol.stage("hot_spots", HotSpotParameters).physiologic.symmetric_ratio,
        least_spread=case.protocol.stage("sites", SiteParameters).uptake.least_spread,
        rows=() if table is None else table.rows,
        prosthesis=prosthesis_facts(case),
        level_power=clearness.level_power,
        level_bounds=(clearness.level_least, clearness.level_most),
    )


def series_fields(case: Case, alignment: Alignment) -> dict[str, Geometry]:
    """Role -> field of view in the reference frame, of every MR series in which findings are looked for."""
    return {role: image.geometry for role, image in mr_in_reference(case, alignment).items()}
