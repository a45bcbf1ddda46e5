"""HTML that the workbench wrote, in a widget: tables whose examples can be chosen."""

from __future__ import annotations

import anywidget
from traitlets import Int, Unicode

from workbench.page import comparison_css

__all__ = ["Markup"]

# Cells that carry `data-example` become buttons; a click on their row does the same. Keys typed
# here are not JupyterLab's. What is unfolded stays so when the HTML changes.
_ESM = """
function render({ model, el }) {
  el.classList.add("workbench-markup");
  const box = document.createElement("div");
  box.dataset.lmSuppressShortcuts = "true";
  el.replaceChildren(box);

  const chosen = () => String(model.get("chosen"));
  const choose = (place) => {
    model.set("chosen", place === chosen() ? -1 : Number(place));
    model.save_changes();
  };
  const makeButton = (cell) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dir = "auto";
    button.className = "workbench-example";
    button.dataset.example = cell.dataset.example;
    button.textContent = cell.textContent;
    button.title = "Show this example under both models";
    cell.replaceChildren(button);
    const row = cell.closest("tr");
    row.classList.add("workbench-example-row");
    row.addEventListener("click", () => {
      if (window.getSelection()?.isCollapsed ?? true) choose(button.dataset.example);
    });
  };
  const mark = () => {
    for (const button of box.querySelectorAll("button.workbench-example")) {
      const pressed = button.dataset.example === chosen();
      button.setAttribute("aria-pressed", String(pressed));
      button.closest("tr").classList.toggle("workbench-chosen", pressed);
    }
  };
  const nameOf = (details) => details.querySelector("summary")?.textContent;
  const show = () => {
    const folds = () => [...box.querySelectorAll("details")];
    const before = new Map(folds().map((one) => [nameOf(one), one.open]));
    box.innerHTML = model.get("html");
    for (const one of folds()) one.open = before.get(nameOf(one)) ?? one.open;
    box.querySelectorAll("th[data-example]").forEach(makeButton);
    mark();
  };
  model.on("change:html", show);
  model.on("change:chosen", mark);
  show();
  return () => {
    model.off("change:html", show);
    model.off("change:chosen", mark);
  };
}
export default { render };
"""
_CSS = """
.workbench-markup { width: 100%; min-width: 0; color: var(--jp-content-font-color1, inherit); }
.workbench-markup .workbench-comparison { margin: 4px 0; }
.workbench-markup h3 { margin: 14px 0 4px; font-size: 16px; line-height: 1.35; }
.workbench-markup h4 { margin: 12px 0 4px; font-size: 14px; }
.workbench-markup .workbench-example-row { cursor: pointer; }
.workbench-markup .workbench-example-row:hover,
.workbench-markup .workbench-chosen { background: var(--wb-fill); }
.workbench-markup .workbench-example {
  max-width: 18em; padding: 2px 8px; border: 1px solid var(--wb-line); border-radius: 4px;
  background: var(--wb-fill); color: var(--wb-accent); font: inherit; font-weight: 600;
  text-align: start; overflow-wrap: anywhere; cursor: pointer;
}
.workbench-markup .workbench-example[aria-pressed="true"] {
  border-color: var(--wb-accent); box-shadow: inset 0 0 0 1px var(--wb-accent);
}
.workbench-markup .workbench-details {
  padding: 4px 14px 8px; border: 1px solid var(--wb-line); border-radius: 6px;
}
.workbench-markup blockquote {
  max-width: 90ch; max-height: 14em; margin: 4px 0; padding: 2px 10px; overflow: auto;
  border-left: 3px solid var(--wb-line); overflow-wrap: anywhere; white-space: pre-line;
  unicode-bidi: isolate;
}
"""


class Markup(anywidget.AnyWidget):
    """A piece of HTML.

    Parameters
    ----------
    html
        What to show; its writer has escaped all that is data.

    Attributes
    ----------
    html : str
        What is shown.
    chosen : int
        The ``data-example`` of the row that was chosen; -1: none.
    """

    _esm = _ESM
    _css = comparison_css() + _CSS

    html = Unicode().tag(sync=True)
    chosen = Int(-1).tag(sync=True)

    def __init__(self, html: str = "") -> None:
        super().__init__(html=html)

    def show(self, html: str) -> None:
        """Show another piece of HTML, of which nothing is chosen."""
        with self.hold_sync():
            self.chosen = -1
            self.html = html
