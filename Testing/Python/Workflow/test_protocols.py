"""Protocols: complete, in range, and overridden only with what fits."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Numerics.core.words import Group
from PainGeneratorLib.Numerics.fusion.parameters import FusionParameters
from PainGeneratorLib.Workflow.protocol import PROTOCOLS_FOLDER, Protocol, load_protocol
from PainGeneratorLib.Workflow.protocol_file import SCHEMA


@pytest.mark.parametrize("group", tuple(Group))
def test_every_parameter_says_its_unit_range_and_source(group: str) -> None:
    protocol = load_protocol(group)
    assert protocol.stages
    for name, entry in protocol.entries():
        assert entry["source"].strip(), name
        assert entry["description"].strip(), name
        assert "unit" in entry, name
        value = entry["value"]
        if isinstance(value, bool):
            continue
        if "choices" in entry:
            assert set(value if isinstance(value, list) else [value]) <= set(entry["choices"]), name
        else:
            for number in value if isinstance(value, list) else [value]:
                assert entry["minimum"] <= number <= entry["maximum"], name


def test_both_groups_have_the_same_parameters() -> None:
    names = [{name for name, _ in load_protocol(group).entries()} for group in Group]
    assert names[0] == names[1]


def test_a_value_given_as_text_takes_the_type_of_the_parameter_and_is_marked_as_changed() -> None:
    protocol = load_protocol("low-back").with_values({"fusion.bar": "30"})
    assert protocol.stage("fusion", FusionParameters).bar == 30.0
    assert protocol.changed == ("fusion.bar",)
    assert load_protocol("low-back").stage("fusion", FusionParameters).bar != 30.0


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("fusion.bar", "101", "from -40.0 to 40.0"),
        ("fusion.bar", "much", "a number"),
        ("fusion.bar", "nan", "a number"),
        ("fusion.weight", "1", "known are: fusion.join.gap_mm"),
        ("weights.mr", "1", "Names are stage.parameter"),
        ("hot_spots.contour_method", "a50p", r"Did you mean hot_spots\.contour\.method\?"),
        ("sensitivity", "1.3", r"Did you mean hot_spots\.sensitivity\?"),
        ("fusion", "1", "known are: fusion.join.gap_mm"),
        ("fusion.bar", True, "a number"),
    ],
)
def test_an_unknown_name_or_a_value_out_of_range_is_refused(name: str, value: object, text: str) -> None:
    with pytest.raises(PainGeneratorError, match=text):
        load_protocol("low-back").with_values({name: value})


def test_a_users_protocol_file_may_hold_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"group": "low-back", "stages": {"fusion": {"join": {"gap_mm": 7.5}}}}))
    assert load_protocol("low-back", file).value("fusion.join.gap_mm") == 7.5
    with pytest.raises(PainGeneratorError, match="is for the group 'low-back'"):
        load_protocol("hip-replacement", file)
    file.write_text("{")
    with pytest.raises(PainGeneratorError, match="cannot be read"):
        load_protocol("low-back", file)


def test_a_changed_copy_of_the_file_of_a_group_counts(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    shipped = json.loads((PROTOCOLS_FOLDER / "hip-replacement.json").read_text(encoding="utf-8"))
    shipped["overrides"]["fusion.join.gap_mm"] = 7.5
    file.write_text(json.dumps(shipped))
    protocol = load_protocol("hip-replacement", file)
    assert protocol.value("fusion.join.gap_mm") == 7.5
    assert protocol.changed == ("fusion.join.gap_mm",)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([1], "holds no JSON object"),
        ({"stages": [1]}, "'stages' is no JSON object"),
        ({"overrides": None}, "'overrides' is no JSON object"),
        ({"stage": {"fusion": {"join": {"gap_mm": 7.5}}}}, "but not stage"),
        ({"fusion": {"join": {"gap_mm": 7.5}}}, "but not fusion"),
    ],
)
def test_what_a_protocol_file_holds_beside_parameters_is_refused_and_not_passed_over(
    tmp_path: Path, content: object, text: str
) -> None:
    file = tmp_path / "own.json"
    file.write_text(json.dumps(content))
    with pytest.raises(PainGeneratorError, match=text):
        load_protocol("low-back", file)


def own_file(folder: Path, text: str) -> Path:
    file = folder / "own.json"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"stages": {\n"fusion": {\n"bra": 3}}}', 3, r"no parameter 'fusion\.bra'.*Did you mean fusion\.bar\?"),
        ('{"stages": {\n"fusoin": {}}}', 2, "no parameter 'fusoin'"),
        ('{"overrides": {\n"fusion.bar": "3"}}', 2, "of another type.*without quotation marks"),
        ('{"overrides": {\n"fusion.bar": true}}', 2, "of another type"),
        ('{"overrides": {\n"fusion.bar": null}}', 2, "of another type"),
        ('{"overrides": {\n"fusion.bar": [3]}}', 2, "of another type"),
        ('{"overrides": {\n\n"fusion.bar": 101}}', 3, "cannot be 101.*from -40.0 to 40.0"),
        ('{"overrides": {\n"fusion.bar": 1e999}}', 2, "cannot be inf"),
        (
            '{"overrides": {\n"fusion.bar": {"value": 3,\n"maximum": 300}}}',
            3,
            "'maximum' of 'fusion.bar' is 300, and 40.0",
        ),
        ('{"overrides": {\n"fusion.bar": {"valeu": 3}}}', 2, "has no 'valeu'.*Did you mean value"),
        ('{"overrides": {\n"fusion.bar": {}}}', 2, "has no value"),
        ('{"overrides": {\n"fusion.bar": {"value": 3, "source": 4}}}', 2, "'source' of 'fusion.bar' is no text"),
        ('{"overrides": {\n"fusion.bar": 3,\n"fusion.bar": 4}}', 3, "stands there twice, and in line 2"),
        ('{"overrides": {"fusion.bar": 3},\n"stages": {"fusion": {"bar": 4}}}', 1, "stands there twice, in line 2"),
        ('{"overrides": {\n"fusion.join": 4}}', 2, "'fusion.join' is no JSON object"),
        ('{"overrides": {\n"hot_spots.contour.method": "a5op"}}', 2, "Did you mean a50p"),
        ('{"schema": 1,\n"overrides": {}}', 1, "form is version 1"),
        ('{"overrides": {},\n"group": "low-bck"}', 2, "no clinical group.*Did you mean low-back"),
        ('{"overrides": {},\n"stage": {}}', 2, "'stage' is unknown.*Did you mean stages"),
        ('{"overrides": {},\n"fusion": {"bar": 3}}', 2, "'fusion' is unknown.*Write it into 'stages'"),
        ('{"overrides": {\n"fusion.ramps.tbr_full": 1.2}}', 2, "has to be above"),
        ('{"overrides": {\n"fusion.bar": 3,}}', 2, "comma stands before the end"),
        ('{"overrides": {\n"fusion.bar": NaN}}', None, "NaN is no number"),
        ("{'overrides': {}}", 1, "name in double quotation marks"),
        ('{"overrides": {}} {}', 1, "something follows the end"),
        ('{"overrides": ' + "[" * 10000, 1, "lie in each other"),
        ('{"group": "low-back"}', None, "gives no parameter"),
        ("{}", None, "gives no parameter"),
        ("", 1, "is no JSON"),
    ],
)
def test_a_protocol_file_of_another_shape_is_refused_with_the_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    with pytest.raises(PainGeneratorError) as caught:
        load_protocol("low-back", own_file(tmp_path, text))
    whole = f"{caught.value.reason} {caught.value.advice}"
    assert re.search(said, whole), whole
    if line is not None:
        # Of a name in both sections the later line is told; all else has one line.
        assert f"line {line}" in caught.value.reason


@pytest.mark.parametrize("group", tuple(Group))
def test_a_copy_of_every_shipped_file_is_taken_and_changes_nothing_but_what_it_says(
    tmp_path: Path, group: str
) -> None:
    shipped = (PROTOCOLS_FOLDER / f"{group}.json").read_text(encoding="utf-8")
    assert load_protocol(group, own_file(tmp_path, shipped)).changed == ()
    base = (PROTOCOLS_FOLDER / "base.json").read_text(encoding="utf-8")
    with_base = load_protocol(group, own_file(tmp_path, "\ufeff" + base))
    assert set(with_base.changed) == set(json.loads(shipped)["overrides"])


def test_a_user_may_word_the_source_of_a_value_anew_and_write_whole_numbers_for_numbers(tmp_path: Path) -> None:
    text = '{"stages": {"fusion.join": {"gap_mm": {"value": 7, "unit": "mm", "source": "our PET"}}}}'
    protocol = load_protocol("low-back", own_file(tmp_path, text))
    assert protocol.value("fusion.join.gap_mm") == 7.0
    assert protocol.changed == ("fusion.join.gap_mm",)


def test_a_folder_or_a_missing_protocol_file_is_refused(tmp_path: Path) -> None:
    for file, said in ((tmp_path, "it is no file"), (tmp_path / "none.json", "there is no such file")):
        with pytest.raises(PainGeneratorError, match=said):
            load_protocol("low-back", file)


def test_the_form_of_the_shipped_files_is_the_one_that_is_read() -> None:
    for file in PROTOCOLS_FOLDER.glob("*.json"):
        assert json.loads(file.read_text(encoding="utf-8"))["schema"] == SCHEMA


def test_an_unknown_parameter_is_answered_with_near_misses_and_not_with_all_names() -> None:
    for name in ("nonsense", "evidence.nonsense", "hot_spots.sensitvity", "fusion.bra"):
        with pytest.raises(PainGeneratorError) as caught:
            load_protocol("low-back").with_values({name: 1})
        assert len(caught.value.advice) < 400
    assert "Did you mean fusion.bar?" in caught.value.advice


def test_a_protocol_of_another_version_is_refused() -> None:
    protocol = load_protocol("low-back")
    stages = {**protocol.stages, "fusion": {}}
    with pytest.raises(PainGeneratorError, match="does not fit this version"):
        type(protocol)("low-back", stages).stage("fusion", FusionParameters)


def test_the_shipped_files_say_which_group_they_are_for() -> None:
    for group in tuple(Group):
        assert json.loads((PROTOCOLS_FOLDER / f"{group}.json").read_text(encoding="utf-8"))["group"] == group


def test_parameters_of_a_part_of_a_stage_are_nested_and_fill_its_own_dataclass() -> None:
    number = {"value": 2.0, "unit": "mm", "minimum": 0.0, "maximum": 9.0, "source": "a test", "description": "a size"}
    words = {"value": [], "unit": "", "choices": ["first", "second"], "source": "a test", "description": "rules"}
    protocol = Protocol("low-back", {"stage": {"size_mm": number, "part": {"size_mm": number, "off": words}}})
    changed = protocol.with_values({"stage.part.size_mm": "3.5", "stage.part.off": "second, first"})
    assert changed.stage("stage", StageParameters) == StageParameters(2.0, PartParameters(3.5, ("second", "first")))
    assert changed.changed == ("stage.part.off", "stage.part.size_mm")
    assert [name for name, _ in changed.entries()] == ["stage.size_mm", "stage.part.size_mm", "stage.part.off"]
    assert changed.values() == {"stage": {"size_mm": 2.0, "part": {"size_mm": 3.5, "off": ["second", "first"]}}}
    assert protocol.value("stage.part.size_mm") == 2.0
    with pytest.raises(PainGeneratorError, match=r"no parameter 'stage\.part'"):
        protocol.value("stage.part")
    with pytest.raises(PainGeneratorError, match="a list of: first, second"):
        protocol.with_values({"stage.part.off": "third"})


@dataclasses.dataclass(frozen=True)
class PartParameters:
    """Parameters of a part of a stage."""

    size_mm: float
    off: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class StageParameters:
    """Parameters of a stage with a part."""

    size_mm: float
    part: PartParameters


@pytest.mark.parametrize(
    ("changes", "upper", "lower"),
    [
        ({"fusion.ramps.tbr_full": 1.2}, "tbr_full", "tbr_none"),
        ({"fusion.ramps.tbr_none": 1.0}, "tbr_none", "tbr_absent"),
        ({"fusion.ramps.asymmetry_none": 2.0}, "asymmetry_full", "asymmetry_none"),
        ({"fusion.symptom.near_mm": 40.0, "fusion.symptom.far_mm": 40.0}, "far_mm", "near_mm"),
    ],
)
def test_values_between_which_points_rise_have_to_rise(changes: dict[str, float], upper: str, lower: str) -> None:
    with pytest.raises(PainGeneratorError, match=rf"{upper}' \(.*above.*{lower}'"):
        load_protocol("low-back").with_values(changes)


def test_values_between_which_points_rise_are_changed_together() -> None:
    changed = load_protocol("low-back").with_values({"fusion.ramps.tbr_none": 2.5, "fusion.ramps.tbr_full": 3.5})
    assert changed.value("fusion.ramps.tbr_none") == 2.5
