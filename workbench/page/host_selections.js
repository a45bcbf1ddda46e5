// What a selection becomes when somebody chooses more, and what is kept of it under a name.
import { elide, rowsOf } from "./host_model.js";
import { labelled, make, setOptions } from "./host_panels.js";

// The name of the column that tells which kept selections a text is in.
export const KEPT = "kept selections";

const MODES = [
  ["replace", "replaces"],
  ["add", "adds"],
  ["subtract", "takes away"],
  ["intersect", "keeps only"],
];
const LONGEST = 60;

// ---- combining

// What is held down while choosing outweighs the control.
export function modeOf(chosen, held) {
  if (held.alt) return "subtract";
  return held.shift ? "add" : chosen;
}

// The selection after somebody chose ids. `toggle`: what is chosen already is taken back. To keep
// only some of nothing keeps them: where nothing is selected, everything is shown.
export function combined(before, ids, mode, toggle = false) {
  const chosen = new Set(ids);
  const again = toggle && chosen.size > 0 && [...chosen].every((id) => before.has(id));
  const rest = () => new Set([...before].filter((id) => !chosen.has(id)));
  if (mode === "subtract") return rest();
  if (mode === "add") return again ? rest() : new Set([...before, ...chosen]);
  if (mode === "intersect" && before.size) return new Set([...before].filter((id) => chosen.has(id)));
  return again && before.size === chosen.size ? new Set() : chosen;
}

export function combineControl() {
  const mode = make("select", "wb-combine", { title: "While you choose, Shift adds and Alt takes away" });
  setOptions(mode, MODES);
  return { field: labelled("Selecting", mode), mode };
}

// ---- kept selections: a map of name → ids, also of ids that this figure does not hold

export function keptOf(value) {
  const entries = Object.entries(value ?? {}).filter(([, ids]) => Array.isArray(ids));
  return new Map(entries.map(([name, ids]) => [name, [...new Set(ids)]]));
}

export function keptObject(kept) {
  return Object.fromEntries(kept);
}

// Makes the kept selections a column of the texts that figures can be coloured by.
export function columnKept(model, kept) {
  const { meta, texts } = model;
  if (model.ownKept ??= KEPT in texts) return; // the corpus has such a column of its own
  const rows = [...kept].map(([name, ids]) => [name, rowsOf(model, ids)]).filter(([, some]) => some.length);
  meta.color_columns = (meta.color_columns ?? []).filter(({ name }) => name !== KEPT);
  delete texts[KEPT];
  if (!rows.length) return;
  const names = model.ids.map(() => null);
  for (const [name, some] of rows) {
    for (const row of some) names[row] = names[row] === null ? name : `${names[row]}, ${name}`;
  }
  texts[KEPT] = names;
  meta.color_columns.push({ name: KEPT, kind: "category" });
}

// What to say of ids that a figure was given and does not hold; nothing when it holds them all.
export function goneOf(count, known, things) {
  if (count <= known) return "";
  const verb = count - known === 1 ? "is" : "are";
  return `${number(count - known)} of the ${number(count)} ${things} ${verb} no longer here`;
}

function number(count) {
  return count.toLocaleString("en");
}

// The field that keeps the selection, and the list of what is kept. `actions`: keep(name),
// recall(name), forget(name).
export function keeping(actions) {
  const name = make("input", "wb-keep-name", { type: "text", placeholder: "a name", maxLength: LONGEST, autocomplete: "off", spellcheck: false });
  const button = make("button", "wb-keep", { type: "button", textContent: "Keep" });
  const field = labelled("Keep as", name);
  field.append(button);
  const list = make("ul", "wb-kept", { "aria-label": "Kept selections" });
  const bar = make("div", "wb-kept-bar", {}, make("span", "wb-kept-label", { textContent: "Kept" }), list);
  let shown = null;
  const keep = () => {
    actions.keep(elide(name.value, LONGEST));
    name.value = "";
  };
  button.addEventListener("click", keep);
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    keep();
  });
  return {
    field,
    bar,
    show({ selection, selections }, may) {
      field.hidden = !may || selection.size === 0;
      bar.hidden = !may || selections.size === 0;
      if (shown === selections) return;
      shown = selections;
      list.replaceChildren(...[...selections].map(([one, ids]) => entryOf(one, ids, actions)));
    },
  };
}

function entryOf(name, ids, actions) {
  const count = make("span", "wb-kept-count", { textContent: number(ids.length) });
  const title = `Select the texts kept as “${name}”`;
  const recall = make("button", "wb-recall", { type: "button", title }, make("bdi", "", { textContent: name }), count);
  const forget = make("button", "wb-forget", { type: "button", textContent: "×", "aria-label": `Forget “${name}”` });
  recall.addEventListener("click", () => actions.recall(name));
  forget.addEventListener("click", () => {
    const [list, root] = [forget.closest("ul"), forget.closest(".workbench-host")];
    const at = [...list.querySelectorAll(".wb-forget")].indexOf(forget);
    actions.forget(name);
    const left = list.querySelectorAll(".wb-forget");
    (left[Math.min(at, left.length - 1)] ?? root.querySelector(".wb-plot")).focus({ preventScroll: true });
  });
  return make("li", "", {}, recall, forget);
}

// The first of "selection 1", "selection 2", … that is free.
export function freeName(kept) {
  let at = 1;
  while (kept.has(`selection ${at}`)) at += 1;
  return `selection ${at}`;
}
