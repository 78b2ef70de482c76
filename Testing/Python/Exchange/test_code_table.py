"""Our own codes: short enough for DICOM, each with one meaning, and all of them in the documentation."""

from __future__ import annotations

from pathlib import Path

from PainGeneratorLib.Anatomy.codes import STRUCTURE_CODES
from PainGeneratorLib.Anatomy.report_codes import own_codes
from PainGeneratorLib.Exchange.choices import CHOICES
from PainGeneratorLib.Numerics.core import site_order
from PainGeneratorLib.Numerics.core.joint_names import SEVERAL
from PainGeneratorLib.Numerics.core.short_names import SHORT_STRUCTURES


def test_a_code_has_one_meaning_and_fits_into_its_attribute() -> None:
    codes = own_codes()
    assert len({code.value for code in codes}) == len(codes)
    assert all(len(code.value) <= 16 and len(code.meaning) <= 64 for code in codes)


def test_every_structure_that_a_place_can_name_has_a_code() -> None:
    assert {*site_order.STRUCTURES, *SHORT_STRUCTURES, SEVERAL} <= set(STRUCTURE_CODES)


def test_the_documentation_has_every_code_and_every_choice(project_folder: Path) -> None:
    text = (project_folder / "docs" / "exchange.md").read_text(encoding="utf-8")
    assert [code.value for code in own_codes() if f"| `{code.value}` | {code.meaning} |" not in text] == []
    assert [one.name for one in CHOICES if f"| `{one.name}` |" not in text] == []
