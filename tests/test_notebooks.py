"""The tutorials as a reader uses them: with a table of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXPLORE = ROOT / "notebooks" / "02_explore_your_texts.ipynb"


def test_a_table_of_ones_own_without_labels_is_one_changed_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    rows = [
        f"message {row} about {'late parcels' if row % 2 else 'tax'},{row % 2}\n"
        for row in range(30)
    ]
    Path("own.csv").write_text("".join(["body,kind\n", *rows]))
    cells = [
        cell for cell in json.loads(EXPLORE.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    lines = "\n".join("".join(cell["source"]) for cell in cells).split("\n")
    (changed,) = [row for row, line in enumerate(lines) if line.startswith("source, text, label")]
    lines[changed] = "source, text, label = 'own.csv', 'body', None"
    exec(compile("\n".join(lines), EXPLORE.name, "exec"), {"__name__": "notebook"})
    assert Path("report.html").stat().st_size > 1_000_000
