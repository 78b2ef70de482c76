"""Installing the stand-in for the length of a ``with`` block."""

from __future__ import annotations

import gc
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from . import application, parameter_nodes
from .api import load_api
from .classes import class_named
from .convert import proxy_of
from .current import CURRENT, Current
from .error_log import ErrorLog
from .module_panel import ModulePanel
from .own_base import release_all
from .sample_data import sample_data_module
from .signals import Signal
from .subject_hierarchy_plugin import SubjectHierarchyPlugins
from .troubles import TROUBLES

QT_FUNCTIONS = ("Signal", "Slot", "Property")


def _lazy_module(name: str) -> ModuleType:
    """A module whose classes are made when they are asked for."""
    module = ModuleType(name)

    def attribute(wanted: str) -> Any:
        if wanted.startswith("__"):
            raise AttributeError(wanted)
        made = class_named(f"{name}.{wanted}")
        setattr(module, wanted, made)
        return made

    module.__getattr__ = attribute  # type: ignore[method-assign]
    if name == "qt":
        module.Signal = Signal
    return module


QT, CTK = _lazy_module("qt"), _lazy_module("ctk")


def _slicer_attribute(wanted: str) -> Any:
    if wanted.startswith(("qMRML", "qSlicer")):
        return class_named(f"slicer.{wanted}")
    raise AttributeError(f"module 'slicer' has no attribute {wanted!r}")


def _i18n() -> ModuleType:
    module = ModuleType("slicer.i18n")
    module.tr = lambda text: text
    module.translate = lambda context, text: text
    return module


def _parameter_node_module() -> ModuleType:
    module = ModuleType("slicer.parameterNodeWrapper")
    for name in load_api().python_module("slicer.parameterNodeWrapper"):
        if hasattr(parameter_nodes, name):
            setattr(module, name, getattr(parameter_nodes, name))
    return module


class SlicerStandIn:
    """A running Slicer, as far as a panel sees it.

    Parameters
    ----------
    main_window : bool
        With a main window and views; without, ``slicer.app.layoutManager()`` is None.

    Attributes
    ----------
    scene : vtkMRMLScene
    troubles : Troubles
        What the real one would have lost.
    """

    def __init__(self, main_window: bool = True) -> None:
        self.with_window = main_window
        self.troubles = TROUBLES
        self.scene: Any = None
        self._former: dict[str, Any] = {}
        self._former_util: dict[str, Any] = {}
        self._folder = ""

    def __enter__(self) -> SlicerStandIn:
        import slicer
        from PainGeneratorLib.Headless.host import HeadlessHost
        from PySide6 import QtWidgets
        from vtk import vtkMapper

        # As Slicer's main window does; without it the markups warn of a value that they do not know.
        vtkMapper.SetResolveCoincidentTopologyToPolygonOffset()
        if QtWidgets.QApplication.instance() is None:
            type(self)._application = QtWidgets.QApplication(["slicer-stand-in"])
        vars(CURRENT).update(vars(Current()))
        TROUBLES.clear()
        CURRENT.host = HeadlessHost().__enter__()
        self.scene = CURRENT.host.scene
        CURRENT.log = ErrorLog()
        CURRENT.log.start()
        self._plugins = SubjectHierarchyPlugins(self.scene)
        self._folder = application.temporary_settings()
        CURRENT.application = application.Application(self._folder)
        self._install_modules(slicer)
        if self.with_window:
            self._make_window()
        return self

    def _install_modules(self, slicer: Any) -> None:
        import slicer.util

        modules = {
            "qt": QT,
            "ctk": CTK,
            "slicer.i18n": _i18n(),
            "slicer.parameterNodeWrapper": _parameter_node_module(),
            "slicer.ScriptedLoadableModule": None,
            "SampleData": sample_data_module(),
        }
        self._former = {name: sys.modules.get(name) for name in modules}
        slicer.__getattr__ = _slicer_attribute
        slicer.mrmlScene = self.scene
        slicer.app = CURRENT.application
        slicer.modules = application.Modules()
        for name, function in application.UTIL.items():
            self._former_util[name] = getattr(slicer.util, name, None)
            setattr(slicer.util, name, function)
        from . import scripted_module

        modules["slicer.ScriptedLoadableModule"] = scripted_module
        sys.modules.update(modules)
        for name in ("i18n", "parameterNodeWrapper", "ScriptedLoadableModule"):
            setattr(slicer, name, modules[f"slicer.{name}"])
        _bind_dialogs()

    def _make_window(self) -> None:
        from PySide6 import QtCore, QtWidgets

        self.window = QtWidgets.QMainWindow()
        self.window.resize(1500, 900)
        manager = class_named("slicer.qSlicerLayoutManager")()
        self.manager = manager._native
        self.manager.setMRMLScene(self.scene)
        self.window.setCentralWidget(self.manager.viewport_widget)
        self.dock = QtWidgets.QDockWidget("PainGenerator", self.window)
        self.window.addDockWidget(QtCore.Qt.LeftDockWidgetArea, self.dock)
        CURRENT.layout_manager = manager
        CURRENT.main_window = proxy_of(self.window)
        self.window.show()

    def load_module(self, path: Path) -> tuple[Any, Any]:
        """Load a scripted module as Slicer does: the module object and its widget, set up and shown.

        Parameters
        ----------
        path : Path
            The module's ``.py`` file.

        Returns
        -------
        module, widget : object
            Instances of the file's ``X`` and ``XWidget``.
        """
        import slicer

        name = path.stem
        described = application.Module(name, None, str(path))
        setattr(slicer.modules, name.lower(), described)
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[name] = loaded
        spec.loader.exec_module(loaded)
        parent = class_named("slicer.qSlicerScriptedLoadableModule")()
        module = getattr(loaded, name)(parent)
        module.parent = parent
        application.emit("startupCompleted()")
        return module, self.make_widget(loaded, name)

    def make_widget(self, loaded: Any, name: str) -> Any:
        """Make a module's panel and set it up."""
        import slicer
        from PySide6 import QtWidgets

        frame = class_named("slicer.qSlicerScriptedLoadableModuleWidget")()
        QtWidgets.QVBoxLayout(frame._native)
        widget = getattr(loaded, f"{name}Widget")(frame)
        setattr(slicer.modules, f"{name}Widget", widget)
        frame._native.values["isEntered"] = False
        self.frame = frame
        widget.setup()
        if self.with_window:
            self.module_panel = ModulePanel(frame._native)
            self.dock.setWidget(self.module_panel)
        return widget

    def enter(self, widget: Any) -> None:
        """The user opens the module."""
        self.frame._native.values["isEntered"] = True
        widget.enter()

    def leave(self, widget: Any) -> None:
        """The user goes to another module."""
        widget.exit()
        self.frame._native.values["isEntered"] = False

    def photograph(self, path: Path) -> None:
        """A picture of the whole window."""
        CURRENT.application.processEvents()
        for view in (*self.manager.slices.values(), *self.manager.views.values()):
            if view.isVisible():
                view.view.forceRender()
        CURRENT.application.processEvents()
        self.window.grab().save(str(path))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import slicer
        import slicer.util

        if self.with_window:
            self.window.close()
            self.manager.close_views()
            self.window.deleteLater()
            CURRENT.application.processEvents()
        for name, function in self._former_util.items():
            setattr(slicer.util, name, function)
        for name in ("app", "modules", "mrmlScene", "i18n", "parameterNodeWrapper", "ScriptedLoadableModule"):
            slicer.__dict__.pop(name, None)
        slicer.__dict__.pop("__getattr__", None)
        for name in [name for name in sys.modules if name.startswith("PainGeneratorLib.Gui")]:
            del sys.modules[name]
        for name, former in self._former.items():
            sys.modules.pop(name, None)
            if former is not None:
                sys.modules[name] = former
        release_all()
        self._plugins.close()
        CURRENT.log.stop()
        host = CURRENT.host
        vars(CURRENT).update(vars(Current()))
        shutil.rmtree(self._folder, ignore_errors=True)
        gc.collect()
        host.__exit__(kind, error, traceback)


def _bind_dialogs() -> None:
    """Dialogs would wait for a user who is not there: they answer what the test has laid down."""
    statics = {
        "QFileDialog": ("getExistingDirectory", "getOpenFileName", "getSaveFileName", "getOpenFileNames"),
        "QInputDialog": ("getText", "getItem", "getInt", "getDouble", "getMultiLineText"),
        "QMessageBox": ("question", "information", "warning", "critical", "about"),
    }
    for name, functions in statics.items():
        for function in functions:
            setattr(class_named(f"qt.{name}"), function, staticmethod(_answering(f"{name}.{function}")))
    for name in ("QDialog", "QMessageBox", "QFileDialog", "QInputDialog", "QMenu"):
        made = class_named(f"qt.{name}")
        for function in ("exec", "exec_"):
            setattr(made, function, _answering(f"{name}.exec"))
    class_named("qt.QDesktopServices").openUrl = staticmethod(application.open_url)


def _answering(key: str) -> Any:
    def answer(*values: Any) -> Any:
        return application.native_answers(key, values)

    return answer
