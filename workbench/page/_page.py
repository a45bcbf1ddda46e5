"""One offline HTML page, and one output of a notebook, with the figures of views."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from uuid import uuid4

from workbench._html import rows_table
from workbench.errors import InputError
from workbench.page._host import host_css, host_script, page_css
from workbench.page._library import plotly_library
from workbench.page._payload import base64_of, payload
from workbench.views import View

__all__ = ["fallback_table", "render_fragment", "render_page"]

# plotly's WebGL code compiles functions at run time, hence 'unsafe-eval'. Nothing may be fetched.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'"
)
_CLEARED = (
    "This figure is drawn by a script that the notebook's first figure brings along, and that "
    "output is not in this page. Restart the kernel and run the notebook from the top."
)


def render_page(
    views: Sequence[View],
    *,
    title: str,
    sections: Sequence[tuple[str, str | View]] | None = None,
) -> str:
    """Return one HTML file with figures that work with no kernel and no network.

    Parameters
    ----------
    views
        What to show, in order; views of one corpus are linked by selection.
    title
        The page's title.
    sections
        Headings with what stands under them, after the views: a view, or HTML that the caller
        has escaped.

    Raises
    ------
    InputError
        If there is nothing to show.
    """
    parts: list[tuple[str, str | View]] = [*(("", view) for view in views), *(sections or ())]
    if not parts:
        raise InputError("render_page: got neither views nor sections; give it at least one.")
    shown = [part for _, part in parts if isinstance(part, View)]
    body: list[str] = []
    count = 0
    for heading, part in parts:
        body.append(f"<h2>{escape(heading)}</h2>" if heading else "")
        if isinstance(part, View):
            body.append(_place(count, f"<noscript>{fallback_table(part)}</noscript>"))
            count += 1
        else:
            # A wide table is scrolled with the keyboard, too; a comparison's are of their own.
            named = escape(heading or title)
            keys = f' role="group" tabindex="0" aria-label="{named}"'
            of = "" if 'class="wb-scroll"' in part else keys
            body.append(f'<div class="workbench-scroll"{of}>{part}</div>')
    css = page_css() + (host_css() if shown else "")
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{css}</style>"
    )
    scripts = (
        f"{_data(shown)}{_library()}<script>{host_script()}</script>"
        "<script>workbenchHost.show(document.body);</script>"
        if shown
        else ""
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body><main>'
        f"<h1>{escape(title)}</h1>{''.join(body)}</main>{scripts}</body></html>\n"
    )


def render_fragment(view: View, *, with_library: bool) -> str:
    """Return a view as HTML for one output of a notebook.

    Parameters
    ----------
    view
        What to show.
    with_library
        Whether to bring plotly.js and the figure host along: once per page, in its first figure.
        Without them the figure waits for another output to bring them, and says so in a sentence
        if none does. Where scripts are stripped (an untrusted notebook) a table is left.
    """
    name = f"workbench-{uuid4().hex}"
    brought = f"<style>{host_css()}</style>{_library()}<script>{host_script()}</script>"
    wait = (
        "(() => { (window.workbenchQueue ??= []).push(ID);"
        " const late = () => setTimeout(() => { if (window.workbenchHost) return;"
        ' const place = document.querySelector("#" + ID + " [data-workbench-view]");'
        " if (place) place.prepend(SAID); }, 3000);"
        ' if (document.readyState === "complete") late();'
        ' else window.addEventListener("load", late); })();'
    )
    script = wait.replace("SAID", f'"{_CLEARED}"').replace("ID", f'"{name}"')
    return (
        f'<div id="{name}">{_place(0, fallback_table(view))}{_data([view])}'
        f"{brought if with_library else ''}<script>{script}</script></div>"
    )


def fallback_table(view: View, most: int = 10) -> str:
    """Return the first texts of a view as an escaped table, for where no script runs."""
    names = [name for name in ("id", "text", *view.meta.get("table", [])) if name in view.texts]
    rows = view.texts[names].head(most).itertuples(index=False, name=None)
    more = len(view.texts) - most
    said = f" (the first {most} of {len(view.texts):,} texts)" if more > 0 else ""
    return rows_table(f"{view.title}{said}", names, rows)


def _place(number: int, inside: str) -> str:
    return f'<div class="workbench-figure" data-workbench-view="{number}">{inside}</div>'


def _data(views: Sequence[View]) -> str:
    texts, arrays = payload(views)
    return (
        f'<script type="text/plain" class="workbench-data">{texts}</script>'
        f'<script type="text/plain" class="workbench-arrays">{arrays}</script>'
    )


def _library() -> str:
    library = base64_of(plotly_library())
    return f'<script type="text/plain" class="workbench-library">{library}</script>'
