"""The panel's code and Designer file against what real Slicer offers; and each rule can fail."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from panel_contract.code import Source, check_code, read_source
from panel_contract.designer import Designer, read_designer
from panel_contract.faults import Fault
from panel_contract.parameters import Parameter, check_parameters, read_parameters
from slicer_stand_in.api import Api

TOP = """<ui version="4.0"><class>T</class><widget class="qMRMLWidget" name="Top">
<layout class="QVBoxLayout" name="box">
{items}</layout></widget><connections>{connections}</connections></ui>"""


@pytest.fixture(scope="module")
def api(slicer_api: Api) -> Api:
    return slicer_api


@pytest.fixture(scope="module")
def module_folder(project_folder: Path) -> Path:
    return project_folder / "PainGenerator"


@pytest.fixture(scope="module")
def designer(api: Api, module_folder: Path) -> Designer:
    path = module_folder / "Resources" / "UI" / "PainGenerator.ui"
    return read_designer(path.read_text(encoding="utf-8"), api)


@pytest.fixture(scope="module")
def sources(module_folder: Path) -> list[Source]:
    paths = [module_folder / "PainGenerator.py", *sorted((module_folder / "PainGeneratorLib" / "Gui").glob("*.py"))]
    return [read_source(path.read_text(encoding="utf-8"), path.name) for path in paths]


@pytest.fixture(scope="module")
def parameters(sources: list[Source]) -> list[Parameter]:
    return [parameter for source in sources for parameter in read_parameters(source.tree)]


def text_patterns(tree: ast.Module) -> list[str]:
    """Texts, attribute names, and formatted texts as patterns."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in node.values]
            found.append("".join(parts))
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.append(node.value)
    return found


def listed(faults: list[Fault]) -> str:
    return "\n" + "\n".join(str(fault) for fault in faults)


def rules(faults: list[Fault]) -> set[str]:
    return {fault.rule for fault in faults}


# --- the panel itself


def test_the_designer_file_keeps_the_contract(designer: Designer) -> None:
    assert len(designer.widgets) > 50
    assert not designer.faults, listed(designer.faults)


def test_the_code_uses_only_what_real_slicer_offers(
    sources: list[Source], api: Api, designer: Designer, module_folder: Path
) -> None:
    faults = check_code(sources, api, designer.widgets, module_folder / "PainGeneratorLib")
    assert not faults, listed(faults)


def test_parameters_and_widgets_know_each_other(
    designer: Designer, parameters: list[Parameter], sources: list[Source]
) -> None:
    assert parameters
    used = {
        node.attr
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("parameters")
    }
    faults = check_parameters(designer, parameters, "parameter_node.py", used)
    assert not faults, listed(faults)


def test_every_widget_that_code_connects_is_named_in_the_designer_file(
    designer: Designer, sources: list[Source]
) -> None:
    patterns = "|".join(pattern for source in sources for pattern in text_patterns(source.tree))
    buttons = [name for name, kind in designer.widgets.items() if kind in ("QPushButton", "QToolButton")]
    unused = [name for name in buttons if not re.fullmatch(patterns, name)]
    assert not unused, f"nothing happens on these buttons: {unused}"


# --- each rule can fail


def designer_of(api: Api, items: str, connections: str = "") -> Designer:
    return read_designer(TOP.format(items=items, connections=connections), api)


def button(extra: str = "", name: str = "b", tool_tip: str = "does it", kind: str = "QPushButton") -> str:
    tip = f'<property name="toolTip"><string>{tool_tip}</string></property>' if tool_tip else ""
    return f'<item><widget class="{kind}" name="{name}">{tip}{extra}</widget></item>'


def connection(sender: str, signal: str, receiver: str, slot: str) -> str:
    return (
        f"<connection><sender>{sender}</sender><signal>{signal}</signal>"
        f"<receiver>{receiver}</receiver><slot>{slot}</slot></connection>"
    )


def test_a_good_designer_file_has_no_faults(api: Api) -> None:
    wired = connection("Top", "mrmlSceneChanged(vtkMRMLScene*)", "c", "setMRMLScene(vtkMRMLScene*)")
    assert not designer_of(api, button() + button(name="c", kind="qMRMLNodeComboBox"), wired).faults


@pytest.mark.parametrize(
    ("items", "rule"),
    [
        (button(tool_tip=""), "tool tips"),
        (button(tool_tip="", kind="ctkSliderWidget"), "tool tips"),
        (button() + button(), "unique names"),
        (button(kind="QPushButtonX"), "widget classes"),
        (button('<property name="colour"><string>red</string></property>'), "properties"),
        (button('<property name="x"><number>3</number></property>'), "properties"),
        (button('<property name="focusPolicy"><enum>Qt::NoSuchFocus</enum></property>'), "enums"),
        (button(kind="qMRMLNodeComboBox"), "scene"),
        (
            button('<property name="SlicerParameterName" stdset="0"><string>x</string></property>', kind="QCheckBox"),
            "untranslated",
        ),
    ],
)
def test_a_fault_in_the_designer_file_is_found(api: Api, items: str, rule: str) -> None:
    assert rules(designer_of(api, items).faults) == {rule}


@pytest.mark.parametrize(
    ("sender", "signal", "receiver", "slot"),
    [
        ("b", "clicked(int)", "Top", "close()"),
        ("b", "clicked()", "Top", "noSuchSlot()"),
        ("b", "clicked()", "nobody", "close()"),
    ],
)
def test_a_connection_that_cannot_be_made_is_found(
    api: Api, sender: str, signal: str, receiver: str, slot: str
) -> None:
    assert rules(designer_of(api, button(), connection(sender, signal, receiver, slot)).faults) == {"connections"}


PARAMETER_NODE = """
@parameterNodeWrapper
class P:
    shown: Annotated[float, WithinRange(0, 1), Default(0.5)]
    unbounded: float
    count: int = 3
"""


@pytest.mark.parametrize(
    ("kind", "name", "ok"),
    [
        ("ctkSliderWidget", "shown", True),
        ("ctkSliderWidget", "unbounded", False),
        ("QDoubleSpinBox", "unbounded", True),
        ("QSpinBox", "count", True),
        ("QCheckBox", "count", False),
        ("ctkCollapsibleGroupBox", "count", False),
        ("QSpinBox", "nobody", False),
    ],
)
def test_only_pairs_that_slicer_ties_pass(api: Api, kind: str, name: str, ok: bool) -> None:
    entry = f'<property name="SlicerParameterName" stdset="0"><string notr="true">{name}</string></property>'
    designer = designer_of(api, button(entry, kind=kind))
    fields = read_parameters(ast.parse(PARAMETER_NODE))
    faults = check_parameters(designer, fields, "p.py", {"shown", "unbounded", "count"})
    assert not faults if ok else rules(faults) == {"parameters"}


def test_a_parameter_that_nothing_shows_is_found(api: Api) -> None:
    faults = check_parameters(
        designer_of(api, button()), read_parameters(ast.parse(PARAMETER_NODE)), "p.py", {"count"}
    )
    assert len(faults) == 2


def faults_of(api: Api, body: str, module_folder: Path) -> list[Fault]:
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    text = f"""
import slicer
import qt
import ctk

class Handlers:
    def __init__(self, ui, thing):
        self.ui = ui
        self.label = qt.QLabel("x")
        self.timer = qt.QTimer()
{lines}

    def on_good(self):
        with slicer.util.tryWithErrorDisplay("bad"):
            self.label.text = "y"

    def bare(self):
        self.label.text = "z"
"""
    widgets = {"goButton": "QPushButton", "tSelector": "qMRMLNodeComboBox"}
    return check_code([read_source(text, "sample.py")], api, widgets, module_folder / "PainGeneratorLib" / "Numerics")


GOOD = """
self.ui.goButton.connect("clicked(bool)", self.on_good)
self.ui.goButton.enabled = False
self.ui.tSelector.currentNode().GetName()
getattr(self.ui, f"{thing}Button").toolTip = "z"
self.timer.setSingleShot(True)
qt.QTimer.singleShot(0, self.on_good)
slicer.app.processEvents()
slicer.app.layoutManager().sliceWidget("Red").sliceController()
table = qt.QTableWidget(3, 4)
table.horizontalHeader().setSectionResizeMode(0, qt.QHeaderView.Stretch)
slicer.mrmlScene.GetNodesByClass("x")
"""


def test_good_code_has_no_faults(api: Api, module_folder: Path) -> None:
    faults = faults_of(api, GOOD, module_folder)
    assert not faults, listed(faults)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("self.ui.noButton.enabled = False", "widget names"),
        ("getattr(self.ui, f'{thing}Knob')", "widget names"),
        ("names = ('goButton', 'stopButton')", "widget names"),
        ("self.label.txet = 'z'", "attributes"),
        ("self.label.text()", "attributes"),
        ("self.label.frameSize = 3", "attributes"),
        ("self.ui.goButton.setOn(True)", "attributes"),
        ("qt.QPushbutton('x')", "attributes"),
        ("qt.QHeaderView.Strech", "attributes"),
        ("thing.noSuchThingAnywhere()", "attributes"),
        ("slicer.util.errorDisplayed('x')", "attributes"),
        ("slicer.modules.totalsegmentatr.logic()", "attributes"),
        ("slicer.app.noSuchAttribute", "attributes"),
        ("slicer.mrmlScene.GetNodesByKlass('x')", "attributes"),
        ("slicer.vtkMRMLNoSuchNode()", "attributes"),
        ("self.timer.singleShot = True", "attributes"),
        ("qt.QLabel('x', parent=None)", "keyword arguments"),
        ("self.label.setText(text='x')", "keyword arguments"),
        ("self.ui.goButton.connect('clicked(int)', self.on_good)", "signals"),
        ("thing.connect('noSuchSignal(int)', self.on_good)", "signals"),
        ("thing.connect('goButton', 'currentNodeChanged(vtkMRMLNode*)', self.on_good)", "signals"),
        ("slicer.app.connect('startUpCompleted()', self.on_good)", "signals"),
        ("self.ui.goButton.connect('clicked()', self.bare)", "handlers"),
        ("self.ui.goButton.connect('clicked()', lambda: self.bare())", "handlers"),
        ("thing.addObserver(slicer.mrmlScene, 'x', self.bare)", "handlers"),
        ("qt.QTimer.singleShot(0, self.bare)", "handlers"),
        ("self.ui.goButton.connect('clicked(bool)', lambda n=3: self.on_good())", "lambda defaults"),
        ("try:\n    pass\nexcept:\n    raise", "bare exception"),
        ("try:\n    thing()\nexcept ValueError:\n    pass", "swallowed exception"),
    ],
)
def test_a_fault_in_code_is_found(api: Api, module_folder: Path, body: str, rule: str) -> None:
    assert rule in rules(faults_of(api, body, module_folder))


def test_an_import_that_slicer_does_not_offer_is_found(api: Api, module_folder: Path) -> None:
    text = "from slicer.parameterNodeWrapper import WithinBounds\n"
    faults = check_code([read_source(text, "sample.py")], api, {}, module_folder / "PainGeneratorLib" / "Numerics")
    assert rules(faults) == {"imports"}


def test_an_unguarded_handler_by_name_is_found(api: Api, module_folder: Path) -> None:
    text = "class A:\n    def on_click(self):\n        print(1)\n"
    faults = check_code([read_source(text, "sample.py")], api, {}, module_folder / "PainGeneratorLib" / "Numerics")
    assert rules(faults) == {"handlers"}
