// From a model and its state to plotly's data and layout, and to the page.
import { elide } from "./host_model.js";

const NARROW = 620;

// Draws a host's figure. Where its marks are shapes and nothing else has changed, only they are
// drawn: plotly would draw all cells of a matrix again.
export async function drawFigure(host) {
  const { drawn, kind, model, state, theme, plotly } = host;
  const { plot } = host.parts;
  const whole = { model, mode: state.mode, width: state.width, viewport: state.viewport };
  const same = drawn && Object.keys(whole).every((name) => whole[name] === host.whole[name]);
  if (same && kind.marks) return plotly.relayout(plot, { shapes: kind.marks(model, state, theme), selections: [] });
  host.whole = whole;
  const { data, layout } = figureOf(kind, model, state, theme);
  return plotly.react(plot, data, layout, configOf(kind));
}

function figureOf(kind, model, state, theme) {
  const { data, layout } = kind.figure(model, state, theme);
  return { data, layout: { ...baseLayout(model, state, theme), ...layout } };
}

function configOf(kind) {
  return {
    displaylogo: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    displayModeBar: true,
    responsive: false,
    modeBarButtonsToRemove: kind.bare
      ? ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]
      : [],
    plotGlPixelRatio: Math.min(2, window.devicePixelRatio || 1),
  };
}

export function baseLayout(model, state, theme) {
  const layout = { ...model.layout };
  for (const name of ["title", "width", "selections"]) delete layout[name];
  return {
    ...layout,
    template: theme.templates[state.mode],
    autosize: true,
    height: heightOf(model),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 24, r: 16, t: 36, b: 24 },
    dragmode: state.dragmode ?? layout.dragmode,
    ...axesOf(layout, state),
  };
}

export function heightOf(model) {
  return (model.layout.height ?? 480) - (model.layout.title?.text ? 40 : 0);
}

export function axesOf(layout, state) {
  const { x, y } = state.viewport ?? {};
  const axis = (own, range) => (range ? { ...own, range, autorange: false } : { ...own });
  return { xaxis: axis(layout.xaxis, x), yaxis: axis(layout.yaxis, y) };
}

export function isNarrow(state) {
  return state.width > 0 && state.width < NARROW;
}

// plotly reads pseudo-HTML, and TeX where a page has MathJax, in all it draws.
export function plotlyText(text, most) {
  return elide(text, most)
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>$]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// Anything that was made elsewhere is drawn as it is.
export const plainKind = {
  hint: "",
  figure: (model, state) => ({ data: model.data, layout: axesOf(model.layout, state) }),
};
