"""Rerankers: a model that reads a query and a text together and says how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.errors import ModelUnavailableError
from workbench.models._revision import revision_of
from workbench.models._spec import ModelSpec
from workbench.models.dense import readable
from workbench.models.opening import opened
from workbench.models.registry import is_sentence_transformers

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["Reranker", "load_reranker"]


class Reranker:
    """A CrossEncoder with one score per pair, and its spec.

    Parameters
    ----------
    model
        The model; it is used as it is, on the device it is on.
    name
        What titles call it.

    Raises
    ------
    ModelUnavailableError
        If it gives several scores per pair, as a classifier does.
    """

    def __init__(self, model: CrossEncoder, *, name: str = "a CrossEncoder") -> None:
        if model.num_labels != 1:
            raise ModelUnavailableError(
                f"{name!r} gives {model.num_labels} scores per pair; a reranker gives one."
            )
        self.model = model
        longest = model.max_seq_length
        self.spec = ModelSpec(
            name=name,
            family="reranker",
            revision=revision_of(model),
            dimension=1,
            max_tokens=int(longest) if longest and longest < 1_000_000 else None,
            dtype=str(next(model.parameters()).dtype).removeprefix("torch."),
        )

    def predict(
        self, queries: Sequence[str], texts: Sequence[str], /, batch_size: int = 32
    ) -> FloatArray:
        """Return how well each text answers the query beside it, float32 of shape (n,).

        The score is the model's own: most are trained to a number from 0 to 1 (a sigmoid).
        """
        if not len(queries):
            return np.empty(0, dtype=np.float32)
        pairs = [(readable(q), readable(t)) for q, t in zip(queries, texts, strict=True)]
        scores = self.model.predict(pairs, batch_size=batch_size, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32).reshape(len(pairs))

    def count_tokens(self, queries: Sequence[str], texts: Sequence[str], /) -> IntArray:
        """Return the number of tokens of each pair before truncation, shape (n,)."""
        pairs = zip(map(readable, queries), map(readable, texts), strict=True)
        tokens = self.model.tokenizer(list(pairs), truncation=False, verbose=False)["input_ids"]
        return np.array([len(row) for row in tokens], dtype=np.int64)

    def __repr__(self) -> str:
        return f"Reranker({self.spec.name!r})"


def load_reranker(
    reference: str | Path | CrossEncoder | Reranker, *, trust_remote_code: bool = False
) -> Reranker:
    """Return the reranker that a reference names.

    Parameters
    ----------
    reference
        A model of the hub (``"cross-encoder/ms-marco-MiniLM-L6-v2"``), a local folder, an MLflow
        URI, a CrossEncoder.
    trust_remote_code
        Let the model's repository run code of its own. Read it first.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, it cannot be reached, or it has not been trained to rerank:
        an encoder read as a CrossEncoder would give random scores.
    InputError
        If the reference is nothing of the above.
    """
    if isinstance(reference, Reranker):
        return reference
    if is_sentence_transformers(reference, "CrossEncoder"):
        return Reranker(reference)  # type: ignore[arg-type]  # told by its family's name
    model, name = opened(reference, "CrossEncoder", "reranker", trust_remote_code)
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    made_as = getattr(config, "architectures", None) or []
    trained = ("ForSequenceClassification", "ForCausalLM")  # the latter answer yes or no
    if made_as and not any(kind.endswith(trained) for kind in made_as):
        raise ModelUnavailableError(
            f"{name!r} is an encoder: as a reranker its scores would be random. Train it first "
            "(notebook 07 shows how), or name one that is, 'cross-encoder/ms-marco-MiniLM-L6-v2' "
            "say."
        )
    return Reranker(model, name=name)
