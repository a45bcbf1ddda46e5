"""Latent semantic analysis: TF-IDF and a truncated SVD, the baseline that needs no download.

Deerwester et al. (1990), "Indexing by latent semantic analysis".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, freeze, unit_rows
from workbench.errors import InputError
from workbench.models._spec import ModelSpec

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

__all__ = ["LSAEncoder"]

# Words, and single marks that are no white space: every text that is not blank has a token,
# so no fitted text is left with a vector of zeros.
_TOKEN = r"(?u)\w+|[^\w\s]"


class LSAEncoder:
    """TF-IDF over words, reduced by a truncated SVD. Fit it, then encode.

    Parameters
    ----------
    dimension
        Length of the vectors; fewer when the texts do not span as many.
    random_state
        Seed of the randomised SVD.
    """

    def __init__(self, *, dimension: int = 256, random_state: int = 0) -> None:
        if not 1 <= dimension <= 4096:
            raise InputError(f"LSAEncoder: dimension must be 1 to 4096; got {dimension}.")
        self.random_state = random_state
        self._arrays: dict[str, NDArray[Any]] = {}
        self._vectorizer: TfidfVectorizer | None = None
        self.spec = ModelSpec(name="lsa", family="lsa", revision="unfitted", dimension=dimension)

    @property
    def fitted(self) -> bool:
        """Whether the encoder has seen texts."""
        return bool(self._arrays)

    def fit(self, texts: Sequence[str]) -> LSAEncoder:
        """Return a new encoder, fitted on some texts (n >= 1, not all blank).

        Raises
        ------
        InputError
            If no text has a word or a mark in it.
        """
        from sklearn.utils.extmath import randomized_svd

        vectorizer = _vectorizer(None)
        try:
            weights = vectorizer.fit_transform(_readable(texts))
        except ValueError:
            raise InputError(
                f"LSA: expected texts with words in them; none of the {len(texts)} has any."
            ) from None
        width = min(self.spec.dimension, *weights.shape)
        _, _, components = randomized_svd(
            weights, n_components=width, random_state=self.random_state
        )
        return LSAEncoder.from_arrays(
            {
                "terms": vectorizer.get_feature_names_out().astype(str),
                "idf": np.asarray(vectorizer.idf_, dtype=np.float64),
                "components": np.asarray(components, dtype=np.float32),
            },
            random_state=self.random_state,
        )

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], *, random_state: int = 0
    ) -> LSAEncoder:
        """Return a fitted encoder from what `to_arrays` gave."""
        missing = {"terms", "idf", "components"} - set(arrays)
        if missing:
            raise InputError(f"LSAEncoder.from_arrays: missing {sorted(missing)}.")
        encoder = cls(dimension=len(arrays["components"]), random_state=random_state)
        encoder._arrays = {name: freeze(np.array(arrays[name])) for name in sorted(arrays)}
        encoder._vectorizer = _vectorizer(encoder._arrays["terms"].tolist())
        encoder._vectorizer.idf_ = encoder._arrays["idf"].copy()
        digest = hashlib.blake2b(digest_size=16)
        for name, values in encoder._arrays.items():
            raw = "\0".join(values.tolist()).encode() if name == "terms" else values.tobytes()
            digest.update(f"{name}{values.shape}".encode() + raw)
        encoder.spec = ModelSpec(
            name="lsa",
            family="lsa",
            revision=f"blake2b:{digest.hexdigest()}",
            dimension=len(encoder._arrays["components"]),
        )
        return encoder

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fitted arrays: ``terms`` (t,), ``idf`` (t,), ``components`` (d, t)."""
        self._check_fitted()
        return dict(self._arrays)

    def encode(
        self,
        texts: Sequence[str],
        /,
        batch_size: int = 32,
        *,
        prompt_name: str | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
    ) -> FloatArray:
        """Return one vector per text, float32 of shape (n, d)."""
        if prompt_name is not None:
            raise InputError(f"'lsa' has no prompts; got prompt_name={prompt_name!r}.")
        vectorizer = self._check_fitted()
        if not texts:
            return np.empty((0, truncate_dim or self.spec.dimension), dtype=np.float32)
        weights = vectorizer.transform(_readable(texts))
        vectors = np.asarray(weights @ self._arrays["components"].T, dtype=np.float32)
        vectors = vectors[:, :truncate_dim]
        return unit_rows(vectors) if normalize_embeddings else vectors

    def _check_fitted(self) -> TfidfVectorizer:
        if self._vectorizer is None:
            raise InputError(
                "LSA: not fitted yet. wb.embed(corpus, encoder) fits it on the corpus; "
                "or call encoder.fit(texts)."
            )
        return self._vectorizer

    def __repr__(self) -> str:
        state = "fitted" if self.fitted else "not fitted"
        return f"LSAEncoder({self.spec.dimension} dimensions, {state})"


def _readable(texts: Sequence[str]) -> Iterator[str]:
    """Replace what an array of terms cannot hold: NUL at a term's end and lone surrogates."""
    return (text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8") for text in texts)


def _vectorizer(vocabulary: list[str] | None) -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        token_pattern=_TOKEN, sublinear_tf=True, vocabulary=vocabulary, dtype=np.float32
    )
