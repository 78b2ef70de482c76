"""Hot spots, MR findings and candidates as JSON text, to the last digit.

An object that is referred to twice is stored once and comes back as one object: a candidate's hot spot *is* the hot
spot of the list. Regions are stored as their voxel indices, compressed, on a grid that many regions share.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import weakref
import zlib
from typing import Any

import numpy as np

from ..Numerics.core.errors import PainGeneratorError
from ..Numerics.core.image import Geometry, Region
from ..Numerics.core.records import Candidate, HotSpot, MRFinding, Place

SCHEMA = 1
"""Version of the text; raised when a reader of an older version could not understand it."""

_PACKED: weakref.WeakKeyDictionary[Region, str] = weakref.WeakKeyDictionary()
"""Regions never change, and a case is written after every act: each is compressed once."""

_PLAIN = frozenset({type(None), str, bool, int, float})
RECORDS = {kind.__name__: kind for kind in (HotSpot, MRFinding, Candidate, Place)}


def to_text(value: Any) -> str:
    """JSON text of plain values, arrays, regions and records, in lists, tuples and dicts of any depth.

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
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise PainGeneratorError(
            f"The case in the scene is damaged ({type(error).__name__}: {error}).", "Analyze the case again."
        ) from error
    raise PainGeneratorError(
        f"The case in the scene has format {schema}, newer than {SCHEMA}.", "Open it with a newer PainGenerator."
    )


class _Writer:
    def __init__(self) -> None:
        self.records: list[Any] = []
        self.regions: list[Any] = []
        self.geometries: list[Any] = []
        self._places: dict[int, tuple[int, Any]] = {}
        """By id of the object: its index, and the object, so that its id is not given to another one."""
        self._grids: list[Geometry] = []

    def encode(self, value: Any) -> Any:
        if type(value) in _PLAIN or isinstance(value, str):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, list):
            return [self.encode(item) for item in value]
        if isinstance(value, tuple):
            return {"@tuple": [self.encode(item) for item in value]}
        if isinstance(value, dict):
            if all(isinstance(key, str) and not key.startswith("@") for key in value):
                return {key: self.encode(item) for key, item in value.items()}
            return {"@items": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        if isinstance(value, np.ndarray):
            return {"@array": value.tolist(), "dtype": str(value.dtype), "shape": list(value.shape)}
        if isinstance(value, Region):
            return {"@region": self._once(value, self.regions, self._region)}
        if type(value).__name__ in RECORDS and isinstance(value, RECORDS[type(value).__name__]):
            return {"@record": self._once(value, self.records, self._record)}
        raise TypeError(f"{type(value).__name__} cannot be stored with a case")

    def _once(self, value: Any, table: list[Any], make: Any) -> int:
        if id(value) not in self._places:
            made = make(value)
            self._places[id(value)] = (len(table), value)
            table.append(made)
        return self._places[id(value)][0]

    def _record(self, value: Any) -> Any:
        fields = {field.name: self.encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": type(value).__name__, "fields": fields}

    def _region(self, region: Region) -> Any:
        if region not in _PACKED:
            # Differences of sorted indices are small numbers, mostly 1: they compress to a tenth.
            steps = np.diff(np.asarray(region.flat, dtype=np.int64), prepend=0).astype("<i8")
            _PACKED[region] = base64.b64encode(zlib.compress(steps.tobytes(), 6)).decode("ascii")
        return {"geometry": self._geometry(region.geometry), "count": len(region), "flat": _PACKED[region]}

    def _geometry(self, geometry: Geometry) -> int:
        for index, other in enumerate(self._grids):
            if other is geometry or (
                other.shape == geometry.shape and np.array_equal(other.ijk_to_ras, geometry.ijk_to_ras)
            ):
                return index
        self._grids.append(geometry)
        self.geometries.append({"shape": list(geometry.shape), "ijk_to_ras": geometry.ijk_to_ras.tolist()})
        return len(self._grids) - 1


class _Reader:
    def __init__(self, stored: dict[str, Any]) -> None:
        grids = [Geometry(tuple(item["shape"]), np.array(item["ijk_to_ras"])) for item in stored["geometries"]]
        self._regions = [self._region(item, grids) for item in stored["regions"]]
        self._records: list[Any] = []
        # A record is stored after those it refers to.
        for item in stored["records"]:
            self._records.append(self._record(item))

    def decode(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "@tuple" in value:
            return tuple(self.decode(item) for item in value["@tuple"])
        if "@items" in value:
            return {self.decode(key): self.decode(item) for key, item in value["@items"]}
        if "@array" in value:
            return np.array(value["@array"], dtype=value["dtype"]).reshape(value["shape"])
        if "@region" in value:
            return self._regions[value["@region"]]
        if "@record" in value:
            return self._records[value["@record"]]
        return {key: self.decode(item) for key, item in value.items()}

    def _record(self, item: Any) -> Any:
        kind = RECORDS[item["kind"]]
        known = {field.name for field in dataclasses.fields(kind)}
        return kind(**{name: self.decode(value) for name, value in item["fields"].items() if name in known})

    def _region(self, item: Any, grids: list[Geometry]) -> Region:
        steps = np.frombuffer(zlib.decompress(base64.b64decode(item["flat"])), dtype="<i8")
        if len(steps) != item["count"]:
            raise ValueError("a region has lost voxels")
        return Region(grids[item["geometry"]], np.cumsum(steps, dtype=np.int64))
