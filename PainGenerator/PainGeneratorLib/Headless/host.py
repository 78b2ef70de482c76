"""An MRML scene without Qt: a small host on the `slicer-core` wheel.

The host brings up a scene and the module logics that register their nodes with it, in the order that Slicer uses,
keeps them alive, and turns VTK errors, which never raise by themselves, into Python errors::

    with HeadlessHost() as host:
        write_case(host.scene, content)
        host.save_mrb(path)

It reads nothing from the home folder and opens no connection: the data cache that reading an ``.mrb`` asks for
is a temporary folder that is removed when the host closes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ..Numerics.core.errors import PainGeneratorError
from ..Scene.scene_files import FULL_DISK, SCENE_ROOM_BYTES, SPACE_ADVICE, bundle_fault, write_bundle

MODULE_LOGICS = (
    ("Colors", "vtkMRMLColorLogic"),
    ("Units", "vtkSlicerUnitsLogic"),
    ("SubjectHierarchy", "vtkSlicerSubjectHierarchyModuleLogic"),
    ("Volumes", "vtkSlicerVolumesLogic"),
    ("Transforms", "vtkSlicerTransformLogic"),
    ("Tables", "vtkSlicerTablesLogic"),
    ("Texts", "vtkSlicerTextsLogic"),
    ("Markups", "vtkSlicerMarkupsLogic"),
    ("Segmentations", "vtkSlicerSegmentationsModuleLogic"),
)
"""Name and class of the logics, in the order in which they get the scene: colors come before all that use them.

Without the segmentations logic, writing a scene with a segmentation would end the process.
The terminologies logic is left out: it reads files that the wheel lacks, and segments carry their codes as text.
"""

ERROR_LIMIT = 20
"""The most errors that are listed; further ones are counted."""


class VTKError(RuntimeError):
    """VTK or MRML reported errors; the message holds their text."""


class HeadlessHost:
    """A scene with application logic and module logics; a context manager.

    Errors that VTK reports are collected and raised as :class:`VTKError` by :meth:`checkpoint` and when the context
    ends without another error; warnings are collected in :attr:`warnings`. Hosts may be nested; VTK has one
    output window per process, so that each error goes to the host opened last.

    Attributes
    ----------
    scene : vtkMRMLScene
    application_logic : vtkSlicerApplicationLogic
    logics : dict of str to vtkMRMLAbstractLogic
        By module name. Held here because the application logic keeps only weak pointers to them.
    warnings : list of str
        Texts of the VTK warnings so far.
    temporary_folder : str
        Removed when the host closes.
    """

    def __init__(self) -> None:
        self.scene: Any = None
        self.application_logic: Any = None
        self.logics: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._errors: list[str] = []
        self._kept: list[Any] = []
        self.temporary_folder = ""
        self._former_window: Any = None

    def __enter__(self) -> HeadlessHost:
        import slicer

        self._watch_errors()
        try:
            self.temporary_folder = tempfile.mkdtemp(prefix="paingenerator-")
            self.scene = slicer.vtkMRMLScene()
            self.application_logic = slicer.vtkSlicerApplicationLogic()
            self.application_logic.SetTemporaryPath(self.temporary_folder)
            self.application_logic.SetMRMLScene(self.scene)
            self._add_data_io()
            for name, class_name in MODULE_LOGICS:
                self._add_logic(name, class_name)
            self.checkpoint("starting the scene")
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.checkpoint("the work on the scene")
        finally:
            self._close()

    def checkpoint(self, work: str = "the last step") -> None:
        """Raise the VTK errors reported since the last checkpoint.

        Parameters
        ----------
        work : str
            What was done, for the message.

        Raises
        ------
        VTKError
        """
        if self._errors:
            texts, surplus = self._errors[:ERROR_LIMIT], len(self._errors) - ERROR_LIMIT
            self._errors.clear()
            if surplus > 0:
                texts.append(f"and {surplus} more")
            raise VTKError(f"VTK reported errors during {work}:\n" + "\n".join(texts))

    def discard_errors(self) -> list[str]:
        """Forget the errors reported since the last checkpoint, for a failure that the caller has dealt with.

        Returns
        -------
        list of str
            Their texts.
        """
        texts = self._errors.copy()
        self._errors.clear()
        return texts

    def save_mrb(self, path: str | Path) -> None:
        """Write the scene as an ``.mrb``; a file appears only when all of it was written.

        Raises
        ------
        VTKError
            When a node could not be written.
        PainGeneratorError
            When the folder cannot be written to, or what was written cannot be read back.
        """
        path = Path(os.path.abspath(path))
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise PainGeneratorError(
                f"The scene cannot be saved in {path.parent}.", "Choose a folder you can write to."
            )
        self.checkpoint("the work on the scene")
        self._require_space(path)
        why = write_bundle(self.scene, path)
        errors = self.discard_errors()
        if why == FULL_DISK:
            raise PainGeneratorError(f"{path} could not be written: the disk is full.", SPACE_ADVICE)
        if why or errors:
            path.unlink(missing_ok=True)
            raise VTKError(f"writing {path.name} failed: {why}\n" + "\n".join(errors[:ERROR_LIMIT]))

    def _require_space(self, path: Path) -> None:
        """Refuse to save where the parts of the bundle may not fit: MRML writes them short without an error.

        Raises
        ------
        PainGeneratorError
        """
        needed = SCENE_ROOM_BYTES
        for index in range(self.scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")):
            data = self.scene.GetNthNodeByClass(index, "vtkMRMLVolumeNode").GetImageData()
            needed += data.GetActualMemorySize() * 1024 if data is not None else 0
        if shutil.disk_usage(self.temporary_folder).free < needed:
            raise PainGeneratorError(
                f"{path} cannot be written: the disk of {self.temporary_folder} is nearly full.", SPACE_ADVICE
            )

    def load_mrb(self, path: str | Path, *, clear: bool = True) -> None:
        """Read an ``.mrb`` into the scene.

        Parameters
        ----------
        path : path
        clear : bool
            Empty the scene first; else the nodes are added to those there.

        Raises
        ------
        PainGeneratorError
            When there is no such file, or it is no scene bundle.
        VTKError
            When parts of it could not be read.
        """
        import slicer

        # MRML finds nothing under a relative path.
        path = Path(os.path.abspath(path))
        if not path.is_file():
            raise PainGeneratorError(f"There is no scene file {path}.", "Give the path of an .mrb file.")
        _check_bundle(path)
        messages = slicer.vtkMRMLMessageCollection()
        done = self.scene.ReadFromMRB(str(path), clear, messages)
        self._raise_unless(done, f"reading {path.name}", messages)

    def _raise_unless(self, done: bool, work: str, messages: Any) -> None:
        self.checkpoint(work)
        if not done:
            raise VTKError(f"{work} failed: {messages.GetAllMessagesAsString() or 'no reason was given'}")

    def _add_logic(self, name: str, class_name: str) -> None:
        import slicer

        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        if name == "Colors":
            logic.AddDefaultColorNodes()
            self.application_logic.SetColorLogic(logic)
        self.application_logic.SetModuleLogic(name, logic)
        self.logics[name] = logic

    def _add_data_io(self) -> None:
        """Give the scene the manager of data files and its cache, without which no ``.mrb`` can be read."""
        import slicer

        cache = Path(self.temporary_folder) / "cache"
        cache.mkdir()
        remote = slicer.vtkMRMLRemoteIOLogic()
        remote.GetCacheManager().SetRemoteCacheDirectory(str(cache))
        remote.SetMRMLScene(self.scene)
        manager_logic = slicer.vtkDataIOManagerLogic()
        manager_logic.SetMRMLApplicationLogic(self.application_logic)
        manager_logic.SetAndObserveDataIOManager(remote.GetDataIOManager())
        self.application_logic.SetMRMLSceneDataIO(self.scene, remote, manager_logic)
        self._kept += [remote, manager_logic]

    def _watch_errors(self) -> None:
        import vtk

        # VTK has one global window. This one shows nothing: errors and warnings arrive as events.
        self._former_window = vtk.vtkOutputWindow.GetInstance()
        window = vtk.vtkOutputWindow()
        window.SetDisplayModeToNever()

        @vtk.calldata_type(vtk.VTK_STRING)
        def on_error(caller: Any, event: str, text: str) -> None:
            self._errors.append(" ".join(text.split()))

        @vtk.calldata_type(vtk.VTK_STRING)
        def on_warning(caller: Any, event: str, text: str) -> None:
            self.warnings.append(" ".join(text.split()))

        window.AddObserver("ErrorEvent", on_error)
        window.AddObserver("WarningEvent", on_warning)
        vtk.vtkOutputWindow.SetInstance(window)
        vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_OFF)
        self._kept.append(window)

    def _close(self) -> None:
        """Close everything in the reverse order. Errors while closing are not reported."""
        import vtk

        if self.scene is not None:
            self.scene.Clear(True)
        for name in reversed(list(self.logics)):
            self.logics.pop(name).SetMRMLScene(None)
        if self.application_logic is not None:
            self.application_logic.SetMRMLScene(None)
        self.application_logic = None
        self.scene = None
        self._kept.clear()
        vtk.vtkOutputWindow.SetInstance(self._former_window)
        vtk.vtkLogger.SetStderrVerbosity(vtk.vtkLogger.VERBOSITY_INFO)
        if self.temporary_folder:
            shutil.rmtree(self.temporary_folder, ignore_errors=True)


def _check_bundle(path: Path) -> None:
    """Refuse a damaged bundle, as MRML ends the process when it reads a damaged segmentation.

    Raises
    ------
    PainGeneratorError
    """
    why = bundle_fault(path)
    if why:
        raise PainGeneratorError(
            f"{path} cannot be opened: {why}.", "Give a whole .mrb file, as this program or Slicer writes it."
        )


@contextlib.contextmanager
def headless_scene() -> Iterator[Any]:
    """A scene for the length of a ``with`` block; see :class:`HeadlessHost`."""
    with HeadlessHost() as host:
        yield host.scene
