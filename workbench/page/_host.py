"""The figure host's source, in one piece: as a module for a widget, as a script for a page."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from workbench.views import host_theme

__all__ = ["comparison_css", "host_css", "host_module", "host_script", "page_css"]

# Each file uses only those before it. They are modules to an editor; here they are joined, so
# that a page needs neither a bundler nor a server.
_FILES = (
    "host_library.js",
    "host_model.js",
    "host_figures.js",
    "host_panels.js",
    "host_models.js",
    "host_ranks.js",
    "host_choices.js",
    "host_page.js",
)
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const )", re.MULTILINE)


def _read(name: str) -> str:
    return files("workbench.page").joinpath(name).read_text(encoding="utf-8")


def _joined(*names: str) -> str:
    theme = f"const THEME = {json.dumps(host_theme())};\n"
    parts = [_EXPORT.sub("", _IMPORT.sub("", _read(name))) for name in names]
    return theme + "\n".join(parts)


@cache
def page_css() -> str:
    """Return the style sheet of a whole page."""
    return _read("page.css") + comparison_css()


@cache
def comparison_css() -> str:
    """Return the style sheet of a comparison's cards and tables, for a page or a notebook."""
    return _read("comparison.css")


@cache
def host_css() -> str:
    """Return the style sheet of the figure host."""
    return _read("host.css") + _read("host_models.css")


@cache
def host_module() -> str:
    """Return an ES module: ``mount`` by name, the anywidget by default."""
    return _joined(*_FILES, "host.js", "host_widget.js") + "\nexport { mount };\n"


@cache
def host_script() -> str:
    """Return a classic script that sets ``window.workbenchHost`` and shows what waits for it."""
    body = _joined(*_FILES, "host.js", "host_static.js")
    ready = "window.workbenchHost = { mount, show };\nshowQueued();"
    script = f'"use strict";\n(() => {{\n{body}\n{ready}\n}})();\n'
    return script.replace("</script", "<\\/script")
