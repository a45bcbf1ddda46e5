// What stands around every figure: how choosing counts, what is selected and kept, the table twin.
import { rowsOf } from "./host_model.js";
import { make } from "./host_panels.js";
import { combineControl, KEPT, keeping } from "./host_selections.js";
import { specialPanel } from "./host_special.js";
import { copyButton, makeTable, textColumns } from "./host_table.js";
import { summaryOf, twinPanel } from "./host_twin.js";

// Adds these to a host's parts and returns what follows its state: functions of the host.
export function furnish(host, actions) {
  const { parts } = host;
  const point = (row) => host.guard(() => pointRow(host, row));
  const { field, mode } = combineControl();
  const keepers = keeping(actions);
  const twin = twinPanel(point);
  parts.combine = mode;
  parts.head.append(twin.button);
  parts.toolbar.append(field);
  parts.status.append(keepers.field);
  parts.status.after(keepers.bar);
  parts.figure.after(twin.node);
  const showChosen = chosenTable(host, point);
  const special = specialPanel(host.guard);
  parts.chosen.append(special.node);
  return ({ model, state, kind }) => {
    const ofTexts = kind.hint !== "" && (kind.things ?? "texts") === "texts";
    const said = summaryOf(kind, model, state);
    parts.described.textContent = said;
    field.hidden = !ofTexts || model.ids.length < 2;
    keepers.show(state, ofTexts);
    showChosen();
    special.show(model, ofTexts && !parts.chosen.hidden ? state.selection : new Set());
    twin.show(kind, model, said);
  };
}

// The table of what is selected, filled again only when that changes.
function chosenTable(host, point) {
  const { parts } = host;
  parts.table = make("div", "wb-rows wb-table", { role: "group", "aria-label": "Selected texts", tabIndex: 0 });
  const table = makeTable(parts.table, point);
  const { button, said } = copyButton(table, "selected-texts.csv");
  parts.status.append(button, said);
  parts.chosen.append(parts.table);
  let seen = {};
  return () => {
    const { model, state, kind } = host;
    parts.chosen.hidden = button.hidden = state.selection.size === 0 || listedElsewhere(host);
    parts.table.hidden = Boolean(kind.lists);
    const kept = model.texts[KEPT];
    if (seen.model === model && seen.selection === state.selection && seen.kept === kept) return;
    seen = { model, selection: state.selection, kept };
    said.textContent = "";
    table.show(textColumns(model, kind.things), rowsOf(model, state.selection));
  };
}

// Beside a table of texts the other figures leave the selected ones to it.
function listedElsewhere({ kind, linked }) {
  return !kind.lists && Boolean(linked?.listed());
}

// Somebody points at a text in a table: it is marked here and on linked figures.
function pointRow(host, row) {
  const id = row === null ? null : host.model.ids[row];
  host.kind.pointed?.(host, id);
  host.hover(id);
}
