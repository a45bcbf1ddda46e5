"""What every test shares: no network, folders of their own, and small real models."""

from __future__ import annotations

import atexit
import os
import shutil
import string
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright

from workbench.corpus import Corpus
from workbench.models import DenseEncoder, Encoder, load_encoder

from .blas import blas_threads
from .hashing_encoder import HashingEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Before any heavy library is imported; workbench imports none yet. Notebooks inherit it all.
_SCRATCH = tempfile.mkdtemp(prefix="workbench-tests-")
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
# Processes that share the tests share the static model: the first to start names its folder.
_MODELS = os.environ.setdefault("WORKBENCH_TESTS_MODELS", os.path.join(_SCRATCH, "models"))
os.makedirs(os.path.join(_SCRATCH, "cache"))
os.makedirs(_MODELS, exist_ok=True)
os.symlink(_MODELS, os.path.join(_SCRATCH, "cache", "models"))
os.environ.update(
    HF_HUB_OFFLINE="1",
    MLFLOW_DISABLE_TELEMETRY="true",
    TOKENIZERS_PARALLELISM="false",
    OMP_WAIT_POLICY="PASSIVE",
    WORKBENCH_CACHE=os.path.join(_SCRATCH, "cache"),
    WORKBENCH_RESULTS_MB="0",  # what a test computes is not read from another; it has its own tests
    XDG_DATA_HOME=os.path.join(_SCRATCH, "data"),
)
os.environ.pop("MLFLOW_TRACKING_URI", None)

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_WORDS = """
the a my is was not and or to of in on for with it order parcel refund card money password late
broken lost help please when where how account login delivery invoice change cancel sun sky rain
dog cat he she they drove stadium weather lovely today sunny outside find
"""


@pytest.fixture(scope="module", autouse=True)
def blas_limits_are_taken_away() -> Iterator[None]:
    """What a test leaves limited slows down all that follow, and a user's whole session."""
    before = blas_threads()
    yield
    until = time.monotonic() + 60  # an interrupted computation may still be ending
    while (now := blas_threads()) | before != now:
        assert time.monotonic() < until, f"the BLAS had {before}, and has {now}"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of the machine, or a skip that says how to get one."""
    chosen = os.environ.get("WORKBENCH_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = chosen or next((path for path in map(shutil.which, names) if path), None)
    if not found:
        pytest.skip(
            "no Chromium or Chrome here: install one (Debian: apt-get install chromium) or set "
            "WORKBENCH_CHROMIUM to its path"
        )
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A headless Chromium.

    One per module: while Playwright's synchronous interface is open, an asyncio loop is running
    in this thread, and tests of code that looks for one would be misled.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def hashing_encoder() -> type[HashingEncoder]:
    """An encoder of one's own, without torch: vectors are hashes of texts."""
    return HashingEncoder


@pytest.fixture(scope="session")
def minilm() -> DenseEncoder:
    """The real MiniLM of the package."""
    encoder = load_encoder("all-MiniLM-L6-v2")
    assert isinstance(encoder, DenseEncoder)
    return encoder


@pytest.fixture(scope="session")
def static_encoder() -> Encoder:
    """The static model; distilled once per session, which takes some 15 seconds."""
    return load_encoder("minilm-static")


def save_bert(folder: Path, kind: str, *, seed: int, heads: int = 2, lower: bool = True) -> None:
    """Save a BERT with random weights, whose words are those of the tests, and its tokenizer."""
    import torch
    import transformers

    marks = [*string.ascii_letters, *string.digits, *string.punctuation]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *marks, *(f"##{mark}" for mark in marks), *_WORDS.split()]
    vocabulary = {piece: row for row, piece in enumerate(dict.fromkeys(pieces))}
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=heads,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.3,
        num_labels=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        bert = getattr(transformers, kind)(config)
    bert.save_pretrained(folder)
    transformers.BertTokenizer(
        vocab=vocabulary, do_lower_case=lower, model_max_length=64
    ).save_pretrained(folder)


@pytest.fixture(scope="session")
def cross_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a CrossEncoder of 2 layers with random weights is saved."""
    from sentence_transformers import CrossEncoder

    bert = tmp_path_factory.mktemp("cross-bert")
    save_bert(bert, "BertForSequenceClassification", seed=0)
    folder = tmp_path_factory.mktemp("saved") / "tiny-reranker"
    CrossEncoder(str(bert), device="cpu").save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def make_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SentenceTransformer]:
    """Make a BERT of 2 layers and 32 dimensions with random weights, which reads 16 tokens."""

    def make(
        *, seed: int = 0, pooling: str = "mean", heads: int = 2, lower: bool = True, reads: int = 16
    ) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.base.modules import Transformer
        from sentence_transformers.sentence_transformer.modules import Pooling

        folder = tmp_path_factory.mktemp("bert")
        save_bert(folder, "BertModel", seed=seed, heads=heads, lower=lower)
        transformer = Transformer(str(folder), max_seq_length=reads)
        return SentenceTransformer(modules=[transformer, Pooling(32, pooling)], device="cpu")

    return make


@pytest.fixture(scope="session")
def tiny_encoder(make_tiny: Callable[..., SentenceTransformer]) -> DenseEncoder:
    return DenseEncoder(make_tiny(), name="tiny")


@pytest.fixture(scope="session")
def tiny_folder(tiny_encoder: DenseEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the tiny model is saved as sentence-transformers saves models."""
    folder = tmp_path_factory.mktemp("saved") / "tiny-bert"
    tiny_encoder.model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def small_corpus() -> Corpus:
    """Thirty texts of 1 to 40 words on three topics."""
    delivery = (
        "Where is my parcel? It was due on Tuesday.",
        "parcel never arrived",
        "The courier left the box in the rain and now everything inside is wet.",
        "Tracking says delivered, but nobody rang and there is nothing at the door.",
        "Can I change the delivery address of an order I placed ten minutes ago?",
        "late again",
        "My neighbour got my package, the driver did not even try our bell.",
        "Do you ship to Ireland, and how long does it take?",
        "The sofa came without its legs. Was there a second parcel that got lost on the way?",
        "Please deliver after 6 pm, I work during the day and cannot be at home before.",
    )
    money = (
        "I was charged twice for one order.",
        "refund pls",
        "The refund for the kettle has not reached my card after three weeks of waiting.",
        "Why is the invoice in the name of my former company? I need a corrected one for tax.",
        "Your voucher code says it has expired, although the mail promised until the end of May.",
        "How do I get my money back for a broken lamp?",
        "Klarna wants the second instalment, but I sent everything back long ago.",
        "The price went down the day after I paid. Can I have the difference?",
        "Wrong VAT on the bill.",
        "I paid by bank transfer on Monday and the order is still marked as unpaid, please check.",
    )
    account = (
        "I cannot log in.",
        "The password mail never comes, also not in the spam folder.",
        "Delete my account and all my data, please.",
        "Someone ordered a phone with my account! I changed the password, what else can I do?",
        "How can I change the e-mail address of my profile?",
        "code not accepted",
        "The app shows a white page after the last update, on two different phones.",
        "Two-factor codes arrive an hour late, so they have expired when I type them in.",
        "Stop sending me newsletters. I have unsubscribed four times.",
        "Is there a way to join two accounts? My wife and I both collect points.",
    )
    topics = ["delivery"] * 10 + ["money"] * 10 + ["account"] * 10
    return Corpus(
        (*delivery, *money, *account), columns={"topic": topics}, name="small", label="topic"
    )
