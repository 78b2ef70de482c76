"""Names of nodes and files that every file system, XML and Slicer can hold.

Slicer writes the name of a node into the name of its file, and that into the XML of the scene. A bare "&" there
makes the whole scene unreadable (https://github.com/Slicer/Slicer/issues/3406, https://github.com/Slicer/Slicer/issues/2404),
control characters in any text do so, too, and long names cannot be saved on Windows
(https://github.com/Slicer/Slicer/issues/7901).
"""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any

REPLACED = str.maketrans({"&": "+", "<": "(", ">": ")", '"': "'"} | dict.fromkeys("/\\|:*?#%;`$", "_"))
"""Characters that mean something in XML, in addresses, in a shell, or in paths of any system, and what replaces
them."""
DIRECTION_MARKS = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters without a picture that change the direction of writing or join words: with them, a name can look like
another one (Unicode Technical Report 36)."""
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")
"""Characters that XML 1.0 does not allow (section 2.2), among them lone surrogates, and the noncharacters of the first
plane."""
CONTROLS = re.compile("[\x7f-\x9f]")
"""Control characters that XML allows and no name needs."""
RESERVED = re.compile(r"(con|prn|aux|nul|clock\$|com\d|lpt\d)(\..*)?", re.I)
"""Names that Windows keeps for devices, also with an ending."""
LONGEST_NAME_BYTES = 100
"""Upper bound of the length of a name in UTF-8. Our estimate: with folder and ending it stays below the 260 characters
that a path can have on Windows, also when its letters are escaped."""
UNNAMED = "unnamed"
"""Name of what has no usable name."""


def safe_text(text: str) -> str:
    """A text for one line without control characters, marks of direction and what XML does not allow."""
    visible = DIRECTION_MARKS.sub("", CONTROLS.sub(" ", NOT_IN_XML.sub(" ", text)))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def safe_name(text: str, taken: Collection[str] = ()) -> str:
    """A name that can be the name of a node and of a file on every system.

    Parameters
    ----------
    text : str
        As a scanner or a person wrote it.
    taken : collection of str
        Names in the same folder. Names that differ from one of them in upper and lower case only get a number.

    Returns
    -------
    str
        Never empty, at most :data:`LONGEST_NAME_BYTES` long in UTF-8.
    """
    name = _cut(safe_text(text).translate(REPLACED), LONGEST_NAME_BYTES)
    if not re.search(r"\w", name):
        name = UNNAMED
    if RESERVED.fullmatch(name):
        name = f"_{name}"
    used = {one.casefold() for one in taken}
    number, numbered = 2, name
    while numbered.casefold() in used:
        ending = f" {number}"
        numbered = _cut(name, LONGEST_NAME_BYTES - len(ending)) + ending
        number += 1
    return numbered


def _cut(name: str, longest: int) -> str:
    """The begin of a name, without points and spaces at its ends, which Windows drops."""
    return name.encode()[:longest].decode(errors="ignore").strip(" .")


@contextlib.contextmanager
def safe_names_of(scene: Any) -> Iterator[None]:
    """For the length of a ``with`` block, all nodes that are written to files have safe, different names.

    The names that the user sees are set again afterwards.

    Parameters
    ----------
    scene : vtkMRMLScene
    """
    renamed: list[tuple[Any, str]] = []
    moved: list[tuple[Any, str]] = []
    taken: set[str] = set()
    try:
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
            node = scene.GetNthNodeByClass(index, "vtkMRMLStorableNode")
            if not node.GetSaveWithScene():
                continue
            shown = node.GetName() or ""
            name = safe_name(shown, taken)
            taken.add(name)
            if name != shown:
                renamed.append((node, shown))
                node.SetName(name)
            storage = node.GetStorageNode()
            path = storage.GetFileName() if storage is not None else None
            folder, file = os.path.split(path or "")
            if file != file.translate(REPLACED):
                moved.append((storage, str(path)))
                storage.SetFileName(os.path.join(folder, file.translate(REPLACED)))
        yield
    finally:
        for node, shown in renamed:
            node.SetName(shown)
        for storage, path in moved:
            storage.SetFileName(path)
