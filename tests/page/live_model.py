"""A model like anywidget's, on a page without a kernel: what the kernel says, the test says."""

from __future__ import annotations

import base64
import json
from typing import Any

from playwright.sync_api import Page

from workbench.page import host_module, packed, plotly_library
from workbench.views import View

# What changes is told to all listeners at once, as Backbone does, to those who changed it too.
MODEL = """
const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
class Model {
  constructor(state) { this.state = state; this.listeners = {}; this.saved = 0; }
  get(name) { return this.state[name]; }
  on(name, action) { (this.listeners[name] ??= new Set()).add(action); }
  off(name, action) { this.listeners[name]?.delete(action); }
  emit(name, ...said) { for (const action of [...(this.listeners[name] ?? [])]) action(...said); }
  save_changes() { this.saved += 1; }
  set(name, value) { this.receive({ [name]: value }); }
  receive(changes) {
    const changed = Object.keys(changes).filter((name) => this.state[name] !== changes[name]);
    Object.assign(this.state, changes);
    for (const name of changed) this.emit(`change:${name}`);
  }
  send() {
    const library = new DataView(bytes(window.libraryText).buffer);
    setTimeout(() => this.emit("msg:custom", { type: "library" }, [library]));
  }
  count() { return Object.values(this.listeners).reduce((sum, some) => sum + some.size, 0); }
}
window.dataOf = (text) => new DataView(bytes(text).buffer);
window.start = (data, state) => {
  window.model = new Model({
    selection: [], selections: {}, hovered: null, viewport: {}, controls: {}, ...state,
    _data: dataOf(data),
  });
  const el = document.querySelector("main");
  window.ended = render({ model: window.model, el });
};
"""


def data_of(view: View, filler: str = "") -> str:
    """Return a view as the kernel sends it, in base64; a filler makes it slow to unpack."""
    artifact = {**json.loads(View(view.figure, view.texts).to_json()), "filler": filler}
    return base64.b64encode(packed(json.dumps(artifact))).decode()


def live_page() -> str:
    """Return a page that waits for ``start(data, state)``."""
    library = base64.b64encode(plotly_library()).decode()
    return (
        '<!DOCTYPE html><meta charset="utf-8"><main></main>'
        f"<script>window.libraryText = '{library}';</script>"
        f'<script type="module">{host_module()}\n{MODEL}</script>'
    )


def trait(page: Page, name: str) -> Any:
    return page.evaluate("name => window.model.get(name)", name)
