// What a person does on figures of models and on ranks. `host.select(ids)` passes it on.
import { readCells } from "./host_heatmap.js";
import { matrixFigure, modelsAt, pointedModels, pointsFigure, showModels, stepModels } from "./host_models.js";
import { showReadout, textBlock } from "./host_panels.js";
import { drawRanks, markRanks, ranksBlock } from "./host_ranks.js";

const ofModels = {
  bare: true,
  things: "models",
  hovered: (host, point) => pointAt(host, pointedModels(host.model, point)),
  clicked: (host, point) => host.select(pointedModels(host.model, point), { toggle: true }),
  keyed: keyedModels,
};

export const modelsKind = {
  ...ofModels,
  hint: "Point at a model to read its numbers; click to follow it through the other figures. With the keyboard: arrow keys and Enter.",
  keys: "Models: arrow keys and Enter",
  figure: pointsFigure,
};

export const modelsMatrixKind = {
  ...ofModels,
  hint: "Point at a cell to read how alike two models are; click to follow both. With the keyboard: arrow keys and Enter.",
  keys: "Matrix of models: arrow keys and Enter",
  read: readCells,
  figure: matrixFigure,
};

export const ranksKind = {
  hint: "Point at a text to see where each model ranks it; click to keep it.",
  draw: showRanks,
};

function pointAt(host, ids) {
  if (!ids.length) return;
  showModels(host.parts, host.model, ids);
  host.hover(ids[0]);
}

function keyedModels(host, event) {
  const next = stepModels(host.model, host.at, event.key);
  if (next) host.at = next;
  else if (event.key !== "Enter" || !host.at) return;
  const ids = modelsAt(host.model, host.at);
  pointAt(host, ids);
  if (!next) host.select(ids, { toggle: true });
  event.preventDefault();
}

function showRanks(host) {
  const { model, parts } = host;
  host.stale = false;
  drawRanks(parts.plot, model, host.state, {
    point: (row) => host.guard(() => {
      markRanks(parts.plot, row);
      if (row !== null) showReadout(parts, textBlock(model, row), ranksBlock(model, row));
      host.hover(row === null ? null : model.ids[row]);
    }),
    click: (row) => host.guard(() => host.select([model.ids[row]], { toggle: true })),
  });
}
