"""Search: indexes of texts with files of their own."""

from workbench.search.disk import DiskIndex
from workbench.search.evaluation import score_search, score_sparse
from workbench.search.fusion import Hybrid
from workbench.search.index import SearchIndex
from workbench.search.reasons import MatchReasons
from workbench.search.results import Hit, SearchResults
from workbench.search.searchable import Searchable, check_searchable

__all__ = [
    "DiskIndex",
    "Hit",
    "Hybrid",
    "MatchReasons",
    "SearchIndex",
    "SearchResults",
    "Searchable",
    "check_searchable",
    "score_search",
    "score_sparse",
]
