"""The command line: what it prints, what it returns, how it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.embeddings import EmbeddingStore, embed


def test_report_writes_one_offline_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "texts.csv"
    table.write_text(
        "body,kind\n"
        + "".join(
            f"text number {i} about {'cats' if i % 2 else 'tax'},{i % 2}\n" for i in range(30)
        )
    )
    output = tmp_path / "out.html"
    arguments = ["report", str(table), "--text", "body", "--label", "kind", "--models", "lsa"]
    assert main([*arguments, "-o", str(output)]) == 0
    assert str(output) in capsys.readouterr().out
    assert output.stat().st_size < 2.6e6


def test_report_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none.csv")]) == 2
    assert "There is no file" in capsys.readouterr().err
    table = tmp_path / "texts.csv"
    table.write_text("text\nhello\nworld\n")
    assert main(["report", str(table), "--models", "lsa", "no-such-model"]) == 2
    error = capsys.readouterr().err
    assert "'no-such-model'" in error
    assert "What works offline" in error
    assert "Traceback" not in error


def test_models_lists_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "all-MiniLM-L6-v2" in capsys.readouterr().out


def test_cache_shows_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    embed(["one text", "another text"], "lsa", progress=False)
    assert main(["cache"]) == 0
    printed = capsys.readouterr().out
    assert "2 texts  lsa" in printed
    assert main(["cache", "--clear"]) == 0
    assert EmbeddingStore(tmp_path).models() == []


def test_help_is_fast_to_import() -> None:
    code = "import sys, workbench.cli; print({'torch', 'mlflow', 'plotly'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
