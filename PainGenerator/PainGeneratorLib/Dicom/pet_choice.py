"""Choose the PET series of a case."""

from __future__ import annotations

from collections.abc import Mapping

from ..Numerics.core.errors import PainGeneratorError
from .series import DicomFolder, Series
from .series_names import list_series, resolve_overrides


def choose_pet(folder: DicomFolder, overrides: Mapping[str, str] | None = None) -> Series:
    """Choose the PET series alone, where no MR is needed (``pain-generator suv``).

    Parameters
    ----------
    folder, overrides
        As for :func:`assign_roles`.

    Returns
    -------
    Series
        The PET series; its `role` and `role_reason` are set.

    Raises
    ------
    PainGeneratorError
        There is no attenuation-corrected PET or more than one, or the PET is not a complete volume.
    """
    forced = resolve_overrides(folder.series, overrides or {})
    pet = next((series for series, role in forced.items() if role == "PET"), None)
    if pet is not None:
        pet.role, pet.role_reason = "PET", "Chosen by hand."
    else:
        pet = choose_pet_of(folder.series, [series for series in folder.series if series not in forced])
    check_usable(pet)
    return pet


def choose_pet_of(everything: list[Series], free: list[Series]) -> Series:
    """Choose the only attenuation-corrected PET series; refuse when there is none or more than one."""
    pets = [series for series in free if series.modality == "PT"]
    corrected = [series for series in pets if _is_corrected(series)]
    if len(corrected) > 1:
        raise PainGeneratorError(
            f"There are {len(corrected)} attenuation-corrected PET series: {list_series(corrected)}.",
            "Say which one to use with --role SERIES=PET.",
        )
    if not pets:
        raise PainGeneratorError(
            f"There is no PET series among the {len(everything)} series of this folder.",
            "Give the folder of an FDG-PET/MRI examination.",
        )
    if not corrected:
        raise PainGeneratorError(
            f"No PET series is marked as attenuation-corrected; there is only {list_series(pets)}.",
            "Add the attenuation-corrected series to the folder.",
        )
    chosen = corrected[0]
    chosen.role = "PET"
    chosen.role_reason = "The only attenuation-corrected PET series."
    if len(pets) > 1:
        chosen.role_reason = "Attenuation-corrected, unlike the other PET series."
    return chosen


def _is_corrected(series: Series) -> bool:
    return series.pet_header is not None and "ATTN" in series.pet_header.corrected_image


def check_usable(series: Series) -> None:
    """Refuse a chosen series that is not a complete volume."""
    if series.problem is not None:
        raise PainGeneratorError(
            f"The {series.role} ({series.label}) cannot be used: {series.problem.reason}", series.problem.advice
        )
