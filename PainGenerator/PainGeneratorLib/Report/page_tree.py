"""The report's page as a tree of elements, for writers of other formats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "img", "input", "meta", "hr"}
"""Elements that have no end."""


@dataclass(eq=False)
class Node:
    """An element of the page.

    Parameters
    ----------
    name : str
        Such as ``p``.
    attributes : dict
    parts : list of Node or str
        What is in it, in order.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """The words of its attribute ``class``."""
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(
            part if isinstance(part, str) else "\n" if part.name == "br" else part.text for part in self.parts
        )

    def children(self, *names: str) -> Iterator[Node]:
        """The elements that are directly in it, of some names or of all."""
        for part in self.parts:
            if isinstance(part, Node) and (not names or part.name in names):
                yield part

    def all(self, name: str) -> Iterator[Node]:
        """Every element of a name, however deep."""
        for child in self.children():
            if child.name == name:
                yield child
            yield from child.all(name)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Node("page")
        self._open = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].parts.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


def page_tree(text: str) -> Node:
    """The elements of our own HTML, in which every element that is not void is closed."""
    tree = _Tree()
    tree.feed(text)
    tree.close()
    return tree.top
