// The figure host in a notebook with a kernel (an anywidget).
import { gunzip, plotlyFrom } from "./host_library.js";
import { mount } from "./host.js";

const PATIENCE = 30000;

// Asks the kernel for plotly.js; only the first figure of a page does.
function library(model) {
  return plotlyFrom(
    () =>
      new Promise((resolve, reject) => {
        const answered = (message, buffers) => {
          if (message.type !== "library") return;
          stop();
          resolve(new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, buffers[0].byteLength));
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error("the kernel did not answer. Run the cell again."));
        }, PATIENCE);
        const stop = () => {
          clearTimeout(timer);
          model.off("msg:custom", answered);
        };
        model.on("msg:custom", answered);
        model.send({ type: "library" });
      }),
  );
}

// The view the model holds; one that comes while an earlier one is unpacked takes its place.
async function viewOf(model) {
  for (;;) {
    const data = model.get("_data");
    const text = await gunzip(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    if (data === model.get("_data")) {
      const view = JSON.parse(text);
      return { ...view, state: { ...view.state, ...stateOf(model) } };
    }
  }
}

function stateOf(model) {
  const [selection, selections, viewport] = ["selection", "selections", "viewport"].map((name) => model.get(name));
  return { selection, selections, viewport, ...model.get("controls") };
}

function hooksOf(model) {
  const set = (name) => (value) => {
    if (JSON.stringify(model.get(name)) === JSON.stringify(value)) return;
    model.set(name, value);
    model.save_changes();
  };
  return {
    library: () => library(model),
    onSelection: set("selection"),
    onSelections: set("selections"),
    onHover: set("hovered"),
    onViewport: set("viewport"),
    onControls: set("controls"),
    asks: (name) => (model.get("_asked") ?? []).includes(name),
    onAction: (name, value) => model.send({ type: "action", name, value }),
  };
}

async function render({ model, el }) {
  const host = mount(el, await viewOf(model), hooksOf(model));
  const actions = {
    "change:_data": async () => host.update(await viewOf(model)),
    "change:selection": () => host.setSelection(model.get("selection")),
    "change:selections": () => host.setSelections(model.get("selections")),
    "change:controls": () => host.setControls(model.get("controls")),
    "change:viewport": () => host.setViewport(model.get("viewport")),
  };
  for (const [name, action] of Object.entries(actions)) model.on(name, action);
  return () => {
    for (const [name, action] of Object.entries(actions)) model.off(name, action);
    host.destroy();
  };
}

export default { render };
