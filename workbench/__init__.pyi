from workbench.analysis import (
    Clustering as Clustering,
    Neighbors as Neighbors,
    Projection as Projection,
    SimilarityMatrix as SimilarityMatrix,
    cluster as cluster,
    nearest_neighbors as nearest_neighbors,
    project as project,
    similarity_matrix as similarity_matrix,
)
from workbench.corpus import (
    Corpus as Corpus,
    RetrievalSet as RetrievalSet,
    SentencePairs as SentencePairs,
    read_corpus as read_corpus,
    samples as samples,
)
from workbench.embeddings import (
    EmbeddingStore as EmbeddingStore,
    Embeddings as Embeddings,
    embed as embed,
)
from workbench.errors import (
    InputError as InputError,
    MissingExtraError as MissingExtraError,
    ModelUnavailableError as ModelUnavailableError,
    TrackingUnavailableError as TrackingUnavailableError,
    WorkbenchError as WorkbenchError,
    WorkbenchWarning as WorkbenchWarning,
)
from workbench.models import (
    DenseEncoder as DenseEncoder,
    Encoder as Encoder,
    LSAEncoder as LSAEncoder,
    ModelSpec as ModelSpec,
    list_encoders as list_encoders,
    load_encoder as load_encoder,
)
from workbench.report import (
    write_report as write_report,
)
from workbench.tracking import (
    Run as Run,
    open_view as open_view,
    track as track,
)
from workbench.views import (
    View as View,
    view_of as view_of,
)
from workbench.widgets import (
    ClusterExplorer as ClusterExplorer,
    EmbeddingMap as EmbeddingMap,
    FigureHost as FigureHost,
    SimilarityHeatmap as SimilarityHeatmap,
)

__version__: str
