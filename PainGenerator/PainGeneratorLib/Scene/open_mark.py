"""Tells whether a scene is still the one that was open: the object stays the same when it is closed and filled again.

Observers of the scene are no way to know it: a scene that Python's garbage collector deletes closes as well, and calls
them while nothing may be called.
"""

from __future__ import annotations

from typing import Any

from .node_keys import KEY_ATTRIBUTE, find_node

MARK_KEY = "open"
"""Key of the mark."""


def open_mark(scene: Any) -> Any:
    """The hidden node that is in a scene until it is closed, and is not saved with it; made when there is none.

    Parameters
    ----------
    scene : vtkMRMLScene

    Returns
    -------
    vtkMRMLScriptedModuleNode
    """
    found = find_node(scene, "vtkMRMLScriptedModuleNode", MARK_KEY)
    if found is not None:
        return found
    import slicer

    mark = slicer.vtkMRMLScriptedModuleNode()
    mark.SetName("PainGenerator open")
    mark.SetAttribute(KEY_ATTRIBUTE, MARK_KEY)
    mark.SetHideFromEditors(True)
    mark.SetSaveWithScene(False)
    return scene.AddNode(mark)
