from workbench.analysis import (
    Clustering as Clustering,
)
from workbench.analysis import (
    Neighbors as Neighbors,
)
from workbench.analysis import (
    Projection as Projection,
)
from workbench.analysis import (
    SimilarityMatrix as SimilarityMatrix,
)
from workbench.analysis import (
    cluster as cluster,
)
from workbench.analysis import (
    nearest_neighbors as nearest_neighbors,
)
from workbench.analysis import (
    project as project,
)
from workbench.analysis import (
    similarity_matrix as similarity_matrix,
)
from workbench.corpus import (
    Corpus as Corpus,
)
from workbench.corpus import (
    RetrievalSet as RetrievalSet,
)
from workbench.corpus import (
    SentencePairs as SentencePairs,
)
from workbench.corpus import (
    read_corpus as read_corpus,
)
from workbench.corpus import (
    samples as samples,
)
from workbench.embeddings import (
    Embeddings as Embeddings,
)
from workbench.embeddings import (
    EmbeddingStore as EmbeddingStore,
)
from workbench.embeddings import (
    embed as embed,
)
from workbench.errors import (
    InputError as InputError,
)
from workbench.errors import (
    MissingExtraError as MissingExtraError,
)
from workbench.errors import (
    ModelUnavailableError as ModelUnavailableError,
)
from workbench.errors import (
    TrackingUnavailableError as TrackingUnavailableError,
)
from workbench.errors import (
    WorkbenchError as WorkbenchError,
)
from workbench.errors import (
    WorkbenchWarning as WorkbenchWarning,
)
from workbench.models import (
    DenseEncoder as DenseEncoder,
)
from workbench.models import (
    Encoder as Encoder,
)
from workbench.models import (
    LSAEncoder as LSAEncoder,
)
from workbench.models import (
    ModelSpec as ModelSpec,
)
from workbench.models import (
    list_encoders as list_encoders,
)
from workbench.models import (
    load_encoder as load_encoder,
)
from workbench.report import (
    write_report as write_report,
)
from workbench.tracking import (
    Run as Run,
)
from workbench.tracking import (
    open_view as open_view,
)
from workbench.tracking import (
    track as track,
)
from workbench.views import (
    View as View,
)
from workbench.views import (
    view_of as view_of,
)
from workbench.widgets import (
    ClusterExplorer as ClusterExplorer,
)
from workbench.widgets import (
    EmbeddingMap as EmbeddingMap,
)
from workbench.widgets import (
    FigureHost as FigureHost,
)
from workbench.widgets import (
    SimilarityHeatmap as SimilarityHeatmap,
)

__version__: str
