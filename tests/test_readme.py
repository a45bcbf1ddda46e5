"""The README's code runs as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from workbench.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture(autouse=True)
def in_a_copy_of_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", "1000")  # as it is for whoever follows it


def test_python_blocks_run(tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": "readme"}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), namespace)
    assert (tmp_path / "report.html").stat().st_size > 1_000_000


def test_shell_commands_of_workbench_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("workbench ")]
    assert [command[0] for command in commands] == ["report", "embed", "serve", "models", "cache"]
    pd.DataFrame({"text": ["a parcel", None]}).to_parquet("texts.parquet")
    for command in commands:
        if command[0] != "serve":  # it ends only when it is told to: tests/serving/test_server.py
            assert main(command) == 0
    assert pd.read_parquet("vectors.parquet")["embedding"].isna().tolist() == [False, True]
    printed = capsys.readouterr().out
    assert "report.html" in printed
    assert "minilm-static" in printed
    assert "Embedding store" in printed


def test_make_targets_it_names_exist() -> None:
    targets = set(re.findall(r"\bmake ([a-z]+)\b", " ".join(re.findall(r"`[^`]+`", README))))
    makefile = (ROOT / "Makefile").read_text()
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target
