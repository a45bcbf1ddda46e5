// What is special about a selection: shares of categories and words, against all other texts.
import { categoryOf, elide, kindOf, percent, rowsOf } from "./host_model.js";
import { painted } from "./host_page.js";
import { labelled, make, setOptions } from "./host_panels.js";
import { areDates } from "./host_table.js";
import { CRITICAL, indexOf, sharesOf, wordsOf } from "./host_words.js";

const MOST_SHARES = 8;
const MOST_WORDS = 15;
const FEW = 16; // as in Python: so many categories are few
const NOTE =
  `Ranked by the log-likelihood ratio G² (Dunning 1993) of counts of texts, here against all others; ` +
  `listed from ${CRITICAL}, p < 0.0001 each.`;

// A panel that follows the selection while it is unfolded. `guard(action)` runs what may fail.
export function specialPanel(guard) {
  const column = make("select", "wb-special-column");
  const field = labelled("Shares by", column);
  const shares = make("div", "wb-special-shares");
  const words = make("div", "wb-special-words");
  const head = make("summary", "", { textContent: "What is special about them" });
  const node = make("details", "wb-special", { open: true, hidden: true }, head, field, shares, words, make("p", "wb-hint", { textContent: NOTE }));
  const panel = { node, column, field, shares, words, asked: "", seen: null };
  const update = () => guard(() => showAgain(panel));
  column.addEventListener("change", () => {
    panel.asked = column.value;
    update();
  });
  node.addEventListener("toggle", update);
  return {
    node,
    show(model, selection) {
      const { size } = selection;
      node.hidden = size === 0 || size === model.ids.length || (!model.texts.text && !categoriesOf(model).length);
      const { seen } = panel;
      if (seen?.model === model && seen.selection === selection && seen.columns === model.meta.color_columns) return;
      panel.seen = { model, selection, columns: model.meta.color_columns };
      painted().then(update); // the table comes first
    },
  };
}

// The columns that group texts: the label first, and those of strings that repeat.
function categoriesOf(model) {
  const { meta, texts } = model;
  const names = [...new Set([meta.label, "cluster", ...Object.keys(texts)])];
  return names.filter((name) => {
    if (!texts[name] || ["id", "text", "cluster_name"].includes(name)) return false;
    const kind = kindOf(model, name);
    return kind ? kind === "category" : name === "cluster" || name === meta.label || repeats(texts[name]);
  });
}

const repeating = new WeakMap(); // a column is looked at once

function repeats(values) {
  if (!repeating.has(values)) {
    const present = values.filter((value) => value !== null);
    const words = present.every((value) => typeof value === "string") && !areDates(values);
    repeating.set(values, words && present.length > 0 && new Set(present).size <= Math.max(FEW, present.length / 2));
  }
  return repeating.get(values);
}

async function showAgain(panel) {
  const { node, seen } = panel;
  if (!seen || node.hidden || !node.open) return;
  const rows = rowsOf(seen.model, seen.selection);
  showShares(panel, seen.model, rows);
  if (!seen.model.texts.text) return panel.words.replaceChildren();
  if (!seen.model.words) panel.words.replaceChildren(hint("Reading the words of all texts …"));
  await indexOf(seen.model);
  if (panel.seen !== seen) return; // another selection has come
  const found = wordsOf(seen.model.words, rows, MOST_WORDS);
  panel.words.replaceChildren(
    make("div", "wb-special-head", { textContent: "Words" }),
    found.length ? wordTable(found, rows.length, seen.model.ids.length) : hint("No word stands out."),
  );
}

function hint(textContent) {
  return make("p", "wb-hint", { textContent });
}

// ---- shares

function showShares(panel, model, rows) {
  const names = categoriesOf(model);
  const name = names.includes(panel.asked) ? panel.asked : names[0] ?? "";
  setOptions(panel.column, names.map((one) => [one, elide(one, 30)]));
  panel.column.value = name;
  panel.field.hidden = names.length === 0;
  if (!name) return panel.shares.replaceChildren();
  const values = model.texts[name === "cluster" ? "cluster_name" : name] ?? [];
  const groups = values.map(categoryOf);
  const found = sharesOf(groups, rows, MOST_SHARES);
  const [n, m] = [rows.length, groups.length - rows.length];
  panel.shares.replaceChildren(found.length ? shareTable(found, n, m) : hint("No share stands out."));
}

function shareTable(found, n, m) {
  const heads = ["here", "elsewhere"].map((textContent) => make("th", "", { scope: "col", textContent }));
  const head = make("thead", "", {}, make("tr", "", {}, make("td"), ...heads));
  return make("table", "", { "aria-label": "Shares" }, head, make("tbody", "", {}, ...found.map((one) => shareRow(one, n, m))));
}

function shareRow({ name, a, c }, n, m) {
  const cell = (count, of, className) => {
    const bar = make("span", `wb-bar ${className}`, { "aria-hidden": "true" });
    bar.style.inlineSize = `${(100 * count) / of}%`;
    const said = make("span", "", { textContent: `${percent(count / of)} (${count.toLocaleString("en")})` });
    return make("td", "", {}, said, bar);
  };
  return make("tr", "", {}, named(name), cell(a, n, "wb-here"), cell(c, m, "wb-elsewhere"));
}

// ---- words

function wordTable(found, n, count) {
  const m = count - n;
  const lines = found.map(({ name, a, c }) => {
    const said = `${a.toLocaleString("en")} of ${n.toLocaleString("en")} texts, ${percent(c / m)} of the others`;
    return make("tr", "", {}, named(name), make("td", "", { textContent: said }));
  });
  return make("table", "", { "aria-label": "Words" }, make("tbody", "", {}, ...lines));
}

function named(name) {
  return make("th", "", { scope: "row", textContent: elide(name, 40), dir: "auto" });
}
