"""The figure host's source, in one piece: as a module for a widget, as a script for a page."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from workbench.views import host_theme

__all__ = ["comparison_css", "host_css", "host_module", "host_script", "page_css"]

# Each file imports only from those before it. They are modules to an editor; here each becomes a
# function's scope in one script, so that a page needs neither a bundler nor a server.
_FILES = (
    "host_library.js",
    "host_model.js",
    "host_page.js",
    "host_panels.js",
    "host_selections.js",
    "host_table.js",
    "host_words.js",
    "host_special.js",
    "host_twin.js",
    "host_select.js",
    "host_chosen.js",
    "host_drag.js",
    "host_figures.js",
    "host_points.js",
    "host_groups.js",
    "host_legend.js",
    "host_over.js",
    "host_labels.js",
    "host_keys.js",
    "host_map.js",
    "host_aligned.js",
    "host_pairs.js",
    "host_heatmap_table.js",
    "host_heatmap.js",
    "host_blocks.js",
    "host_clusters.js",
    "host_cluster_figures.js",
    "host_sweep.js",
    "host_texts.js",
    "host_models.js",
    "host_duplicates.js",
    "host_ranks.js",
    "host_search.js",
    "host_choices.js",
    "host.js",
)
_STYLES = (
    "host.css",
    "host_chosen.css",
    "host_map.css",
    "host_labels.css",
    "host_texts.css",
    "host_clusters.css",
    "host_heatmap.css",
    "host_models.css",
    "host_search.css",
)
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)  # for readers of the source: a tenth of it
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function|const) (\w+))", re.MULTILINE)


def _read(name: str) -> str:
    return files("workbench.page").joinpath(name).read_text(encoding="utf-8")


def _body(name: str) -> str:
    """Return a module without its imports and exports, of which only the simple ones are known."""
    source = _read(name)
    earlier = _FILES[: _FILES.index(name)] if name in _FILES else _FILES
    late = [file for _, file in _IMPORT.findall(source) if f"{file}.js" not in earlier]
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = \2;", _COMMENT.sub("", source)))
    other = re.findall(r"^(?:import|export(?! default)).*|^const \{[^}]* as .*", body, re.MULTILINE)
    if late or other:
        raise ValueError(f"{name}: cannot be joined: {[*late, *other]}")
    return body


def _scoped(name: str) -> str:
    """Return a module as a constant that holds what it exports."""
    exported = ", ".join(_EXPORT.findall(_read(name)))
    body = _body(name)
    return f"const {name.removesuffix('.js')} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def _joined(last: str) -> str:
    theme = f"const THEME = {json.dumps(host_theme())};\n"
    return theme + "".join(_scoped(name) for name in _FILES) + _body(last)


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
    return "".join(_read(name) for name in _STYLES)


@cache
def host_module() -> str:
    """Return an ES module: ``mount`` by name, the anywidget by default."""
    return _joined("host_widget.js") + "\nexport { mount };\n"


@cache
def host_script() -> str:
    """Return a classic script that sets ``window.workbenchHost`` and shows what waits for it."""
    body = _joined("host_static.js")
    ready = "window.workbenchHost = { mount, show };\nshowQueued();"
    script = f'"use strict";\n(() => {{\n{body}\n{ready}\n}})();\n'
    return script.replace("</script", "<\\/script")
