// A host's selection and what is kept of it: each change passes here once, and is told from here.
import { kindOf } from "./host_model.js";
import { showColors } from "./host_panels.js";
import { columnKept, combined, freeName, goneOf, keptObject, keptOf, modeOf } from "./host_selections.js";

// What is held down when somebody chooses: from the last press of a button or a key.
export function watchHeld(host) {
  host.held = { shift: false, alt: false };
  const note = (event) => { host.held = { shift: event.shiftKey, alt: event.altKey }; };
  ["pointerdown", "keydown", "keyup"].forEach((name) => host.parts.root.addEventListener(name, note, true));
}

// Somebody chose ids, which count as "Selecting" says. `toggle`: choosing again takes back;
// `adds`: what replaces elsewhere adds here; `keepPinned`: a pinned pair stays; `gone`: what to say
// of ids that are not here.
export function choose(host, ids, { toggle = false, adds = false, keepPinned = false, gone = "" } = {}) {
  const picked = [...ids];
  let mode = modeOf(host.parts.combine.value, host.held);
  if (adds && mode === "replace") mode = "add";
  if (keepPinned && !picked.length && mode !== "replace") return; // a pair was let go
  const foreign = host.linked.ids().filter((id) => !host.model.rowOf.has(id));
  const next = combined(new Set([...host.state.selection, ...foreign]), picked, mode, toggle);
  select(host, next, { keepPinned, gone });
}

// `quiet`: it came from the kernel, which knows it, and which says on its own what is pinned.
export function select(host, ids, { quiet = false, keepPinned = false, gone = "" } = {}) {
  const { model, state, linked } = host;
  const all = [...new Set(ids)].filter((id) => !quiet || model.rowOf.has(id));
  const known = new Set(all.filter((id) => model.rowOf.has(id)));
  const same = sameIds(known, state.selection);
  const pinned = quiet || keepPinned || !state.pinned ? {} : { pinned: null, cell: null };
  const told = quiet || (gone === state.gone && linked.ids().length === all.length);
  if (same && told && !("pinned" in pinned)) return;
  host.change({ selection: same ? state.selection : known, gone, ...pinned });
  if ("pinned" in pinned) host.tellControls();
  if (!quiet && !same) host.hooks.onSelection?.(sorted(known));
  linked.publish(sorted(all));
}

// A linked figure says what is selected: a pair that is pinned here goes with the selection it made.
export function receive(host, ids) {
  const known = new Set(ids.filter((id) => host.model.rowOf.has(id)));
  const lets = host.state.pinned && !sameIds(known, host.state.selection);
  host.change({ selection: known, gone: "", ...(lets ? { pinned: null, cell: null } : {}) });
  if (lets) host.tellControls();
  host.hooks.onSelection?.(sorted(known));
}

function sameIds(one, other) {
  return one.size === other.size && [...one].every((id) => other.has(id));
}

export function sorted(ids) {
  return [...ids].sort();
}

// ---- what is kept

export function keep(host, asked) {
  const name = asked || freeName(host.state.selections);
  const ids = sorted(host.state.selection);
  if (ids.length) keepAs(host, name, ids);
}

export function forget(host, name) {
  keepAs(host, name, null);
}

export function recall(host, name) {
  const ids = host.state.selections.get(name) ?? [];
  const known = ids.filter((id) => host.model.rowOf.has(id));
  choose(host, ids, { gone: goneOf(ids.length, known.length, "kept texts") });
}

// Keeps ids under a name, or, with null, no longer. `told`: a linked figure did.
export function keepAs(host, name, ids, told = false) {
  const selections = new Map(host.state.selections);
  if (ids) selections.set(name, ids);
  else selections.delete(name);
  setKept(host, selections);
  host.hooks.onSelections?.(keptObject(selections));
  if (!told) host.linked.keep(name, ids);
}

// The kernel says what is kept; it may be what it was told.
export function receiveKept(host, value) {
  const before = host.state.selections;
  const next = keptOf(value);
  const names = [...new Set([...before.keys(), ...next.keys()])];
  const changed = names.filter((name) => JSON.stringify(before.get(name)) !== JSON.stringify(next.get(name)));
  if (changed.length) setKept(host, next);
  changed.forEach((name) => host.linked.keep(name, next.get(name) ?? null));
}

function setKept(host, selections) {
  const { model, state } = host;
  columnKept(model, selections);
  host.linked.holds(selections);
  showColors(host.parts, model, host.kind);
  const lost = state.colorBy && !kindOf(model, state.colorBy);
  host.change({ selections, ...(lost ? { colorBy: "" } : {}) });
  if (lost) host.tellControls();
}
