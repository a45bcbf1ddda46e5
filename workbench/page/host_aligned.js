// Aligned maps (kind "aligned"): one corpus under several models, a panel each, linked text by text.
import { isNarrow } from "./host_figures.js";
import { mapFigure, mapKind } from "./host_map.js";

const PANEL = 360; // pixels of height where panels stand below each other

export const alignedKind = {
  ...mapKind,
  hint: "Point at a text to find it on every map; draw around texts on one map to select them on all.",
  figure(model, state, theme) {
    const { data, layout } = mapFigure(model, state, theme);
    return { data, layout: { ...layout, ...(isNarrow(state) ? stacked(model) : {}) } };
  },
};

// Where there is no room for panels side by side they stand below each other.
function stacked(model) {
  const { panels } = model;
  const share = 1 / panels.length;
  const layout = { height: 60 + PANEL * panels.length, annotations: [] };
  panels.forEach(({ axis }, at) => {
    const top = 1 - at * share;
    layout[`xaxis${axis}`] = { ...model.layout[`xaxis${axis}`], domain: [0, 1] };
    layout[`yaxis${axis}`] = { ...model.layout[`yaxis${axis}`], domain: [top - share, top - 0.1 * share] };
    layout.annotations.push({ ...model.layout.annotations[at], x: 0, y: top - 0.1 * share });
  });
  return layout;
}
