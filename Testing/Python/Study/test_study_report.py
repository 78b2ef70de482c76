"""The report of a study: what it says agrees with results.json, and nothing is filled in."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PainGeneratorLib.Headless.cli import BAD_INPUT, DONE, main
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError
from PainGeneratorLib.Study.counts import FIRST_STUDY, possible_counts
from PainGeneratorLib.Study.records import StudyData
from PainGeneratorLib.Study.registry import Registry
from PainGeneratorLib.Study.report_files import write_study_report
from PainGeneratorLib.Study.report_words import p_word, percent, written
from PainGeneratorLib.Study.results import study_results
from PainGeneratorLib.Study.simulated import simulated_study
from PainGeneratorLib.Study.statistics.missing import missing_outcomes
from PainGeneratorLib.Study.success import SuccessRule


@pytest.fixture(scope="module")
def study() -> StudyData:
    return simulated_study()


@pytest.fixture(scope="module")
def report(study: StudyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("simulated")
    write_study_report(study_results(study, SuccessRule("nrs-30", True)), folder)
    return folder


@pytest.fixture(scope="module")
def first_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("first") / "report"
    assert main(["study", "demo", "--output", str(folder), "--quiet"]) == DONE
    return folder


class Page(HTMLParser):
    """Collects the numbers with their values, and the text that is no number of the results."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[tuple[float, str]] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.policy = ""
        self._value: str | None = None
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"] or ""
        if tag == "data":
            self._value = known["value"]
        if tag in ("style", "script"):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._depth -= 1
        if tag == "data":
            self._value = None

    def handle_data(self, data: str) -> None:
        if self._value is not None:
            self.numbers.append((float(self._value), data))
        elif not self._depth:
            self.text.append(data)


def read_page(folder: Path) -> Page:
    page = Page()
    page.feed((folder / "report.html").read_text(encoding="utf-8"))
    return page


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


STATED = re.compile(r"95\s%|5 %|0 to 100?|PGIC 1 or 2|0 or 100 %|\(\d{4}\)|results\.json|method 10|AC1|kg/m²")
"""Numbers of the page that are no result: coverage, level, ranges of scores, years and methods of the sources."""


@pytest.mark.parametrize("name", ["report", "first_report"])
def test_every_number_of_the_page_is_in_results_json(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    known = {float(one) for one in leaves(results) if isinstance(one, int | float) and not isinstance(one, bool)}
    page = read_page(folder)
    assert len(page.numbers) > 50
    assert {value for value, _ in page.numbers} <= known
    for value, text in page.numbers:
        assert text in {
            str(int(value)), percent(value).replace(" ", "\u00a0"), f"{int(value)} %", p_word(value),
            *(written(factor * value, digits) for factor in (1, 100) for digits in (0, 1, 2)),
            written(abs(100 * value), 0),
        }  # fmt: skip
    texts = [one for one in leaves(results) if isinstance(one, str) and one]
    rest = " ".join(page.text)
    for one in sorted(texts, key=len, reverse=True):
        rest = rest.replace(one, " ")
    stated = STATED.sub(" ", rest)
    assert re.findall(r"[^\n]{0,30}\d[^\n]{0,30}", stated) == []


@pytest.mark.parametrize("name", ["report", "first_report"])
def test_the_page_loads_nothing_and_runs_nothing(name: str, request: pytest.FixtureRequest) -> None:
    page = read_page(request.getfixturevalue(name))
    assert page.links
    assert all(link.startswith("data:image/svg+xml;base64,") for link in page.links)
    assert page.policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in page.policy
    assert "script" not in page.policy


def test_the_first_study_gives_its_percentages_and_tests(first_report: Path) -> None:
    found = json.loads((first_report / "results.json").read_text(encoding="utf-8"))
    back, hip = (found["success"][name]["comparison"] for name in ("low-back", "hip-replacement"))
    shares = [
        tuple(round(100 * one[key]) for key in ("share", "low", "high"))
        for one in (back["first"], back["second"], hip["first"], hip["second"])
    ]
    assert shares == [(71, 45, 88), (46, 23, 71), (67, 35, 88), (40, 12, 77)]
    assert (round(back["fisher_p"], 2), round(hip["fisher_p"], 2)) == (0.25, 0.58)
    assert (found["detection"]["all"]["count"], found["detection"]["all"]["total"]) == (27, 33)
    assert back["needed_to_treat"]["spans_infinity"]
    text = " ".join(read_page(first_report).text)
    assert "These are small numbers" in text
    assert "Its rule of success and its time of follow-up are not known" in text


def test_percentages_without_counts_get_no_test_but_the_counts_they_can_come_from() -> None:
    # 33 % of at most 23: a third of 3 to 21. 45 % of at most 18: only 5 of 11, so not of all 18 patients.
    assert possible_counts(33, 23) == [(1, 3), (2, 6), (3, 9), (4, 12), (5, 15), (6, 18), (7, 21)]
    assert possible_counts(45, 18) == [(5, 11)]
    found = study_results(FIRST_STUDY)["percentages"][0]
    assert not {"fisher_p", "low", "high"} & set(found)


def test_a_simulated_study_says_so_and_another_does_not(report: Path, first_report: Path) -> None:
    assert "no patient of this report exists" in " ".join(read_page(report).text)
    assert "no patient of this report exists" not in " ".join(read_page(first_report).text)


def test_every_patient_is_visible_in_the_figures(report: Path) -> None:
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    lines = (report / "scores-over-time.svg").read_text(encoding="utf-8")
    for one in results["patients"]:
        assert (f'id="patient-{one["pseudonym"]}"' in lines) or not one["scores"]
    marks = re.findall(r'id="patient-\d+-\d+"', (report / "success.svg").read_text(encoding="utf-8"))
    assert len(marks) == len(results["patients"])


def test_missing_outcomes_are_counted_and_never_filled_in(study: StudyData) -> None:
    known = study_results(study, SuccessRule("nrs-30"))
    patients = {one["pseudonym"]: one for one in known["patients"]}
    lost = next(
        one for one in study.patients
        if one.follow_ups[-1].time_point == "6 weeks" and patients[one.pseudonym]["arm"] == "guided"
    )  # fmt: skip
    assert patients[lost.pseudonym]["success"] is None
    assert patients[lost.pseudonym]["why_unknown"] == "no record at 3 months"
    total = sum(
        one["comparison"][place]["total"] + one["missing"][arm]
        for one in known["success"].values()
        for arm, place in (("guided", "first"), ("control", "second"))
    )
    assert total == len(study.patients)


def test_patients_count_in_the_arm_they_were_assigned_to(study: StudyData) -> None:
    from PainGeneratorLib.Study.words import Arm

    one = next(one for one in study.patients if one.arm == Arm.GUIDED and one.treatments)
    crossed = dataclasses.replace(one.treatments[0], arm=Arm.CONTROL)
    changed = dataclasses.replace(study, patients=(dataclasses.replace(one, treatments=(crossed,)),))
    found = study_results(changed)
    assert found["patients"][0]["arm"] == "guided"
    assert found["flow"]["arms"]["guided"]["crossed"] == 1
    without = dataclasses.replace(study, patients=(dataclasses.replace(one, arm=None, treatments=(crossed,)),))
    assert study_results(without)["patients"][0]["arm"] == "control"


def test_a_score_without_a_place_in_time_is_said_to_be_left_out(study: StudyData, tmp_path: Path) -> None:
    one = study.patients[0]
    odd = dataclasses.replace(one.follow_ups[-1], time_point="at the end")
    changed = dataclasses.replace(one, follow_ups=(*one.follow_ups[:-1], odd))
    results = study_results(dataclasses.replace(study, patients=(changed, *study.patients[1:])))
    assert results["scores_left_out"] == 1
    assert results["patients"][0]["times_left_out"] == ["at the end"]
    write_study_report(results, tmp_path)
    assert "Left out here:" in " ".join(read_page(tmp_path).text)


def test_best_and_worst_case_and_the_tipping_point_by_hand() -> None:
    # 9 of 10 against 3 of 10 is p 0.0198; with four missing controls that all succeeded it is 9 of 10 against 7 of 14.
    found = missing_outcomes((9, 10, 0), (3, 10, 4))
    assert found["known"]["fisher_p"] == pytest.approx(0.0198, abs=1e-4)
    assert (found["worst"]["second"]["count"], found["worst"]["second"]["total"]) == (7, 14)
    assert (found["best"]["second"]["count"], found["best"]["second"]["total"]) == (3, 14)
    values = found["grid"][0]
    turned = [j for j, p in enumerate(values) if p >= 0.05]
    assert found["tipping"] == {"first": 0, "second": min(turned)}


def test_an_empty_study_and_one_without_arms_make_a_report(study: StudyData, tmp_path: Path) -> None:
    without = tuple(dataclasses.replace(one, arm=None, treatments=()) for one in study.patients[:3])
    for number, patients in enumerate(((), without)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_study_report(study_results(StudyData("Small", patients)), folder)
        assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_time_that_no_record_has_is_refused_with_those_there_are(study: StudyData) -> None:
    with pytest.raises(PainGeneratorError, match="6 weeks, 3 months, 6 months"):
        study_results(study, SuccessRule(), "9 weeks")


def test_the_tables_hold_what_results_json_holds(report: Path) -> None:
    results = json.loads((report / "results.json").read_text(encoding="utf-8"))
    with (report / "success.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["group"] for row in rows] == list(results["success"])
    for row in rows:
        found = results["success"][row["group"]]["comparison"]
        assert float(row["guided_share"]) == found["first"]["share"]
        assert float(row["difference_low"]) == found["difference"]["low"]
        assert float(row["fisher_p"]) == found["fisher_p"]
    with (report / "patients.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(results["patients"])


def test_the_same_study_makes_the_same_files(study: StudyData, report: Path, tmp_path: Path) -> None:
    write_study_report(study_results(study, SuccessRule("nrs-30", True)), tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (report / path.name).read_bytes(), path.name


def test_a_registry_becomes_a_report_and_a_plan(study: StudyData, tmp_path: Path) -> None:
    address = str(tmp_path / "study.sqlite")
    registry = Registry.create(address, "Small study", "tester")
    with registry.writing("tester") as writer:
        for one in study.patients[:12]:
            writer.add_patient(one)
    words = ["study", "report", address, "--at", "3 months", "--rule", "pgic", "--quiet"]
    assert main([*words, "--output", str(tmp_path / "report")]) == DONE
    found = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    here = study_results(dataclasses.replace(study, patients=study.patients[:12]), SuccessRule("pgic"), "3 months")
    assert found["success"] == json.loads(json.dumps(here["success"]))
    assert (found["name"], found["simulated"], found["rule"]["name"]) == ("Small study", False, "pgic")
    assert main(["study", "plan", address, "--at", "3 months", "--quiet", "--output", str(tmp_path / "plan")]) == DONE
    assert main([*words, "--output", str(tmp_path / "report")]) == BAD_INPUT


def test_a_plan_is_written_and_impossible_wishes_are_refused(tmp_path: Path) -> None:
    words = ["study", "plan", "--quiet", "--output", str(tmp_path / "plan")]
    assert main([*words, "--guided", "60", "--control", "40"]) == DONE
    found = json.loads((tmp_path / "plan" / "results.json").read_text(encoding="utf-8"))
    assert found["planning"]["As given"]["patients"] == 194
    assert main([*words[:-1], str(tmp_path / "other"), "--guided", "60"]) == BAD_INPUT
    assert not (tmp_path / "other").exists()
    with pytest.raises(SystemExit):
        main([*words, "--guided", "160", "--control", "40"])
