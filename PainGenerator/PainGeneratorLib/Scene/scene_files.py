"""Write a scene as an ``.mrb``, and make sure that it can be opened again."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..Numerics.core.errors import PainGeneratorError
from .safe_names import safe_names_of

SCENE_ROOM_BYTES = 4_000_000
"""Lower bound of the free space that writing a scene needs beside its volumes. Our estimate."""
SPACE_ADVICE = "Free some space on the disk, or choose another one."
"""What a user can do when a disk is full."""
FULL_DISK = "the disk is full"
"""The reason that :func:`write_bundle` gives when there is no space left."""


def write_bundle(scene: Any, path: Path) -> str:
    """Write a scene as an ``.mrb``; a file appears only when all of it was written and can be read back.

    Parameters
    ----------
    scene : vtkMRMLScene
    path : Path
        In an existing folder.

    Returns
    -------
    str
        Empty when the file was written; else the reason that Slicer gave.

    Raises
    ------
    PainGeneratorError
        The file was written, but it cannot be read back.
    """
    import slicer

    messages = slicer.vtkMRMLMessageCollection()
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
        # The bundle holds a folder with the base name of the file, so it is written under its final name.
        written = Path(folder) / path.name
        with safe_names_of(scene), without_leftover_stores(scene):
            done = scene.WriteToMRB(str(written), None, messages)
        if not (done and written.is_file()):
            full = shutil.disk_usage(folder).free < SCENE_ROOM_BYTES
            said = str(messages.GetAllMessagesAsString() or "")
            return FULL_DISK if full else said or "no reason was given"
        why = bundle_fault(written)
        if why:
            raise PainGeneratorError(
                f"The scene {path.name} was written, but it cannot be read back: {why}.",
                "Rename volumes with unusual characters in their names, and save again.",
            )
        os.replace(written, path)
    return ""


@contextlib.contextmanager
def without_leftover_stores(scene: Any) -> Iterator[None]:
    """For the length of a ``with`` block, storage nodes that no node uses are not saved with the scene.

    Slicer leaves the storage node behind when a node is removed. While it writes a bundle, it sets the file names of
    all storage nodes to the temporary folder of that bundle, and sets back only those of storage nodes that are in
    use. The next bundle would name a file in a folder that is gone.

    Parameters
    ----------
    scene : vtkMRMLScene
    """
    leftover = [(store, store.GetFileName()) for store in leftover_stores(scene) if store.GetSaveWithScene()]
    try:
        for store, _ in leftover:
            store.SetSaveWithScene(False)
        yield
    finally:
        for store, name in leftover:
            store.SetSaveWithScene(True)
            store.SetFileName(name)


def leftover_stores(scene: Any) -> list[Any]:
    """The storage nodes of a scene that belong to no other node any more."""
    used: set[str] = set()
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLStorableNode")
        for number in range(node.GetNumberOfStorageNodes()):
            used.add(node.GetNthStorageNodeID(number) or "")
    count = scene.GetNumberOfNodesByClass("vtkMRMLStorageNode")
    stores = [scene.GetNthNodeByClass(index, "vtkMRMLStorageNode") for index in range(count)]
    return [store for store in stores if store.GetID() not in used]


def bundle_fault(path: Path) -> str:
    """What is wrong with a scene bundle, without loading it into a scene; empty when it is whole.

    All files of the bundle are read, the scene must be XML, and every file that it names must be in the bundle.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            damaged = bundle.testzip()
            names = bundle.namelist()
            scenes = [name for name in names if name.endswith(".mrml")]
            if damaged or not scenes:
                return f"{damaged} is damaged" if damaged else "it holds no scene"
            scene = ElementTree.fromstring(bundle.read(scenes[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        return f"it is not a scene bundle, or damaged ({error})"
    except ElementTree.ParseError as error:
        return f"its scene is no valid XML ({error})"
    folder = scenes[0].rpartition("/")[0]
    there = set(names)
    for element in scene.iter():
        for key, value in element.attrib.items():
            is_file = key == "fileName" or key.startswith("fileListMember")
            if is_file and value and not {f"{folder}/{value}", f"{folder}/{unquote(value)}"} & there:
                return f"the file {unquote(value)}, which its scene names, is missing"
    return ""
