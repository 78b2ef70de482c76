"""A list of rules that is read from the top: the first rule that applies gives the verdict.

A rule is a function with a name and a docstring. It takes one context object, which says where a place lies, what was
measured there and what surrounds it. It returns a verdict of its own type, or None when it does not apply. The verdict
carries the name of the rule, so that a reader can ask why, and a rule can be switched off by its name in a protocol.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Context = TypeVar("Context")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rule(Generic[Context, Result]):
    """One rule.

    Parameters
    ----------
    name : str
        Lower-case words joined by hyphens; unique in its list. It stands in results, reports and protocols.
    apply : callable
        Takes the context and returns a verdict, or None when the rule does not apply.
    """

    name: str
    apply: Callable[[Context], Result | None]

    @property
    def text(self) -> str:
        """What the rule says and why: the docstring of its function."""
        return inspect.cleandoc(self.apply.__doc__ or "")


class RuleList(Generic[Context, Result]):
    """Rules in the order in which they are asked.

    Parameters
    ----------
    rules : iterable of Rule
        Their names are unique, and each has a docstring.

    Raises
    ------
    ValueError
        Two rules share a name, or a rule has no docstring.
    """

    def __init__(self, rules: Iterable[Rule[Context, Result]]) -> None:
        self._rules = tuple(rules)
        names = [rule.name for rule in self._rules]
        if len(set(names)) != len(names):
            raise ValueError(f"two rules have the same name: {sorted(n for n in names if names.count(n) > 1)}")
        silent = [rule.name for rule in self._rules if not rule.text]
        if silent:
            raise ValueError(f"these rules do not say what they hold: {silent}")

    def __iter__(self) -> Iterator[Rule[Context, Result]]:
        return iter(self._rules)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the rules, in their order."""
        return tuple(rule.name for rule in self._rules)

    def first(self, context: Context, switched_off: Collection[str] = ()) -> tuple[str, Result] | None:
        """Name and verdict of the first rule that applies.

        Parameters
        ----------
        context
            What the rules look at.
        switched_off : collection of str
            Names of rules that are not asked. An unknown name has no effect here; the protocol refuses it.

        Returns
        -------
        tuple of (str, verdict) or None
            None when no rule applies.
        """
        for rule in self._rules:
            if rule.name in switched_off:
                continue
            verdict = rule.apply(context)
            if verdict is not None:
                return rule.name, verdict
        return None
