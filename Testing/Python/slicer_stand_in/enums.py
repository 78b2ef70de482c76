"""Enum values as PythonQt gives them: integers that are attributes of the class."""

from __future__ import annotations

import enum
from typing import Any


class EnumValue(int):
    """An int that remembers PySide6's enum member."""

    member: enum.Enum | None = None

    @classmethod
    def of(cls, member: enum.Enum) -> EnumValue:
        """The value of a PySide6 enum or flag."""
        made = cls(member.value)
        made.member = member
        return made

    def __or__(self, other: Any) -> Any:
        return self._joined(other, int.__or__)

    def __and__(self, other: Any) -> Any:
        return self._joined(other, int.__and__)

    def __xor__(self, other: Any) -> Any:
        return self._joined(other, int.__xor__)

    def __invert__(self) -> Any:
        return EnumValue.of(~self.member) if isinstance(self.member, enum.Flag) else int.__invert__(self)

    def _joined(self, other: Any, operation: Any) -> Any:
        joined = operation(int(self), int(other))
        if isinstance(self.member, enum.Flag):
            return EnumValue.of(type(self.member)(joined))
        return joined


def find_member(native_class: Any, kind: str, name: str) -> enum.Enum | None:
    """PySide6's member for a value that Qt 5 lists in a class; None when Qt 6 has none."""
    for owner in (getattr(native_class, kind, None), getattr(native_class, kind.rstrip("s"), None), native_class):
        member = getattr(owner, name, None)
        if isinstance(member, enum.Enum):
            return member
    for owner in vars(native_class).values():
        if isinstance(owner, type) and issubclass(owner, enum.Enum) and name in owner.__members__:
            return owner[name]
    return None
