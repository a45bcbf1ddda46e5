"""Pure functions, value in, value out: similarity, neighbours, projection, clustering."""

from workbench.analysis.clustering import Cluster, Clustering, cluster
from workbench.analysis.keywords import class_keywords
from workbench.analysis.neighbors import Neighbors, nearest_neighbors
from workbench.analysis.parameters import (
    CLUSTERING_PARAMETERS,
    PROJECTION_PARAMETERS,
    Parameter,
    checked,
)
from workbench.analysis.projection import Projection, project
from workbench.analysis.similarity import SimilarityMatrix, similarity_matrix

__all__ = [
    "CLUSTERING_PARAMETERS",
    "PROJECTION_PARAMETERS",
    "Cluster",
    "Clustering",
    "Neighbors",
    "Parameter",
    "Projection",
    "SimilarityMatrix",
    "checked",
    "class_keywords",
    "cluster",
    "nearest_neighbors",
    "project",
    "similarity_matrix",
]
