"""The offline report, and notebooks as offline HTML."""

from workbench.report._notebooks import write_notebooks
from workbench.report._report import write_report
from workbench.report._write import check_place

__all__ = ["check_place", "write_notebooks", "write_report"]
