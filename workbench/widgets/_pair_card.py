"""Two texts beside each other, to be judged with buttons or with keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
from traitlets import Int, List, Unicode

from workbench.analysis.word_marks import Marked, marked_words

__all__ = ["PairCard"]

# The words arrive in pieces and enter the page as textContent. Keys count while the card has the
# keyboard, and an answer names the pair that it is about: one pressed twice is not two answers.
_ESM = """
const ANSWERS = [
  ["same", "s", "Same", "These are duplicates"],
  ["different", "d", "Different", "These are not duplicates"],
  ["skip", "k", "Skip", "Set this pair aside"],
  ["undo", "u", "Undo", "Take the last answer back"],
];

function render({ model, el }) {
  const make = (tag, className, text = "") => {
    const node = document.createElement(tag);
    node.className = className;
    node.textContent = text;
    return node;
  };
  el.classList.add("workbench-pair");
  const card = make("div", "workbench-pair-card");
  card.tabIndex = 0;
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", "Pair to judge. Keys: S the same, D different, K skip, U undo");
  card.dataset.lmSuppressShortcuts = "true";
  const asked = make("p", "workbench-pair-asked");
  const texts = make("div", "workbench-pair-texts");
  texts.setAttribute("aria-live", "polite");
  const note = make("p", "workbench-pair-note");
  const bar = make("div", "workbench-pair-bar");
  card.append(asked, texts, note, bar);
  el.replaceChildren(card);

  const answer = (name) => {
    const button = buttons.get(name);
    if (button.disabled) return;
    model.send({ type: "answer", answer: name, number: model.get("number") });
  };
  const buttons = new Map(ANSWERS.map(([name, key, word, title]) => {
    const button = make("button", `workbench-pair-${name}`);
    button.type = "button";
    button.title = `${title} (key ${key.toUpperCase()})`;
    button.append(word, " ", make("kbd", "", key.toUpperCase()));
    button.addEventListener("click", () => { answer(name); card.focus({ preventScroll: true }); });
    bar.append(button);
    return [name, button];
  }));
  card.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const found = ANSWERS.find(([, key]) => key === event.key.toLowerCase());
    if (!found) return;
    answer(found[0]);
    event.preventDefault();
  });

  const side = (id, pieces) => {
    const body = make("p", "workbench-pair-text");
    body.dir = "auto";
    body.append(...pieces.map(([text, shared]) => make(shared ? "span" : "mark", "", text)));
    const node = make("div", "workbench-pair-side");
    node.append(make("bdi", "workbench-pair-id", id), body);
    return node;
  };
  const show = () => {
    const ids = model.get("ids");
    asked.textContent = model.get("asked");
    note.textContent = model.get("note");
    texts.replaceChildren(...ids.map((id, at) => side(id, model.get("texts")[at])));
    for (const name of ["same", "different", "skip"]) buttons.get(name).disabled = ids.length === 0;
    buttons.get("undo").disabled = model.get("number") === 0;
  };
  // All traits of one pair arrive together, the number last.
  model.on("change:number", show);
  model.on("change:asked", show);
  show();
  return () => {
    model.off("change:number", show);
    model.off("change:asked", show);
  };
}
export default { render };
"""
_ENOUGH = 0.4  # of the characters are shared: below it nearly all would be marked
_CSS = """
.workbench-pair { width: 100%; min-width: 0; color: var(--jp-content-font-color1, inherit); }
.workbench-pair-card {
  box-sizing: border-box; margin-bottom: 6px; padding: 10px 14px; border-radius: 6px;
  border: 1px solid var(--jp-border-color1, #d0d4da);
  background: var(--jp-layout-color1, transparent);
}
.workbench-pair-card:focus-visible, .workbench-pair-card button:focus-visible {
  outline: 2px solid var(--jp-brand-color1, #0b62a8); outline-offset: 1px;
}
.workbench-pair-card p { margin: 0; }
.workbench-pair-asked { font-weight: 600; }
.workbench-pair-texts {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20em), 1fr));
  gap: 12px; margin: 8px 0;
}
.workbench-pair-side {
  max-height: 18em; padding: 6px 10px; overflow: auto; border-radius: 4px;
  background: var(--jp-layout-color2, rgba(128, 128, 128, 0.1));
}
.workbench-pair-id { color: var(--jp-content-font-color2, inherit); font-size: 0.9em; }
.workbench-pair-text { overflow-wrap: anywhere; white-space: pre-line; unicode-bidi: isolate; }
.workbench-pair-text mark {
  background: rgba(230, 159, 0, 0.3); color: inherit; border-radius: 2px;
  text-decoration: underline 2px #b87f00;
}
.workbench-pair-card .workbench-pair-note {
  margin: 0 0 8px; color: var(--jp-content-font-color2, inherit); font-size: 0.9em;
}
.workbench-pair-bar { display: flex; flex-wrap: wrap; gap: 8px; }
.workbench-pair-bar button {
  padding: 4px 12px; border: 1px solid var(--jp-border-color1, #d0d4da); border-radius: 4px;
  background: var(--jp-layout-color2, transparent); color: inherit; font: inherit; cursor: pointer;
}
.workbench-pair-bar button:disabled { opacity: 0.5; cursor: default; }
.workbench-pair-bar kbd {
  padding: 0 4px; border: 1px solid currentColor; border-radius: 3px; font-size: 0.8em;
  background: none; color: inherit; opacity: 0.75;
}
"""


class PairCard(anywidget.AnyWidget):
    """A pair of texts and four answers.

    Parameters
    ----------
    answered
        Called with ``"same"``, ``"different"``, ``"skip"`` or ``"undo"``.
    """

    _esm = _ESM
    _css = _CSS

    asked = Unicode().tag(sync=True)
    ids = List(Unicode()).tag(sync=True)
    texts = List(trait=List()).tag(sync=True)
    note = Unicode().tag(sync=True)
    number = Int(0).tag(sync=True)

    def __init__(self, answered: Callable[[str], None]) -> None:
        super().__init__()
        self._answered = answered
        self.on_msg(self._message)

    def show(self, number: int, asked: str, pair: tuple[tuple[str, str], ...]) -> None:
        """Show another pair.

        Parameters
        ----------
        number
            How many answers there were before: an answer that comes for another is late.
        asked
            The question.
        pair
            ``(id, text)`` of each; empty when there is none left.
        """
        texts: tuple[Marked, ...] = marked_words(pair[0][1], pair[1][1]) if pair else ()
        note = "Marked: what only one of them says." if pair else ""
        if pair and _shared(texts) < _ENOUGH:
            texts = tuple([("".join(piece for piece, _ in side), True)] for side in texts)
            note = "Few words in common, so nothing is marked."
        with self.hold_sync():
            self.ids = [text_id for text_id, _ in pair]
            self.texts = [[[_plain(piece), same] for piece, same in side] for side in texts]
            self.note = note
            self.asked = asked
            self.number = number

    def _message(self, _: object, message: Any, buffers: object) -> None:
        if not isinstance(message, dict) or message.get("type") != "answer":
            return
        if message.get("number") == self.number:
            self._answered(str(message.get("answer")))


def _shared(texts: tuple[Marked, ...]) -> float:
    """Return the share of characters that the texts have in common."""
    pieces = [(len(piece), same) for side in texts for piece, same in side]
    return sum(length for length, same in pieces if same) / max(1, sum(one for one, _ in pieces))


def _plain(text: str) -> str:
    """Return a text without lone surrogates, which cannot be sent to a browser."""
    return text.encode("utf-8", "replace").decode("utf-8")
