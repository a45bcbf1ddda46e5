// The page around a figure: its theme, its width, what is near, and the other figures on it.
import { shared } from "./host_library.js";

// JupyterLab says on <body> whether its theme is light; elsewhere the reader's system does.
export function followTheme(report) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const current = () => {
    const jupyter = document.body?.dataset.jpThemeLight;
    if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
    return system.matches ? "dark" : "light";
  };
  let last = null;
  const tell = () => {
    if (current() === last) return;
    last = current();
    report(last);
  };
  const observer = new MutationObserver(tell);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  system.addEventListener("change", tell);
  tell();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", tell);
  };
}

export function followWidth(element, report) {
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => report(element.clientWidth));
  });
  observer.observe(element);
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

// The level of a heading in an element: below the last heading of a section before it, if any.
export function headingLevel(element) {
  const before = (heading) => heading.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  return [...document.querySelectorAll("h2")].some(before) ? 3 : 2;
}

// Tells when an element comes within so many pixels of what is seen, and when it leaves.
export function nearViewport(element, pixels, report) {
  const margin = `${pixels}px 0px`;
  const observer = new IntersectionObserver(
    (entries) => report(entries[entries.length - 1].isIntersecting),
    { rootMargin: margin, scrollMargin: margin },
  );
  observer.observe(element);
  return () => observer.disconnect();
}

export function followPointer(element, report) {
  const names = ["pointerenter", "focusin"];
  names.forEach((name) => element.addEventListener(name, report));
  return () => names.forEach((name) => element.removeEventListener(name, report));
}

// Selections, what is kept of them, and hovering link the figures of one corpus in one notebook (a
// page is one notebook). `receive`: selection(ids), kept(name, ids | null) and hover(id | null) are
// called with what others publish. A figure's `ids` are also those that only the others hold.
export function link(element, key, receive) {
  let scope;
  const own = {
    key,
    receive,
    ids: [],
    kept: new Map(),
    scope: () => {
      if (scope === undefined && element.isConnected) {
        scope = element.closest(".jp-NotebookPanel, .jp-Document") ?? null;
      }
      return scope ?? null;
    },
  };
  const { mounts } = shared();
  mounts.add(own);
  const others = () =>
    [...mounts].filter((other) => other !== own && key() && other.key() === key() && other.scope() === own.scope());
  return {
    ids: () => own.ids,
    publish: (ids) => {
      own.ids = ids;
      for (const other of others()) {
        other.ids = ids;
        other.receive.selection(ids);
      }
    },
    hover: (id) => others().forEach((other) => other.receive.hover(id)),
    listed: () => others().some((other) => other.receive.lists()), // in a table of its own
    keep: (name, ids) => others().forEach((other) => other.receive.kept(name, ids)),
    holds: (kept) => { own.kept = kept; },
    kept: () => others().find((other) => other.kept.size)?.kept ?? new Map(),
    adopt: () => {
      const other = others().find(({ ids }) => ids.length);
      if (other) own.ids = other.ids;
      return own.ids;
    },
    leave: () => mounts.delete(own),
  };
}

// Resolves when what has changed is on the screen; at once where nothing is shown.
export function painted() {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve);
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}

// Resolves when what others asked for in this way before is on the screen.
export function inTurn() {
  const page = shared();
  const before = page.turn ?? Promise.resolve();
  page.turn = before.then(painted);
  return before;
}

// Calls at most once per `pause` milliseconds; the last call always arrives.
export function throttle(pause, action) {
  let timer = null;
  let latest;
  return (value) => {
    latest = value;
    timer ??= setTimeout(() => {
      timer = null;
      action(latest);
    }, pause);
  };
}
