"""Records that are kept with the scene, so that a reopened case is the same case.

A record has up to two forms outside the program, and their names tell them apart:

* ``to_kept`` and ``from_kept``: all fields, to the last digit. Only the scene's text uses this form
  (``Scene/case_text.py`` writes it). The form follows the fields of the dataclass, so a new field is kept without
  further work.
* ``to_json``: what a public file holds (``candidates.json``, ``suv.json``, ``alignment.json``): rounded, with names
  that readers of the files rely on. It cannot be read back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self


class Kept:
    """Base of a dataclass that is kept with the scene.

    Values of fields are passed on as they are: plain values, arrays, regions, other kept records, and lists, tuples
    and dicts of these. A class that has other fields names them in `not_kept`; the code that reads the record gives
    them.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    _kept_names: ClassVar[tuple[str, ...]]
    """Names of the kept fields of a class, in order: looked up once, as a case is written after every act."""

    not_kept: ClassVar[tuple[str, ...]] = ()
    """Names of fields that are left out, because they are kept elsewhere or can be made again."""

    def to_kept(self) -> dict[str, Any]:
        """The values of all kept fields, by name."""
        kind = type(self)
        if "_kept_names" not in kind.__dict__:
            names = (field.name for field in dataclasses.fields(self))
            kind._kept_names = tuple(name for name in names if name not in kind.not_kept)
        return {name: getattr(self, name) for name in kind._kept_names}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any], **others: Any) -> Self:
        """The record again.

        Parameters
        ----------
        kept : mapping of str to value
            As :meth:`to_kept` gave it. Names that this version does not know are ignored; a field that is missing
            takes its default.
        **others
            Values of the fields that are not kept, and of those whose kept value is to be replaced.

        Raises
        ------
        TypeError
            When a field without a default is missing.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{**{name: value for name, value in kept.items() if name in known}, **others})
