"""Tasks: what a model is scored on, one file per kind; and the scores, example by example."""

from workbench.analysis.evaluation._differences import compare_scores
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation._statistics import statistic_of
from workbench.analysis.evaluation._task import Task, fitted
from workbench.analysis.evaluation.classification import ClassificationTask
from workbench.analysis.evaluation.clustering import ClusteringTask
from workbench.analysis.evaluation.custom import CustomTask
from workbench.analysis.evaluation.pair_classification import PairClassificationTask
from workbench.analysis.evaluation.ranking import query_metrics
from workbench.analysis.evaluation.reranking import RerankingTask
from workbench.analysis.evaluation.retrieval import RetrievalTask
from workbench.analysis.evaluation.sts import SimilarityTask

__all__ = [
    "ClassificationTask",
    "ClusteringTask",
    "CustomTask",
    "PairClassificationTask",
    "RerankingTask",
    "RetrievalTask",
    "SimilarityTask",
    "Task",
    "TaskScores",
    "compare_scores",
    "fitted",
    "query_metrics",
    "statistic_of",
]
