"""The figure host's JavaScript, and the offline HTML built on it."""

from workbench.page._host import comparison_css, host_css, host_module, host_script
from workbench.page._library import plotly_library
from workbench.page._page import fallback_table, render_fragment, render_page
from workbench.page._payload import packed

__all__ = [
    "comparison_css",
    "fallback_table",
    "host_css",
    "host_module",
    "host_script",
    "packed",
    "plotly_library",
    "render_fragment",
    "render_page",
]
