"""The table of sites in files, report and words: right order, right sides, nothing silent, nothing invented."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import io
import json
import re

import pytest
from PainGeneratorLib.Numerics.body.renaming import CONTRADICTION
from PainGeneratorLib.Numerics.core import site_columns
from PainGeneratorLib.Numerics.core.measures import Measure
from PainGeneratorLib.Numerics.core.records import Candidate, LedgerEntry, Place
from PainGeneratorLib.Numerics.core.site_order import in_reading_order, level_height
from PainGeneratorLib.Numerics.core.site_reading import (
    EXPLANATIONS,
    is_raised,
    raised_word,
    tissue_words,
    uptake_reason,
)
from PainGeneratorLib.Numerics.core.sites import InterfacePattern, InterfaceZone, SiteRow, SiteState, SiteTable
from PainGeneratorLib.Numerics.fusion import site_verdict
from PainGeneratorLib.Numerics.fusion.anchors import anchored
from PainGeneratorLib.Numerics.fusion.site_norms import norm_of
from PainGeneratorLib.Numerics.fusion.site_parameters import SiteParameters
from PainGeneratorLib.Numerics.fusion.site_uptake import SiteUptake
from PainGeneratorLib.Numerics.fusion.site_verdict import SiteEvidence, judge
from PainGeneratorLib.Report import words
from PainGeneratorLib.Report.content import ReportCase
from PainGeneratorLib.Report.report import report_html
from PainGeneratorLib.Report.site_files import sites_csv, sites_json
from PainGeneratorLib.Report.site_text import conclusion, level_texts, terminal_line
from PainGeneratorLib.Report.site_words import and_list, clause
from PainGeneratorLib.Report.tables import candidates_csv, text_table
from PainGeneratorLib.Report.words import title
from PainGeneratorLib.Scene.tables import site_columns as scene_columns
from PainGeneratorLib.Workflow.level_words import LEVEL_WORDS, level_sentences
from PainGeneratorLib.Workflow.protocol import load_protocol
from report_examples import (
    attention_examples,
    example_candidates,
    example_site_table,
    hip_site_table,
    normal_site_table,
    plain_content,
    site_row,
    with_rows,
)


@pytest.fixture
def found() -> list[Candidate]:
    return example_candidates()


def rows_of(table: SiteTable) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sites_csv(table), newline="")))


def page(table: SiteTable, candidates: list[Candidate]) -> str:
    return report_html(dataclasses.replace(plain_content(candidates), sites=table))


def texts(table: SiteTable, candidates: list[Candidate]) -> dict[str, str]:
    return {part.level: part.text for part in level_texts(table, candidates)}


def cell_text(cell: str) -> str:
    """The text of a piece of HTML, its lines joined by spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", cell).replace("\u00a0", " ").split())


def cells(html: str, level: str) -> list[str]:
    """The cells of one row of the report's tables of sites."""
    row = re.search(rf'<tr><th scope="row">{re.escape(level)}</th>(.*?)</tr>', html, re.DOTALL)
    assert row is not None
    return [cell_text(cell) for cell in re.findall(r"<td.*?</td>", row[1], re.DOTALL)]


# --- order


def test_sites_are_read_from_above_downward_and_right_before_left() -> None:
    names = [row.site.name for row in in_reading_order(normal_site_table().rows)]
    assert names[0] == "vertebral body T12"
    assert names.index("disc L1/L2") < names.index("vertebral body L2") < names.index("disc L2/L3")
    assert names.index("right facet joint L4/L5") + 1 == names.index("left facet joint L4/L5")
    assert names.index("disc L5/S1") < names.index("sacrum") < names.index("right iliac crest")


def test_zones_are_read_by_number_after_the_structures() -> None:
    names = [row.site.name for row in in_reading_order(hip_site_table().rows)]
    zones = [name for name in names if "Gruen" in name]
    assert [name[-1] for name in zones] == ["1", "2", "7"]
    assert names.index("right femoral head") < names.index(zones[0])


@pytest.mark.parametrize(
    ("above", "below"), [("T12", "T12/L1"), ("T13", "L1"), ("L5", "L5/L6"), ("L5/L6", "L6"), ("L6/S1", None)]
)
def test_levels_of_transitional_anatomy_have_their_place(above: str, below: str | None) -> None:
    assert level_height(above) < level_height(below)


# --- files


def test_what_is_not_known_is_an_empty_cell_and_null_and_never_0() -> None:
    table = example_site_table()
    row = next(row for row in rows_of(table) if row["name"] == "right psoas T12/L1")
    assert (row["state"], row["reasons"]) == ("not assessable", "Outside the field of view of the PET.")
    unknown = ("raised", "suv_peak", "suv_max", "ratio", "side_ratio", "level_z", "signal_t1", "z_fluid", "norm_mean")
    assert [row[key] for key in unknown] == [""] * len(unknown)
    site = next(s for s in sites_json({}, table, [])["sites"] if s["name"] == "right psoas T12/L1")
    assert [site[key] for key in unknown] == [None] * len(unknown)


def test_the_json_holds_the_site_with_units_codes_norm_and_certainty(found: list[Candidate]) -> None:
    content = sites_json({"group": "low-back"}, example_site_table(), found)
    assert content == json.loads(json.dumps(content, allow_nan=False))
    assert content["schema"] == 1
    assert content["counts"] == {"sites": 121, "measured": 116, "not_assessable": 5, "abnormal": 4, "raised": 3}
    assert content["levels"]["certainty"] == "likely"
    assert "Counted from the sacrum." in content["levels"]["reasons"]
    columns = {column["key"]: column for column in content["columns"]}
    assert columns["suv_peak"]["ucum"] == "g/ml{SUVbw}"
    assert (columns["suv_peak"]["quantity"]["value"], columns["suv_peak"]["modifier"]["value"]) == ("126401", "126031")
    disc = next(site for site in content["sites"] if site["name"] == "disc L4/L5")
    assert (disc["suv_peak"], disc["level_ratio"], disc["raised"]) == (1.9, 1.84, "yes")
    assert (disc["norm_mean"], disc["norm_sd"], disc["norm_source"]) == (0.69, 0.15, "PMC9322590")
    assert disc["codes"]["structure"] == {"scheme": "SCT", "value": "84020006", "meaning": "L4/L5 disc"}
    assert (disc["level_certainty"], disc["signal_fluid"], disc["z_t1"]) == ("likely", 95.0, None)
    assert disc["center_ras_mm"] == [0.0, 10.0, 20.0]
    assert disc["ellipsoid"]["half_axes_mm"] == [5.0, 6.0, 7.0]
    assert set(content["sites"][0]) == {*columns, "codes", "ellipsoid"}


def test_the_csv_has_the_columns_of_the_json_with_codes_and_the_same_header_without_sites() -> None:
    rows = rows_of(example_site_table())
    assert rows[0]["side_code"] == "SCT^261129000^Midline"
    facet = next(row for row in rows if row["name"] == "left facet joint L4/L5")
    assert facet["candidates"] == "PG-01"
    assert facet["mr_signs"] == "effusion or synovitis"
    assert sites_csv(SiteTable()).strip() == sites_csv(example_site_table()).splitlines()[0]


def test_a_new_column_appears_in_files_and_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    column = Measure("glow", "Glow", lambda row: None if row.suv_max is None else row.suv_max - row.suv_mean, "Glow.")
    monkeypatch.setattr(site_columns, "SITE_COLUMNS", (*site_columns.SITE_COLUMNS, column))
    assert float(rows_of(normal_site_table())[0]["glow"]) == pytest.approx(0.48)
    assert sites_json({}, normal_site_table(), [])["sites"][0]["glow"] == pytest.approx(0.48)
    assert scene_columns()[-1].key == "glow"


# --- what raised means


def test_a_site_is_raised_for_its_uptake_and_not_for_mr_or_a_candidate_alone() -> None:
    raised = {row.site.name for row in example_site_table().rows if is_raised(row)}
    assert raised == {"disc L4/L5", "left facet joint L4/L5", "interspinous space L3/L4"}
    reasons = (uptake_reason(2.0, "the left side"),)
    assert is_raised(site_row("sacrum", "sacrum", "midline", None, 2.0, state="abnormal", reasons=reasons))
    assert raised_word(site_row("sacrum", "sacrum", "midline", None, None)) is None
    only = site_row("sacrum", "sacrum", "midline", None, 2.0, state="abnormal", reasons=("Candidate PG-01.",))
    assert not is_raised(only)


def test_what_the_stage_calls_raised_is_shown_as_raised_and_what_it_explains_is_not(found: list[Candidate]) -> None:
    """The sentences of the verdict are those that the outputs read."""
    site = normal_site_table().rows[0].site
    parameters = load_protocol("low-back").stage("sites", SiteParameters)
    uptake = SiteUptake(1.0, 4.0, 3.0, 3.6, False, 0, 0, 3.6)
    evidence = SiteEvidence(site=site, uptake=uptake, ratio=4.0, reference_name="marrow", side_ratio=3.0)
    for case, raised in (
        (evidence, True),
        (dataclasses.replace(evidence, ratio=1.0, side_ratio=1.0, signs=("oedema",)), False),
        (dataclasses.replace(evidence, ratio=1.0, side_ratio=1.0), False),
    ):
        state, reasons = judge(case, parameters)
        assert is_raised(SiteRow(site, str(state), reasons, suv_peak=3.6)) is raised, reasons
    assert judge(dataclasses.replace(evidence, signs=("oedema",)), parameters)[1][-1] == "Edema on MR."
    here = dataclasses.replace(found[0], place=Place(site.name, site.structure, site.side, site.level, site.zone))
    row = SiteRow(site, str(SiteState.NORMAL), (), suv_peak=3.6)
    (with_candidate,) = anchored(SiteTable((row,)), [here]).rows
    assert with_candidate.state == SiteState.ABNORMAL
    assert not is_raised(with_candidate)


# --- text per level


def test_the_text_of_a_level_says_uptake_mr_candidate_and_the_rest(found: list[Candidate]) -> None:
    said = texts(example_site_table(), found)
    assert said["L4/L5"] == (
        "Disc: uptake 1.8 times that of the other discs (SUVpeak 1.9); no MR finding. "
        "Left facet joint: uptake 2.2 times that of the other facet joints and 1.6 times that of its partner on "
        "the right side (SUVpeak 2.4); effusion or synovitis on MR (candidate 1). The other 11 sites are normal."
    )
    assert said["L3/L4"].startswith("Interspinous space: uptake 2.1 times that of the blood pool (SUVpeak 1.7); not")
    assert "Modic I and edema on MR (candidate 3)" in said["L2/L3"]
    assert said["L5/S1"] == "All 13 sites are normal."


def test_a_candidate_at_the_rim_of_its_site_is_described_by_its_own_signs(found: list[Candidate]) -> None:
    table = example_site_table()
    row = next(row for row in table.rows if found[0].id in row.candidates)
    rim = dataclasses.replace(row, mr_signs=(), reasons=("Candidate PG-01.",), suv_peak=0.9, ratio=0.8)
    rows = tuple(rim if each is row else each for each in table.rows)
    said = texts(dataclasses.replace(table, rows=rows), found)["L4/L5"]
    assert "Left facet joint: candidate 1, raised uptake and effusion or synovitis on MR; at the site itself: " in said
    assert "SUVpeak 0.9, 0.8 times that of" in said
    assert "no MR finding (candidate" not in said


def test_the_text_names_what_could_not_be_assessed_and_what_was_taken_for_normal(found: list[Candidate]) -> None:
    said = texts(example_site_table(), found)
    assert said["T12/L1"] == (
        "Not assessable: right and left psoas (outside the field of view of the PET). The other 11 sites are normal."
    )
    assert said["L4"] == (
        "Taken for normal: left pedicle (uptake of left facet joint L4/L5 reaches here). The other 5 sites are normal."
    )


def test_a_level_without_any_site_that_could_be_assessed_gives_the_reason_once() -> None:
    rows = [site_row(f"{side} psoas L1/L2", "psoas", side, "L1/L2", None) for side in ("left", "right")]
    assert texts(SiteTable(tuple(rows)), []) == {"L1/L2": "Not assessable: outside the field of view of the PET."}


def test_hips_are_read_side_by_side_with_their_zones() -> None:
    said = texts(hip_site_table(), [])
    assert list(said) == ["Right hip", "Left hip"]
    assert "Acetabulum at the cup, DeLee-Charnley II: uptake 3.2 times" in said["Right hip"]


def test_zones_that_could_not_be_assessed_are_listed_by_number() -> None:
    reasons = ("Next to the implant.", "Uptake of the bladder reaches here.")
    rows = [
        site_row(f"right femur beside the stem, Gruen {n}", "femur", "right", None, None, zone=f"Gruen {n}")
        for n in (7, 1, 3, 4, 5)
    ]
    rows.append(site_row("right stem tip", "stem tip", "right", None, 1.0))
    rows = [row if row.suv_peak else dataclasses.replace(row, reasons=reasons) for row in rows]
    assert texts(SiteTable(tuple(rows)), []) == {
        "Right hip": "Not assessable: femur beside the stem, Gruen 1, 3 to 5, 7 (next to the implant). "
        "The other site is normal."
    }


def test_a_weak_sign_keeps_its_remark_and_its_american_word() -> None:
    row = site_row(
        "sacrum", "sacrum", "midline", None, 2.0, state="abnormal", mr_signs=("oedema (weak)",),
        reasons=(uptake_reason(2.0, "marrow"),),
    )  # fmt: skip
    assert "edema (weak) on MR" in texts(SiteTable((row,)), [])["Pelvis"]


# --- conclusion


def sentences(text: str) -> int:
    return len(re.findall(r"[.](?:\s|$)", text))


def test_the_conclusion_names_counts_raised_sites_the_strongest_candidate_and_its_level(
    found: list[Candidate],
) -> None:
    said = conclusion(example_site_table(), found)
    assert said == (
        "The strongest of 3 candidate pain generators is candidate 1, facet joint L4/L5, left: raised uptake and "
        "effusion or synovitis on MR (strong evidence). Uptake is raised at 4 places: facet joint L4/L5, left "
        "(candidate 1); erector spinae, right (candidate 2); interspinous space L3/L4 (no candidate); and disc L4/L5 "
        "(no candidate); at one more, MR alone shows a finding. 116 sites were measured; 5 could not be assessed "
        "(mostly outside the field of view of the PET). The levels are likely, but not certain. "
        "A candidate is a place to look at, not a diagnosis."
    )


@pytest.mark.parametrize("certainty", ["certain", "likely", "uncertain"])
def test_the_conclusion_is_two_to_five_sentences_and_never_says_more_than_is_known(
    certainty: str, found: list[Candidate]
) -> None:
    for table in (example_site_table(certainty), normal_site_table(certainty), hip_site_table(), SiteTable()):
        for candidates in ([], found[:1], found):
            said = conclusion(table, candidates)
            assert 2 <= sentences(said) <= 5, said
            assert "None" not in said
            assert "nan" not in said
            assert "diagnosis" not in said or "not a diagnosis" in said


def test_without_anything_raised_the_conclusion_says_what_is_not_excluded() -> None:
    assert conclusion(normal_site_table(), []) == (
        "No candidate pain generator was found. No site shows raised uptake. 121 sites were measured. "
        "This does not exclude a pain generator: small or faint ones, and those outside of the images, are missed."
    )


def test_one_site_is_not_spoken_of_in_the_plural() -> None:
    row = site_row("sacrum", "sacrum", "midline", None, 2.0, state="abnormal", reasons=(uptake_reason(2.0, "marrow"),))
    said = conclusion(SiteTable((row,)), [])
    assert "Uptake is raised at one place, the sacrum. 1 site was measured." in said


def test_an_unaligned_case_is_said_to_be_unmeasured() -> None:
    rows = tuple(
        dataclasses.replace(row, state="not assessable", reasons=("PET and MR are not aligned.",), suv_peak=None)
        for row in normal_site_table().rows
    )
    said = conclusion(SiteTable(rows), [])
    assert "None of the 121 sites could be assessed (PET and MR are not aligned)." in said
    assert "raised" not in said


def test_candidates_that_the_reader_set_aside_are_not_the_strongest(found: list[Candidate]) -> None:
    for candidate in found:
        candidate.status = "rejected"
    assert "All candidates were set aside on review." in conclusion(normal_site_table(), found)


def test_the_conclusion_links_each_raised_site_to_its_candidate(found: list[Candidate]) -> None:
    table = example_site_table()
    spot = found[1].hot_spots[0]
    (space,) = [row for row in table.rows if row.site.name == "interspinous space L3/L4"]
    there = dataclasses.replace(space, site=dataclasses.replace(space.site, center_ras=spot.centroid_ras_mm))
    table = with_rows(table, there)
    assert "interspinous space L3/L4 (part of candidate 2)" in conclusion(table, found)
    assert "not seen on MR (part of candidate 2)." in texts(table, found)["L3/L4"]
    found[0].status = "rejected"
    said = conclusion(table, found)
    assert "left facet joint L4/L5 (candidate 1, set aside on review)" in said
    assert "facet joint L4/L5, left (candidate 1)" not in said


def test_the_conclusion_says_that_the_reader_removed_all_candidates(found: list[Candidate]) -> None:
    said = conclusion(example_site_table(), [], removed=found)
    assert "All candidates were removed from the list on review." in said
    assert "left facet joint L4/L5 (candidate removed on review)" in said
    assert "No candidate pain generator was found." not in said


def test_raised_uptake_is_said_with_the_comparisons_that_make_it_raised(found: list[Candidate]) -> None:
    texts_of = (
        ("uptake", "Uptake 1.1 times that of marrow within 7 cm, and 2.1 times that of its surroundings.", 0.9),
        (
            "above_other_levels",
            "Uptake 1.6 times that of the same place at the other levels (z +7.2 in this scan).",
            4,
        ),
        ("asymmetry", "Uptake 1.0 times that of the other side.", -1.0),
    )
    ledger = tuple(LedgerEntry(sign, "pet", text, None, points, "") for sign, text, points in texts_of)
    said = words.sentence(dataclasses.replace(found[0], tbr=1.09, ledger=ledger))
    assert (
        "1.09 times the reference tissue; 2.1 times its surroundings; 1.6 times the same place at the other levels)"
    ) in said


def test_a_long_list_of_raised_sites_is_cut_and_counted() -> None:
    rows = tuple(
        dataclasses.replace(row, state="abnormal", reasons=(uptake_reason(2.0, "marrow"),))
        for row in normal_site_table().rows[:12]
    )
    assert ", and 7 more." in conclusion(with_rows(normal_site_table(), *rows), [])


# --- levels


def test_uncertain_levels_are_said_in_report_conclusion_table_and_terminal(found: list[Candidate]) -> None:
    table = example_site_table("uncertain")
    assert f'class="box stop"><p><strong>{LEVEL_WORDS["uncertain"]}' in page(table, found)
    assert "The levels are uncertain and have to be checked on the images" in conclusion(table, found)
    assert terminal_line(table).endswith("levels uncertain: counted from the sacrum.")


def test_the_conclusion_tells_of_uncertain_levels_when_a_site_but_no_candidate_has_one(found: list[Candidate]) -> None:
    said = conclusion(example_site_table("uncertain"), found[1:2])
    assert "The levels are uncertain" in said
    assert "The levels are" not in conclusion(normal_site_table("uncertain"), found[1:2])


def test_parentheses_in_a_reason_stand_after_a_comma() -> None:
    row = site_row("sacrum", "sacrum", "midline", None, 2.0, reasons=("Physiologic uptake (kidney: near).",))
    assert texts(SiteTable((row,)), [])["Pelvis"] == ("Taken for normal: sacrum (physiologic uptake, kidney: near).")


def test_a_candidate_with_an_uncertain_level_says_so_beside_its_name(found: list[Candidate]) -> None:
    first = found[0]
    first.place = Place(first.place.name, "facet joint", "left", "L4/L5", flags=("level-uncertain",))
    html = page(SiteTable(), found)
    assert words.title(first).endswith(", level uncertain")
    assert "1. Facet joint L4/L5, left, level uncertain " in html
    assert (
        '<strong class="name">Facet joint L4/L5, left</strong><span class="by-hand">, level uncertain</span>' in html
    )
    assert "L4/L5 (uncertain)" in html
    assert "L4/L5 ?" in text_table(found, columns=200)


def test_a_name_that_says_that_its_level_is_uncertain_does_not_say_it_twice(found: list[Candidate]) -> None:
    first = found[0]
    name = "left facet joint L4/L5 (level uncertain)"
    first.place = Place(name, "facet joint", "left", "L4/L5", flags=("level-uncertain",))
    assert words.title(first) == name
    assert ", level uncertain" not in page(SiteTable(), found)
    assert f"candidate 1, {name}: raised uptake" in conclusion(example_site_table("uncertain"), found)


def test_readers_read_american_words_for_mr_findings(found: list[Candidate]) -> None:
    found[0].mr_kind = found[0].mr_findings[0].kind = "oedema"
    html = page(SiteTable(), found)
    assert "edema" in html
    assert "oedema" not in html
    assert "oedema" not in text_table(found, columns=200)
    assert "oedema" not in candidates_csv(found)


def test_a_name_with_one_vertebra_of_the_disc_is_not_followed_by_the_disc(found: list[Candidate]) -> None:
    place = Place("inferior endplate of L2", "endplate", "midline", "L2/L3")
    assert words.title(dataclasses.replace(found[2], place=place)) == "inferior endplate of L2"
    foramen = dataclasses.replace(place, name="left paraspinal region", side="left")
    assert words.title(dataclasses.replace(found[2], place=foramen)) == "left paraspinal region, L2/L3"


def test_a_likely_level_has_its_certainty_beside_the_level(found: list[Candidate]) -> None:
    first = found[0]
    first.place = Place(first.place.name, "facet joint", "left", "L4/L5", flags=("level-counted",))
    assert "L4/L5 (likely)" in page(SiteTable(), found)
    assert "level uncertain" not in page(SiteTable(), found)


# --- report


def test_the_table_has_each_value_at_its_level_and_side(found: list[Candidate]) -> None:
    html = page(example_site_table(), found)
    level = cells(html, "L4/L5")
    assert level[0] == "\u25b2 1.90 \u00d72.4"
    assert level[4:6] == ["1.10 \u00d71.4", "\u25b2 2.41 \u00d72.5 effusion #1"]
    assert html.index(">Right</th>") < html.index(">Left</th>")
    assert cells(html, "L2/L3")[1] == "1.00 \u00d71.2 Modic I edema #3"
    assert html.count('<td class="raised">') == 3
    assert html.count('<td class="other">') == 1


def test_what_cannot_be_assessed_has_a_footnote_with_the_reason(found: list[Candidate]) -> None:
    html = page(example_site_table(), found)
    assert cells(html, "T12/L1")[-4:] == ["n/a a", "n/a a", "0.60 \u00d70.7", "0.60 \u00d70.7"]
    assert "<sup>a</sup> Outside the field of view of the PET." in html
    assert "Uptake of left facet joint L4/L5 reaches here." in html


def test_norms_stand_below_the_table_with_their_source(found: list[Candidate]) -> None:
    html = page(example_site_table(), found)
    assert "Disc<sup>1</sup>" in html
    assert "Published norms:" in html
    assert "<sup>1</sup> SUVmean 0.69 \u00b1 0.15 in 12 people without back pain (PMC9322590)." in html


def test_norms_of_one_source_that_differ_by_level_alone_make_one_footnote(found: list[Candidate]) -> None:
    table = normal_site_table()
    spaces = [row for row in table.rows if row.site.structure == "interspinous space"]
    spaces = [dataclasses.replace(row, norm=norm_of(row.site)) for row in spaces]
    html = page(with_rows(table, *spaces), found)
    assert html.count("Nishimatsu") == 1
    assert (
        "Uptake above the blood pool in 71 of 200 people scanned for other reasons (19 of 200 at L1/L2; 22 of 200 at "
        "L2/L3; 39 of 200 at L3/L4; 35 of 200 at L4/L5; 7 of 200 at L5/S1), without a trend with age (Nishimatsu"
    ) in html


def test_a_case_without_a_candidate_has_table_text_and_conclusion() -> None:
    html = page(normal_site_table(), [])
    assert "Sites by level and side" in html
    assert "all 121 sites are normal." in html
    assert "<strong>Conclusion. </strong>No candidate pain generator was found." in html
    assert html.count("does not exclude a pain generator") == 1


def test_a_case_without_sites_says_so() -> None:
    assert "No site could be located in these images" in page(SiteTable(), [])
    assert terminal_line(SiteTable()) == "Sites: none could be located."


def test_hips_have_a_table_by_structure_and_zone() -> None:
    html = page(hip_site_table(), [])
    assert cells(html, "Femur, Gruen 7") == ["1.00 \u00d71.2", "\u2013"]
    assert cells(html, "Prosthesis head")[0].endswith("(\u00d71.7 of its partner on the other side)")
    assert "names of the levels" not in html


def test_text_from_outside_is_escaped(found: list[Candidate]) -> None:
    row = site_row("sacrum", "sacrum", "midline", None, None, reasons=("<script>alert(1)</script>",))
    assert "<script>" not in page(SiteTable((row,), None, (), ("<script>",)), found)


@pytest.mark.parametrize(
    "doubt", [CONTRADICTION.format(counted="L5", lumbar="four"), "Counting on the MR gives other levels."]
)
def test_what_contradicts_the_levels_is_in_the_conclusion_and_on_the_terminal(
    doubt: str, found: list[Candidate]
) -> None:
    table = example_site_table()
    table = dataclasses.replace(table, level_reasons=("The levels follow from L4.", "It fits.", doubt))
    against = f"{doubt[:1].lower()}{doubt[1:].rstrip('.')}"
    assert f"the levels follow from L4; {against}" in terminal_line(table)
    assert f"The levels are likely, but not certain ({against})." in conclusion(table, found)
    for said in (conclusion(table, found), terminal_line(table)):
        assert "fits" not in said


def test_the_levels_are_explained_in_header_and_table_and_not_in_between(found: list[Candidate]) -> None:
    table = example_site_table()
    warnings = (*level_sentences(table), "Two PET volumes.")
    html = report_html(dataclasses.replace(plain_content(found), sites=table, warnings=warnings))
    assert html.count("from the sacrum") == 2
    assert "Two PET volumes." in html


def test_each_kind_of_remark_is_said_once_in_a_line() -> None:
    rows = [
        site_row(f"{side} psoas L2/L3", "psoas", side, "L2/L3", 2.0, reasons=(f"Physiologic uptake ({what}).",))
        for side, what in (("right", "kidney"), ("left", "ureter"))
    ]
    assert texts(SiteTable(tuple(rows)), []) == {
        "L2/L3": "Taken for normal: right psoas (physiologic uptake, kidney); left psoas (physiologic uptake, ureter)."
    }


def test_a_candidate_with_an_uncertain_side_says_so_beside_its_name(found: list[Candidate]) -> None:
    place = dataclasses.replace(found[0].place, side_certainty="uncertain")
    doubtful = dataclasses.replace(found[0], place=place)
    assert title(doubtful) == f"{title(found[0])}, side uncertain"


def test_the_terminal_has_one_line_for_the_sites() -> None:
    assert terminal_line(example_site_table()) == (
        "Sites: 116 measured, 3 raised, 5 not assessable (sites.csv); levels likely: counted from the sacrum."
    )
    assert terminal_line(hip_site_table()) == "Sites: 11 measured, 2 raised (sites.csv)."


# --- words


@pytest.mark.parametrize(
    ("sentence", "part"),
    [("Counted.", "counted"), ("MR shows it.", "MR shows it"), ("L5 is given.", "L5 is given"), ("A rib.", "a rib")],
)
def test_a_sentence_becomes_a_part_of_another(sentence: str, part: str) -> None:
    assert clause(sentence) == part


def test_items_with_commas_are_parted_by_semicolons() -> None:
    assert and_list(["a", "b"]) == "a and b"
    assert and_list(["a, b", "c", "d"]) == "a, b; c; and d"


def test_every_row_is_in_every_output(found: list[Candidate]) -> None:
    table: SiteTable = example_site_table()
    count = len(table.rows)
    assert len(rows_of(table)) == len(sites_json({}, table, found)["sites"]) == count
    assert sum(part.count for part in level_texts(table, found)) == count
    row: SiteRow = table.rows[0]
    assert row.site.name in sites_csv(table)


def test_a_faint_mr_sign_is_said_and_such_a_site_is_not_among_the_normal_ones() -> None:
    faint = site_row("right facet joint L4/L5", "facet joint", "right", "L4/L5", 1.0, mr_signs=("oedema (weak)",))
    plain = site_row("disc L4/L5", "disc", "midline", "L4/L5", 0.8)
    said = texts(SiteTable((plain, faint)), [])["L4/L5"]
    assert said == "Too faint on MR to count: edema at right facet joint. The other site is normal."


def test_where_no_fluid_sensitive_series_was_read_a_site_is_not_said_to_be_normal_on_mr() -> None:
    raised = site_row(
        "disc L4/L5", "disc", "midline", "L4/L5", 1.9, state="abnormal", signals={"T1": 310.0}, z={},
        reasons=("Uptake 1.8 times that of the other discs.",),
    )  # fmt: skip
    (said,) = (part.text for part in level_texts(SiteTable((raised,))))
    assert said.endswith("MR not assessable, as no fluid-sensitive series shows this place.")
    assert "no MR finding" not in said
    seen = dataclasses.replace(raised, signals={"T1": 310.0, "T2": 95.0})
    assert level_texts(SiteTable((seen,)))[0].text.endswith("no MR finding.")


def test_uptake_that_reaches_an_abnormal_site_from_beside_is_not_said_not_to_be_raised() -> None:
    reached = site_row(
        "inferior endplate of L3", "lower endplate", "midline", "L3/L4", 4.7, state="abnormal", mr_signs=("Modic I",),
        reasons=("Modic I on MR.", "Uptake of disc L3/L4 reaches here."),
    )  # fmt: skip
    (said,) = (part.text for part in level_texts(SiteTable((reached,))))
    assert said == "Inferior endplate of L3: SUVpeak 4.7 (uptake of disc L3/L4 reaches here); Modic I on MR."


def test_what_uptake_is_compared_with_stands_in_a_sentence_with_its_article() -> None:
    assert tissue_words("surroundings") == "its surroundings"
    assert tissue_words("marrow within 7 cm") == "marrow within 7 cm"
    assert tissue_words(None) == "the reference tissue"
    row = site_row(
        "disc L4/L5", "disc", "midline", "L4/L5", 1.2, state="abnormal", reference_name="surroundings", ratio=1.1,
        reasons=("Candidate PG-01.",), candidates=("PG-01",), mr_signs=("Modic I",),
    )  # fmt: skip
    assert "1.1 times that of its surroundings" in level_texts(SiteTable((row,)))[0].text


def test_every_explanation_of_a_verdict_is_known_as_one() -> None:
    source = inspect.getsource(site_verdict._explanation) + inspect.getsource(site_verdict._usual)
    returned = re.findall(r'return f?"([^"{]+)', source)
    assert len(returned) == 5
    assert all(text.startswith(EXPLANATIONS) for text in returned)


def test_beside_an_implant_a_site_is_not_said_to_be_normal_on_mr() -> None:
    raised = site_row(
        "right femur beside the stem, Gruen 5", "femur", "right", None, 1.2, state="abnormal", signals={"FLUID": 80.0},
        z={}, reasons=("Uptake 2.2 times that of marrow.",), flags=("near-implant",),
    )  # fmt: skip
    (said,) = (part.text for part in level_texts(SiteTable((raised,))))
    assert said.endswith("MR not assessable beside the implant.")
    assert "no MR finding" not in said


def test_the_conclusion_never_gives_a_percentage_and_says_what_has_to_be_looked_at_first() -> None:
    said = conclusion(example_site_table(), example_candidates(), attention_examples())
    assert said.startswith("To be looked at first, not as a source of pain: left psoas L3/L4.")
    assert "(strong evidence)" in said
    assert "%" not in said


def test_the_texts_of_the_sites_name_what_has_to_be_looked_at_in_the_json_too() -> None:
    written = sites_json({}, example_site_table(), example_candidates(), attention_examples())
    assert written["conclusion"] == conclusion(example_site_table(), example_candidates(), attention_examples())


def with_interface(table: SiteTable) -> SiteTable:
    zones = (
        InterfaceZone("Gruen 2", "abnormal", 1.234, 2.468, 2.0, None, ("oedema",)),
        InterfaceZone("DeLee-Charnley I", "not assessable", reason="Outside <the> PET."),
    )
    one = InterfacePattern("left", "focal", "Focal raised uptake: Gruen 2.", zones, ("CRP 24 mg/l.",))
    return dataclasses.replace(table, interfaces=(one,))


def test_the_pattern_along_a_prosthesis_is_a_section_with_sentence_notes_and_zones() -> None:
    said = page(with_interface(hip_site_table()), [])
    assert "<h2>Prosthesis</h2>" in said
    assert "Left hip: focal uptake." in said
    for text in ("Focal raised uptake: Gruen 2.", "CRP 24 mg/l.", "2.47", "edema", "Outside &lt;the&gt; PET."):
        assert text in said
    assert "oedema" not in said[said.index("<h2>Prosthesis</h2>") :][:3000]
    assert "<h2>Prosthesis</h2>" not in page(hip_site_table(), [])


def test_sites_json_holds_the_pattern_of_each_prosthesis() -> None:
    (one,) = sites_json({}, with_interface(hip_site_table()), [])["prostheses"]
    assert (one["side"], one["pattern"], one["notes"]) == ("left", "focal", ["CRP 24 mg/l."])
    assert one["zones"][0]["opposite_ratio"] == 2.468
    assert one["zones"][0]["mr_signs"] == ["oedema"]
    assert one["zones"][1]["suv_peak"] is None
    json.dumps(one, allow_nan=False)
    assert sites_json({}, hip_site_table(), [])["prostheses"] == []


def test_what_was_given_about_a_replacement_stands_in_the_header() -> None:
    case = ReportCase(
        group="hip-replacement", prosthesis_side="left", surgery_date="2024-11-30", fixation="cemented", crp_mg_l=24.0
    )
    said = report_html(dataclasses.replace(plain_content([]), case=case))
    for text in ("Hip replaced on", "November 30, 2024", "cemented", "24 mg/l"):
        assert text in said
    assert "Hip replaced on" not in report_html(plain_content([]))


def test_the_date_of_birth_is_written_like_the_date_of_the_study() -> None:
    case = ReportCase(patient_name="Somebody", birth_date="19940101", study_date="2024-06-20")
    html = report_html(dataclasses.replace(plain_content([]), case=case))
    assert "January 1, 1994" in html
    assert "June 20, 2024" in html
    assert "1994-01-01" not in html
    assert "19940101" not in html
