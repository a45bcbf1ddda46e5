// What a view means: its texts, its points or cells, the words searched, the categories.

export function readView(view) {
  const meta = view.figure.layout?.meta?.workbench ?? {};
  const ids = view.texts.id ?? [];
  const model = {
    kind: meta.kind ?? "figure",
    meta: { ...meta }, // what a person keeps is added to these two
    ids,
    texts: { ...view.texts },
    layout: view.figure.layout ?? {},
    data: view.figure.data ?? [],
    rowOf: new Map(ids.map((id, row) => [id, row])),
    rowsOfSet: new WeakMap(),
    haystack: null,
  };
  return model;
}

export function elide(text, most) {
  const head = String(text).slice(0, most * 4);
  const line = head.replace(/\s+/g, " ").trim();
  const signs = Array.from(line); // a fox counts once, as in Python
  const cut = signs.length > most || String(text).length > head.length;
  return cut ? `${signs.slice(0, most - 1).join("")}…` : line;
}

export function shown(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "number" && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value);
}

// Rows whose text holds every word, upper or lower case; null when nothing is searched.
export function search(model, query) {
  const words = fold(query ?? "").split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  model.haystack ??= searchable(model).map(fold);
  const hits = [];
  model.haystack.forEach((text, row) => {
    if (words.every((word) => text.includes(word))) hits.push(row);
  });
  return hits;
}

function searchable(model) {
  if (model.texts.text) return model.texts.text.map(String);
  const columns = ["id", ...(model.meta.table ?? [])].map((name) => model.texts[name] ?? []);
  return model.ids.map((_, row) => columns.map((column) => shown(column[row])).join(" "));
}

export function fold(text) {
  return text.normalize("NFC").toLowerCase();
}

// The rows of ids, in their order. Those of a set are found once: no set changes after it is made.
export function rowsOf(model, ids) {
  if (!(ids instanceof Set)) return rowsFound(model, ids);
  if (!model.rowsOfSet.has(ids)) model.rowsOfSet.set(ids, Object.freeze(rowsFound(model, ids)));
  return model.rowsOfSet.get(ids);
}

function rowsFound(model, ids) {
  const rows = [];
  for (const id of ids) {
    const row = model.rowOf.get(id);
    if (row !== undefined) rows.push(row);
  }
  return rows.sort((a, b) => a - b);
}

export function kindOf(model, column) {
  return (model.meta.color_columns ?? []).find((entry) => entry.name === column)?.kind;
}

export const NONE = "(none)";

export function isMissing(value) {
  return value === null || value === undefined;
}

// The category that a value names: texts without one are not those with a value of that name.
export function categoryOf(value) {
  if (isMissing(value)) return NONE;
  return String(value) === NONE ? `"${NONE}"` : String(value);
}

// A share of some texts, in words.
export function percent(share) {
  return share > 0 && share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`;
}

// The milliseconds of a date or a time as Python writes it: without a zone it is UTC.
export function timeOf(value) {
  const zoned = value.length <= 10 || /(Z|[+-]\d\d:?\d\d)$/.test(value);
  return Date.parse(zoned ? value : `${value}Z`);
}

// Groups of rows as the Python view makes them: most frequent first, ties by name, the rest
// as "other", nulls and unclustered texts last.
export function categories(model, column, most) {
  const byCluster = column === "cluster";
  const values = model.texts[byCluster ? "cluster_name" : column] ?? [];
  const rows = new Map();
  values.forEach((value, row) => {
    const name = categoryOf(value);
    if (!rows.has(name)) rows.set(name, []);
    rows.get(name).push(row);
  });
  const isQuiet = (name) => name === NONE || (byCluster && name === "unclustered");
  const named = [...rows.keys()].filter((name) => !isQuiet(name));
  named.sort((a, b) => rows.get(b).length - rows.get(a).length || (a < b ? -1 : 1));
  const groups = named.slice(0, most).map((name, rank) => ({ name, rank, rows: rows.get(name) }));
  const rest = named.slice(most);
  if (rest.length) {
    const others = rest.flatMap((name) => rows.get(name)).sort((a, b) => a - b);
    groups.push({ name: `other (${rest.length} more)`, rank: -1, rows: others });
  }
  const quiet = [...rows.keys()].filter(isQuiet).sort();
  return groups.concat(quiet.map((name) => ({ name, rank: -2, rows: rows.get(name) })));
}

// Numbers of a column for a colour scale (dates in milliseconds) and the rows that have none.
export function scale(model, column, dates) {
  const present = [];
  const missing = [];
  const values = [];
  (model.texts[column] ?? []).forEach((value, row) => {
    if (value === null) missing.push(row);
    else {
      present.push(row);
      values.push(dates ? timeOf(value) : value);
    }
  });
  return { present, missing, values };
}
