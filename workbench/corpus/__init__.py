"""Texts in: corpora, their readers and the samples."""

from workbench.corpus import samples
from workbench.corpus._corpus import Corpus
from workbench.corpus._intake import Intake
from workbench.corpus._pair_readers import read_pairs
from workbench.corpus._pairs import SentencePairs
from workbench.corpus._readers import Treatment, read_corpus
from workbench.corpus._retrieval import RetrievalSet
from workbench.corpus._tables import read_table

__all__ = [
    "Corpus",
    "Intake",
    "RetrievalSet",
    "SentencePairs",
    "Treatment",
    "read_corpus",
    "read_pairs",
    "read_table",
    "samples",
]
