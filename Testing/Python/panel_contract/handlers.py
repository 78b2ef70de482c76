"""Every handler shows its errors: an exception in a slot is otherwise printed and lost."""

from __future__ import annotations

import ast
import re
from typing import Any

SIGNATURE = re.compile(r"[A-Za-z_]\w*\([\w:*<>, ]*\)")
HANDLER_NAME = re.compile(r"on_\w+")
CONNECTING = ("connect", "add")
OBSERVING = ("addObserver", "AddObserver")


def check_handlers(sources: list[Any]) -> None:
    """Rules "handlers" and "lambda defaults" on all modules together: a handler may live in another one."""
    functions: dict[str, list[ast.FunctionDef]] = {}
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef):
                functions.setdefault(node.name, []).append(node)
    decorators = {
        name for name, found in functions.items() if any(_shows_errors(inner) for f in found for inner in _inner(f))
    }
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                for handler in _handlers_of(node):
                    _check(source, node, handler, functions, decorators)
            elif (
                isinstance(node, ast.FunctionDef)
                and HANDLER_NAME.fullmatch(node.name)
                and not is_guarded(node, decorators)
            ):
                source.fault(node, "handlers", f"{node.name} is not inside tryWithErrorDisplay")


def _inner(function: ast.FunctionDef) -> list[ast.FunctionDef]:
    return [entry for entry in function.body if isinstance(entry, ast.FunctionDef)]


def _shows_errors(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(entry, ast.With) and any("tryWithErrorDisplay" in ast.unparse(item) for item in entry.items)
        for entry in function.body
    )


def is_guarded(function: ast.FunctionDef, decorators: set[str]) -> bool:
    """Whether errors of a function are shown: by its own ``with``, or by a decorator that has one."""
    names = {ast.unparse(decorator).partition("(")[0] for decorator in function.decorator_list}
    return bool(names & decorators) or _shows_errors(function)


def _handlers_of(call: ast.Call) -> list[ast.expr]:
    if not isinstance(call.func, ast.Attribute):
        return []
    name, values = call.func.attr, call.args
    if name in CONNECTING:
        for index, value in enumerate(values[:-1]):
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and SIGNATURE.fullmatch(value.value):
                return [values[index + 1]]
        if name == "connect" and len(values) == 1 and isinstance(call.func.value, ast.Attribute):
            return [values[0]]
    if name in OBSERVING and len(values) >= 2:
        return [values[2] if name == "addObserver" and len(values) > 2 else values[1]]
    if name == "singleShot" and len(values) == 2:
        return [values[1]]
    return []


def _check(
    source: Any,
    call: ast.Call,
    handler: ast.expr,
    functions: dict[str, list[ast.FunctionDef]],
    decorators: set[str],
) -> None:
    if isinstance(handler, ast.Lambda):
        if handler.args.defaults or handler.args.kw_defaults:
            source.fault(call, "lambda defaults", "the signal's argument would take the place of the default")
        if isinstance(handler.body, ast.Call):
            handler = handler.body.func
    if isinstance(handler, ast.Call) and ast.unparse(handler.func).endswith("partial") and handler.args:
        handler = handler.args[0]
    name = handler.attr if isinstance(handler, ast.Attribute) else getattr(handler, "id", "")
    if name in functions:
        if not all(is_guarded(function, decorators) for function in functions[name]):
            source.fault(call, "handlers", f"{name} is not inside tryWithErrorDisplay")
    elif not isinstance(handler, ast.Name):
        source.fault(call, "handlers", f"{ast.unparse(handler)}: no function of ours")
