// Figures in a page without a kernel: everything they need lies in the page, compressed.
import { bytesOfBase64, gunzip, plotlyFrom, shared } from "./host_library.js";
import { mount } from "./host.js";

function library() {
  return plotlyFrom(() => {
    const page = shared();
    page.library ??= document.querySelector("script.workbench-library")?.textContent;
    if (!page.library) throw new Error("the page holds no plotly.js.");
    return bytesOfBase64(page.library);
  });
}

// A payload is {columns: {key: values}, views: [{figure, texts: {name: key}, state}]}: linked
// figures share their columns of texts.
async function unpack(script) {
  const { columns, views } = JSON.parse(await gunzip(bytesOfBase64(script.textContent)));
  return views.map((view) => ({
    ...view,
    texts: Object.fromEntries(Object.entries(view.texts).map(([name, key]) => [name, columns[key]])),
  }));
}

// Draws the views of a container (a whole page, or one output of a notebook).
export async function show(container) {
  const places = [...container.querySelectorAll("[data-workbench-view]")];
  try {
    const views = await unpack(container.querySelector("script.workbench-data"));
    for (const place of places) mount(place, views[Number(place.dataset.workbenchView)], { library });
  } catch (error) {
    for (const place of places) {
      const said = document.createElement("p");
      said.setAttribute("role", "alert");
      said.textContent = `The figure could not be drawn: ${error.message}`;
      place.prepend(said);
    }
  }
}

// Outputs that came before this script wait in a queue; later ones are shown as they come.
export function showQueued() {
  const queue = window.workbenchQueue ?? [];
  const now = (id) => {
    const container = document.getElementById(id);
    if (container) show(container);
  };
  window.workbenchQueue = { push: now };
  if (Array.isArray(queue)) queue.forEach(now);
}
