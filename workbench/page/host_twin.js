// What stands in for a picture: its data as a table, and what it shows in a few sentences.
import { decode } from "./host_library.js";
import { categories, elide, kindOf } from "./host_model.js";
import { make } from "./host_panels.js";
import { KEPT } from "./host_selections.js";
import { copyButton, makeTable, textColumns } from "./host_table.js";

const MOST_NAMED = 5;

// ---- sentences

export function summaryOf(kind, model, state) {
  if (kind.summary) return kind.summary(model, state);
  const { title, subtitle } = model.meta;
  const things = kind.things ?? "texts";
  const count = model.ids.length;
  const said = [
    title ? `${title}.` : "",
    subtitle ? `${subtitle}${/[.?!]$/.test(subtitle) ? "" : "."}` : "",
    count ? `${count.toLocaleString("en")} ${things}, ${state.selection.size.toLocaleString("en")} of them selected.` : "",
    kind.colors && kindOf(model, state.colorBy) ? `Coloured by ${state.colorBy}${groupsNamed(model, state.colorBy)}.` : "",
    model.kind === "clusters" && model.meta.clusters ? barsNamed(model.meta.clusters) : "",
  ];
  return said.filter(Boolean).join(" ");
}

// Counting a column's categories takes a while at 100,000 texts: once per column.
function groupsNamed(model, column) {
  if (kindOf(model, column) !== "category") return "";
  const values = model.texts[column];
  if (model.named?.values !== values) {
    const groups = categories(model, column, MOST_NAMED).map(({ name, rows }) => [name, rows.length]);
    model.named = { values, text: `: ${listed(groups)}` };
  }
  return model.named.text;
}

function barsNamed(bars) {
  const named = bars.slice(0, MOST_NAMED).map(({ name, size }) => [name, size]);
  const more = bars.length - named.length;
  return `${listed(named)}${more > 0 ? `, and ${more} more` : ""}.`;
}

function listed(groups) {
  return groups.map(([name, count]) => `${elide(name, 40)} ${count.toLocaleString("en")}`).join(", ");
}

// ---- tables: {header: [names], rows: [[values]]}

const TWINS = { "models-matrix": pairsTwin, ranks: ranksTwin, figure: tracesTwin };

// Returns the columns and rows of a figure's table: the kind's own, one known here, or its texts.
function twinOf(kind, model) {
  const twin = (kind.twin ?? TWINS[model.kind])?.(model);
  if (!twin) return { columns: textColumns(model, kind.things), rows: model.ids.map((_, row) => row), texts: true };
  const columns = twin.header.map((head, at) => ({ name: String(at), head, wide: head === "text", value: (row) => twin.rows[row][at] }));
  return { columns, rows: twin.rows.map((_, row) => row), texts: false };
}

function pairsTwin({ meta, ids }) {
  if (!meta.measures) return null;
  const pairs = ids.flatMap((one, i) => ids.slice(i + 1).map((other, k) => [one, other, i, i + 1 + k]));
  const rows = pairs.map(([one, other, i, j]) => [one, other, ...meta.measures.map(({ values }) => values[i][j])]);
  return { header: ["model", "other model", ...meta.measures.map(({ name }) => name)], rows };
}

function ranksTwin({ meta, ids, texts }) {
  if (!meta.ranks) return null;
  const ranked = [...new Set(meta.ranks.flat())];
  const rankOf = (column, row) => (column.includes(row) ? column.indexOf(row) + 1 : null);
  const rows = ranked.map((row) => [ids[row], texts.text?.[row], ...meta.ranks.map((column) => rankOf(column, row))]);
  return { header: ["id", "text", ...meta.models.map((name) => `rank: ${name}`)], rows };
}

// A figure that was made elsewhere: the places of its traces.
function tracesTwin({ data, ids }) {
  if (ids.length) return null;
  const rows = data.flatMap((trace, at) => {
    const [x, y] = [trace.x, trace.y].map((values) => [...(decode(values) ?? [])]);
    const longest = x.length > y.length ? x : y;
    return longest.map((_, i) => [trace.name ?? `trace ${at + 1}`, x[i] ?? i, y[i] ?? i]);
  });
  return { header: ["series", "x", "y"], rows };
}

// ---- the panel

// A button and the table that it shows. `point(row | null)`: somebody points at a text's row.
export function twinPanel(point) {
  const button = make("button", "wb-twin-button", { type: "button", textContent: "Show as table", "aria-expanded": "false" });
  const summary = make("p", "wb-summary");
  const place = make("div", "wb-rows wb-twin-rows", { role: "group", "aria-label": "The figure as a table", tabIndex: 0 });
  const seen = {};
  const table = makeTable(place, (row) => { if (seen.texts) point(row); });
  const { button: copy, said } = copyButton(table, "figure.csv");
  const node = make("div", "wb-twin", { hidden: true }, summary, make("div", "wb-bar-above", {}, copy, said), place);
  const fill = () => {
    const kept = seen.model?.texts[KEPT];
    if (node.hidden || !seen.kind || (seen.drawn === seen.model && seen.kept === kept)) return;
    const { columns, rows, texts } = twinOf(seen.kind, seen.model);
    Object.assign(seen, { texts, kept, drawn: seen.model });
    table.show(columns, rows);
  };
  button.addEventListener("click", () => {
    node.hidden = !node.hidden;
    button.setAttribute("aria-expanded", String(!node.hidden));
    button.textContent = node.hidden ? "Show as table" : "Hide the table";
    fill();
  });
  return {
    button,
    node,
    show(kind, model, said) {
      Object.assign(seen, { kind, model });
      summary.textContent = said;
      fill();
    },
  };
}
