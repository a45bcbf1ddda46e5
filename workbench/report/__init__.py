"""The offline report, and notebooks as offline HTML."""

from workbench.report._notebooks import write_notebooks
from workbench.report._report import write_report

__all__ = ["write_notebooks", "write_report"]
