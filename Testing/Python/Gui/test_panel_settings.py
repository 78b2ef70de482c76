"""Settings of the panel and of the session: both are kept on one parameter node, under different names."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

from PainGeneratorLib.Session.types import ROLE_FIELDS, SessionSettings
from panel_contract.parameters import read_parameters


def panel_fields(project_folder: Path) -> set[str]:
    """Names of the fields of the wrapped class, which can only be imported in Slicer."""
    path = project_folder / "PainGenerator" / "PainGeneratorLib" / "Gui" / "parameter_node.py"
    return {parameter.name for parameter in read_parameters(ast.parse(path.read_text(encoding="utf-8")))}


def test_panel_and_session_keep_their_settings_under_different_names(project_folder: Path) -> None:
    session_fields = {field.name for field in dataclasses.fields(SessionSettings)}
    assert panel_fields(project_folder)
    assert not panel_fields(project_folder) & session_fields


def test_every_role_has_a_field_for_its_volume() -> None:
    fields = [field.name for field in dataclasses.fields(SessionSettings)]
    assert [name for name in fields if name.endswith("Volume")] == list(ROLE_FIELDS.values())
