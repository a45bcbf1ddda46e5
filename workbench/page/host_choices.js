// What a person does on figures of models and on ranks. `host.select(ids)` passes it on.
import { modelsAt, showModels, stepModels } from "./host_models.js";
import { showReadout, textBlock } from "./host_panels.js";
import { drawRanks, markRanks, ranksBlock } from "./host_ranks.js";

export function pointAt(host, ids) {
  if (!ids.length) return;
  showModels(host.parts, host.model, ids);
  host.hover(ids[0]);
}

// A click chooses; with shift it adds or takes away; on what alone is chosen it takes back.
export function choose(host, ids) {
  const { selection } = host.state;
  const again = ids.every((id) => selection.has(id));
  if (!host.shift) return host.select(again && selection.size === new Set(ids).size ? [] : ids);
  const rest = [...selection].filter((id) => !ids.includes(id));
  return host.select(again ? rest : [...rest, ...ids]);
}

export function keyedModels(host, event) {
  const next = stepModels(host.model, host.at, event.key);
  if (next) host.at = next;
  else if (event.key !== "Enter" || !host.at) return;
  const ids = modelsAt(host.model, host.at);
  pointAt(host, ids);
  if (!next) {
    host.shift = event.shiftKey;
    choose(host, ids);
  }
  event.preventDefault();
}

export function showRanks(host, guarded) {
  const { model, parts } = host;
  host.stale = false;
  drawRanks(parts.plot, model, host.state, {
    point: (row) => guarded(() => {
      markRanks(parts.plot, row);
      if (row !== null) showReadout(parts, textBlock(model, row), ranksBlock(model, row));
      host.hover(row === null ? null : model.ids[row]);
    }),
    click: (row, event) => guarded(() => {
      host.shift = event.shiftKey;
      choose(host, [model.ids[row]]);
    }),
  });
}
