"""A method's controls: a list of methods, and fields made from their tables of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ipywidgets

from workbench.analysis import Parameter, checked
from workbench.analysis.parameters import ParameterTable, ParameterValue
from workbench.errors import InputError, suggest

__all__ = [
    "METHOD_NAMES",
    "MethodForm",
    "button",
    "check_options",
    "choice",
    "entry",
    "folded",
    "row",
]

METHOD_NAMES = {
    "umap": "UMAP",
    "tsne": "t-SNE",
    "pca": "PCA",
    "hdbscan": "HDBSCAN",
    "kmeans": "k-means",
    "agglomerative": "agglomerative",
    "community": "community detection",
}


def row(*children: Any, name: str = "") -> Any:
    """Return a box whose children stand side by side, and wrap where it is narrow."""
    layout = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}
    box = ipywidgets.Box(children, layout=layout)
    if name:
        box.add_class(name)
    return box


def button(text: str, name: str, action: Callable[[], None], *, doc: str = "") -> Any:
    """Return a button with a CSS class of its own."""
    made = ipywidgets.Button(description=text, tooltip=doc, layout={"width": "auto"})
    made.add_class(name)
    made.on_click(lambda _: action())
    return made


def choice(text: str, name: str, options: Iterable[tuple[str, str]], value: str) -> Any:
    """Return a list to choose from, with a CSS class of its own."""
    made = ipywidgets.Dropdown(
        options=list(options),
        value=value,
        description=text,
        style={"description_width": "initial"},
        layout={"width": "auto", "max_width": "100%"},
    )
    made.add_class(name)
    return made


def entry(text: str, name: str, action: Callable[[], None], *, placeholder: str = "") -> Any:
    """Return a line to type in, with a CSS class of its own; Enter acts."""
    made = ipywidgets.Text(
        description=text,
        placeholder=placeholder,
        style={"description_width": "initial"},
        layout={"width": "min(100%, 48em)"},
    )
    made.add_class(name)

    def entered(_: object, message: object, buffers: object) -> None:
        if isinstance(message, dict) and message.get("event") == "submit":
            action()

    made.on_msg(entered)
    return made


def folded(text: str, name: str, box: Any) -> Any:
    """Return a box under a button that unfolds it; an Accordion's titles take no keyboard."""
    fold = ipywidgets.ToggleButton(description=text, icon="caret-down", layout={"width": "auto"})
    fold.add_class(name)
    box.layout.display = "none"
    fold.observe(
        lambda change: setattr(box.layout, "display", "" if change.new else "none"), "value"
    )
    return ipywidgets.VBox([fold, box], layout={"width": "100%"})


class MethodForm:
    """The list of methods and the fields of the one chosen.

    Parameters
    ----------
    table
        The methods and their parameters.
    method
        The method chosen at first; one of the table's.
    params
        Values of its parameters that differ from the defaults.

    Attributes
    ----------
    chooser
        The list of methods.
    fields
        The box of the chosen method's fields.
    """

    def __init__(
        self, table: ParameterTable, method: str, params: Mapping[str, ParameterValue]
    ) -> None:
        self._controls = {
            name: {
                parameter.name: _field(
                    parameter,
                    params.get(parameter.name, parameter.default)
                    if name == method
                    else parameter.default,
                )
                for parameter in parameters
            }
            for name, parameters in table.items()
        }
        names = [(METHOD_NAMES.get(name, name), name) for name in table]
        self.chooser = choice("Method", "workbench-method", names, method)
        self.fields = row(name="workbench-parameters")
        self._show_fields()
        self.chooser.observe(lambda _: self._show_fields(), "value")

    @property
    def method(self) -> str:
        """The method chosen."""
        return str(self.chooser.value)

    @property
    def params(self) -> dict[str, ParameterValue]:
        """The values in its fields, by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def controls(self) -> Mapping[str, Any]:
        """The chosen method's fields, by parameter."""
        return self._controls[self.method]

    @property
    def all_fields(self) -> list[Any]:
        """The fields of every method, also of those not chosen."""
        return [field for fields in self._controls.values() for field in fields.values()]

    def _show_fields(self) -> None:
        self.fields.children = tuple(self.controls.values())


def _field(parameter: Parameter, value: ParameterValue) -> Any:
    """Return a parameter's field: its range, kind and explanation come from the table."""
    name = f"workbench-parameter-{parameter.name}"
    if parameter.choices:
        made = choice(
            parameter.name, name, [(word, word) for word in parameter.choices], str(value)
        )
        made.tooltip = parameter.doc
        return made
    whole = isinstance(parameter.default, int)
    kind = ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText
    bound = int if whole else float
    made = kind(
        value=value,
        min=bound(parameter.low),
        max=bound(parameter.high),
        step=1 if parameter.high - parameter.low > 1 else 0.05,
        description=parameter.name,
        tooltip=f"{parameter.doc} ({parameter.low:g} to {parameter.high:g})",
        style={"description_width": "initial"},
        layout={"width": f"{len(parameter.name) + 14}ch", "max_width": "100%"},
    )
    made.add_class(name)
    return made


def check_options(
    owner: str,
    options: Iterable[str],
    params: Iterable[str],
    method: str,
    table: ParameterTable,
) -> None:
    """Raise an InputError for an unknown method, or for an argument that it does not take."""
    checked(method, {}, table)
    own = [parameter.name for parameter in table[method]]
    for name in params:
        if name in own:
            continue
        others = [other for other in table if name in {entry.name for entry in table[other]}]
        if others:
            advice = f"It belongs to method={' and '.join(repr(other) for other in others)}."
        else:
            advice = suggest(name, [*options, *own])
        raise InputError(f"{owner} with method={method!r} has no option {name!r}. {advice}")
