"""What the texts of each class say that the others do not: c-TF-IDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import BoolArray, IntArray
from workbench.analysis._stop_words import stop_words
from workbench.errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = [
    "class_keywords",
    "class_weights",
    "stop_masks",
    "weights_of_counts",
    "word_counts",
    "words",
]

_MOST_CHARACTERS = 20_000
_STOP_SHARE = 0.2  # of running text about 0.45 are stop words, of lists of names next to none
# Letters with the vowel signs of the Indic and South-East Asian scripts, which \w leaves out;
# Chinese characters and kana apart, for there are no spaces between their words.
_SIGNS = "\u0300-\u036f\u0900-\u0963\u0966-\u0e3a\u0e40-\u109f"
_HAN = "\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_HAN}]+|(?:(?![{_HAN}])[\w{_SIGNS}])+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_IS_WORD = re.compile(r"[^\W\d_].")
_ASCII_WORD = re.compile(r"\b[a-z]\w+", re.ASCII)


def words(text: str) -> list[str]:
    """Return a text's words in lower case; Chinese and Japanese as overlapping pairs of signs.

    Left out are what starts with a digit and single letters; of a text, the first 20,000
    characters count.
    """
    start = text[:_MOST_CHARACTERS].lower()
    if start.isascii():  # the same in one step
        return _ASCII_WORD.findall(start)
    found: list[str] = []
    for token in _TOKEN.findall(start):
        if _IS_HAN.match(token):
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        elif _IS_WORD.match(token):
            found.append(token)
    return found


def class_weights(texts: Sequence[str], labels: IntArray) -> tuple[csr_matrix, list[str], IntArray]:
    """Return the c-TF-IDF weight of each word in each class.

    The weight of word x in class c is ``tf(x, c) * log(1 + A / f(x))``: tf is x's share of the
    words of c, f(x) how often x stands in all classes, and A the mean number of words per class
    (Grootendorst, "BERTopic", 2022, https://arxiv.org/abs/2203.05794; BERTopic's
    ``ClassTfidfTransformer``, which rounds A down). As there, -1 is a class too. From a class
    whose words are to a fifth the stop words of English, German, Spanish or French, these are
    left out before anything is counted, unless nothing would be left.

    Parameters
    ----------
    texts
        The n texts.
    labels
        Their classes, shape (n,).

    Returns
    -------
    tuple
        Weights, a sparse float64 matrix (classes, words); the words in alphabetical order; and
        the classes, ascending. There are no words where no text has any.

    Raises
    ------
    InputError
        If there are not as many labels as texts.
    """
    if len(texts) != len(labels):
        raise InputError(f"class_keywords: got {len(labels)} labels for {len(texts)} texts.")
    classes, which = np.unique(np.asarray(labels, np.int64), return_inverse=True)
    counts, vocabulary = word_counts(texts)
    weights = weights_of_counts(counts, stop_masks(vocabulary), which, len(classes))
    return weights, vocabulary, classes


def class_keywords(
    texts: Sequence[str], labels: IntArray, *, n_keywords: int = 8
) -> dict[int, tuple[str, ...]]:
    """Return the words of the largest c-TF-IDF weight in each class, largest first.

    Equal weights come in alphabetical order; a class without words has none.

    Raises
    ------
    InputError
        If there are not as many labels as texts.
    """
    if not len(texts) and not len(labels):
        return {}
    weights, vocabulary, classes = class_weights(texts, labels)
    found: dict[int, tuple[str, ...]] = {}
    for place, label in enumerate(classes.tolist()):
        part = slice(weights.indptr[place], weights.indptr[place + 1])
        best = np.argsort(-weights.data[part], kind="stable")[:n_keywords]
        found[label] = tuple(vocabulary[column] for column in weights.indices[part][best])
    return found


def word_counts(texts: Sequence[str]) -> tuple[csr_matrix, list[str]]:
    """Return how often each word stands in each text (n, words), and the words, in order."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer=words, dtype=np.float64)
    try:
        counts = csr_matrix(vectorizer.fit_transform(texts))
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        return csr_matrix((len(texts), 0)), []
    return counts, vectorizer.get_feature_names_out().tolist()


def stop_masks(vocabulary: Sequence[str]) -> tuple[BoolArray, ...]:
    """Return for each language which of the words are its stop words, shape (words,)."""
    every = stop_words().values()
    return tuple(np.array([word in stop for word in vocabulary], np.bool_) for stop in every)


def weights_of_counts(
    counts: csr_matrix, stops: Sequence[BoolArray], which: IntArray, n_classes: int
) -> csr_matrix:
    """Return the c-TF-IDF weights (classes, words) of `word_counts` and each text's class.

    The `stop_masks` are given, so that they are made once for many classes of one vocabulary.
    """
    from scipy.sparse import csr_matrix

    n = len(which)
    member = csr_matrix((np.ones(n), (which, np.arange(n))), shape=(n_classes, n))
    weights = csr_matrix(member @ counts)
    for stop in stops:
        _leave_out(weights, stop)
    weights.eliminate_zeros()
    weights.sort_indices()
    totals = np.asarray(weights.sum(axis=1)).ravel()
    frequency = np.asarray(weights.sum(axis=0)).ravel()
    weights.data /= np.repeat(totals, np.diff(weights.indptr))
    weights.data *= np.log1p(totals.mean() / frequency[weights.indices])
    return weights


def _leave_out(counts: csr_matrix, stop: BoolArray) -> None:
    """Set a language's stop words to zero in the classes that are written in it."""
    stopped = counts @ stop.astype(np.float64)
    totals = np.asarray(counts.sum(axis=1)).ravel()
    written_in_it = (stopped >= _STOP_SHARE * totals) & (stopped < totals)
    counts.data[np.repeat(written_in_it, np.diff(counts.indptr)) & stop[counts.indices]] = 0.0
