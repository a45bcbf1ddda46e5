"""A threshold that was chosen for one model: it says whose it is, and refuses another's vectors."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from workbench._html import elide, facts_table
from workbench.analysis._choice_json import checked_fields
from workbench.analysis._inputs import as_embeddings
from workbench.analysis._kept_json import kept_json
from workbench.analysis.significance import Interval
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["ThresholdChoice", "as_threshold"]

_FORMAT = 1
# What of a model changes the cosines of its vectors.
_IDENTITY = (
    "revision",
    "pooling",
    "prompt",
    "dtype",
    "truncate_dim",
    "precision",
    "long_texts",
    "max_tokens",
)


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdChoice:
    """A least cosine for duplicates, with the model that it belongs to.

    Thresholds do not transfer: 0.8 under one model is 0.6 or 0.95 under another. Give it in place
    of a number, as ``threshold=``, and vectors of another model are refused.

    Parameters
    ----------
    threshold
        The least cosine, -1 to 1.
    model
        The title of the model.
    identity
        The fields of its spec that change its vectors, by name.
    precision, recall
        What was estimated for it, with 95 % intervals. Recall counts only the pairs at or above
        ``floor``.
    floor
        The least cosine of the pairs that were judged.
    min_precision
        What was asked for; None where the threshold itself was given.
    judged
        How many pairs were judged.
    corpus
        Fingerprint of the texts it was chosen on.
    """

    threshold: float
    model: str
    identity: tuple[tuple[str, Any], ...]
    precision: Interval
    recall: Interval
    floor: float
    min_precision: float | None
    judged: int
    corpus: str

    @staticmethod
    def identity_of(embeddings: Embeddings) -> tuple[tuple[str, Any], ...]:
        """Return what of a model's spec changes its vectors; of vectors of one's own, the name."""
        spec = embeddings.spec
        known = tuple((name, getattr(spec, name)) for name in _IDENTITY)
        return known if spec.revision else (("name", spec.name), *known)

    def check(self, embeddings: Embeddings) -> None:
        """Raise an InputError unless the vectors are of the model that this threshold is for.

        Raises
        ------
        InputError
            If they are not, both models named.
        """
        given = as_embeddings(embeddings, "ThresholdChoice.check")
        own, other = dict(self.identity), dict(self.identity_of(given))
        if own == other:
            return
        differs = [name for name in {**own, **other} if own.get(name) != other.get(name)]
        told = "; ".join(
            f"{name} {_short(own.get(name))} and {_short(other.get(name))}" for name in differs
        )
        raise InputError(
            f"The threshold {self.threshold:.4g} was chosen for {self.model!r}; these vectors are "
            f"by {given.spec.title()!r} ({told}). A threshold does not transfer between models: "
            "judge pairs under this one, and choose again."
        )

    def title(self) -> str:
        """Return the threshold and whose it is, for titles."""
        return f"threshold {self.threshold:.3f} for {self.model}"

    def summary(self) -> dict[str, float | int | str]:
        """Return the choice in numbers: a flat dict."""
        measured = {
            f"{name}{end}": float(getattr(value, part))
            for name, value in (("precision", self.precision), ("recall", self.recall))
            for end, part in (("", "estimate"), ("_low", "low"), ("_high", "high"))
        }
        return {
            "threshold": self.threshold,
            **measured,
            **({} if self.min_precision is None else {"min_precision": self.min_precision}),
            "floor": self.floor,
            "judged": self.judged,
            "model": self.model,
            "model_revision": str(dict(self.identity)["revision"]),
            "corpus_fingerprint": self.corpus,
        }

    def to_json(self) -> str:
        """Return the choice as JSON that :meth:`from_json` reads."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        kept["identity"] = dict(self.identity)
        for name in ("precision", "recall"):
            plain = asdict(getattr(self, name))
            kept[name] = {key: None if value != value else value for key, value in plain.items()}
        return json.dumps({"format": _FORMAT, **kept}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> ThresholdChoice:
        """Return the choice that :meth:`to_json` wrote.

        Raises
        ------
        InputError
            If the text is not such a choice (the field that is wrong is named), or was written in
            a later format.
        """
        kept = kept_json(text, "ThresholdChoice.from_json", "the choice has", _FORMAT)
        return cls(**checked_fields(kept, _IDENTITY))

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"ThresholdChoice({self.threshold:.4g}, {self.model!r})"


def as_threshold(value: object, caller: str, *vectors: Embeddings) -> float:
    """Return a least cosine; a choice is checked against the vectors it is used on.

    Raises
    ------
    InputError
        If it is no number from -1 to 1, or was chosen for another model.
    """
    if isinstance(value, ThresholdChoice):
        for given in vectors:
            value.check(given)
        return value.threshold
    return checked_threshold(value, f"{caller}: threshold")


def checked_threshold(value: object, name: str) -> float:
    """Return a cosine from -1 to 1, or raise an InputError."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
        if -1.0 <= number <= 1.0:
            return number
    raise InputError(
        f"{name}: expected a cosine, a number from -1 to 1 (or a ThresholdChoice); got {value!r}. "
        "Near-duplicates under MiniLM begin at about 0.7; look at a few pairs before you choose."
    )


def _short(value: object) -> str:
    return elide(repr(value), 24)
