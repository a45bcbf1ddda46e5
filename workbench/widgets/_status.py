"""A line that says what is going on: read out by screen readers, its text never markup."""

from __future__ import annotations

import anywidget
from traitlets import Bool, Unicode

from workbench._html import elide
from workbench.errors import WorkbenchError

__all__ = ["StatusLine", "sentence"]

# ipywidgets' Label has no aria-live, and a live region must stay in place while its text changes.
# The seconds stand outside it: nobody wants them read out one by one.
_ESM = """
function render({ model, el }) {
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  said.setAttribute("aria-live", "polite");
  said.setAttribute("dir", "auto");
  const clock = document.createElement("span");
  clock.setAttribute("aria-hidden", "true");
  el.classList.add("workbench-status");
  el.replaceChildren(said, clock);
  let timer = 0;
  let since = 0;
  const tick = () => {
    if (!model.get("busy")) return;
    const parts = [model.get("progress"), `${Math.round((Date.now() - since) / 1000)} s`];
    clock.textContent = ` ${parts.filter(Boolean).join(", ")}`;
  };
  const show = () => {
    said.textContent = model.get("text");
    el.dataset.failed = String(model.get("failed"));
    el.dataset.busy = String(model.get("busy"));
    clearInterval(timer);
    clock.textContent = "";
    if (!model.get("busy")) return;
    since = Date.now();
    timer = setInterval(tick, 1000);
  };
  const names = ["change:text", "change:failed", "change:busy"];
  names.forEach((name) => model.on(name, show));
  model.on("change:progress", tick);
  show();
  return () => {
    clearInterval(timer);
    names.forEach((name) => model.off(name, show));
    model.off("change:progress", tick);
  };
}
export default { render };
"""
_CSS = """
.workbench-status { min-height: 1.4em; overflow-wrap: anywhere; color: var(--jp-ui-font-color1); }
.workbench-status[data-failed="true"] { color: var(--jp-error-color1); font-weight: 600; }
"""


class StatusLine(anywidget.AnyWidget):
    """A sentence under a widget's controls.

    Parameters
    ----------
    text
        What to say at first.
    """

    _esm = _ESM
    _css = _CSS

    text = Unicode().tag(sync=True)
    failed = Bool(False).tag(sync=True)
    busy = Bool(False).tag(sync=True)
    progress = Unicode().tag(sync=True)

    def __init__(self, text: str = "") -> None:
        super().__init__(text=text)

    def say(self, text: str, *, busy: bool = False) -> None:
        """Show a sentence; while ``busy``, the seconds since are counted beside it."""
        self._set(text, failed=False, busy=busy)

    def fail(self, text: str) -> None:
        """Show a sentence about what did not work."""
        self._set(text, failed=True, busy=False)

    def count(self, done: int, total: int, step: str = "") -> None:
        """Show how much of what is going on is done, or which step begins, beside the seconds."""
        named = f"step {done + 1} of {total}: {step}"
        self.progress = named if step else f"{done:,} of {total:,}"

    def _set(self, text: str, *, failed: bool, busy: bool) -> None:
        with self.hold_sync():
            self.text, self.failed, self.busy, self.progress = text, failed, busy, ""


def sentence(error: BaseException) -> str:
    """Return what an error says, on one line; other people's errors with their kind."""
    said = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
    return elide(said, 600)
