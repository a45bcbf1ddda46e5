"""The controls of a threshold: a number, the precision to ask for, what to keep, where to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from workbench.analysis import ThresholdChoice
from workbench.analysis._kept import KEEP_RULES
from workbench.analysis.duplicates import KeepRule
from workbench.errors import InputError, suggest
from workbench.widgets._controls import button, choice, entry, row

__all__ = ["ThresholdForm", "choice_sentence"]

_FILE = "deduplicated.csv"


class ThresholdForm:
    """Fields and buttons in two rows.

    Parameters
    ----------
    low
        The least threshold.
    value, min_precision, keep
        What the fields say first.
    lowest, write
        Called when the lowest threshold is asked for, and when the table is to be written.

    Attributes
    ----------
    line
        The field of the threshold.
    rule
        The list of what to keep of each group.
    choosing, export
        The rows.
    """

    def __init__(
        self,
        low: float,
        value: float,
        min_precision: float,
        keep: KeepRule,
        *,
        lowest: Callable[[], None],
        write: Callable[[], None],
    ) -> None:
        if keep not in KEEP_RULES:
            raise InputError(
                f"ThresholdStudio: there is no rule keep={keep!r}. {suggest(str(keep), KEEP_RULES)}"
            )
        self.line = _number("Threshold", "workbench-threshold", value, low, "12em")
        self._precision = _number(
            "Precision at least", "workbench-precision", min_precision, 0.01, "15em"
        )
        self._certain = ipywidgets.Checkbox(
            False,
            description="surely (lower end of the interval)",
            indent=False,
            layout={"width": "auto"},
        )
        self._certain.add_class("workbench-certain")
        doc = "Go to the lowest threshold with this precision"
        go = button("Lowest threshold", "workbench-lowest", lowest, doc=doc)
        self.choosing = row(self.line, self._precision, self._certain, go)
        rules = [(rule, rule) for rule in KEEP_RULES]
        self.rule = choice("Keep of each group", "workbench-keep", rules, keep)
        self._file = entry("File", "workbench-file", write, placeholder=_FILE)
        self._file.value = _FILE
        self._file.layout.width = "20em"
        doc = "Write the table of the texts that are left"
        self.export = row(
            self.rule, self._file, button("Write CSV", "workbench-write", write, doc=doc)
        )

    @property
    def wanted(self) -> dict[str, Any]:
        """What precision is asked for, as `PairJudgments.choose` takes it."""
        return {"min_precision": self._precision.value, "certain": self._certain.value}

    @property
    def file(self) -> str:
        """Where to write.

        Raises
        ------
        InputError
            If the field is empty.
        """
        name = str(self._file.value).strip()
        if not name:
            raise InputError(f"Name the file to write, {_FILE} say.")
        return name


def choice_sentence(choice: ThresholdChoice) -> str:
    """Say what is known of a threshold."""

    def share(name: str) -> str:
        value = getattr(choice, name)
        ends = f"{100 * value.low:.0f} to {100 * value.high:.0f} %"
        if value.estimate != value.estimate:
            return f"{name} not known yet ({ends})"
        return f"{name} {100 * value.estimate:.0f} % ({ends})"

    return (
        f"At cosine ≥ {choice.threshold:.4g}: {share('precision')}, {share('recall')} of the "
        f"duplicates at {choice.floor:.4g} and above; {choice.judged:,} pairs judged."
    )


def _number(text: str, name: str, value: float, low: float, width: str) -> Any:
    made = ipywidgets.BoundedFloatText(
        value,
        min=low,
        max=1.0,
        step=0.01,
        description=text,
        style={"description_width": "initial"},
        layout={"width": width},
    )
    made.add_class(name)
    return made
