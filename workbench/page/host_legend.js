// The legend of a map: a button for each group of texts, which selects them.
import { elide, percent } from "./host_model.js";
import { make } from "./host_panels.js";

// `groups`: {name, rows, color, symbol, faint}; `chosen`: the selected rows or null; `total`: texts.
export function showLegend(place, title, groups, chosen, choose, total) {
  const entries = groups.map((group, at) => entryOf(group, at, total, chosen, choose));
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.at : null;
  const head = make("div", "wb-legend-title", { textContent: elide(title, 30), dir: "auto" });
  const list = make("ul", "", {}, ...entries);
  place.replaceChildren(...(groups.length ? [head, list] : []));
  if (focused !== null) place.querySelector(`[data-at="${focused}"]`)?.focus();
}

function entryOf(group, at, total, chosen, choose) {
  const whole = Boolean(chosen) && chosen.size > 0 && group.rows.length > 0 && group.rows.every((row) => chosen.has(row));
  const count = group.rows.length.toLocaleString("en");
  const button = make(
    "button",
    "wb-legend-entry",
    { type: "button", "aria-pressed": String(whole), title: `${elide(group.name, 200)}: select these ${count} texts` },
    swatch(group),
    make("bdi", "wb-legend-name", { textContent: elide(group.name, 40) }),
    make("span", "wb-legend-count", { textContent: `${count} · ${percent(group.rows.length / total)}` }),
  );
  button.dataset.at = String(at);
  button.addEventListener("click", () => choose(group.rows));
  return make("li", "", {}, button);
}

function swatch({ color, symbol, faint }) {
  const mark = make("span", "wb-swatch", { "aria-hidden": "true" });
  mark.dataset.symbol = symbol ?? "circle";
  mark.style.setProperty("--wb-swatch", color);
  if (faint) mark.style.opacity = "0.5";
  return mark;
}
