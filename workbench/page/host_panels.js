// The parts around the figure. Texts enter the page through textContent only.
import { shared } from "./host_library.js";
import { headingLevel } from "./host_page.js";
import { elide, rowsOf, shown } from "./host_model.js";

export function make(tag, className, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role" || name === "for") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

// Names are unique on the page: each live figure runs a module of its own.
export function nameOnPage() {
  const page = shared();
  page.named = (page.named ?? 0) + 1;
  return `wb-control-${page.named}`;
}

export function labelled(text, control) {
  control.id = nameOnPage();
  return make("span", "wb-field", {}, make("label", "", { for: control.id, textContent: text }), control);
}

// Builds the skeleton and returns its parts by name. What a selection and a table show, others make.
export function build(element, actions) {
  const parts = {
    title: make("div", "wb-title", { role: "heading", "aria-level": String(headingLevel(element)) }),
    subtitle: make("div", "wb-subtitle"),
    toolbar: make("div", "wb-toolbar", { role: "toolbar", "aria-label": "Figure controls" }),
    plot: make("div", "wb-plot"),
    overlay: make("div", "wb-overlay"),
    aside: make("div", "wb-aside"), // what a kind of figure puts beside the plot
    described: make("p", "wb-described", { id: nameOnPage() }), // heard, not seen
    readout: make("div", "wb-readout", { role: "group", "aria-label": "Text under the pointer", tabIndex: 0 }),
    status: make("div", "wb-status", { role: "group", "aria-label": "Selection" }),
    chosen: make("div", "wb-picked", { hidden: true }),
    error: make("div", "wb-error", { role: "alert", hidden: true }),
  };
  Object.assign(parts, buildControls(parts.toolbar, actions), buildStatus(parts.status, actions));
  const root = make("section", "workbench-host", { role: "group" });
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab: keys typed here are for the figure
  const stage = make("div", "wb-stage", {}, parts.plot, parts.overlay, parts.aside);
  const figure = make("div", "wb-figure", {}, stage, parts.readout);
  const { title, subtitle, toolbar, error, described, status, chosen } = parts;
  const head = make("div", "wb-head", {}, title);
  root.append(head, subtitle, toolbar, error, described, figure, status, chosen);
  element.replaceChildren(root);
  return { ...parts, head, figure, root };
}

function buildControls(toolbar, actions) {
  const color = make("select", "wb-color");
  color.addEventListener("change", () => actions.colorBy(color.value));
  const query = make("input", "wb-search", { type: "search", placeholder: "words", spellcheck: false });
  query.addEventListener("input", () => actions.query(query.value));
  const hits = make("output", "wb-hits", { "aria-live": "polite" });
  const selectHits = make("button", "wb-select-hits", { type: "button", textContent: "Select matches", hidden: true });
  selectHits.addEventListener("click", actions.selectHits);
  const fields = {
    colorField: labelled("Colour by", color),
    searchField: labelled("Search", query),
  };
  const own = make("span", "wb-own"); // what a kind of figure adds
  const searching = make("span", "wb-field", {}, fields.searchField, hits, selectHits);
  toolbar.append(fields.colorField, own, searching);
  return { ...fields, searching, own, color, query, hits, selectHits };
}

function buildStatus(status, actions) {
  const count = make("output", "wb-count", { "aria-live": "polite" });
  const clear = make("button", "wb-clear", { type: "button", textContent: "Clear selection", hidden: true });
  clear.addEventListener("click", actions.clear);
  status.append(count, clear);
  return { count, clear };
}

// Sets what depends on the view: title, the options of the selects, which controls there are.
export function showView(parts, model, kind) {
  const { meta } = model;
  parts.root.dataset.kind = model.kind;
  parts.title.textContent = meta.title ?? "";
  parts.subtitle.textContent = meta.subtitle ?? "";
  parts.root.setAttribute("aria-label", meta.title || "Figure");
  showColors(parts, model, kind);
  parts.searching.hidden = !kind.searches;
  parts.readout.hidden = model.ids.length === 0 || Boolean(kind.lists);
  namePlot(parts, model, kind);
  parts.readout.replaceChildren(make("p", "wb-hint", { textContent: kind.hint }));
}

export function showColors(parts, model, kind) {
  const columns = kind.colors ? (model.meta.color_columns ?? []).map(({ name }) => name) : [];
  setOptions(parts.color, [["", "nothing"], ...columns.map((name) => [name, elide(name, 30)])]);
  parts.colorField.hidden = columns.length === 0;
}

export function setOptions(select, options) {
  select.replaceChildren(...options.map(([value, text]) => make("option", "", { value, textContent: text })));
}

// A figure that is read with keys says what it comes to aloud; one of elements is a group of
// them; any other is a picture, which its table and sentences stand in for.
function namePlot({ plot, readout, described }, model, kind) {
  plot.tabIndex = kind.keys ? 0 : -1;
  plot.setAttribute("role", kind.keys ? "application" : kind.draw ? "group" : "img");
  plot.setAttribute("aria-label", kind.keys ?? (model.meta.title || "Figure"));
  plot.setAttribute("aria-describedby", described.id);
  if (kind.keys) readout.setAttribute("aria-live", "polite");
  else readout.removeAttribute("aria-live");
}

export function showState(parts, model, state, things = "texts") {
  parts.color.value = state.colorBy ?? "";
  if (parts.query.value !== state.query) parts.query.value = state.query;
  const found = state.hits?.length ?? 0;
  parts.hits.textContent = state.hits ? `${found.toLocaleString("en")} ${found === 1 ? "match" : "matches"}` : "";
  parts.selectHits.hidden = found === 0;
  const count = rowsOf(model, state.selection).length;
  const total = model.ids.length.toLocaleString("en");
  const selected = count ? `${count.toLocaleString("en")} of ${total} ${things} selected` : "";
  parts.count.textContent = [selected, state.gone].filter(Boolean).join("; ");
  parts.clear.hidden = count === 0;
}

// One text with its id and label, for the readout.
export function textBlock(model, row, before = "") {
  const facts = [before, model.ids[row], ...(model.meta.table ?? []).map((name) => shown(model.texts[name]?.[row]))];
  const line = make("div", "wb-facts");
  for (const fact of facts.filter((value) => value !== "")) {
    line.append(make("bdi", "", { textContent: elide(fact, 60) }));
  }
  const text = model.texts.text?.[row];
  const body = text === undefined ? [] : [make("p", "wb-text", { textContent: elide(text, 600), dir: "auto" })];
  return make("div", "wb-block", {}, line, ...body);
}

// A name and what is known of it, for a list of facts (dl.wb-pairs).
export function factLine(name, value) {
  const term = make("dt", "", { textContent: elide(name, 40) });
  return make("div", "", {}, term, make("dd", "", { textContent: elide(value, 400), dir: "auto" }));
}

export function showReadout(parts, ...blocks) {
  parts.readout.replaceChildren(...blocks);
}

export function showError(parts, error) {
  const message = error instanceof Error ? error.message : String(error);
  parts.error.textContent = `The figure could not be drawn: ${message}`;
  parts.error.hidden = false;
}
