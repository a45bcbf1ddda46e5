// The parts around the figure. Texts enter the page through textContent only.
import { elide, rowsOf, shown } from "./host_model.js";

const MOST_ROWS = 200;
let counter = 0;

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

export function labelled(text, control) {
  counter += 1;
  control.id = `wb-control-${counter}`;
  return make("span", "wb-field", {}, make("label", "", { for: control.id, textContent: text }), control);
}

// Builds the skeleton and returns its parts by name.
export function build(element, actions) {
  const parts = {
    title: make("div", "wb-title", { role: "heading", "aria-level": "3" }),
    subtitle: make("div", "wb-subtitle"),
    toolbar: make("div", "wb-toolbar", { role: "toolbar", "aria-label": "Figure controls" }),
    plot: make("div", "wb-plot"),
    overlay: make("div", "wb-overlay"),
    aside: make("div", "wb-aside"), // what a kind of figure puts beside the plot
    readout: make("div", "wb-readout", { role: "region", "aria-label": "Text under the pointer", tabIndex: 0 }),
    status: make("div", "wb-status"),
    table: make("div", "wb-table", { role: "region", "aria-label": "Selected texts" }),
    error: make("div", "wb-error", { role: "alert", hidden: true }),
  };
  Object.assign(parts, buildControls(parts.toolbar, actions), buildStatus(parts.status, actions));
  const root = make("section", "workbench-host", { role: "group" });
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab: keys typed here are for the figure
  const stage = make("div", "wb-stage", {}, parts.plot, parts.overlay, parts.aside);
  const figure = make("div", "wb-figure", {}, stage, parts.readout);
  root.append(parts.title, parts.subtitle, parts.toolbar, parts.error, figure, parts.status, parts.table);
  element.replaceChildren(root);
  return { ...parts, root };
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
  toolbar.append(fields.colorField, own, fields.searchField, hits, selectHits);
  return { ...fields, own, color, query, hits, selectHits };
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
  const columns = kind.colors ? (meta.color_columns ?? []).map(({ name }) => name) : [];
  setOptions(parts.color, [["", "nothing"], ...columns.map((name) => [name, elide(name, 30)])]);
  parts.colorField.hidden = columns.length === 0;
  parts.searchField.hidden = !kind.searches;
  parts.readout.hidden = model.ids.length === 0;
  nameKeys(parts, kind.keys);
  parts.readout.replaceChildren(make("p", "wb-hint", { textContent: kind.hint }));
}

export function setOptions(select, options) {
  select.replaceChildren(...options.map(([value, text]) => make("option", "", { value, textContent: text })));
}

// A matrix is read with the arrow keys, and what they come to is said aloud.
function nameKeys({ plot, readout }, keys) {
  plot.tabIndex = keys ? 0 : -1;
  if (keys) {
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", keys);
    readout.setAttribute("aria-live", "polite");
  } else {
    for (const name of ["role", "aria-label"]) plot.removeAttribute(name);
    readout.removeAttribute("aria-live");
  }
}

export function showState(parts, model, state, things = "texts") {
  parts.color.value = state.colorBy ?? "";
  if (parts.query.value !== state.query) parts.query.value = state.query;
  const found = state.hits?.length ?? 0;
  parts.hits.textContent = state.hits ? `${found.toLocaleString("en")} ${found === 1 ? "match" : "matches"}` : "";
  parts.selectHits.hidden = found === 0;
  const rows = rowsOf(model, state.selection);
  const total = model.ids.length.toLocaleString("en");
  parts.count.textContent = rows.length ? `${rows.length.toLocaleString("en")} of ${total} ${things} selected` : "";
  parts.clear.hidden = rows.length === 0;
  showTable(parts.table, model, rows, things);
}

function showTable(place, model, rows, things) {
  place.hidden = rows.length === 0;
  place.tabIndex = rows.length ? 0 : -1;
  if (!rows.length) {
    place.replaceChildren();
    return;
  }
  const columns = ["id", "text", ...(model.meta.table ?? [])].filter((name) => model.texts[name]);
  const head = make("tr", "", {}, ...columns.map((name) => make("th", "", { textContent: headed(name, things), scope: "col" })));
  const body = rows.slice(0, MOST_ROWS).map((row) =>
    make("tr", "", {}, ...columns.map((name) => cell(name, model.texts[name][row]))),
  );
  const table = make("table", "", {}, make("thead", "", {}, head), make("tbody", "", {}, ...body));
  const more = rows.length - MOST_ROWS;
  const rest = more > 0 ? [make("p", "wb-more", { textContent: `and ${more.toLocaleString("en")} more` })] : [];
  place.replaceChildren(table, ...rest);
}

function headed(name, things) {
  if (name === "id" && things === "models") return "model";
  return name === "cluster_name" ? "cluster" : elide(name, 30);
}

function cell(name, value) {
  const most = name === "text" ? 280 : 60;
  return make("td", name === "text" ? "wb-text" : "", { textContent: elide(shown(value), most), dir: "auto" });
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

export function showReadout(parts, ...blocks) {
  parts.readout.replaceChildren(...blocks);
}

export function showError(parts, error) {
  const message = error instanceof Error ? error.message : String(error);
  parts.error.textContent = `The figure could not be drawn: ${message}`;
  parts.error.hidden = false;
}
