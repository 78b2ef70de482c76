"""``report.pdf`` says what ``report.html`` says."""

from __future__ import annotations

import dataclasses
import datetime
import io
import re

import pytest
from PainGeneratorLib.Report import pdf
from PainGeneratorLib.Report.content import ReportCase
from PainGeneratorLib.Report.page_tree import Node, page_tree
from PainGeneratorLib.Report.read_back import fault_of
from PainGeneratorLib.Report.report import report_html
from report_examples import (
    attention_examples,
    example_candidates,
    normal_site_table,
    plain_content,
    set_apart_examples,
)

CREATED = datetime.datetime(2026, 3, 1, 14, 20)


def read(data: bytes) -> list[str]:
    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def letters(text: str) -> str:
    """Letters and digits alone: where lines and cells are broken differs."""
    return re.sub(r"\W+", "", text)


@pytest.fixture(scope="module")
def page() -> str:
    content = dataclasses.replace(
        plain_content(example_candidates()),
        case=ReportCase(patient_name="Müller^Søren", patient_id="0815", study_date="2026-02-17"),
        set_apart=set_apart_examples(),
        attention=attention_examples(),
        sites=normal_site_table(),
        warnings=["PET and MR are 2 days apart.", "A very long word: " + "x" * 300],
    )
    return report_html(content)


def shown_blocks(node: Node) -> list[str]:
    """The text of every paragraph, heading, cell and entry of a list that the PDF has to hold."""
    found = []
    for child in node.children():
        if child.classes & pdf.NOT_PRINTED:
            continue
        if child.name in ("p", "h1", "h2", "h3", "h4", "td", "th", "dt", "dd", "figcaption"):
            found.append(child.text)
        else:
            found += shown_blocks(child)
    return found


def test_every_sentence_and_cell_of_the_page_stands_in_the_pdf(page: str) -> None:
    said = letters(
        " ".join(re.sub(r"\S+\s+\|\s+research use only\s+\|\s+page \d+ of \d+", "", p) for p in pdf_pages(page))
    )
    blocks = [letters(text) for text in shown_blocks(next(page_tree(page).all("main")))]
    assert len(blocks) > 300
    lost = [block for block in blocks if block and block not in said]
    assert len(lost) < 0.02 * len(blocks), lost  # A few are broken at the end of a page.
    assert letters("SUVpeak 2.41") in said


def pdf_pages(page: str) -> list[str]:
    return read(pdf.report_pdf(page, CREATED))


def test_each_page_says_whose_it_is_and_how_many_there_are(page: str) -> None:
    pages = pdf_pages(page)
    for number, text in enumerate(pages, start=1):
        assert "Søren Müller" in text
        assert f"page {number} of {len(pages)}" in text


def test_the_same_page_gives_the_same_bytes(page: str) -> None:
    assert pdf.report_pdf(page, CREATED) == pdf.report_pdf(page, CREATED)


def test_letters_that_the_font_lacks_are_written_as_numbers_and_this_is_said() -> None:
    content = dataclasses.replace(
        plain_content([]), case=ReportCase(patient_name="Zhang 张^三", patient_id="Šimůnek Ωλ")
    )
    text = " ".join(" ".join(pdf_pages(report_html(content))).split())
    assert "[U+5F20]" in text
    assert "[U+4E09]" in text
    assert "Zhang" in text
    assert "Šimůnek Ωλ" in text
    assert "Characters that the font of this file lacks" in text


def test_a_pdf_that_was_cut_is_found_when_it_is_read_back(page: str, tmp_path) -> None:
    whole, cut = tmp_path / "a.pdf", tmp_path / "b.pdf"
    data = pdf.report_pdf(page, CREATED)
    whole.write_bytes(data)
    cut.write_bytes(data[:-20])
    assert fault_of(whole) == ""
    assert fault_of(cut) == "the PDF has no end"


def test_a_cell_that_is_longer_than_a_page_goes_on_at_the_next_one() -> None:
    long = " ".join(f"word{number}" for number in range(4000))
    rows = f"<thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>{long}</td></tr></tbody>"
    text = f"<html><head><title>x</title></head><main><table>{rows}</table></main></html>"
    pages = pdf_pages(text)
    assert len(pages) > 1
    assert "word3999" in pages[-1]


def test_without_the_package_there_is_no_pdf_and_the_report_says_why(
    monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(pdf, "PACKAGE", "no_such_package_of_ours")
    assert not pdf.can_write_pdf()
    assert "fpdf2" in pdf.MISSING
    assert "Print report.html" in pdf.MISSING


@pytest.fixture(scope="module")
def pictured() -> list[str]:
    """The pages of a report with key images."""
    from viewer_examples import report_with_pictures

    content = dataclasses.replace(report_with_pictures(), viewer=None, case=ReportCase(patient_name="Smith^Anna"))
    data = pdf.report_pdf(report_html(content), CREATED)
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data))
    return [f"{page.extract_text()}\npictures: {len(page.images)}" for page in reader.pages]


def test_text_and_pictures_of_a_candidate_stand_on_one_page(pictured: list[str]) -> None:
    pages = [
        page for page in pictured if re.search(r"^\d+\. .*\[(PET\+MR|PET only|MR only)\]\s*$", page, re.MULTILINE)
    ]
    assert pages
    for page in pages:
        headings = re.findall(r"^\d+\. .*\[(?:PET\+MR|PET only|MR only)\]\s*$", page, re.MULTILINE)
        assert int(page.rpartition(" ")[2]) >= 9 * len(headings)
        assert page.count("Planes along the patient") == len(headings)


def test_a_label_is_not_glued_to_the_name_before_it(pictured: list[str]) -> None:
    text = " ".join(pictured)
    assert re.search(r"\[PET\+MR\]", text)
    assert not re.search(r"\w\[(PET|MR)", text)


def test_no_heading_stands_at_the_foot_of_a_page_and_the_details_begin_a_page(pictured: list[str]) -> None:
    assert any(page.lstrip().startswith("Details for the radiologist") for page in pictured)
    for page in pictured:
        last = [line for line in page.splitlines() if line.strip() and "research use only" not in line][-2]
        assert last.strip() not in ("The candidates", "Words used here", "All measures", "Pictures and evidence")


def test_a_wide_table_is_parted_so_that_its_letters_stay_legible() -> None:
    heads = "".join(f"<th>Heading{number}</th>" for number in range(30))
    cells = "".join(f"<td>Measure{number}</td>" for number in range(30))
    rows = f"<thead><tr>{heads}</tr></thead><tbody><tr>{cells}</tr></tbody>"
    text = f"<html><head><title>x</title></head><main><table>{rows}</table></main></html>"
    said = " ".join(pdf_pages(text))
    assert all(f"Measure{number}" in said for number in range(30))
    assert said.count("Heading0 ") + said.count("Heading0\n") > 1
