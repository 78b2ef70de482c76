"""``slicer.ScriptedLoadableModule``: the base classes of a scripted module."""

from __future__ import annotations

import logging
import os
import unittest
from typing import Any

import slicer


def _resource(path: str, name: str) -> str:
    return os.path.join(os.path.dirname(path), "Resources", name)


class ScriptedLoadableModule:
    """Describes a module."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.moduleName = self.__class__.__name__
        parent.title = ""
        parent.categories = []
        parent.dependencies = []
        parent.contributors = []
        parent.helpText = ""
        parent.acknowledgementText = ""
        parent.hidden = False

    def resourcePath(self, filename: str) -> str:
        return _resource(slicer.util.modulePath(self.moduleName), filename)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:
        return '<p>For more information see the <a href="https://example.org">online documentation</a>.</p>'


class ScriptedLoadableModuleWidget:
    """A module's panel."""

    def __init__(self, parent: Any = None) -> None:
        import qt

        self.moduleName = self.__class__.__name__.removesuffix("Widget")
        if parent is None:
            self.parent = slicer.qMRMLWidget()
            self.parent.setLayout(qt.QVBoxLayout())
            self.parent.setMRMLScene(slicer.mrmlScene)
        else:
            self.parent = parent
        self.layout = self.parent.layout()
        self.developerMode = False
        self.reloadCollapsibleButton = None

    def resourcePath(self, filename: str) -> str:
        return _resource(slicer.util.modulePath(self.moduleName), filename)

    def setup(self) -> None:
        """The base has the developer's section here; the stand-in has none."""

    def cleanup(self) -> None:
        """Nothing to let go of."""

    def enter(self) -> None:
        """Nothing to start."""

    def exit(self) -> None:
        """Nothing to end."""

    def onReload(self) -> None:
        slicer.util.reloadScriptedModule(self.moduleName)

    def onReloadAndTest(self, **kwargs: Any) -> None:
        self.onReload()

    def onEditSource(self) -> None:
        """The stand-in opens no editor."""


class ScriptedLoadableModuleLogic:
    """A module's logic with its parameter node."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = self.__class__.__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        """The module's parameter node; made when there is none."""
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if node is None:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetSingletonTag(self.moduleName)
            node.SetModuleName(self.moduleName)
            node.SetName(scene.GenerateUniqueName(self.moduleName))
            node = scene.AddNode(node)
            node.SetAttribute("ModuleName", self.moduleName)
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's self test."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messageDelay = 0

    def runTest(self) -> None:
        """Run every method with "test" in its name."""
        for name in dir(self):
            if name.startswith("test") and callable(getattr(self, name)):
                self.setUp()
                try:
                    getattr(self, name)()
                finally:
                    self.tearDown()

    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        logging.info(message)

    def takeScreenshot(self, name: str, description: str, type: int = -1) -> None:
        """The stand-in takes none."""
