// Figures in a page without a kernel: everything they need lies in the page, compressed.
import { bytesOfBase64, mirrored, plotlyFrom, shared, unzipped } from "./host_library.js";
import { mount } from "./host.js";

function library() {
  return plotlyFrom(() => {
    const page = shared();
    page.library ??= document.querySelector("script.workbench-library")?.textContent;
    if (!page.library) throw new Error("the page holds no plotly.js.");
    return bytesOfBase64(page.library);
  });
}

// The payload is {columns: {key: values}, views: [{figure, texts: {name: key}, state}]} and the
// bytes of the figures' arrays. Figures share columns; [key, key of rows] is some rows of one.
async function unpack(container) {
  const bytesIn = (name) => unzipped(bytesOfBase64(container.querySelector(`script.workbench-${name}`).textContent));
  const [{ columns, views }, arrays] = await Promise.all([
    bytesIn("data").then((data) => data.json()),
    bytesIn("arrays").then((data) => data.arrayBuffer()),
  ]);
  const parts = new Map();
  const columnOf = (key) => {
    if (!Array.isArray(key)) return columns[key];
    const name = key.join();
    if (!parts.has(name)) parts.set(name, columns[key[1]].map((row) => columns[key[0]][row]));
    return parts.get(name);
  };
  return views.map((view) => ({
    ...view,
    figure: withArrays(view.figure, arrays),
    texts: Object.fromEntries(Object.entries(view.texts).map(([name, key]) => [name, columnOf(key)])),
  }));
}

// A figure whose typed arrays have their bytes: `bdata` is [first byte, bytes, 1 for a triangle].
function withArrays(value, arrays) {
  if (Array.isArray(value)) return value.map((inner) => withArrays(inner, arrays));
  if (value === null || typeof value !== "object") return value;
  if ("dtype" in value && Array.isArray(value.bdata)) {
    const [at, size, half] = value.bdata;
    const bytes = arrays.slice(at, at + size);
    return { ...value, bdata: half ? mirrored(bytes, value.dtype, Number(value.shape.split(",")[0])) : bytes };
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withArrays(inner, arrays)]));
}

// Draws the views of a container (a whole page, or one output of a notebook).
export async function show(container) {
  const places = [...container.querySelectorAll("[data-workbench-view]")];
  library().catch(() => {}); // unpacked beside the data; the figure that needs it tells of an error
  try {
    const views = await unpack(container);
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
