"""View: a figure, the table of texts behind it, and the state worth keeping."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any, TypeAlias

import pandas as pd
import plotly.graph_objects as go
import plotly.io

from workbench._html import elide, facts_table
from workbench.errors import InputError
from workbench.views._json import decode_arrays, frame_of, plain_columns

__all__ = ["Json", "View"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A drawing that can be live, static, or an artifact.

    Parameters
    ----------
    figure
        A plotly figure; its points carry in ``customdata`` the row of their text.
    texts
        One row per text; the column ``id`` holds distinct strings and is put first.
    state
        What a person did to it, as JSON values: ``selection`` (sorted ids), ``selections``
        (ids by the name that they were kept under), ``color_by``, ``query``, ``viewport``,
        ``pinned`` (two ids), ``options`` (by the kind of figure).

    Raises
    ------
    InputError
        If the figure is none, the texts have no distinct ids, or the state is not JSON.
    """

    figure: go.Figure
    texts: pd.DataFrame
    state: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.figure, go.Figure):
            raise InputError(
                f"View: expected a plotly figure; got {type(self.figure).__name__}. "
                "Make one with wb.view_of(value)."
            )
        _check_texts(self.texts)
        first = ["id", *(name for name in self.texts.columns if name != "id")]
        object.__setattr__(self, "texts", self.texts[first].reset_index(drop=True))
        try:
            copied = json.loads(json.dumps(dict(self.state), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise InputError(f"View: the state must hold JSON values only; {error}.") from None
        object.__setattr__(self, "state", copied)

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the workbench wrote into the figure: kind, corpus, what can colour it."""
        meta = self.figure.layout.meta
        found = meta.get("workbench", {}) if isinstance(meta, Mapping) else {}
        return dict(found)

    @property
    def kind(self) -> str:
        """``"map"``, ``"heatmap"``, …; ``"figure"`` for one that was made elsewhere."""
        return str(self.meta.get("kind", "figure"))

    @property
    def title(self) -> str:
        """The figure's title as plain text."""
        return str(self.meta.get("title") or unescape(self.figure.layout.title.text or "figure"))

    def with_state(self, **changes: Json) -> View:
        """Return the same view with some of its state replaced."""
        return replace(self, state={**self.state, **changes})

    def to_json(self) -> str:
        """Return the artifact: ASCII JSON that :meth:`from_json` and plain plotly can read."""
        columns, dates = plain_columns(self.texts)
        parts = {
            "format": str(_FORMAT),
            "figure": plotly.io.to_json(self.figure, validate=False, engine="json"),
            "texts": json.dumps(columns, separators=(",", ":")),
            "dates": json.dumps(dates),
            "state": json.dumps(self.state),
        }
        return "{" + ",".join(f'"{name}":{part}' for name, part in parts.items()) + "}"

    @classmethod
    def from_json(cls, text: str | bytes) -> View:
        """Return the view that :meth:`to_json` wrote.

        Raises
        ------
        InputError
            If the text is not such an artifact, or was written in a later format.
        """
        try:
            artifact = json.loads(text)
        except ValueError as error:
            raise InputError(f"View.from_json: expected JSON; {error}.") from None
        if not isinstance(artifact, dict) or not {"format", "figure", "texts"} <= set(artifact):
            raise InputError(
                "View.from_json: expected an object with 'format', 'figure' and 'texts', "
                "as View.to_json writes it."
            )
        if artifact["format"] != _FORMAT:
            raise InputError(
                f"View.from_json: the artifact has format {artifact['format']!r}; this version "
                f"reads {_FORMAT}. Install a newer embedding-workbench."
            )
        try:
            dict(artifact["figure"])  # plotly makes an empty figure of what is none
            figure = go.Figure(decode_arrays(artifact["figure"]), skip_invalid=True)
            texts = frame_of(artifact["texts"], artifact.get("dates", []))
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(
                f"View.from_json: the artifact is damaged ({elide(str(error))}). "
                "Write it again: View.to_json()."
            ) from None
        return cls(figure, texts, artifact.get("state", {}))

    def _repr_html_(self) -> str:
        facts = {"kind": self.kind, "texts": f"{len(self.texts):,}", **self._kept()}
        return facts_table(self.title, facts)

    def _kept(self) -> dict[str, str]:
        chosen = self.state.get("selection")
        return {"selected": f"{len(chosen):,}"} if isinstance(chosen, list) and chosen else {}

    def __repr__(self) -> str:
        return f"View({self.title!r}, {len(self.texts)} texts)"


def _check_texts(texts: object) -> None:
    if not isinstance(texts, pd.DataFrame):
        raise InputError(
            "View: expected the texts as a DataFrame with a column 'id'; "
            f"got {type(texts).__name__}."
        )
    if "id" not in texts.columns or not texts["id"].is_unique:
        raise InputError(
            "View: the table of texts needs a column 'id' with distinct values; "
            f"got the columns {[str(name) for name in texts.columns]}."
        )
    other = next((one for one in texts["id"] if not isinstance(one, str)), None)
    if other is not None:
        raise InputError(
            f"View: ids are strings; got {other!r} ({type(other).__name__}). "
            "Convert them: texts.assign(id=texts['id'].astype(str))."
        )
