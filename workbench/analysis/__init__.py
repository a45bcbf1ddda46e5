"""Pure functions, value in, value out: similarity, projection, clustering, comparison."""

from workbench.analysis import tasks
from workbench.analysis.agreement import ModelAgreement, agreement
from workbench.analysis.alignment import AlignedMaps, aligned_maps
from workbench.analysis.audit import TruncationAudit, audit_truncation
from workbench.analysis.blocks import BlockSimilarities, block_similarities
from workbench.analysis.cluster_edits import ClusterEdits
from workbench.analysis.cluster_facts import ClusterFacts, cluster_facts
from workbench.analysis.clustering import Cluster, Clustering, cluster
from workbench.analysis.comparison import Comparison, Decision, ModelResult, compare_models
from workbench.analysis.cost import ModelCost, measure_costs
from workbench.analysis.difference import SimilarityDifference, similarity_difference
from workbench.analysis.distribution import SimilarityDistribution, similarity_distribution
from workbench.analysis.duplicates import DuplicateGroups, duplicate_groups
from workbench.analysis.evaluation import Task, TaskScores, compare_scores
from workbench.analysis.geometry import Geometry, geometry
from workbench.analysis.hierarchy import ClusterHierarchy, HierarchyNode, cluster_hierarchy
from workbench.analysis.keywords import class_keywords
from workbench.analysis.leakage import SplitLeakage, split_leakage
from workbench.analysis.map_labels import MapLabel, MapLabels, map_labels
from workbench.analysis.map_quality import MapQuality, map_quality
from workbench.analysis.neighbors import Neighbors, nearest_neighbors
from workbench.analysis.overview import map_and_clusters
from workbench.analysis.pair_judgments import PairJudgments
from workbench.analysis.parameters import (
    CLUSTERING_PARAMETERS,
    PROJECTION_PARAMETERS,
    Parameter,
    checked,
)
from workbench.analysis.paraphrases import ParaphrasePairs, paraphrase_mining
from workbench.analysis.projection import Projection, project
from workbench.analysis.queries import query_similarity
from workbench.analysis.retrieval_search import SearchHits, semantic_search
from workbench.analysis.significance import Interval, PairedDifference
from workbench.analysis.similarity import SimilarityMatrix, similarity_matrix
from workbench.analysis.stability import ClusterStability, cluster_stability
from workbench.analysis.sweep import ParameterSweep, sweep
from workbench.analysis.threshold_choice import ThresholdChoice
from workbench.analysis.threshold_curve import ThresholdCurve

__all__ = [
    "CLUSTERING_PARAMETERS",
    "PROJECTION_PARAMETERS",
    "AlignedMaps",
    "BlockSimilarities",
    "Cluster",
    "ClusterEdits",
    "ClusterFacts",
    "ClusterHierarchy",
    "ClusterStability",
    "Clustering",
    "Comparison",
    "Decision",
    "DuplicateGroups",
    "Geometry",
    "HierarchyNode",
    "Interval",
    "MapLabel",
    "MapLabels",
    "MapQuality",
    "ModelAgreement",
    "ModelCost",
    "ModelResult",
    "Neighbors",
    "PairJudgments",
    "PairedDifference",
    "Parameter",
    "ParameterSweep",
    "ParaphrasePairs",
    "Projection",
    "SearchHits",
    "SimilarityDifference",
    "SimilarityDistribution",
    "SimilarityMatrix",
    "SplitLeakage",
    "Task",
    "TaskScores",
    "ThresholdChoice",
    "ThresholdCurve",
    "TruncationAudit",
    "agreement",
    "aligned_maps",
    "audit_truncation",
    "block_similarities",
    "checked",
    "class_keywords",
    "cluster",
    "cluster_facts",
    "cluster_hierarchy",
    "cluster_stability",
    "compare_models",
    "compare_scores",
    "duplicate_groups",
    "geometry",
    "map_labels",
    "map_and_clusters",
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
]
