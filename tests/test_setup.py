"""The set-up keeps its promises: environments in step, a fast import, lazy public names."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import workbench as wb

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIREMENTS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
CONDA_NAMES = {"torch": "pytorch", "playwright": "playwright-python"}


def run_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_environment_yml_lists_what_pyproject_lists() -> None:
    lines = (ROOT / "environment.yml").read_text().splitlines()
    listed = {line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")}
    expected = set(REQUIREMENTS) | {f"python{PROJECT['requires-python']}", "pip"}
    for plain, conda in CONDA_NAMES.items():
        expected = {re.sub(rf"^{plain}\b", conda, requirement) for requirement in expected}
    assert listed - {"conda-forge", "pip:", "--editable ."} == expected


def test_constraints_pin_every_requirement_once() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==")[0].lower() for line in lines if line and not line.startswith("#")]
    assert len(pins) == len(set(pins))
    names = {re.match(r"[\w-]+", requirement).group().lower() for requirement in REQUIREMENTS}
    assert names - {pin.replace("_", "-") for pin in pins} == set()
    assert "torch==2.13.0" in lines


def test_no_file_names_a_registry() -> None:
    for name in ("constraints.txt", "environment.yml", "pyproject.toml", "Makefile", ".ci/run"):
        assert "://" not in (ROOT / name).read_text(), name


def test_import_is_fast_and_pulls_in_nothing_heavy() -> None:
    code = (
        "import time, sys, json; start = time.process_time(); import workbench; "
        "spent = time.process_time() - start; "
        "print(json.dumps([spent, sorted(set(sys.modules) & "
        "{'torch', 'umap', 'mlflow', 'plotly', 'sentence_transformers', 'pandas', 'numpy'})]))"
    )
    spent, heavy = json.loads(run_python(code))
    assert heavy == []
    assert spent < 0.1


def test_public_names_resolve_and_the_stub_says_the_same() -> None:
    tree = ast.parse((ROOT / "workbench/__init__.pyi").read_text())
    stubbed = {
        (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    from workbench import _HOME_OF

    assert stubbed == {(home, name) for name, home in _HOME_OF.items()}
    for name in wb.__all__:
        assert getattr(wb, name) is not None
    assert set(wb.__all__) == set(dir(wb))


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = wb.nonsense


def test_notebooks_are_committed_without_outputs() -> None:
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text())["cells"]
        assert [
            cell["outputs"] for cell in cells if cell["cell_type"] == "code" and cell["outputs"]
        ] == []


def test_make_help_lists_the_commands() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in ("lab", "test", "ui", "reports", "soak", "check", "bench"):
        assert re.search(rf"^\s+make {command}\s", done.stdout, re.M)


@pytest.mark.parametrize(("installed", "expected"), [(True, False), (False, True)])
def test_make_installs_once(tmp_path: Path, installed: bool, expected: bool) -> None:
    stamp = tmp_path / "bin/.installed"
    if installed:
        stamp.parent.mkdir()
        stamp.touch()
    command = ["make", "--dry-run", f"VENV={tmp_path}", "test"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("pip install" in done.stdout) is expected
    assert "pytest notebooks tests --nbmake" in done.stdout
