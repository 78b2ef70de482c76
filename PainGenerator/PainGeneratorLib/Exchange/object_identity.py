"""Who made an object, and the numbers by which an archive knows it."""

from __future__ import annotations

import datetime
import hashlib
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..Anatomy.codes import OWN
from ..Numerics.core.version import VERSION
from ..Numerics.core.words import Role
from .source_images import CARRIED, EMPTY_WHERE_MISSING, UNICODE

MANUFACTURER = "PainGenerator"
"""Manufacturer of the objects that we write."""
MODEL = "PainGenerator"
"""Model name."""
SERIAL_NUMBER = "none"
"""Software has no serial number, but some objects must hold one."""
RESEARCH = "research use only"
"""Stands in the description of every series."""
FIRST_NUMBER = 9000
"""Series numbers of our objects begin here: scanners number from 1, and many archives add theirs in the hundreds and
thousands. Our choice."""
NUMBER_STEP = 100
"""By how much all our series numbers move where one of them is taken."""
NAMESPACE = uuid.UUID("9fa8d212-1248-5f89-94cc-25b99f204d9e")
"""Namespace of the UIDs that we make from names (RFC 4122, version 5)."""
KINDS = ("segmentation", "mr findings", "report", "key images", "document")
"""Series that we write; their numbers follow this order."""
LONGEST_DESCRIPTION = 64
"""Most letters of a series description (value representation LO)."""


@dataclass(frozen=True)
class SeriesIdentity:
    """What an archive knows a series of ours by."""

    uid: str
    number: int
    description: str


def uid_of(*names: object) -> str:
    """A UID that is always the same for the same names (PS3.5, B.2: ``2.25.`` and a UUID as a number)."""
    return f"2.25.{uuid.uuid5(NAMESPACE, '|'.join(str(name) for name in names)).int}"


def tracking_uid(study_uid: str, candidate_id: str) -> str:
    """The UID by which a candidate is followed: the same whenever its case is exported.

    Parameters
    ----------
    study_uid : str
    candidate_id : str
        Ids are never given again within a case.
    """
    return uid_of("tracking", study_uid, candidate_id)


def tracking_id(candidate_id: str) -> str:
    """The text beside the tracking UID."""
    return f"PainGenerator {candidate_id}"


def series_identity(
    study_uid: str, kind: str, description: str, taken: Collection[int], role: str = ""
) -> SeriesIdentity:
    """UID, number and description of a series of ours; the same at each export of the same study.

    Parameters
    ----------
    study_uid : str
    kind : str
        One of :data:`KINDS`.
    description : str
        What the series is; "research use only" is added.
    taken : collection of int
        Numbers of the series of the study.
    role : str, optional
        A word of :class:`.words.Role`; tells several series of one kind apart.
    """
    offset = KINDS.index(kind) * 10 + (1 + list(Role).index(Role(role)) if role else 0)
    first = FIRST_NUMBER
    while any(first <= number < first + NUMBER_STEP for number in taken):
        first += NUMBER_STEP
    text = f"PainGenerator {description} ({RESEARCH})"
    return SeriesIdentity(uid_of("series", study_uid, kind, role), first + offset, text[:LONGEST_DESCRIPTION])


def instance_uid(series: SeriesIdentity, created: datetime.datetime, source: Any, *content: bytes | str) -> str:
    """The UID of an object: another one as soon as it holds something else, since an archive never replaces an object
    that it has. Its date, the patient and the version are parts of what it holds.

    Parameters
    ----------
    series : SeriesIdentity
    created : datetime
    source : pydicom.Dataset
        Of the study.
    *content : bytes or str
    """
    header = repr([str(source.get(keyword, "")) for keyword in CARRIED])
    content = (created.isoformat(), VERSION, header, *content)
    digest = hashlib.sha256()
    for part in content:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return uid_of("instance", series.uid, digest.hexdigest())


def equipment() -> dict[str, str]:
    """Who made an object, as arguments of highdicom."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": VERSION,
        "device_serial_number": SERIAL_NUMBER,
    }


def take_study(target: Any, source: Any, series: SeriesIdentity, created: datetime.datetime) -> None:
    """Give an object patient and study of its source, and its own series.

    Text is written as UTF-8, whatever character set the source has. A value that the source has as nothing stays
    nothing.

    Parameters
    ----------
    target : pydicom.Dataset
        Changed.
    source : pydicom.Dataset
        As :func:`.source_images.read_source_images` gives it.
    series : SeriesIdentity
    created : datetime
        Date and time of series and content.
    """
    target.SpecificCharacterSet = UNICODE
    for keyword in (*CARRIED, *EMPTY_WHERE_MISSING[:-1]):
        if keyword in source:
            setattr(target, keyword, getattr(source, keyword))
        elif keyword in EMPTY_WHERE_MISSING:
            setattr(target, keyword, "")
        elif keyword in target:
            delattr(target, keyword)
    created = in_zone_of(source, created)
    target.SeriesInstanceUID, target.SeriesNumber = series.uid, series.number
    target.SeriesDescription = series.description
    target.SeriesDate = target.ContentDate = f"{created:%Y%m%d}"
    target.SeriesTime = target.ContentTime = f"{created:%H%M%S}"
    target.Manufacturer, target.ManufacturerModelName = MANUFACTURER, MODEL
    target.SoftwareVersions, target.DeviceSerialNumber = VERSION, SERIAL_NUMBER


def in_zone_of(source: Any, created: datetime.datetime) -> datetime.datetime:
    """A time in the zone of the study, to which all times of an object belong; as it is where the study has none."""
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)", str(source.get("TimezoneOffsetFromUTC", "")).strip())
    if found is None or created.tzinfo is None:
        return created
    minutes = int(found[2]) * 60 + int(found[3])
    offset = datetime.timedelta(minutes=-minutes if found[1] == "-" else minutes)
    return created.astimezone(datetime.timezone(offset))


def declare_scheme(target: Any) -> None:
    """Say whose codes those of the scheme 99PAINGEN are (PS3.3, C.12.1.1.1)."""
    import pydicom

    item = pydicom.Dataset()
    item.CodingSchemeDesignator = OWN
    item.CodingSchemeName = "PainGenerator private codes"
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    item.CodingSchemeVersion = VERSION
    target.CodingSchemeIdentificationSequence = [item]
