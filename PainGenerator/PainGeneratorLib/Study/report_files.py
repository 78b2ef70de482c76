"""Write the report of a study into a folder: page, results, tables and figures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from .report_figures import study_figures
from .report_page import page_html, plan_html

PAGE, RESULTS = "report.html", "results.json"


def write_study_report(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write the report of a study.

    Parameters
    ----------
    results : dict
        As of :func:`.results.study_results`.
    folder : Path
        An existing folder; files of the same names in it are replaced.

    Returns
    -------
    list of Path
        ``report.html``, ``results.json``, the tables (``*.csv``) and the figures (``*.svg``).
    """
    figures = study_figures(results)
    return _write(folder, page_html(results, figures), results, figures, study_tables(results))


def write_plan(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write the planning page alone: ``report.html``, ``results.json``, ``power.csv`` and the curve.

    Parameters
    ----------
    results : dict
        ``planning`` (name -> a plan of :func:`.statistics.planning.plan`) and ``software_version``.
    folder : Path
        An existing folder.
    """
    import matplotlib

    from .report_figures import SETTINGS, power_figure

    figures = {}
    if any(one and one["curve"] for one in results["planning"].values()):
        with matplotlib.rc_context(SETTINGS):
            figures["power.svg"] = power_figure(results["planning"])
    return _write(folder, plan_html(results, figures), results, figures, {"power.csv": _power_rows(results)})


def _write(
    folder: Path, page: str, results: dict[str, Any], figures: dict[str, bytes], tables: dict[str, list[list[Any]]]
) -> list[Path]:
    files = {
        PAGE: page.encode(),
        RESULTS: (json.dumps(results, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(),
        **figures,
        **{name: _csv(rows) for name, rows in tables.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def _csv(rows: list[list[Any]]) -> bytes:
    """Comma-separated UTF-8; an empty cell is not known; numbers are not rounded."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [["" if cell is None else _cell(cell) for cell in row] for row in rows]
    )
    return stream.getvalue().encode()


def _cell(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def study_tables(results: dict[str, Any]) -> dict[str, list[list[Any]]]:
    """The tables of a report: file name -> rows, the first of which is the header."""
    tables = {
        "detection.csv": [
            ["set", *SHARE], *([name, *_share(one)] for name, one in results["detection"].items())
        ],
        "success.csv": _comparison_rows(results["success"]),
        "power.csv": _power_rows(results),
    }  # fmt: skip
    if results["kind"] == "registry":
        tables["medication.csv"] = _comparison_rows(results["medication"])
        tables["table-one.csv"] = _table_one(results["table_one"])
        tables["patients.csv"] = _patients(results["patients"])
        tables["scores.csv"] = [
            ["pseudonym", "group", "arm", "time_point", "months", results["rule"]["measure"]],
            *(
                [one["pseudonym"], one["group"], one["arm"], *score]
                for one in results["patients"]
                for score in one["scores"]
            ),
        ]
    return tables


SHARE = ("count", "total", "share", "low", "high")


def _share(one: dict[str, Any]) -> list[Any]:
    return [one[key] for key in SHARE]


def _comparison_rows(items: dict[str, dict[str, Any]]) -> list[list[Any]]:
    """One row for each group: both arms and how they differ."""
    header = ["group", *(f"{arm}_{key}" for arm in ("guided", "control") for key in (*SHARE, "missing"))]
    header += [f"{name}_{key}" for name in ("difference", "ratio") for key in ("value", "low", "high")] + [
        "fisher_p",
        "nnt",
    ]
    rows = []
    for name, one in items.items():
        found, missing = one["comparison"], one["missing"]
        row = [name, *_share(found["first"]), missing["guided"], *_share(found["second"]), missing["control"]]
        for key in ("difference", "ratio"):
            row += [(found[key] or {}).get(part) for part in ("value", "low", "high")]
        rows.append([*row, found["fisher_p"], (found["needed_to_treat"] or {}).get("text")])
    return [header, *rows]


def _table_one(lines: list[dict[str, Any]]) -> list[list[Any]]:
    """One row for each line and column of table one."""
    header = ["line", "column", "number", "count", "total", "share", "mean", "sd", "known", "unknown"]
    rows = []
    for line in lines:
        for column, cell in line["cells"].items():
            found = {**cell, **cell["share"]} if "share" in cell else cell
            rows.append([line["label"], column, *(found.get(key) for key in header[2:])])
    return [header, *rows]


def _patients(patients: list[dict[str, Any]]) -> list[list[Any]]:
    keys = [key for key in (patients[0] if patients else {"pseudonym": ""}) if key != "scores"]
    return [keys, *([one[key] for key in keys] for one in patients)]


def _power_rows(results: dict[str, Any]) -> list[list[Any]]:
    return [
        ["plan", "guided_patients_known", "power"],
        *([name, n, power] for name, one in results["planning"].items() if one for n, power in one["curve"]),
    ]
