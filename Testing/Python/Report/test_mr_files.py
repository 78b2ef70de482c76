"""``mr-findings.json`` and ``mr-findings.csv``: no MR finding is in no file."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PainGeneratorLib.Numerics.core.image import Image
from PainGeneratorLib.Numerics.core.records import Candidate, MRFinding, Place
from PainGeneratorLib.Numerics.mr.findings import MRResult
from PainGeneratorLib.Numerics.mr.implant import ImplantResult
from PainGeneratorLib.Report.mr_files import mr_findings_csv, mr_findings_json, three_lists
from report_examples import ball_region, example_candidates, mr_geometry


def finding(label: int, center: tuple[float, float, float], kind: str = "oedema", **changes: Any) -> MRFinding:
    region = ball_region(mr_geometry(), center, 6.0)
    made = MRFinding(label, kind, region, region.centroid_ras_mm, region.volume_ml, 4.2, None, "FLUID", 0.66)
    return dataclasses.replace(made, **changes)


def result(findings: Sequence[MRFinding], weak: Sequence[MRFinding] = (), usual: Sequence[MRFinding] = ()) -> MRResult:
    tissues = Image(np.zeros(mr_geometry().shape, np.uint8), mr_geometry())
    return MRResult(
        list(findings), tissues, ImplantResult(None, None, None), weak=list(weak), usual=list(usual),
        not_listed={"too small (vein)": 3},
    )  # fmt: skip


def entry(one: MRFinding, **changes: Any) -> Candidate:
    return dataclasses.replace(example_candidates()[0], mr_findings=[one], **changes)


def place_of(_region: Any) -> Place:
    return Place("left multifidus", "muscle", "left", "L4")


IN_LIST, APART, WEAK, USUAL, LOST = (
    finding(1, (-18, -32, 975)),
    finding(2, (6, 18, 1010)),
    finding(0, (20, -30, 960), flags=["weak"]),
    finding(0, (-20, -30, 940), usual="a sacral nerve root", rule="root"),
    finding(3, (0, 18, 990), kind="implant artefact", z=None),
)


def content() -> dict[str, Any]:
    lists = three_lists([entry(IN_LIST, id="PG-01")], [entry(APART, id="PG-07", rank=2, reason="Too little.")], [])
    return mr_findings_json({}, result([IN_LIST, APART, LOST], [WEAK], [USUAL]), lists, place_of)


def test_every_finding_stands_there_with_its_list_or_the_reason_why_it_is_in_none() -> None:
    found = content()["findings"]
    assert [(one["counts_as"], one["list"], one["entry_id"]) for one in found] == [
        ("finding", "candidates", "PG-01"),
        ("finding", "set_apart", "PG-07"),
        ("finding", None, None),
        ("weak", None, None),
        ("usual", None, None),
    ]
    reasons = [one["reason"] for one in found]
    assert reasons[:2] == [None, "Too little."]
    assert reasons[2].startswith("The signal void of an implant")
    assert reasons[3].startswith("Too faint on MR")
    assert reasons[4].startswith("Taken for normal anatomy")
    assert found[3]["name"] == "left multifidus"
    assert found[4]["usual"] == "a sacral nerve root"


def test_what_is_in_no_list_at_all_is_counted_with_its_rule() -> None:
    assert content()["not_listed"] == [{"what": "too small (vein)", "count": 3}]


def test_findings_with_a_segment_name_it() -> None:
    assert [one["segment"] for one in content()["findings"]] == ["mr-1", "mr-2", "mr-3", None, None]


def test_the_csv_has_the_rows_of_the_json_with_unknown_values_empty() -> None:
    found = content()["findings"]
    rows = list(csv.DictReader(io.StringIO(mr_findings_csv(found), newline="")))
    assert [row["entry_id"] for row in rows] == ["PG-01", "PG-07", "", "", ""]
    assert rows[0]["kind"] == "edema"
    assert rows[2]["z"] == ""
    assert rows[3]["flags"] == "weak"
    assert float(rows[1]["centroid_ras_mm_s"]) == found[1]["centroid_ras_mm"][2]


def test_a_case_without_findings_has_the_same_columns() -> None:
    empty, full = mr_findings_csv([]), mr_findings_csv(content()["findings"])
    assert empty.splitlines() == full.splitlines()[:1]


def test_a_finding_whose_entry_was_redrawn_is_still_known_and_one_whose_entry_is_gone_says_so() -> None:
    copied = dataclasses.replace(IN_LIST, grade=1.0)
    lists = three_lists([entry(copied)], [], [])
    rows = mr_findings_json({}, result([IN_LIST, APART]), lists)["findings"]
    assert rows[0]["list"] == "candidates"
    assert rows[1]["reason"].startswith("No entry holds it any more")
    assert rows[1]["name"] is None
