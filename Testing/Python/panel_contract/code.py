"""Rules for the panel's Python code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from slicer_stand_in.api import Api, normalized

from . import types_of
from .faults import Fault
from .handlers import check_handlers
from .names import own_names, python_names, slicer_python_names, vtk_names
from .types_of import Scope, Type, annotated, infer, vtk_class

SIGNATURE = re.compile(r"[A-Za-z_]\w*\([\w:*<>, ]*\)")
WIDGET_NAME = re.compile(r"[a-z]\w*(Button|Combo|Label|Section|Selector|Slider|Table|Check|Edit|Group)")
PYTHON_MODULES = ("slicer.util", "slicer.parameterNodeWrapper", "slicer.ScriptedLoadableModule", "slicer.i18n")


@dataclass
class Source:
    """One module of the panel.

    Attributes
    ----------
    where : str
        For messages.
    """

    where: str
    tree: ast.Module
    faults: list[Fault] = field(default_factory=list)

    def fault(self, node: ast.AST, rule: str, text: str) -> None:
        """Note a fault at a place of the code."""
        self.faults.append(Fault(f"{self.where}:{getattr(node, 'lineno', 0)}", rule, text))


def read_source(text: str, where: str) -> Source:
    """Parse one module."""
    return Source(where, ast.parse(text))


def check_code(sources: list[Source], api: Api, widgets: dict[str, str], library: Path) -> list[Fault]:
    """All rules on all modules of the panel."""
    known = own_names(library) | python_names() | vtk_names() | slicer_python_names() | _listed_names(api)
    for source in sources:
        known |= _defined(source)
    for source in sources:
        checker = _Checker(source, api, widgets, known)
        checker.imports()
        checker.module()
        _check_exceptions(source)
    check_handlers(sources)
    return [fault for source in sources for fault in source.faults]


def _listed_names(api: Api) -> frozenset[str]:
    """Names in Slicer's Python modules, and the arguments of their calls."""
    found: set[str] = set()
    for names in api.application["python_modules"].values():
        for name, call in names.items():
            found |= {name, *re.findall(r"(\w+)[=:]", call)}
    return frozenset(found)


def _defined(source: Source) -> set[str]:
    from .names import defined_names

    return defined_names(source.tree)


def _check_exceptions(source: Source) -> None:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                source.fault(node, "bare exception", "catch what can be dealt with")
            elif all(isinstance(entry, ast.Pass) for entry in node.body):
                source.fault(node, "swallowed exception", "the handler does nothing")


class _Checker:
    """Walks one module with what is known of its names."""

    def __init__(self, source: Source, api: Api, widgets: dict[str, str], known: frozenset[str] | set[str]) -> None:
        self.source, self.api, self.widgets, self.known = source, api, widgets, known
        self.scope = Scope(api, widgets)
        self.text = ast.unparse(source.tree)

    def imports(self) -> None:
        """Names taken from Slicer's modules."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in types_of.MODULES:
                        self.scope.names[alias.asname or alias.name] = ("module", alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module in PYTHON_MODULES:
                listed = self.api.python_module(node.module)
                for alias in node.names:
                    if alias.name not in listed:
                        self.source.fault(node, "imports", f"{node.module} has no {alias.name}")

    def module(self) -> None:
        """Functions first for what they return, then everything."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.FunctionDef):
                self.scope.returns[node.name] = annotated(self.scope, node.returns)
        for node in self.source.tree.body:
            if isinstance(node, ast.ClassDef):
                self._class(node)
            elif isinstance(node, ast.FunctionDef):
                self._function(node, {})
            else:
                self._statement(node, self.scope)

    def _class(self, node: ast.ClassDef) -> None:
        own: dict[str, Type] = {}
        for _ in range(2):
            for entry in ast.walk(node):
                if isinstance(entry, ast.FunctionDef):
                    self._collect(entry, own)
        for entry in node.body:
            if isinstance(entry, ast.FunctionDef):
                self._function(entry, own)
            elif isinstance(entry, ast.ClassDef):
                self._class(entry)
            else:
                self._statement(entry, self.scope)

    def _collect(self, function: ast.FunctionDef, own: dict[str, Type]) -> None:
        scope = self._local(function, own)
        for entry in ast.walk(function):
            if isinstance(entry, ast.Assign | ast.AnnAssign) and entry.value is not None:
                for target in entry.targets if isinstance(entry, ast.Assign) else [entry.target]:
                    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                        found = infer(scope, entry.value)
                        if found is not None:
                            own[target.attr] = found

    def _local(self, function: ast.FunctionDef, own: dict[str, Type]) -> Scope:
        names = dict(self.scope.names)
        for argument in (*function.args.args, *function.args.kwonlyargs):
            found = annotated(self.scope, argument.annotation)
            names[argument.arg] = ("ui", "") if argument.arg == "ui" else found
        scope = Scope(self.api, self.widgets, names, own, self.scope.returns)
        for entry in ast.walk(function):
            if isinstance(entry, ast.Assign):
                self._assign(scope, entry)
            elif isinstance(entry, ast.For) and isinstance(entry.target, ast.Name):
                names[entry.target.id] = None
        return scope

    @staticmethod
    def _assign(scope: Scope, entry: ast.Assign) -> None:
        for target in entry.targets:
            if isinstance(target, ast.Name):
                found = infer(scope, entry.value)
                known = scope.names.get(target.id)
                scope.names[target.id] = found if known in (None, found) or known[0] == "module" else None
            elif isinstance(target, ast.Tuple) and isinstance(entry.value, ast.Tuple):
                for part, value in zip(target.elts, entry.value.elts, strict=False):
                    if isinstance(part, ast.Name):
                        scope.names[part.id] = infer(scope, value)

    def _function(self, function: ast.FunctionDef, own: dict[str, Type]) -> None:
        self._statement(function, self._local(function, own))

    def _statement(self, tree: ast.AST, scope: Scope) -> None:
        hints = {id(part) for entry in ast.walk(tree) for hint in _hints(entry) for part in ast.walk(hint)}
        for node in ast.walk(tree):
            if id(node) in hints:
                continue
            if isinstance(node, ast.Attribute):
                self._attribute(node, scope)
            elif isinstance(node, ast.Call):
                self._call(node, scope)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self._constant(node)

    def _constant(self, node: ast.Constant) -> None:
        if WIDGET_NAME.fullmatch(node.value) and node.value not in self.widgets:
            self.source.fault(node, "widget names", f"the Designer file has no {node.value}")

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        owner, name = infer(scope, node.value), node.attr
        if owner is None:
            if name not in self.known and not self.api.exists_somewhere(name) and not _is_dunder(name):
                self.source.fault(node, "attributes", f"nothing has an attribute {name} ({ast.unparse(node)})")
            return
        kind, what = owner
        if kind == "ui":
            if name not in self.widgets:
                self.source.fault(node, "widget names", f"the Designer file has no {name}")
        elif kind == "object":
            self._object_attribute(node, what, name)
        elif kind == "class":
            if not self.api.find(what).has_static(name) and (what, name) != ("qt.QTimer", "singleShot"):
                self.source.fault(node, "attributes", f"{what} has no {name}")
        elif kind == "live" and name not in self.api.live(what):
            self.source.fault(node, "attributes", f"{what} has no {name}")
        elif kind == "module":
            self._module_attribute(node, what, name)
        elif kind in ("vtk", "vtkclass") and not hasattr(vtk_class(what), name):
            self.source.fault(node, "attributes", f"{what} has no {name}")

    def _object_attribute(self, node: ast.Attribute, what: str, name: str) -> None:
        entry = self.api.find(what)
        if not entry.has(name) and not (name == "exec_" and entry.has("exec")):
            self.source.fault(node, "attributes", f"{what} has no {name}")
        elif isinstance(node.ctx, ast.Store) and not entry.properties.get(name, "").endswith(" rw"):
            self.source.fault(node, "attributes", f"{what}.{name} cannot be set")
        elif isinstance(node.ctx, ast.Store) and (what, name) == ("qt.QTimer", "singleShot"):
            self.source.fault(node, "attributes", "QTimer.singleShot is hidden by the static method: setSingleShot")

    def _module_attribute(self, node: ast.Attribute, module: str, name: str) -> None:
        if module == "slicer.util":
            exists = name in self.api.python_module("slicer.util")
        elif module == "slicer.modules":
            guarded = f"hasattr(slicer.modules, '{name}')" in self.text
            exists = guarded or name in self.api.application["modules"] or isinstance(node.ctx, ast.Store)
        elif module == "slicer":
            exists = (
                name in ("app", "util", "modules", "mrmlScene", "i18n", "dicomDatabase", "packaging")
                or self.api.find(f"slicer.{name}") is not None
                or vtk_class(name) is not None
            )
        elif module == "vtk":
            exists = vtk_class(name) is not None
        else:
            exists = self.api.find(f"{module}.{name}") is not None or (module, name) == ("qt", "Signal")
        if not exists:
            self.source.fault(node, "attributes", f"{module} has no {name}")

    def _call(self, node: ast.Call, scope: Scope) -> None:
        function = node.func
        made = infer(scope, function)
        if made is not None and made[0] == "class" and node.keywords:
            self.source.fault(node, "keyword arguments", f"{made[1]} takes positional arguments only")
        is_getattr = isinstance(function, ast.Name) and function.id == "getattr" and len(node.args) > 1
        if is_getattr and infer(scope, node.args[0]) == ("ui", ""):
            self._widget_name(node, node.args[1])
        if not isinstance(function, ast.Attribute):
            return
        owner = infer(scope, function.value)
        if owner is not None and owner[0] in ("object", "class") and node.keywords:
            self.source.fault(node, "keyword arguments", f"{owner[1]}.{function.attr} takes positional arguments only")
        if owner is not None and owner[0] == "object" and function.attr in self.api.find(owner[1]).properties:
            self.source.fault(node, "attributes", f"{owner[1]}.{function.attr} is a property: a value, not a call")
        self._signals(node, scope, owner)

    def _signals(self, node: ast.Call, scope: Scope, owner: Type) -> None:
        for index, argument in enumerate(node.args):
            if not _is_signature(argument) or node.func.attr not in ("connect", "disconnect", "add"):
                continue
            before = node.args[index - 1] if index else None
            sender = infer(scope, before) if before is not None else owner
            if before is not None and sender is None:
                self._widget_signal(node, before, argument.value)
            elif sender is not None and sender[0] == "object":
                if normalized(argument.value) not in self.api.find(sender[1]).signals:
                    self.source.fault(node, "signals", f"{sender[1]} has no signal {argument.value}")
            elif sender is not None and sender[0] == "live":
                name = argument.value.partition("(")[0]
                if name not in self.api.live(sender[1]):
                    self.source.fault(node, "signals", f"{sender[1]} has no signal {argument.value}")
            elif sender is None:
                self._signal_somewhere(node, argument.value)

    def _widget_signal(self, node: ast.Call, name: ast.expr, signature: str) -> None:
        widgets = self._widget_name(node, name)
        classes = {self.widgets[widget] for widget in widgets}
        entries = [self.api.find(class_name) for class_name in classes]
        if not entries:
            self._signal_somewhere(node, signature)
        elif not any(entry is not None and normalized(signature) in entry.signals for entry in entries):
            self.source.fault(node, "signals", f"{', '.join(sorted(classes))} has no signal {signature}")

    def _signal_somewhere(self, node: ast.Call, signature: str) -> None:
        if normalized(signature) not in all_signals(self.api):
            self.source.fault(node, "signals", f"nothing has a signal {signature}")

    def _widget_name(self, node: ast.Call, name: ast.expr) -> list[str]:
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            pattern = re.escape(name.value)
        elif isinstance(name, ast.JoinedStr):
            parts = [re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"\w+" for p in name.values]
            pattern = "".join(parts)
        else:
            return []
        found = [widget for widget in self.widgets if re.fullmatch(pattern, widget)]
        if not found:
            self.source.fault(node, "widget names", f"the Designer file has no {ast.unparse(name)}")
        return found


def all_signals(api: Api) -> frozenset[str]:
    """Signatures of all signals of all classes."""
    found: set[str] = set()
    for module in ("qt", "ctk", "slicer"):
        for name in api.names(module):
            found |= api.find(f"{module}.{name}").signals
    return frozenset(found)


def _is_signature(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(SIGNATURE.fullmatch(node.value))


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _hints(node: ast.AST) -> list[ast.expr]:
    found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return [hint for hint in found if isinstance(hint, ast.expr)]
