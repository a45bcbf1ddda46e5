"""Live widgets: a figure host, and controls wired to analysis and views."""

from workbench.widgets.cluster_explorer import ClusterExplorer
from workbench.widgets.embedding_map import EmbeddingMap
from workbench.widgets.explorer import Explorer
from workbench.widgets.figure_host import FigureHost
from workbench.widgets.model_comparison import ModelComparison
from workbench.widgets.query_comparison import QueryComparison
from workbench.widgets.search_explorer import SearchExplorer
from workbench.widgets.similarity_heatmap import SimilarityHeatmap
from workbench.widgets.threshold_studio import ThresholdStudio

__all__ = [
    "ClusterExplorer",
    "EmbeddingMap",
    "Explorer",
    "FigureHost",
    "ModelComparison",
    "QueryComparison",
    "SearchExplorer",
    "SimilarityHeatmap",
    "ThresholdStudio",
]
