"""The embedding workbench: compare embedding models on your own texts.

Names are resolved when they are first used, so that ``import workbench`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

# Public name -> the subpackage that holds it. `__init__.pyi` says the same to type checkers.
_HOMES = {
    "workbench.analysis": (
        "AlignedMaps",
        "BlockSimilarities",
        "ClusterEdits",
        "ClusterFacts",
        "ClusterHierarchy",
        "ClusterStability",
        "Clustering",
        "Comparison",
        "Decision",
        "DuplicateGroups",
        "Geometry",
        "Interval",
        "MapLabels",
        "MapQuality",
        "ModelAgreement",
        "ModelCost",
        "Neighbors",
        "PairJudgments",
        "PairedDifference",
        "ParameterSweep",
        "ParaphrasePairs",
        "Projection",
        "SearchHits",
        "SimilarityDifference",
        "SimilarityDistribution",
        "SimilarityMatrix",
        "SplitLeakage",
        "TaskScores",
        "ThresholdChoice",
        "ThresholdCurve",
        "TruncationAudit",
        "agreement",
        "aligned_maps",
        "audit_truncation",
        "block_similarities",
        "cluster",
        "cluster_facts",
        "cluster_hierarchy",
        "cluster_stability",
        "compare_models",
        "compare_scores",
        "duplicate_groups",
        "geometry",
        "map_and_clusters",
        "map_labels",
        "map_quality",
        "measure_costs",
        "nearest_neighbors",
        "paraphrase_mining",
        "project",
        "query_similarity",
        "semantic_search",
        "similarity_difference",
        "similarity_distribution",
        "similarity_matrix",
        "split_leakage",
        "sweep",
        "tasks",
    ),
    "workbench.corpus": (
        "Corpus",
        "RetrievalSet",
        "SentencePairs",
        "read_corpus",
        "read_pairs",
        "samples",
    ),
    "workbench.embeddings": ("EmbeddedFile", "EmbeddingStore", "Embeddings", "embed", "embed_file"),
    "workbench.errors": (
        "InputError",
        "MissingExtraError",
        "ModelUnavailableError",
        "TrackingUnavailableError",
        "WorkbenchError",
        "WorkbenchWarning",
    ),
    "workbench.models": (
        "DenseEncoder",
        "Encoder",
        "LSAEncoder",
        "ModelSpec",
        "Reranker",
        "SparseModel",
        "Variant",
        "idf_sparse_encoder",
        "list_encoders",
        "load_encoder",
        "load_reranker",
        "load_sparse_encoder",
        "variant",
    ),
    "workbench.report": ("write_report",),
    "workbench.search": (
        "DiskIndex",
        "Hit",
        "Hybrid",
        "MatchReasons",
        "SearchIndex",
        "SearchResults",
        "score_search",
    ),
    "workbench.serving": (
        "EmbeddingModel",
        "ParaphraseMiningModel",
        "RerankerModel",
        "SemanticSearchModel",
        "Server",
        "ServingError",
        "SimilarityModel",
        "SparseEncoderModel",
        "load_model",
        "model_card",
        "promote_model",
        "serve",
    ),
    "workbench.tracking": (
        "Gate",
        "Promotion",
        "RegisteredVersion",
        "Run",
        "load_comparison",
        "open_view",
        "promote",
        "register",
        "set_alias",
        "track",
        "versions",
    ),
    "workbench.views": ("View", "view_of"),
    "workbench.widgets": (
        "ClusterExplorer",
        "EmbeddingMap",
        "Explorer",
        "FigureHost",
        "ModelComparison",
        "QueryComparison",
        "SearchExplorer",
        "SimilarityHeatmap",
        "ThresholdStudio",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [*sorted(_HOME_OF), "__version__"]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
