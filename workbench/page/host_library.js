// Bytes, and plotly.js once per page. What figures share lies in window.workbenchPage.

export function shared() {
  window.workbenchPage ??= { mounts: new Set(), drawn: new Set(), plotly: null };
  return window.workbenchPage;
}

export function bytesOfBase64(text) {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export async function gunzip(bytes) {
  return (await unzipped(bytes)).text();
}

export async function unzipped(bytes) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("This browser is too old to unpack the figure (it has no DecompressionStream).");
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

// `source` gives the gzipped library; only the first figure of a page asks it.
export function plotlyFrom(source) {
  const page = shared();
  if (!page.plotly) {
    page.plotly = Promise.resolve()
      .then(source)
      .then(gunzip)
      .then(run);
    page.plotly.catch(() => {
      page.plotly = null; // the next figure may try again
    });
  }
  return page.plotly;
}

// plotly.js is UMD: it would hand itself to an AMD loader and to `window.Plotly`. It gets a
// module of its own instead. An inline script runs where a policy forbids blob: and eval.
function run(source) {
  const page = shared();
  const before = window.Plotly;
  page.module = { exports: {} };
  const script = document.createElement("script");
  script.textContent =
    `(function (module, exports, define) {${source}\n})(window.workbenchPage.module)`;
  document.head.append(script);
  script.remove();
  const plotly = page.module.exports;
  delete page.module;
  if (before === undefined) delete window.Plotly;
  else window.Plotly = before;
  if (!plotly || !plotly.react) {
    throw new Error("plotly.js did not run: this page's security policy forbids inline scripts.");
  }
  return plotly;
}

const ARRAYS = {
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  f4: Float32Array,
  f8: Float64Array,
};

// plotly's typed array, {dtype, bdata, shape}, of base64 or bytes; else what was given, as it is.
export function decode(value) {
  if (value?.bdata === undefined) return value;
  return new ARRAYS[value.dtype](typeof value.bdata === "string" ? bytesOfBase64(value.bdata).buffer : value.bdata);
}

// A matrix of numbers, of which a page holds the upper triangle.
export function mirrored(bytes, dtype, size) {
  const half = new ARRAYS[dtype](bytes);
  const whole = new ARRAYS[dtype](size * size);
  for (let i = 0, from = 0; i < size; from += size - i, i += 1) {
    whole.set(half.subarray(from, from + size - i), i * size + i);
    for (let j = i + 1; j < size; j += 1) whole[j * size + i] = half[from + j - i];
  }
  return whole.buffer;
}
