"""Notebooks as offline HTML: executed with static figures, exported without a CDN."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, WorkbenchError
from workbench.report._write import check_place, write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["write_notebooks"]

_CELL_TIMEOUT_S = 1200


def write_notebooks(notebooks: Sequence[str | Path], folder: str | Path) -> Iterator[Path]:
    """Execute notebooks and write each as one HTML file that works offline.

    Parameters
    ----------
    notebooks
        The notebook files; they are not changed.
    folder
        Where the HTML files go; made if it is not there.

    Yields
    ------
    pathlib.Path
        Each HTML file, as soon as it is written.

    Raises
    ------
    InputError
        If a notebook is missing or is none, two would write the same file, or the folder cannot
        be written: before any is executed.
    WorkbenchError
        If a cell fails, with the number that it has in JupyterLab and its error; or if its
        kernel is not installed, dies, or takes too long.
    """
    paths = [Path(notebook) for notebook in notebooks]
    read = [_read(path) for path in paths]
    files = [Path(folder) / f"{path.stem}.html" for path in paths]
    twice = [file.name for row, file in enumerate(files) if file in files[:row]]
    if twice:
        raise InputError(
            f"Two notebooks would be written to {twice[0]!r}; expected distinct names. Rename one, "
            "or write them to different folders."
        )
    for file in files:
        check_place(file)
    for path, notebook, file in zip(paths, read, files, strict=True):
        _execute(notebook, path)
        yield write_text(file, _exported(notebook, path.stem))


def _read(path: Path) -> NotebookNode:
    import nbformat

    if not path.is_file():
        raise InputError(f"There is no notebook {str(path)!r}; expected a path to an .ipynb file.")
    try:
        found: NotebookNode = nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeError) as error:
        said = str(error).partition("\n")[0]
        raise InputError(
            f"{str(path)!r} is no notebook ({said:.120}); expected an .ipynb file as JupyterLab "
            "saves it."
        ) from None
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from None
    return found


def _execute(notebook: NotebookNode, path: Path) -> None:
    """Run all cells where the notebook lies; its outputs are filled in."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        notebook,
        timeout=_CELL_TIMEOUT_S,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute(env={**os.environ, "WORKBENCH_RENDER": "static"})
    except CellExecutionError as error:
        raise WorkbenchError(
            f"{path.name}: a cell failed: {error.ename}: {error.evalue} "
            f"(in cell [{client.code_cells_executed}])"
        ) from None
    except CellTimeoutError:
        raise WorkbenchError(
            f"{path.name}: cell [{client.code_cells_executed}] ran for more than "
            f"{_CELL_TIMEOUT_S // 60} minutes. Give it less to do."
        ) from None
    except DeadKernelError:
        raise WorkbenchError(
            f"{path.name}: the kernel died in cell [{client.code_cells_executed}], "
            "perhaps for want of memory. Run it in JupyterLab to see."
        ) from None
    except NoSuchKernel as error:
        raise WorkbenchError(
            f"{path.name}: its kernel {error.name!r} is not installed here. Open it in JupyterLab, "
            "choose a kernel that is (Python 3) and save it."
        ) from None


def _exported(notebook: NotebookNode, title: str) -> str:
    from nbconvert.exporters import HTMLExporter

    _drop_widgets(notebook)
    exporter = HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(Path(__file__).parent)],
    )
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    return str(page)


def _drop_widgets(notebook: NotebookNode) -> None:
    """Leave out what only a kernel can draw (progress bars), which would be a stray line."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            ]
