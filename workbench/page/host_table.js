// Tables of rows: sorted by any column, built only as far as they are shown, copied as CSV.
import { elide, kindOf, shown, timeOf } from "./host_model.js";
import { make } from "./host_panels.js";
import { KEPT } from "./host_selections.js";

const STEP = 200; // rows at a time
const DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d[\d:.]*(Z|[+-]\d\d:?\d\d)?)?$/;

// The columns of a model's texts: [{name, head, dates, wide, value(row)}].
export function textColumns(model, things) {
  const names = ["id", "text", ...(model.meta.table ?? []), KEPT];
  const here = [...new Set(names)].filter((name) => model.texts[name]);
  return here.map((name) => ({
    name,
    head: headed(name, things),
    dates: kindOf(model, name) === "date" || areDates(model.texts[name]),
    wide: name === "text",
    value: (row) => model.texts[name][row],
  }));
}

// Views without colours do not say which of their columns are dates; looked at once per column.
const dated = new WeakMap();

export function areDates(values) {
  if (!dated.has(values)) {
    const present = values.filter((value) => value !== null);
    dated.set(values, present.length > 0 && present.every((value) => DATE.test(value) && !Number.isNaN(timeOf(value))));
  }
  return dated.get(values);
}

function headed(name, things) {
  if (name === "id" && things === "models") return "model";
  if (name === KEPT) return "kept";
  return name === "cluster_name" ? "cluster" : name;
}

// ---- order

// The rows sorted by a column: numbers by size, dates by time, words as a reader would; what is
// missing stands last, and what is equal stays in its order.
export function sortedRows(rows, column, down) {
  const values = rows.map((row) => column.value(row));
  const present = rows.map((_, at) => at).filter((at) => !missing(values[at]));
  const absent = rows.filter((_, at) => missing(values[at]));
  const compare = comparing(present.map((at) => values[at]), column.dates);
  const keys = compare.keys;
  const places = present.map((_, at) => at);
  places.sort((a, b) => (down ? -1 : 1) * compare.order(keys[a], keys[b]));
  return [...places.map((at) => rows[present[at]]), ...absent];
}

function missing(value) {
  return value === null || value === undefined || value === "" || Number.isNaN(value);
}

function comparing(values, dates) {
  const byNumber = (a, b) => a - b;
  if (values.every((value) => typeof value === "number")) return { keys: values, order: byNumber };
  if (dates) return { keys: values.map((value) => timeOf(String(value))), order: byNumber };
  const { compare } = new Intl.Collator("en", { numeric: true });
  return { keys: values.map((value) => elide(shown(value), STEP)), order: compare };
}

// ---- the table

// Puts a table into a place that scrolls. `point(row | null)`: somebody points at a row. `chosen`:
// has(row), name(row) and toggle(row) of a box before each row.
export function makeTable(place, point, chosen) {
  const table = { columns: [], rows: [], sorted: [], sort: null, drawn: 0 };
  const body = make("tbody");
  const head = make("tr");
  const more = make("button", "wb-more", { type: "button" });
  const rest = make("p", "wb-rest", {}, make("span"), more);
  const grow = () => {
    const next = table.sorted.slice(table.drawn, table.drawn + STEP);
    body.append(...next.map((row) => rowOf(table.columns, row, chosen)));
    table.drawn += next.length;
    const left = table.sorted.length - table.drawn;
    rest.hidden = left === 0;
    rest.firstChild.textContent = `${table.drawn.toLocaleString("en")} of ${table.sorted.length.toLocaleString("en")} are shown.`;
    more.textContent = `Show ${Math.min(STEP, left).toLocaleString("en")} more`;
  };
  const draw = () => {
    const column = table.columns.find(({ name }) => name === table.sort?.name);
    table.sorted = column ? sortedRows(table.rows, column, table.sort.down) : table.rows;
    table.drawn = 0;
    body.replaceChildren();
    const boxes = chosen ? [make("th", "", { scope: "col" }, make("span", "wb-unseen", { textContent: "selected" }))] : [];
    head.replaceChildren(...boxes, ...table.columns.map((one) => headOf(one, table.sort, sortBy)));
    grow();
    place.scrollTop = 0;
  };
  const sortBy = (name) => {
    table.sort = nextSort(table.sort, name);
    draw();
    [...head.querySelectorAll("button")].find((button) => button.dataset.column === name)?.focus();
  };
  more.addEventListener("click", () => {
    grow();
    if (rest.hidden) place.focus({ preventScroll: true }); // the keyboard stays here
  });
  followRows(body, point);
  place.replaceChildren(make("table", "", {}, make("thead", "", {}, head), body), rest);
  return {
    show(columns, rows) {
      if (headsOf(columns) !== headsOf(table.columns)) table.sort = null;
      Object.assign(table, { columns, rows });
      draw();
    },
    check: () => body.querySelectorAll("input").forEach((box) => { box.checked = chosen.has(Number(box.value)); }),
    csv: () => csvOf(table.columns, table.sorted),
    count: () => table.sorted.length,
  };
}

function headsOf(columns) {
  return JSON.stringify(columns.map(({ name, head }) => [name, head]));
}

// Up, down, and back to the order that the texts have.
function nextSort(sort, name) {
  if (sort?.name !== name) return { name, down: false };
  return sort.down ? null : { name, down: true };
}

function headOf(column, sort, sortBy) {
  const own = sort?.name === column.name;
  const button = make("button", "wb-sort", { type: "button", textContent: elide(column.head, 30), title: "Sort" });
  button.dataset.column = column.name;
  button.addEventListener("click", () => sortBy(column.name));
  const head = make("th", "", { scope: "col" }, button);
  if (own) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
  return head;
}

function rowOf(columns, row, chosen) {
  const cells = columns.map(({ wide, dates, value }) =>
    make("td", wide ? "wb-text" : dates ? "wb-date" : "", { textContent: elide(shown(value(row)), wide ? 280 : 60), dir: "auto" }),
  );
  const line = make("tr", "", {}, ...(chosen ? [boxOf(row, chosen)] : []), ...cells);
  line.dataset.row = row;
  return line;
}

function boxOf(row, { has, name, toggle }) {
  const box = make("input", "", { type: "checkbox", value: String(row), checked: has(row), "aria-label": name(row) });
  box.addEventListener("change", () => toggle(row));
  return make("td", "wb-box", {}, box);
}

function followRows(body, point) {
  if (!point) return;
  body.addEventListener("pointerover", (event) => {
    const line = event.target.closest("tr");
    if (line) point(Number(line.dataset.row));
  });
  body.addEventListener("pointerleave", () => point(null));
}

// ---- CSV

export function csvOf(columns, rows) {
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ value }) => value(row)))];
  return lines.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

// A text must not become a formula in a spreadsheet: not at its beginning, nor after a tab or at a
// new line, where what is pasted may be taken for the next cell.
function csvCell(value) {
  if (typeof value !== "string") return shownInFull(value);
  const begun = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
  const safe = begun.replace(/([\t\r\n;])(?=[=+\-@\uff1d\uff0b\uff0d\uff20](?! ))/g, "$1'");
  return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function shownInFull(value) {
  return value === null || value === undefined ? "" : String(value);
}

// A button that copies a table, or saves it where the page may not write to the clipboard.
export function copyButton(table, fileName) {
  const button = make("button", "wb-copy", { type: "button", textContent: "Copy as CSV" });
  const said = make("output", "wb-said", { "aria-live": "polite" });
  button.addEventListener("click", async () => {
    const rows = `${table.count().toLocaleString("en")} ${table.count() === 1 ? "row" : "rows"}`;
    try {
      await navigator.clipboard.writeText(table.csv());
      said.textContent = `${rows} copied.`;
    } catch {
      save(table.csv(), fileName);
      said.textContent = `This page may not write to the clipboard; ${rows} saved as ${fileName}.`;
    }
  });
  return { button, said };
}

function save(text, fileName) {
  const mark = "\ufeff"; // spreadsheets take a file for UTF-8 when it begins with this
  const address = URL.createObjectURL(new Blob([mark, text], { type: "text/csv;charset=utf-8" }));
  const link = make("a", "", { href: address, download: fileName });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
