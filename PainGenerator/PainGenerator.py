"""3D Slicer module: finds candidate pain generators on hybrid FDG-PET/MRI.

The work is done in PainGeneratorLib; this file has what Slicer asks of a scripted module.
"""

import importlib
import importlib.util
import sys
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

HOMEPAGE = "https://github.com/PainGenerator/SlicerPainGenerator"
LIBRARY = "PainGeneratorLib"
ICONS = Path(__file__).parent / "Resources" / "Icons"


class PainGenerator(ScriptedLoadableModule):
    """What Slicer shows of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Pain Generator")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Nuclear Medicine")]
        self.parent.dependencies = ["Segmentations", "SubjectHierarchy", "Markups", "VolumeRendering"]
        self.parent.contributors = ["The PainGenerator developers"]
        self.parent.helpText = _(
            "Finds candidate pain generators on hybrid FDG-PET/MRI of people with musculoskeletal pain: PET is turned"
            " into SUV, PET and MR are aligned, foci of raised uptake and structural abnormality are found, joined,"
            " named and ranked. A radiologist decides on every candidate.<br><br>"
            "Load PET and MR, press <b>Detect series</b>, then <b>Run all steps</b>. See the"
            ' <a href="{url}#readme">tutorial and the description of every control</a>.<br><br>'
            "<b>Research use only: candidates, not diagnoses.</b>"
        ).format(url=HOMEPAGE)
        self.parent.acknowledgementText = _(
            "Built on 3D Slicer, SimpleITK, pydicom and highdicom. The reading model, a lesion against matched"
            " reference tissue, follows published work on FDG-PET/MRI of chronic low back pain and of painful hip"
            " replacements."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)
        slicer.app.connect("startupCompleted()", registerLayouts)


def registerSampleData():
    """Offer the phantoms in the Sample Data module."""
    with slicer.util.tryWithErrorDisplay(_("The phantoms could not be offered as sample data.")):
        if importlib.util.find_spec("SampleData") is None:
            return
        from PainGeneratorLib.Gui.sample_data import register_sample_data
        from SampleData import SampleDataLogic

        register_sample_data(SampleDataLogic, ICONS)


def registerLayouts():
    """Make the layouts known before a scene is loaded that was saved with one of them."""
    with slicer.util.tryWithErrorDisplay(_("The layouts could not be registered.")):
        from PainGeneratorLib.Gui.layouts import register_layouts

        register_layouts()


class PainGeneratorWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Life-cycle of the panel: it lives while the module is open and a scene is there."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameters = None
        self._isWaitingForScene = False

    def setup(self):
        """Build the panel once."""
        ScriptedLoadableModuleWidget.setup(self)
        from PainGeneratorLib.Gui.panel import Panel

        root = slicer.util.loadUI(self.resourcePath("UI/PainGenerator.ui"))
        self.layout.addWidget(root)
        root.setMRMLScene(slicer.mrmlScene)
        self.logic = PainGeneratorLogic()
        self.panel = Panel(root, slicer.util.childWidgetVariables(root), ICONS)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndBatchProcessEvent, self.onSceneEndBatchProcess)

    def enter(self):
        """The module was opened: take up the case of the scene."""
        with slicer.util.tryWithErrorDisplay(_("The case of the scene cannot be read.")):
            self.initializeParameterNode()

    def exit(self):
        """Another module was opened: let go of nodes, views and shortcuts; the session is kept."""
        if self.panel is not None:
            self.panel.leave()

    def cleanup(self):
        """The module is unloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.cleanup()
        if self.logic is not None:
            self.logic.close()

    def onSceneStartClose(self, caller, event):
        """Let go of everything in the scene, also of results that belong to it."""
        with slicer.util.tryWithErrorDisplay(_("The case could not be closed.")):
            self.forgetScene()

    def onSceneEndClose(self, caller, event):
        """An empty scene is there."""
        with slicer.util.tryWithErrorDisplay(_("The panel could not be prepared.")):
            self.takeUpScene()

    def onSceneStartImport(self, caller, event):
        """A scene is being loaded: its parameter node may lack what the panel shows, until the panel is told of it."""
        with slicer.util.tryWithErrorDisplay(_("The case could not be closed.")):
            self.forgetScene(isImport=True)

    def onSceneEndImport(self, caller, event):
        """A scene was loaded: it may hold a case."""
        with slicer.util.tryWithErrorDisplay(_("The case of the scene cannot be read.")):
            self.forgetScene(isImport=True)
            self.takeUpScene()

    def onSceneEndBatchProcess(self, caller, event):
        """Slicer is done with the scene."""
        with slicer.util.tryWithErrorDisplay(_("The case of the scene cannot be read.")):
            if self._isWaitingForScene:
                self.takeUpScene()

    def takeUpScene(self):
        """Show the case of the scene when the module is open.

        When a scene is opened, it is closed, filled and then arranged in one go. Before the end of it neither the
        subject hierarchy nor the views belong to the new scene, and the parameters may still change.
        """
        self._isWaitingForScene = slicer.mrmlScene.IsBatchProcessing()
        if self.parent.isEntered and not self._isWaitingForScene:
            self.initializeParameterNode()

    def forgetScene(self, isImport=False):
        """Nothing of the scene is kept: another one comes, or something is added to it."""
        self._parameters = None
        self.panel.stop()
        self.logic.close(isImport)

    def initializeParameterNode(self):
        """One wrapper of the one parameter node, and the scene's session."""
        if self._parameters is None:
            self._parameters = self.logic.getParameterNode()
        self.panel.start(self.logic.session(), self._parameters)

    def onReload(self):
        """Reload the library too, the deepest modules first."""
        names = [name for name in sys.modules if name == LIBRARY or name.startswith(f"{LIBRARY}.")]
        for name in sorted(names, key=lambda name: name.count("."), reverse=True):
            del sys.modules[name]
        importlib.invalidate_caches()
        ScriptedLoadableModuleWidget.onReload(self)


class PainGeneratorLogic(ScriptedLoadableModuleLogic):
    """The session of the scene; all work is done in PainGeneratorLib."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        self._session = None
        self._isUnsaved = False

    def getParameterNode(self):
        """The parameter node, wrapped."""
        from PainGeneratorLib.Gui.parameter_node import PanelParameters

        return PanelParameters(ScriptedLoadableModuleLogic.getParameterNode(self))

    def session(self):
        """The session of the scene; made at the first call after a scene was opened."""
        if self._session is None:
            from PainGeneratorLib.Gui.recovery_section import journal_folder
            from PainGeneratorLib.Gui.sample_data import file_of_instance
            from PainGeneratorLib.Report.case_outputs import facts_of_letter, plain_text
            from PainGeneratorLib.Report.session_export import export_session
            from PainGeneratorLib.Session.session import Session

            self._session = Session(
                slicer.mrmlScene, file_of_instance, export_session, plain_text, journal_folder(), facts_of_letter
            )
            if self._isUnsaved:
                # What was not saved before something was added to the scene is not saved yet.
                self._session.journal.rewrite()
            self._isUnsaved = False
        return self._session

    def close(self, isImport=False):
        """Forget the session; the scene keeps the case. An import leaves what was not saved in the scene."""
        if self._session is not None:
            self._isUnsaved = isImport and self._session.journal.path is not None
            self._session.close()
        elif not isImport:
            self._isUnsaved = False
        self._session = None


class PainGeneratorTest(ScriptedLoadableModuleTest):
    """A radiologist's walk through the panel on a phantom: Detect to Export, with a check after each act."""

    def setUp(self):
        """An empty scene and the open module."""
        slicer.mrmlScene.Clear(0)
        slicer.util.selectModule("PainGenerator")

    def test_PainGenerator_walk(self):
        """The whole walk, see PainGeneratorLib/Gui/self_test.py."""
        from PainGeneratorLib.Gui.self_test import Walk

        self.delayDisplay("A radiologist's walk on the low back phantom")
        with tempfile.TemporaryDirectory() as folder:
            Walk(slicer.util.getModuleWidget("PainGenerator"), Path(folder)).all()

    def test_PainGenerator_hip(self):
        """A shorter walk on a hip replacement."""
        from PainGeneratorLib.Gui.self_test import Walk

        self.delayDisplay("A radiologist's walk on the hip replacement phantom")
        with tempfile.TemporaryDirectory() as folder:
            Walk(slicer.util.getModuleWidget("PainGenerator"), Path(folder)).hip()

    def test_PainGenerator_leavesNothingBehind(self):
        """Switching modules and closing the scene again and again leaves one panel without a session's observers."""
        widget = slicer.util.getModuleWidget("PainGenerator")
        for _round in range(3):
            slicer.util.selectModule("Data")
            assert widget.panel.session is None
            slicer.util.selectModule("PainGenerator")
            assert widget.panel.session is not None
            slicer.mrmlScene.Clear(0)
        session = widget.panel.session
        assert len(session.changed) == 1, session.changed
