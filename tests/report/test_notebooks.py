"""Notebooks as HTML: what is refused before anything runs, and what is said when a cell fails.

The page itself is tested in a browser, in tests/browser.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import InputError, WorkbenchError
from workbench.report import write_notebooks


def notebook(path: Path, *cells: str, kernel: str = "python3") -> Path:
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": kernel, "display_name": kernel, "language": "python"}
    path.parent.mkdir(exist_ok=True)
    nbformat.write(made, path)
    return path


def test_all_that_can_be_refused_is_refused_before_one_is_executed(tmp_path: Path) -> None:
    good = notebook(tmp_path / "good.ipynb", "open('executed', 'w').close()")
    (tmp_path / "words.ipynb").write_text("not a notebook")
    (tmp_path / "table.ipynb").write_text(json.dumps({"rows": []}))
    (tmp_path / "taken").write_text("")
    twin = notebook(tmp_path / "other" / "good.ipynb")
    for others, folder, said in [
        ([tmp_path / "none.ipynb"], "html", r"There is no notebook '.*none\.ipynb'"),
        ([tmp_path / "words.ipynb"], "html", r"words\.ipynb' is no notebook .*expected an .ipynb"),
        ([tmp_path / "table.ipynb"], "html", r"table\.ipynb' is no notebook"),
        ([twin], "html", r"Two notebooks would be written to 'good\.html'; expected distinct"),
        ([], "taken", r"taken' is a file; expected a folder"),
    ]:
        with pytest.raises(InputError, match=said):
            next(write_notebooks([good, *others], tmp_path / folder))
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("cells", "kernel", "said"),
    [
        (["1", "", "1 / 0"], "python3", r"a cell failed: ZeroDivisionError: .*\(in cell \[2\]\)"),
        (["1", "import os; os._exit(1)"], "python3", r"the kernel died in cell \[2\]"),
        (["1"], "no-such", r"kernel 'no-such' is not installed here\. Open it in JupyterLab"),
    ],
)
def test_what_a_notebook_cannot_do_is_said(
    tmp_path: Path, cells: list[str], kernel: str, said: str
) -> None:
    path = notebook(tmp_path / "own.ipynb", *cells, kernel=kernel)
    with pytest.raises(WorkbenchError, match=rf"own\.ipynb: .*{said}"):
        next(write_notebooks([path], tmp_path / "html"))
    assert not (tmp_path / "html").exists()
