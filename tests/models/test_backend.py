from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from tokenizers import Tokenizer

from workbench._arrays import FloatArray
from workbench.corpus import samples
from workbench.embeddings import EmbeddingStore, embed
from workbench.errors import InputError, ModelUnavailableError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, _openvino, load_encoder, variant
from workbench.models._backend import check_backend, nearest_dtype
from workbench.models._engine import Features, engine_around
from workbench.models._torch_forward import TorchForward
from workbench.search import SearchIndex
from workbench.serving import SimilarityModel
from workbench.tracking._models import check_encoder

from ..hashing_encoder import HashingEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# What a batch must not mix up: 1 to 10,000 characters, in no order of length; broken UTF-16, too.
TEXTS = [
    "a",
    "",
    "parcel " * 1_430,
    "Where is my parcel?  ",
    "\U0001f600 naïve 東京",
    " ",
    "<script>alert($x$)</script>",
    "torn \ud800 half",
    *(f"{'one two three ' * words}{words}" for words in (9, 2, 40, 17, 1, 33, 5)),
]
FASTER = [
    ("torch", "float32"),
    ("openvino", "float32"),
    ("torch", "bfloat16"),
    ("openvino", "bfloat16"),
    ("openvino", "int8"),
]
LEAST = {"float32": 0.99999, "bfloat16": 0.999, "int8": 0.95}


def cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / lengths)


def plain(model: SentenceTransformer, texts: list[str]) -> FloatArray:
    readable = [text.replace("\ud800", "?") for text in texts]
    return np.asarray(model.encode(readable, show_progress_bar=False))


@pytest.fixture(scope="module", params=FASTER, ids="-".join)
def faster(request: pytest.FixtureRequest, minilm: DenseEncoder) -> DenseEncoder:
    backend, dtype = request.param
    found = load_encoder(minilm, backend=backend, dtype=dtype)
    assert isinstance(found, DenseEncoder)
    return found


def test_the_vectors_are_the_models_in_the_order_of_the_texts(
    faster: DenseEncoder, minilm: DenseEncoder
) -> None:
    expected = plain(minilm.model, TEXTS)
    least = LEAST[faster.spec.dtype]
    vectors, tokens = faster.encode_counted(TEXTS)
    assert cosines(vectors, expected).min() >= least
    assert tokens.tolist() == minilm.count_tokens(TEXTS).tolist()
    for batch_size in (1, 3):
        small = faster.encode(TEXTS[:5], batch_size=batch_size)
        assert cosines(small, expected[:5]).min() >= least
    one = faster.encode(TEXTS[3:4], normalize_embeddings=True)
    assert cosines(one, expected[3:4]).min() >= least
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert faster.encode([]).shape == (0, 384)
    assert faster.encode(TEXTS, truncate_dim=7).shape == (len(TEXTS), 7)


def correlation(encode: Callable[[list[str]], FloatArray]) -> float:
    """Of cosines and grades of the project's own pairs: no STS benchmark is on every machine."""
    pairs = samples.sentence_pairs()
    left, right = encode(list(pairs.sentences1)), encode(list(pairs.sentences2))
    return float(spearmanr(cosines(left, right), pairs.scores).statistic)


@pytest.fixture(scope="module")
def own_correlation(minilm: DenseEncoder) -> float:
    return correlation(lambda texts: plain(minilm.model, texts))


def test_graded_pairs_are_ranked_as_well(faster: DenseEncoder, own_correlation: float) -> None:
    allowed = {"float32": 1e-4, "bfloat16": 0.003, "int8": 0.005}[faster.spec.dtype]
    assert correlation(faster.encode) == pytest.approx(own_correlation, abs=allowed)


def test_auto_takes_openvino_where_its_start_pays(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    encoder = DenseEncoder(make_tiny(seed=5), name="tiny")
    texts = [f"{number} parcels" for number in range(200)]
    few = encoder.encode(texts[:199])
    assert not (tmp_path / "openvino").exists()
    many = encoder.encode(texts)
    assert list(tmp_path.glob("openvino/*/model.xml"))
    np.testing.assert_allclose(few, many[:199], atol=1e-5)
    np.testing.assert_allclose(many, encoder.model.encode(texts), atol=1e-5)
    again = DenseEncoder(encoder.model)  # now it costs nothing: also for few
    (kept,) = tmp_path.glob("openvino/*/model.bin")
    before = kept.stat().st_mtime_ns
    np.testing.assert_allclose(again.encode(texts[:2]), many[:2], atol=1e-5)
    assert kept.stat().st_mtime_ns == before
    assert again._engines._made.keys() == {"openvino"}


def test_a_model_in_float16_is_not_computed_in_float32_by_auto(
    make_tiny: Callable[..., SentenceTransformer],
) -> None:
    encoder = DenseEncoder(make_tiny(seed=11).half(), name="half")
    texts = [f"{number} parcels" for number in range(200)]
    encoder.encode(texts)
    assert encoder._engines._made.keys() == {"torch"}


def test_a_damaged_conversion_is_made_again(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    model = make_tiny(seed=12)
    load_encoder(model, backend="openvino").encode(["sun"])
    (kept,) = tmp_path.glob("openvino/*/model.bin")
    raw = bytearray(kept.read_bytes())
    raw[1000:2000] = bytes(1000)  # words' vectors, as no probe would show
    kept.write_bytes(raw)
    with pytest.warns(WorkbenchWarning, match="is damaged; it is made again"):
        again = load_encoder(model, backend="openvino")
    words = list(model.tokenizer.get_vocab())
    np.testing.assert_allclose(again.encode(words), model.encode(words), atol=1e-5)


def test_the_models_converted_last_are_kept(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(_openvino, "_MOST_KEPT", 2)
    for seed in (1, 2, 1, 3):
        load_encoder(make_tiny(seed=seed), backend="openvino")
        time.sleep(0.02)
    left = [DenseEncoder(make_tiny(seed=seed)).spec for seed in (1, 3)]
    files = {_openvino.model_file(spec.revision, "float32", spec.max_tokens) for spec in left}
    assert set(tmp_path.glob("openvino/*/model.xml")) == files


def test_int8_of_another_length_is_another_model() -> None:
    first, second = (_openvino.model_file("r", "int8", longest) for longest in (16, 128))
    assert first != second
    assert _openvino.model_file("r", "float32", 16) == _openvino.model_file("r", "float32", 128)


def test_vectors_of_another_length_are_other_vectors(
    make_tiny: Callable[..., SentenceTransformer],
) -> None:
    model = make_tiny()
    plain = TorchForward(model, "float32")

    class Twice:
        streams = 1

        def __call__(self, features: Features, /) -> FloatArray:
            return 2 * plain(features)

    found = engine_around(model, 32, Twice())
    assert found is not None
    assert found.distance(model) == pytest.approx(1.0, abs=1e-5)


def test_a_tokenizer_that_adds_no_tokens(make_tiny: Callable[..., SentenceTransformer]) -> None:
    model = make_tiny()
    bare = json.loads(model.tokenizer.backend_tokenizer.to_str())
    model.tokenizer._tokenizer = Tokenizer.from_str(json.dumps({**bare, "post_processor": None}))
    encoder = load_encoder(model, backend="torch")
    texts = ["", "sun", "parcel late"]
    np.testing.assert_allclose(encoder.encode(texts), model.encode(texts), atol=1e-5)


def test_a_few_texts_do_not_wait_for_a_conversion(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    encoder = DenseEncoder(make_tiny(seed=13), name="tiny")
    encoder.encode(["sun"])
    begun, may_end, convert = threading.Event(), threading.Event(), _openvino._converted

    def slowly(*given: Any) -> Any:
        begun.set()
        assert may_end.wait(60)
        return convert(*given)

    monkeypatch.setattr(_openvino, "_converted", slowly)
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(encoder.encode, [f"{number} parcels" for number in range(200)])
        assert begun.wait(60)
        assert encoder.encode(["sun"]).shape == (1, 32)
        assert not many.done()
        may_end.set()
        assert many.result(60).shape == (200, 32)


def test_a_model_elsewhere_than_on_the_cpu(make_tiny: Callable[..., SentenceTransformer]) -> None:
    with pytest.raises(InputError, match=r"OpenVINO computes on the CPU; the model is on meta"):
        DenseEncoder(make_tiny().to("meta"), backend="openvino")


def test_a_changed_model_is_converted_anew(make_tiny: Callable[..., SentenceTransformer]) -> None:
    encoder = load_encoder(make_tiny(seed=6), backend="openvino")
    assert isinstance(encoder, DenseEncoder)
    before = encoder.encode(["parcel late", "sun"])
    with torch.no_grad():
        for weights in encoder.model.parameters():
            weights.mul_(1.1)
    after = encoder.encode(["parcel late", "sun"])
    assert not np.allclose(before, after, atol=1e-3)
    np.testing.assert_allclose(after, encoder.model.encode(["parcel late", "sun"]), atol=1e-5)
    encoder.model.max_seq_length = 3
    cut = encoder.encode(["parcel late again", "parcel"])
    np.testing.assert_allclose(cut[0], cut[1], atol=1e-5)


def test_a_pickled_encoder_computes_the_same(make_tiny: Callable[..., SentenceTransformer]) -> None:
    encoder = DenseEncoder(make_tiny(seed=8), name="tiny", backend="openvino", dtype="bfloat16")
    again = pickle.loads(pickle.dumps(encoder))
    assert again.spec == encoder.spec
    np.testing.assert_allclose(again.encode(["sun"]), encoder.encode(["sun"]), atol=1e-6)


def test_several_threads_encode_at_once(minilm: DenseEncoder) -> None:
    encoder = load_encoder(minilm, backend="openvino")
    batches = [[f"{'parcel ' * row}{number}" for row in range(40)] for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(encoder.encode, batches))
    for texts, vectors in zip(batches, found, strict=True):
        np.testing.assert_allclose(vectors, encoder.encode(texts), atol=1e-6)


def test_each_pooling_and_a_dense_layer(make_tiny: Callable[..., SentenceTransformer]) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Normalize

    texts = ["parcel late", "sun", "where is the order that i placed"]
    for pooling in ("cls", "max", "lasttoken", "weightedmean"):
        model = make_tiny(pooling=pooling)
        found = load_encoder(model, backend="openvino").encode(texts)
        np.testing.assert_allclose(found, model.encode(texts), atol=1e-5)
    deeper = SentenceTransformer(modules=[*make_tiny(), Dense(32, 8), Normalize()], device="cpu")
    found = load_encoder(deeper, backend="openvino").encode(texts)
    np.testing.assert_allclose(found, deeper.encode(texts), atol=1e-5)


def test_a_pooling_that_leaves_the_prompt_out(
    make_tiny: Callable[..., SentenceTransformer],
) -> None:
    model = make_tiny()
    model.set_pooling_include_prompt(False)
    model.prompts = {"query": "find the "}
    encoder = DenseEncoder(model, name="tiny")
    expected = model.encode(["parcel"], prompt="find the ")
    np.testing.assert_allclose(encoder.encode(["parcel"], prompt_name="query"), expected, atol=1e-6)
    with pytest.raises(ModelUnavailableError, match=r"'tiny' cannot be computed with backend='op"):
        encoder.computed_by("openvino", "float32")


# --- what a dtype is called, and where it goes


def test_a_dtype_enters_titles_and_the_stores_key(minilm: DenseEncoder, tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path)
    half = load_encoder(minilm, dtype="bfloat16")
    whole = load_encoder(minilm, dtype="int8")
    assert half.spec.title() == "all-MiniLM-L6-v2 (bfloat16)"
    assert whole.spec.title() == "all-MiniLM-L6-v2 (int8)"
    assert whole.spec.revision.startswith(f"{minilm.spec.revision}:int8:")
    made = [
        embed(["parcel late"], encoder, store=store, progress=False)
        for encoder in (minilm, half, whole, half)
    ]
    assert [each.encoded for each in made] == [1, 1, 1, 0]
    assert not np.array_equal(made[0].vectors, made[1].vectors)
    np.testing.assert_array_equal(made[1].vectors, made[3].vectors)
    cut = variant(half, truncate_dim=64).spec
    assert cut.title() == "all-MiniLM-L6-v2 (64 d, bfloat16)"


def test_an_index_of_another_dtype(minilm: DenseEncoder, tmp_path: Path) -> None:
    half = load_encoder("all-MiniLM-L6-v2", dtype="bfloat16")
    texts = ["where is my parcel", "refund my card", "password lost"]
    index = SearchIndex.build(texts, half, progress=False)
    index.save(tmp_path / "index")
    again = SearchIndex.load(tmp_path / "index")
    assert again.encoder.spec == half.spec
    np.testing.assert_allclose(again.search("card").scores, index.search("card").scores, atol=1e-6)
    exact = SearchIndex.load(tmp_path / "index", encoder=minilm)  # may ask: it is the same model
    np.testing.assert_allclose(exact.search("card").scores, index.search("card").scores, atol=0.01)
    with pytest.raises(InputError, match=r"\(int8\)'"):
        SearchIndex.load(tmp_path / "index", encoder=load_encoder(minilm, dtype="int8"))


def test_a_dtype_in_mlflow(minilm: DenseEncoder, tmp_path: Path) -> None:
    half = load_encoder(minilm, dtype="bfloat16")
    with pytest.raises(InputError, match=r"computed in bfloat16.*load_encoder\(uri, dtype='bfl"):
        check_encoder(half, texts=True)
    with pytest.raises(InputError, match=r"\(int8\)' is calibrated where it is loaded"):
        SimilarityModel(load_encoder(minilm, dtype="int8"))
    served = SimilarityModel(half)
    settings = served.write(tmp_path)
    again = SimilarityModel.read(tmp_path, settings)
    assert again.spec.dtype == "bfloat16"
    rows = [("parcel late", "the parcel is late")]
    np.testing.assert_allclose(again.predict(rows), served.predict(rows), atol=1e-6)


# --- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "onnx"}, r"backend='onnx' is unknown.*'auto'"),
        ({"dtype": "bfloat"}, r"dtype='bfloat' is unknown.*Did you mean 'bfloat16'"),
        ({"dtype": None}, r"dtype=None is unknown"),
        ({"backend": "torch", "dtype": "int8"}, r"int8 is computed by OpenVINO; got backend='torc"),
    ],
)
def test_what_is_no_backend(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_encoder("no such model", **options)


@pytest.mark.parametrize("other", [HashingEncoder(), LSAEncoder()], ids=["own", "lsa"])
def test_only_transformers_have_a_backend(other: Any) -> None:
    with pytest.raises(InputError, match=r"backend and dtype are for transformers; .* of the f"):
        load_encoder(other, dtype="bfloat16")


def test_the_processors_next_best() -> None:
    assert nearest_dtype("int8", {"INT8", "BF16"}) == ("int8", "")
    assert nearest_dtype("bfloat16", {"BF16"}) == ("bfloat16", "")
    assert nearest_dtype("float32", set()) == ("float32", "")
    found, said = nearest_dtype("int8", {"BF16"})
    assert (found, said[-25:]) == ("bfloat16", "bfloat16 is used instead.")
    assert nearest_dtype("bfloat16", {"FP16"})[0] == "float16"
    assert nearest_dtype("bfloat16", set()) == (
        "float32",
        "This processor does not compute in bfloat16: float32 is used instead.",
    )


def test_what_is_not_installed_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.util import find_spec

    hidden = {"openvino", "nncf"}
    monkeypatch.setattr(
        _openvino, "find_spec", lambda name: None if name in hidden else find_spec(name)
    )
    install = r"Install: pip install 'embedding-workbench\[fast\]'"
    with pytest.raises(ImportError, match=rf"backend='openvino' needs OpenVINO\. {install}"):
        check_backend("openvino", "bfloat16")
    with pytest.raises(ImportError, match=rf"dtype='int8' needs OpenVINO and nncf\. {install}"):
        check_backend("auto", "int8")
    check_backend("auto", "bfloat16")  # torch computes in it


def test_what_cannot_be_converted_is_computed_by_torch(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "openvino").write_text("a file where the folder should be")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    encoder = DenseEncoder(make_tiny(seed=7), name="tiny")
    texts = [f"{number} parcels" for number in range(200)]
    with pytest.warns(WorkbenchWarning, match="'tiny' could not be prepared for openvino: "):
        vectors = encoder.encode(texts)
    np.testing.assert_allclose(vectors, encoder.model.encode(texts), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(texts), vectors, atol=1e-6)  # said once
