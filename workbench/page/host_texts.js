// All texts as a table (kind "texts"): it lists what is selected for the figures it is linked with.
import { labelled, make, setOptions } from "./host_panels.js";
import { makeTable, textColumns } from "./host_table.js";

const SHOWN = [["selected", "selected texts, if any"], ["all", "all texts"]];

export const textsKind = {
  hint: "Tick texts to select them; click a heading to sort.",
  lists: true,
  searches: true,
  controls,
  draw,
  pointed: (host, id) => markRow(host, id),
};

function controls(host) {
  const choose = make("select", "wb-shown");
  setOptions(choose, SHOWN);
  choose.addEventListener("change", () => host.guard(() => host.option("shown", choose.value)));
  return {
    nodes: [labelled("Show", choose)],
    show() { choose.value = host.state.options.shown ?? "selected"; },
  };
}

function draw(host) {
  const { model, state, parts } = host;
  host.stale = false;
  const { table, place } = tableOf(host);
  const rows = shownRows(model, state);
  const seen = rows.length === host.listed?.length && rows.every((row, i) => row === host.listed[i]);
  if (!seen || host.listedModel !== model) table.show(textColumns(model), rows);
  Object.assign(host, { listed: rows, listedModel: model });
  place.setAttribute("aria-label", rows.length === model.ids.length ? "All texts" : "Texts shown");
  table.check();
  if (!parts.plot.contains(place)) parts.plot.replaceChildren(place);
}

function tableOf(host) {
  if (host.textTable) return host.textTable;
  const place = make("div", "wb-rows wb-texts", { role: "region", tabIndex: 0 });
  const point = (row) => host.guard(() => host.hover(row === null ? null : host.model.ids[row]));
  const table = makeTable(place, point, {
    has: (row) => host.state.selection.has(host.model.ids[row]),
    name: (row) => `Select ${host.model.ids[row]}`,
    toggle: (row) => host.guard(() => host.select([host.model.ids[row]], { toggle: true, adds: true })),
  });
  host.textTable = { table, place };
  return host.textTable;
}

function shownRows(model, state) {
  const found = state.hits ?? model.ids.map((_, row) => row);
  if (state.options.shown === "all" || !state.selection.size) return found;
  return found.filter((row) => state.selection.has(model.ids[row]));
}

// Somebody points at a text on a linked figure.
function markRow(host, id) {
  const row = id === null ? undefined : host.model.rowOf.get(id);
  for (const line of host.parts.plot.querySelectorAll("tr[data-row]")) {
    line.classList.toggle("wb-pointed", Number(line.dataset.row) === row);
  }
}
