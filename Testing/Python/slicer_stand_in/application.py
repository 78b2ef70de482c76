"""``slicer.app``, ``slicer.modules`` and the functions of ``slicer.util`` that need a running application."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from . import signals
from .api import load_api, normalized
from .classes import class_named
from .convert import proxy_of, unwrap
from .current import CURRENT
from .troubles import TROUBLES, StandInLimit

LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}
APP_SIGNALS = ("startupCompleted()", "aboutToQuit()", "mrmlSceneChanged(vtkMRMLScene*)", "lastWindowClosed()")


class Application:
    """``slicer.app``: answers only to what the record of the live one lists."""

    _listed: frozenset[str] = frozenset()

    def __init__(self, folder: str) -> None:
        self._listed = load_api().live("slicer.app")
        self._connected: dict[str, list[tuple[Any, Any]]] = {}
        self.applicationName = "Slicer"
        self.mainApplicationName = "Slicer"
        self.majorVersion, self.minorVersion = 5, 12
        self.temporaryPath = folder
        self.slicerHome = folder
        self.cachePath = folder
        self.revision = "stand-in"
        self._cursors: list[Any] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in self._listed:
            raise AttributeError(f"slicer.app has no attribute {name!r}")
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in self._listed:
            raise StandInLimit(f"the stand-in does not do slicer.app.{name}")
        raise AttributeError(f"slicer.app has no attribute {name!r}")

    def connect(self, signal: str, slot: Callable[..., Any]) -> bool:
        if normalized(signal) not in APP_SIGNALS:
            TROUBLES.failed_connects.append(f"slicer.app: {signal}")
            return False
        self._connected.setdefault(normalized(signal), []).append((slot, signals.make_slot(slot)))
        return True

    def disconnect(self, signal: str, slot: Callable[..., Any]) -> bool:
        entries = self._connected.get(normalized(signal), [])
        kept = [entry for entry in entries if entry[0] != slot]
        self._connected[normalized(signal)] = kept
        return len(kept) < len(entries)

    def errorLogModel(self) -> Any:
        return CURRENT.log

    def layoutManager(self) -> Any:
        return CURRENT.layout_manager

    def processEvents(self, *flags: Any) -> None:
        from PySide6 import QtWidgets

        QtWidgets.QApplication.processEvents()
        QtWidgets.QApplication.sendPostedEvents(None, 52)  # deferred deletes, as Slicer's own event loop does

    def testingEnabled(self) -> bool:
        return CURRENT.testing

    def applicationLogic(self) -> Any:
        return CURRENT.host.application_logic

    def mrmlApplicationLogic(self) -> Any:
        return CURRENT.host.application_logic

    def mrmlScene(self) -> Any:
        return CURRENT.host.scene

    def moduleLogic(self, name: str) -> Any:
        return CURRENT.host.logics[name]

    def userSettings(self) -> Any:
        return class_named("qt.QSettings")()

    def settings(self) -> Any:
        return self.userSettings()

    def setOverrideCursor(self, cursor: Any) -> None:
        self._cursors.append(cursor)

    def restoreOverrideCursor(self) -> None:
        if self._cursors:
            self._cursors.pop()

    def pauseRender(self) -> None:
        if CURRENT.layout_manager is not None:
            CURRENT.layout_manager.pauseRender()

    def resumeRender(self) -> None:
        if CURRENT.layout_manager is not None:
            CURRENT.layout_manager.resumeRender()

    def setRenderPaused(self, paused: bool) -> None:
        (self.pauseRender if paused else self.resumeRender)()

    def isInstalled(self) -> bool:
        return True

    def palette(self) -> Any:
        return proxy_of(_qt_application().palette())

    def focusWidget(self) -> Any:
        found = _qt_application().focusWidget()
        return None if found is None else proxy_of(found)

    def clipboard(self) -> Any:
        return proxy_of(_qt_application().clipboard())

    def dicomDatabase(self) -> Any:
        return None

    def ioManager(self) -> Any:
        return SimpleNamespace(loadScene=load_scene, saveScene=save_scene)

    def coreIOManager(self) -> Any:
        return self.ioManager()


def emit(signal: str) -> None:
    """Let ``slicer.app`` fire a signal."""
    for _, call in list(CURRENT.application._connected.get(normalized(signal), [])):
        call()


def _qt_application() -> Any:
    from PySide6 import QtWidgets

    return QtWidgets.QApplication.instance()


class Module:
    """A loaded module, as ``slicer.modules.volumes``."""

    def __init__(self, name: str, logic: Any = None, path: str = "") -> None:
        self.name, self.path, self._logic = name, path, logic
        self.title = name

    def logic(self) -> Any:
        if self._logic is None:
            raise StandInLimit(f"the stand-in has no logic of {self.name}")
        return self._logic


class Modules:
    """``slicer.modules``: those that the record lists, and what scripts put there."""

    def __getattr__(self, name: str) -> Any:
        if name in load_api().application["modules"]:
            logic = _logic_named(name)
            module = Module(name, logic)
            object.__setattr__(self, name, module)
            return module
        raise AttributeError(f"slicer.modules has no {name!r}")


def _logic_named(name: str) -> Any:
    import slicer

    for key, logic in CURRENT.host.logics.items():
        if key.lower() == name:
            return logic
    more = {"volumerendering": "vtkSlicerVolumeRenderingLogic", "cropvolume": "vtkSlicerCropVolumeLogic"}
    if name in more:
        logic = getattr(slicer, more[name])()
        logic.SetMRMLApplicationLogic(CURRENT.host.application_logic)
        logic.SetMRMLScene(CURRENT.host.scene)
        CURRENT.host.logics[name] = logic
        return logic
    return None


def load_scene(path: str, *unused: Any) -> Any:
    """Read an ``.mrb``, as ``slicer.util.loadScene``: what was there is closed first. Returns a node of it."""
    CURRENT.host.load_mrb(path)
    return CURRENT.host.scene.GetNthNode(0)


def save_scene(path: str, *unused: Any) -> bool:
    """Write an ``.mrb``, as ``slicer.util.saveScene``."""
    CURRENT.host.save_mrb(path)
    return True


def _message(kind: str, text: str) -> None:
    CURRENT.messages.append((kind, str(text)))
    logging.getLogger("slicer_stand_in").info("%s: %s", kind, text)


def _display(kind: str) -> Callable[..., None]:
    def show(
        text: str, windowTitle: Any = None, parent: Any = None, standardButtons: Any = None, **keywords: Any
    ) -> None:
        if CURRENT.testing:
            # No dialog: in testing mode the text goes to the log only.
            logging.log(LEVELS[kind], text)
        else:
            _message(kind, text)

    return show


def _confirm(name: str) -> Callable[..., bool]:
    def ask(text: str, windowTitle: Any = None, parent: Any = None, **keywords: Any) -> bool:
        _message("confirm", text)
        answer = CURRENT.answers.get(name, name != "confirmRetryCloseDisplay")
        return answer(text) if callable(answer) else answer

    return ask


def _delay(message: str, autoCloseMsec: int = 1000, parent: Any = None, **keywords: Any) -> None:
    _message("info", message)


def _status(message: str, duration: int = 0) -> None:
    _message("status", message)
    if CURRENT.main_window is not None:
        CURRENT.main_window._native.statusBar().showMessage(message, duration)


def _select(module: Any) -> None:
    CURRENT.selected_module = module if isinstance(module, str) else module.name


def _module_path(name: str) -> str:
    import slicer

    return getattr(slicer.modules, name.lower()).path


def _module_logic(module: Any) -> Any:
    import slicer

    return (getattr(slicer.modules, module.lower()) if isinstance(module, str) else module).logic()


def _module_widget(module: Any) -> Any:
    import slicer

    return getattr(slicer.modules, f"{module if isinstance(module, str) else module.name}Widget")


def _no_install(requirements: Any, **keywords: Any) -> None:
    raise AssertionError(f"a test must not install anything: {requirements}")


UTIL: dict[str, Any] = {
    "mainWindow": lambda: CURRENT.main_window,
    "errorDisplay": _display("error"),
    "warningDisplay": _display("warning"),
    "infoDisplay": _display("info"),
    "messageBox": lambda text, parent=None, **keywords: _message("info", text),
    "confirmOkCancelDisplay": _confirm("confirmOkCancelDisplay"),
    "confirmYesNoDisplay": _confirm("confirmYesNoDisplay"),
    "confirmRetryCloseDisplay": _confirm("confirmRetryCloseDisplay"),
    "delayDisplay": _delay,
    "showStatusMessage": _status,
    "selectModule": _select,
    "selectedModule": lambda: CURRENT.selected_module,
    "modulePath": _module_path,
    "getModuleLogic": _module_logic,
    "getModuleWidget": _module_widget,
    "loadScene": load_scene,
    "saveScene": save_scene,
    "pip_install": _no_install,
    "forceRenderAllViews": lambda: None,
}
"""What replaces functions of the real ``slicer.util``; all others are the real ones."""


def native_answers(key: str, values: tuple[Any, ...]) -> Any:
    """What a dialog's static function or ``exec`` returns: as the test has laid down.

    Raises
    ------
    AssertionError
        When nothing is laid down: the real one would wait for the user.
    """
    if key not in CURRENT.answers:
        raise AssertionError(f"{key} would wait for the user; lay down CURRENT.answers[{key!r}]")
    answer = CURRENT.answers[key]
    return answer(*values) if callable(answer) else answer


def temporary_settings() -> str:
    """Send all settings to a temporary folder; the folder."""
    from PySide6 import QtCore

    folder = tempfile.mkdtemp(prefix="slicer-stand-in-")
    for kind in (QtCore.QSettings.NativeFormat, QtCore.QSettings.IniFormat):
        QtCore.QSettings.setPath(kind, QtCore.QSettings.UserScope, folder)
    QtCore.QCoreApplication.setOrganizationName("NA-MIC")
    QtCore.QCoreApplication.setApplicationName("SlicerStandIn")
    return folder


def open_url(url: Any) -> bool:
    """``qt.QDesktopServices.openUrl``: remembered, not opened."""
    CURRENT.opened_urls.append(unwrap(url).toString())
    return True
