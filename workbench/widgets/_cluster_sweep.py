"""The controls that try several values of a parameter, and the figure of what they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from workbench.analysis import ParameterSweep
from workbench.analysis._estimators import Clusterer
from workbench.analysis.parameters import ParameterValue
from workbench.errors import InputError
from workbench.views import view_of
from workbench.widgets._controls import button, choice, entry, row
from workbench.widgets.figure_host import FigureHost

__all__ = ["SweepForm", "worth_trying"]

# What is worth trying of each method, and what to try when nobody says.
_SWEPT: Mapping[str, tuple[str, str]] = {
    "hdbscan": ("min_cluster_size", "5, 10, 15, 20, 30, 50"),
    "kmeans": ("n_clusters", "2, 4, 6, 8, 10, 12, 16, 20"),
    "agglomerative": ("n_clusters", "2, 4, 6, 8, 10, 12, 16, 20"),
    "community": ("threshold", "0.4, 0.5, 0.6, 0.7, 0.8"),
}


def worth_trying(method: str, estimator: Clusterer | None) -> tuple[str, str] | None:
    """Return a parameter and values to try of it; None where a clusterer has no such parameter."""
    if method in _SWEPT:
        return _SWEPT[method]
    known = {} if estimator is None else estimator.get_params()
    for parameter, values in (_SWEPT["kmeans"], _SWEPT["hdbscan"]):
        for name in known:
            if name.rpartition("__")[2] == parameter:  # also of a pipeline's step
                return name, values
    return None


class SweepForm:
    """A line of values to try, a button, the figure, and a list to adopt one of them.

    Parameters
    ----------
    start
        Called when the values are to be tried.
    adopt
        Called with the value whose clusters are to be shown.

    Attributes
    ----------
    box
        The controls.
    """

    def __init__(self, start: Callable[[], None], adopt: Callable[[ParameterValue], None]) -> None:
        self._adopt = adopt
        self._sweep: ParameterSweep | None = None
        self._parameter = ""
        self._shown = ""  # the value whose clusters were asked for last
        self._host: FigureHost | None = None
        self._values = entry("Values", "workbench-sweep-values", start)
        doc = "Cluster with each value, and again on parts of the texts"
        self._button = button("Try values", "workbench-sweep", start, doc=doc)
        self._found = choice("Show the clusters of", "workbench-sweep-adopt", [("–", "")], "")
        self._found.layout.display = "none"
        self._found.observe(self._picked, "value")
        self.box = ipywidgets.VBox([row(self._values, self._button), row(self._found)])

    def offer(self, known: tuple[str, str] | None) -> None:
        """Propose a parameter and values to try; None: there is none."""
        for control in (self._values, self._button):
            control.disabled = known is None
        self._parameter, self._values.value = known or ("", "")
        self._values.description = self._parameter or "no values to try for this method"

    def asked(self) -> tuple[str, list[ParameterValue]]:
        """Return the parameter and the values in the line.

        Raises
        ------
        InputError
            If there is nothing to try, or the line holds no numbers.
        """
        if not self._parameter:
            raise InputError("There is no parameter to try for this method: use wb.sweep.")
        written = [word for word in self._values.value.replace(",", " ").split() if word]
        try:
            numbers = [float(word) for word in written]
        except ValueError:
            raise InputError(
                f"Values: expected numbers with commas, 5, 10, 20 say; got {self._values.value!r}."
            ) from None
        return self._parameter, [int(one) if one.is_integer() else one for one in numbers]

    def show(self, sweep: ParameterSweep) -> None:
        """Show what the values gave."""
        self._sweep = sweep
        view = view_of(sweep)
        if self._host is None:
            self._host = FigureHost(view)
            self._host.on_action("adopt", self._choose)
            self.box.children = (*self.box.children, self._host)
        else:
            self._host.selection = []  # another sweep's value
            self._host.show(view)
        self._shown = ""
        self._found.options = [("–", ""), *((str(one), str(one)) for one in sweep.values)]
        self._found.layout.display = ""

    def _picked(self, change: Any) -> None:
        if change.new and change.new != self._shown:
            self._choose(change.new)

    def _choose(self, value: object) -> None:
        """Have a value's clusters shown, and mark it in the figure and in the list."""
        known = {} if self._sweep is None else {str(one): one for one in self._sweep.values}
        if str(value) not in known or self._host is None:
            return
        self._adopt(known[str(value)])
        self._shown = str(value)
        self._host.selection = [self._shown]
        self._found.value = self._shown
