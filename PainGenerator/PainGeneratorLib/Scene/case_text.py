"""A case's plain values and records as JSON text, to the last digit, and back.

An object that is referred to twice is stored once and comes back as one object: a candidate's hot spot *is* the hot
spot of the list. Regions are stored as their voxel indices, compressed, on a grid that many regions share. Two regions
with the same index array (a hot spot in the frame of the PET, and the same hot spot in the reference frame) share it
again afterwards.
"""

from __future__ import annotations

import base64
import datetime
import functools
import json
import weakref
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..Anatomy.body_plan import BodyPlan
from ..Anatomy.labels import Structure
from ..Anatomy.zones import HipImplant
from ..Numerics.body.canal import SpineLine
from ..Numerics.body.sections import BodySections
from ..Numerics.body.symmetry import SymmetryPlane
from ..Numerics.body.vertebrae import Joint, Spine, VertebraFrame
from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.kept import Kept
from ..Numerics.core.reader_acts import ReaderAct
from ..Numerics.core.records import Candidate, HotSpot, LedgerEntry, MRFinding, Place
from ..Numerics.core.reference_edits import ReferenceEdit
from ..Numerics.core.sites import InterfacePattern, InterfaceZone, Site, SiteNorm, SiteRow, SiteTable
from ..Numerics.core.spheres import SphereRegion
from ..Numerics.mr.implant import ImplantResult, OneImplant
from ..Numerics.pet.detector import HotSpotResult
from ..Numerics.pet.reference_tissue import ReferenceValue
from ..Numerics.suv.records import ProvenanceRow, SuvResult
from ..Registration.alignment_types import SeriesAlignment
from ..Registration.landmarks import LandmarkPairs

SCHEMA = 4
"""Version of the text; raised when a reader of an older version could not understand it.

Version 3 had no acts of readers, version 2 no ledgers. Version 1 held hot spots, MR findings, candidates and places as
records, and each region with its own index array.
"""

RECORDS: dict[str, type[Kept]] = {
    kind.__name__: kind
    for kind in (
        BodyPlan,
        BodySections,
        Candidate,
        HipImplant,
        HotSpot,
        HotSpotResult,
        ImplantResult,
        InterfacePattern,
        InterfaceZone,
        Joint,
        LandmarkPairs,
        LedgerEntry,
        MRFinding,
        OneImplant,
        Place,
        ProvenanceRow,
        ReferenceEdit,
        ReaderAct,
        ReferenceValue,
        SeriesAlignment,
        Site,
        SiteNorm,
        SiteRow,
        SiteTable,
        SphereRegion,
        Spine,
        SpineLine,
        Structure,
        SuvResult,
        SymmetryPlane,
        VertebraFrame,
    )
}
"""The records that the text can hold, by name. Records with images (:attr:`.Kept.not_kept`) are no part of it: the
stages put their kept fields into a dict, and their images into volumes."""

DAMAGE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, zlib.error)
"""What reading a damaged text may raise: a part of it is missing, or is of another kind than it should be."""

_PACKED: weakref.WeakKeyDictionary[Region, str] = weakref.WeakKeyDictionary()
"""Regions never change, and a case is written after every act: each is compressed once."""

_PLAIN = frozenset({type(None), str, bool, int, float})


def to_text(value: Any) -> str:
    """JSON text of plain values, arrays, grids, regions and records, in lists, tuples and dicts of any depth.

    Raises
    ------
    TypeError
        For anything else.
    """
    writer = _Writer()
    content = writer.encode(value)
    return json.dumps(
        {
            "schema": SCHEMA,
            "content": content,
            "records": writer.records,
            "regions": writer.regions,
            "voxels": writer.voxels,
            "geometries": writer.geometries,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def from_text(text: str) -> Any:
    """What :func:`to_text` was given; fields that a record has gained since take their default.

    Raises
    ------
    PainGeneratorError
        When the text is damaged or of a newer version.
    """
    try:
        stored = json.loads(text)
        schema = stored["schema"]
        if schema <= SCHEMA:
            return _Reader(stored).decode(stored["content"])
    except DAMAGE as error:
        raise PainGeneratorError(
            f"The case in the scene is damaged ({type(error).__name__}: {error}).", "Analyze the case again."
        ) from error
    raise PainGeneratorError(
        f"The case in the scene has format {schema}, newer than {SCHEMA}.", "Open it with a newer PainGenerator."
    )


class _Writer:
    """Encodes values; collects what may be referred to more than once in tables."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.regions: list[Any] = []
        self.voxels: list[str] = []
        self.geometries: list[Any] = []
        self._places: dict[int, tuple[int, Any]] = {}
        """By id of the object: its index, and the object, so that its id is not given to another one."""
        self._grids: list[Geometry] = []

    def encode(self, value: Any) -> Any:
        """A value as JSON; whatever is no plain value becomes a dict with one key that begins with ``@``."""
        if type(value) in _PLAIN or isinstance(value, str):
            return value
        if isinstance(value, np.generic):
            return self._number(value)
        if isinstance(value, list):
            return self._items(value)
        if isinstance(value, tuple):
            return {"@tuple": self._items(value)}
        if isinstance(value, dict):
            return self._dict(value)
        return self._object(value)

    def _items(self, values: Iterable[Any]) -> list[Any]:
        """Values of a list. Plain ones are most of all, and a case is written after every act: they cost no call."""
        return [item if type(item) in _PLAIN else self.encode(item) for item in values]

    def _number(self, value: np.generic) -> Any:
        """A number of NumPy; single precision stays that, as later arithmetic would differ in the last digits."""
        return {"@single": value.item()} if isinstance(value, np.float32) else value.item()

    def _dict(self, value: dict[Any, Any]) -> Any:
        if all(isinstance(key, str) and not key.startswith("@") for key in value):
            return dict(zip(value, self._items(value.values()), strict=True))
        return {"@items": [[self.encode(key), self.encode(item)] for key, item in value.items()]}

    def _object(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return {"@array": value.tolist(), "dtype": _dtype_name(value.dtype), "shape": list(value.shape)}
        if isinstance(value, datetime.datetime):
            return {"@datetime": value.isoformat()}
        if isinstance(value, datetime.date):
            return {"@date": value.isoformat()}
        if isinstance(value, Geometry):
            return {"@geometry": self._geometry(value)}
        if isinstance(value, Region):
            return {"@region": self._once(value, self.regions, self._region)}
        if RECORDS.get(type(value).__name__) is type(value):
            return {"@record": self._once(value, self.records, self._record)}
        raise TypeError(f"{type(value).__name__} cannot be stored with a case")

    def _once(self, value: Any, table: list[Any], make: Callable[[Any], Any]) -> int:
        if id(value) not in self._places:
            made = make(value)
            self._places[id(value)] = (len(table), value)
            table.append(made)
        return self._places[id(value)][0]

    def _record(self, value: Kept) -> Any:
        kept = value.to_kept()
        return {"kind": type(value).__name__, "fields": dict(zip(kept, self._items(kept.values()), strict=True))}

    def _region(self, region: Region) -> Any:
        voxels = self._once(region.flat, self.voxels, lambda _flat: _packed(region))
        return {"geometry": self._geometry(region.geometry), "count": len(region), "flat": voxels}

    def _geometry(self, geometry: Geometry) -> int:
        for index, other in enumerate(self._grids):
            if other is geometry or (
                other.shape == geometry.shape and np.array_equal(other.ijk_to_ras, geometry.ijk_to_ras)
            ):
                return index
        self._grids.append(geometry)
        self.geometries.append({"shape": list(geometry.shape), "ijk_to_ras": geometry.ijk_to_ras.tolist()})
        return len(self._grids) - 1


@functools.cache
def _dtype_name(dtype: np.dtype) -> str:
    """The name of a type of numbers. NumPy builds it anew each time it is asked."""
    return str(dtype)


def _packed(region: Region) -> str:
    """The index array of a region, compressed; remembered with the region."""
    if region not in _PACKED:
        _PACKED[region] = pack(region.flat)
    return _PACKED[region]


def pack(flat: np.ndarray) -> str:
    """Sorted indices as compressed text."""
    # Differences of sorted indices are small numbers, mostly 1: they compress to a tenth.
    steps = np.diff(np.asarray(flat, dtype=np.int64), prepend=0).astype("<i8")
    return base64.b64encode(zlib.compress(steps.tobytes(), 6)).decode("ascii")


def unpack(text: str) -> np.ndarray:
    """The indices that :func:`pack` was given; int64, shape (n,)."""
    steps = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<i8")
    return np.cumsum(steps, dtype=np.int64)


class _Reader:
    """Decodes values; makes each object of the tables once."""

    def __init__(self, stored: dict[str, Any]) -> None:
        self._grids = [Geometry(tuple(item["shape"]), np.array(item["ijk_to_ras"])) for item in stored["geometries"]]
        self._voxels = [unpack(text) for text in stored.get("voxels", ())]
        self._regions = [self._region(item) for item in stored["regions"]]
        self._records: list[Kept] = []
        # A record is stored after those it refers to.
        for item in stored["records"]:
            fields = {name: self.decode(value) for name, value in item["fields"].items()}
            self._records.append(RECORDS[item["kind"]].from_kept(fields))

    def decode(self, value: Any) -> Any:
        """The value that :meth:`_Writer.encode` was given."""
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        key = next(iter(value), "")
        if not key.startswith("@"):
            return {name: self.decode(item) for name, item in value.items()}
        return self._object(key, value)

    def _object(self, key: str, value: dict[str, Any]) -> Any:
        content = value[key]
        match key:
            case "@single":
                return np.float32(content)
            case "@tuple":
                return tuple(self.decode(item) for item in content)
            case "@items":
                return {self.decode(name): self.decode(item) for name, item in content}
            case "@array":
                return np.array(content, dtype=value["dtype"]).reshape(value["shape"])
            case "@datetime":
                return datetime.datetime.fromisoformat(content)
            case "@date":
                return datetime.date.fromisoformat(content)
            case "@geometry":
                return self._grids[content]
            case "@region":
                return self._regions[content]
            case "@record":
                return self._records[content]
        raise ValueError(f"{key} is not known")

    def _region(self, item: Any) -> Region:
        stored = item["flat"]
        flat = unpack(stored) if isinstance(stored, str) else self._voxels[stored]
        if len(flat) != item["count"]:
            raise ValueError("a region has lost voxels")
        return Region(self._grids[item["geometry"]], flat)
