"""The module's parameter node, read and written without Qt.

The values are stored as Slicer's ``parameterNodeWrapper`` stores them, so that a scene written here shows its values
in the panel, and the other way round:

* numbers and text as ``str(value)``, bool as ``True`` or ``False``, an Enum by its *name*;
* a node as an empty parameter, plus a node reference whose role is the name of the field;
* containers with ``.len`` and ``.0``, ``.1``, ... added to the name (a dict has ``.0.0`` for the first key and
  ``.0.1`` for its value);
* an optional value with the index of its type among the alternatives added to the name (``True`` for None).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import pathlib
import types
import typing
from collections.abc import Sequence
from typing import Any

MODULE_NAME = "PainGenerator"


class NodeReference:
    """Annotation of a dataclass field that holds a MRML node or None; no object of this class is ever made."""


def parameter_node(scene: Any, module_name: str = MODULE_NAME) -> Any:
    """The module's one parameter node in a scene; made when there is none.

    Parameters
    ----------
    scene : vtkMRMLScene
    module_name : str

    Returns
    -------
    vtkMRMLScriptedModuleNode
    """
    node = find_parameter_node(scene, module_name)
    if node is None:
        import slicer

        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(module_name)
        # Slicer looks for this attribute; it has no more use for the node's own ModuleName.
        node.SetAttribute("ModuleName", module_name)
        node.SetName(module_name)
        node = scene.AddNode(node)
    return node


def find_parameter_node(scene: Any, module_name: str = MODULE_NAME) -> Any:
    """The module's parameter node, None when the scene has none."""
    return scene.GetSingletonNode(module_name, "vtkMRMLScriptedModuleNode")


def write_parameters(node: Any, values: Any) -> None:
    """Store a dataclass's fields on a parameter node, with one event for all.

    Parameters
    ----------
    node : vtkMRMLScriptedModuleNode
    values : dataclass instance
        Fields of str, int, float, bool, Enum, Path, :class:`NodeReference`, and list, tuple, dict and Optional of
        them.

    Raises
    ------
    TypeError
        For a field of any other type, before anything is stored.
    """
    kind: type = type(values)
    hints = _hints(kind)
    for hint in hints.values():
        _check(hint)
    was_modifying = node.StartModify()
    try:
        for name, hint in hints.items():
            _remove(node, name)
            _write(node, name, hint, getattr(values, name))
    finally:
        node.EndModify(was_modifying)


def read_parameters(node: Any, kind: type) -> Any:
    """A dataclass from a parameter node.

    Fields that the node lacks take their default.

    Raises
    ------
    ValueError
        When a field is neither stored nor has a default, or its stored text does not fit its type.
    """
    found = {}
    hints = _hints(kind)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if _is_in(node, field.name, hint):
            found[field.name] = _read(node, field.name, hint)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{field.name} is not stored on {node.GetName()}")
    return kind(**found)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _alternatives(hint: Any) -> tuple[Any, ...] | None:
    """Types of a Union, None when the hint is none."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else None


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def _check(hint: Any) -> None:
    origin = typing.get_origin(hint)
    if origin in (list, tuple, dict) or _alternatives(hint):
        for part in typing.get_args(hint):
            _check(part)
    elif hint not in (str, int, float, bool, pathlib.Path, NodeReference, type(None)) and not _is_enum(hint):
        raise TypeError(f"{hint} cannot be stored on a parameter node")


def _write(node: Any, name: str, hint: Any, value: Any) -> None:
    origin, parts, union = typing.get_origin(hint), typing.get_args(hint), _alternatives(hint)
    if union:
        index = _index_of(union, value)
        if union[index] is not type(None):
            _write(node, f"{name}.{index}", union[index], value)
        else:
            node.SetParameter(f"{name}.{index}", "True")
    elif origin is list:
        node.SetParameter(f"{name}.len", str(len(value)))
        _write_items(node, name, parts * len(value), value)
    elif origin is tuple:
        _write_items(node, name, parts, value)
    elif origin is dict:
        node.SetParameter(f"{name}.len", str(len(value)))
        for index, pair in enumerate(value.items()):
            _write_items(node, f"{name}.{index}", parts, pair)
    else:
        _write_one(node, name, hint, value)


def _write_items(node: Any, name: str, hints: Sequence[Any], values: Sequence[Any]) -> None:
    for index, (hint, value) in enumerate(zip(hints, values, strict=True)):
        _write(node, f"{name}.{index}", hint, value)


def _write_one(node: Any, name: str, hint: Any, value: Any) -> None:
    """A value that is no container."""
    if hint is NodeReference:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)
    elif hint is bool:
        node.SetParameter(name, "True" if value else "False")
    elif _is_enum(hint):
        node.SetParameter(name, value.name)
    else:
        node.SetParameter(name, str(value))


def _read(node: Any, name: str, hint: Any) -> Any:
    origin, parts, union = typing.get_origin(hint), typing.get_args(hint), _alternatives(hint)
    if union:
        index = next(index for index, part in enumerate(union) if _is_in(node, f"{name}.{index}", part))
        return None if union[index] is type(None) else _read(node, f"{name}.{index}", union[index])
    if origin is list:
        return [_read(node, f"{name}.{index}", parts[0]) for index in range(int(node.GetParameter(f"{name}.len")))]
    if origin is tuple:
        return _read_items(node, name, parts)
    if origin is dict:
        count = int(node.GetParameter(f"{name}.len"))
        return dict(_read_items(node, f"{name}.{index}", parts) for index in range(count))
    return _read_one(node, name, hint)


def _read_items(node: Any, name: str, hints: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_read(node, f"{name}.{index}", hint) for index, hint in enumerate(hints))


def _read_one(node: Any, name: str, hint: Any) -> Any:
    """A value that is no container."""
    if hint is NodeReference:
        return node.GetNodeReference(name)
    text = node.GetParameter(name)
    if hint is bool:
        return text == "True"
    if _is_enum(hint):
        if text not in hint.__members__:
            raise ValueError(f"{name}: {text} is none of {', '.join(hint.__members__)}")
        return hint[text]
    return hint(text)


def _is_in(node: Any, name: str, hint: Any) -> bool:
    origin, parts, union = typing.get_origin(hint), typing.get_args(hint), _alternatives(hint)
    if union:
        return any(_is_in(node, f"{name}.{index}", part) for index, part in enumerate(union))
    if origin in (list, dict):
        return bool(node.HasParameter(f"{name}.len"))
    if origin is tuple:
        return all(_is_in(node, f"{name}.{index}", part) for index, part in enumerate(parts))
    return bool(node.HasParameter(name))


def _remove(node: Any, name: str) -> None:
    """Remove what was stored for a field, so that no items of a longer list stay behind."""
    for stored in node.GetParameterNames():
        if stored == name or stored.startswith(f"{name}."):
            node.UnsetParameter(stored)
            node.RemoveNodeReferenceIDs(stored)


def _index_of(union: tuple[Any, ...], value: Any) -> int:
    for index, part in enumerate(union):
        plain = typing.get_origin(part) or part
        if plain is NodeReference:
            if value is not None and hasattr(value, "GetID"):
                return index
        elif isinstance(value, plain) and not (isinstance(value, bool) and plain is int):
            return index
    raise TypeError(f"{value!r} fits none of {union}")
