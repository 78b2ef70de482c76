"""The page of a study report, made of nothing but the dictionary of results and the figures."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .page_pieces import Html, element, paragraph
from .page_sections import (
    detection_section,
    flow_section,
    medication_section,
    percentages_section,
    rule_section,
    short_section,
    success_section,
    table_one_section,
)
from .page_sections_more import (
    blocks_section,
    methods_section,
    missing_section,
    planning_section,
    readers_section,
    scores_section,
)
from .page_style import STYLE

USE = "Research software: PainGenerator is not a medical device."
MADE_UP = "Simulated: no patient of this report exists. It shows what a report looks like, and no result of medicine."


def page_html(results: dict[str, Any], figures: dict[str, bytes]) -> str:
    """The report of a study as one page that loads nothing and runs no script.

    Parameters
    ----------
    results : dict
        As of :func:`.results.study_results`.
    figures : dict
        File name -> SVG, as of :func:`.report_figures.study_figures`.
    """
    is_registry = results["kind"] == "registry"
    parts = [short_section(results), rule_section(results), flow_section(results, figures)]
    parts += [table_one_section(results)] if is_registry else []
    parts += [detection_section(results), success_section(results, figures)]
    if is_registry:
        parts += [
            medication_section(results),
            scores_section(results, figures),
            missing_section(results),
            readers_section(results),
            blocks_section(results),
        ]
    else:
        parts.append(percentages_section(results))
    return _document(f"Study: {results['name']}", results, [*parts, planning_section(results, figures)])


def plan_html(results: dict[str, Any], figures: dict[str, bytes]) -> str:
    """The planning page alone."""
    return _document("Planning a study", results, [planning_section(results, figures)])


def _document(title: str, results: dict[str, Any], parts: list[Html]) -> str:
    warning = [paragraph(element("strong", MADE_UP), cls="box")] if results.get("simulated") else []
    main = element(
        "main",
        paragraph(USE, cls="use"),
        element("h1", title),
        *warning,
        *parts,
        methods_section(),
        element(
            "footer",
            f"PainGenerator {results['software_version']}. Every number of this page is in results.json beside it; "
            "tables are in the CSV files, and figures in the SVG files.",
        ),
    )
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )  # fmt: skip
    head = (
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"{element('title', title)}\n<style>{STYLE}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{main}\n</body>\n</html>\n'
