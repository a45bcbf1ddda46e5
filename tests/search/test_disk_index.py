"""An index on disk is held against SearchIndex; then kills, other writers, damage and memory."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import embed
from workbench.errors import InputError, WorkbenchError
from workbench.models import DenseEncoder, LSAEncoder, variant
from workbench.search import DiskIndex, Hybrid, SearchIndex, SearchResults, _disk_build, _folder

from ..hashing_encoder import HashingEncoder, numbered, vector_of

QUERIES = ["where is my parcel", "the the refund", "a code \ud800 for my money"]
METHODS = ("dense", "bm25", "hybrid", Hybrid(fusion="weighted", depth=7))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of seven texts, so that a few texts are many parts."""
    monkeypatch.setattr(_disk_build, "_PART", 7)


def check_equal(found: SearchResults, expected: SearchResults) -> None:
    for hits, others in zip(found, expected, strict=True):
        assert [hit.corpus_id for hit in hits] == [hit.corpus_id for hit in others]
        assert [hit.text for hit in hits] == [hit.text for hit in others]
    for scores, others in zip(found.scores, expected.scores, strict=True):
        np.testing.assert_allclose(scores, others, atol=1e-5)
    assert found.method == expected.method


@pytest.mark.usefixtures("small_parts")
def test_it_finds_what_an_index_in_memory_finds(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", faq.corpus, minilm, progress=False)
    queries = list(faq.queries.values())[:40]
    for method in METHODS:
        expected = faq_index.search(queries, method=method, top_k=20)
        check_equal(index.search(queries, method=method, top_k=20), expected)
        check_equal(
            DiskIndex.open(index.folder, minilm).search(queries[3], method=method, top_k=500),
            faq_index.search(queries[3], method=method, top_k=500),
        )


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("precision", ["float32", "int8", "ubinary"])
def test_it_takes_streams_vectors_and_variants(
    small_corpus: Corpus, minilm: DenseEncoder, tmp_path: Path, precision: str
) -> None:
    small = variant(minilm, truncate_dim=64, precision=precision)  # type: ignore[arg-type]
    batches = (small_corpus.take(range(start, start + 10)) for start in (0, 10, 20))
    index = DiskIndex.build(tmp_path / "i", batches, small, progress=False)
    vectors = embed(small_corpus, small, progress=False)
    expected = SearchIndex.build(vectors, small).search(QUERIES, top_k=12)
    np.testing.assert_allclose(index.search(QUERIES, top_k=12).scores, expected.scores, atol=1e-5)
    ready = DiskIndex.build(tmp_path / "j", [vectors.take(range(9))], small, progress=False)
    ready.add(vectors.take(range(9, 30)), progress=False)
    check_equal(ready.search(QUERIES), index.search(QUERIES))
    assert ready.search("parcel").corpus.name == "small"


@pytest.mark.usefixtures("small_parts")
def test_equal_texts_come_in_their_order(tmp_path: Path, minilm: DenseEncoder) -> None:
    texts = ["a parcel", "the sun", "a parcel of mine"] * 30
    index = DiskIndex.build(tmp_path / "i", texts, minilm, progress=False)
    for method in ("dense", "bm25"):
        hits = index.search(["a parcel"] * 3, method=method, top_k=60)[1]
        assert [int(hit.corpus_id) for hit in hits[:30]] == list(range(0, 90, 3))
        assert [int(hit.corpus_id) for hit in hits[30:]] == list(range(2, 90, 3))
        assert len({hit.score for hit in hits}) == 2


def mixed(count: int) -> Corpus:
    """Return texts with a column of each kind, nulls among them."""
    numbers = np.arange(count)
    return Corpus(
        tuple(f"text {n} of a \ud800 half" for n in range(count)),
        tuple(f"id {n}" for n in range(count)),
        {
            "year": 2000 + numbers,
            "share": np.where(numbers % 3 == 1, np.nan, numbers / 4).astype(np.float32),
            "when": np.array(
                ["NaT" if n % 4 == 1 else f"2024-01-{n % 28 + 1:02}" for n in range(count)], "M8[s]"
            ),
            "kind": np.array([("x", None, "y", 3, True)[n % 5] for n in range(count)], object),
            "open": numbers % 2 == 0,
        },
        name="mixed",
        label="kind",
    )


CONDITIONS = [
    {"year": 2003},
    {"year": [2003, 2017, 1]},
    {"year": {"min": 2004, "max": 2019}},
    {"share": {"max": 1.3}},
    {"share": [0.5, 1.25]},
    {"when": {"min": "2024-01-05"}},
    {"when": "2024-01-03"},
    {"kind": ["x", 3]},
    {"kind": True},
    {"kind": [None]},
    {"open": True, "kind": "y"},
]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("where", CONDITIONS)
def test_filters_are_those_in_memory(tmp_path: Path, where: dict[str, object]) -> None:
    corpus, encoder = mixed(23), HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", corpus, encoder, progress=False)
    in_memory = SearchIndex.build(corpus, encoder, store=False, progress=False)
    found = index.search("text", where=where, top_k=30)
    check_equal(found, in_memory.search("text", where=where, top_k=30))
    kept = corpus.take(corpus.positions(found.corpus.ids))
    assert found.corpus.label == "kind"
    for name, values in kept.columns.items():
        assert found.corpus[name].dtype == values.dtype
        assert found.corpus[name].astype(str).tolist() == values.astype(str).tolist()


@pytest.mark.usefixtures("small_parts")
def test_texts_are_added_and_removed(
    small_corpus: Corpus, minilm: DenseEncoder, small_index: SearchIndex, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", small_corpus.take(range(15)), minilm, progress=False)
    assert index.add(small_corpus.take(range(15, 30)), progress=False) is index
    for method in METHODS:
        expected = small_index.search(QUERIES, method=method, top_k=30)
        check_equal(index.search(QUERIES, method=method, top_k=30), expected)
    gone = ["1", "29", *map(str, range(7, 15))]  # a whole part among them
    index.remove(gone)
    smaller = small_index.remove(gone)
    for method in METHODS:
        for where in (None, {"topic": ["money", "delivery"]}):
            expected = smaller.search(QUERIES, method=method, top_k=30, where=where)
            check_equal(index.search(QUERIES, method=method, top_k=30, where=where), expected)
    assert (len(index), index.summary()["texts"]) == (20, 20)
    index.check()
    raw = (index.folder / "index.sqlite").read_bytes()
    assert b"arrived" not in raw  # of "parcel never arrived"; nor in another file
    assert [path.name for path in index.folder.iterdir()] == ["index.sqlite"]


def test_what_cannot_be_added_or_removed(
    small_corpus: Corpus, minilm: DenseEncoder, tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", small_corpus, minilm, progress=False)
    with pytest.raises(InputError, match="2 ids are in the index already, the first is '3'"):
        index.add(small_corpus.take([3, 4]))
    with pytest.raises(
        InputError, match=r"the index has the columns \['topic'\], these texts \[\]"
    ):
        index.add(Corpus(("new",), ("new",)), progress=False)
    new = Corpus(("new",), ("new",), {"topic": ["x"]})
    with pytest.raises(InputError, match="the texts by 'tiny'"):
        index.add(embed(new, tiny_encoder, progress=False))
    with pytest.raises(InputError, match="1 ids are not in 'small', the first is '77'"):
        index.remove(["0", "77"])
    with pytest.raises(InputError, match="no text would be left"):
        index.remove(small_corpus.ids)
    with pytest.raises(InputError, match=r"ids is a list; got one str. Write \['3'\]"):
        index.remove("3")
    assert len(index) == 30


def test_building_again_goes_on(tmp_path: Path) -> None:
    encoder, corpus = HashingEncoder(), mixed(30)
    DiskIndex.build(tmp_path / "i", corpus.take(range(12)), encoder, progress=False)
    index = DiskIndex.build(tmp_path / "i", [corpus, corpus], encoder, progress=False)
    assert sorted(encoder.seen) == sorted(corpus.texts)  # each once
    other = Corpus(("changed",), ("id 3",), {k: v[3:4] for k, v in corpus.columns.items()})
    with pytest.raises(InputError, match="has another text, or other columns, of the id 'id 3'"):
        DiskIndex.build(tmp_path / "i", other, encoder, progress=False)
    moved = {**{k: v[3:4] for k, v in corpus.columns.items()}, "year": np.array([1999])}
    with pytest.raises(InputError, match="has another text, or other columns, of the id 'id 3'"):
        DiskIndex.build(
            tmp_path / "i", Corpus((corpus.texts[3],), ("id 3",), moved), encoder, progress=False
        )
    assert len(index) == 30


def test_the_models_prompts_stand_in_front(
    make_tiny: object, small_corpus: Corpus, tmp_path: Path
) -> None:
    model: SentenceTransformer = make_tiny()  # type: ignore[operator]
    model.prompts = {"query": "where is ", "document": "my order "}
    encoder = DenseEncoder(model)
    index = DiskIndex.build(tmp_path / "i", small_corpus, encoder, progress=False)
    asked = model.encode(["where is the card"], normalize_embeddings=True, prompt="")
    texts = model.encode(
        [f"my order {text}" for text in small_corpus.texts], normalize_embeddings=True, prompt=""
    )
    found = index.search("the card").scores[0]
    np.testing.assert_allclose(found, np.sort((asked @ texts.T)[0])[::-1][:10], atol=1e-5)
    model.prompts = {"query": "where is ", "document": "an order "}
    with pytest.raises(InputError, match="were made with prompt 'my order ', these with 'an order"):
        index.add(Corpus(("new",), ("new",), {"topic": ["x"]}), progress=False)


def test_an_lsa_is_fitted_on_texts_that_come_at_once(small_corpus: Corpus, tmp_path: Path) -> None:
    index = DiskIndex.build(tmp_path / "i", small_corpus, "lsa", progress=False)
    assert isinstance(index.encoder, LSAEncoder)
    assert index.search("parcel never arrived", top_k=1)[0][0].text == "parcel never arrived"
    with pytest.raises(InputError, match="has not read any texts"):
        DiskIndex.build(tmp_path / "j", iter([small_corpus]), "lsa", progress=False)
    with pytest.raises(InputError, match="the text of the id 'q' has an all-zero vector under"):
        index.add(Corpus(("xyzzy",), ("q",), {"topic": ["x"]}), progress=False)


def test_the_reranker_has_the_last_word(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path, tmp_path: Path
) -> None:
    folder = str(cross_encoder_folder)
    index = DiskIndex.build(tmp_path / "i", small_corpus, minilm, reranker=folder, progress=False)
    in_memory = SearchIndex.build(small_corpus, minilm, reranker=folder, progress=False)
    check_equal(
        index.search(QUERIES, top_k=3, rerank=8), in_memory.search(QUERIES, top_k=3, rerank=8)
    )


def test_why_a_text_was_found(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", faq.corpus, minilm, progress=False)
    query = "Can I change the delivery address?"
    text_id = faq_index.search(query, method="bm25", top_k=1)[0][0].corpus_id
    why, expected = (one.explain(query, text_id) for one in (index, faq_index))
    assert why.words == pytest.approx(dict(expected.words))
    assert why.similarity == pytest.approx(expected.similarity, abs=1e-6)
    above, others = (one.above([query, "a gift"], threshold=0.4) for one in (index, faq_index))
    check_equal(above, others)
    assert len(above.corpus) < len(faq.corpus)
    with pytest.raises(InputError, match="1 ids are not in"):
        index.explain(query, "nobody")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dens"}, "there is no method 'dens' here. Did you mean 'dense'"),
        ({"method": "sparse"}, "no method 'sparse' here.*On disk there is none; SearchIndex has"),
        ({"top_k": 0}, "top_k: expected a whole number from 1 to 10000; got 0"),
        ({"rerank": 20}, "rerank= asks for a reranker, and this index has none"),
        ({"where": {"yaer": 3}}, "There is no column 'yaer' in 'mixed'. Did you mean 'year'"),
        ({"where": {"year": 3}}, "no text of 'mixed' meets where="),
        ({"where": {"kind": {"min": 2}}}, "column 'kind' .* cannot be compared with"),
    ],
)
def test_what_is_no_option(tmp_path: Path, options: object, message: str) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(9), HashingEncoder(), progress=False)
    with pytest.raises(InputError, match=message):
        index.search("text", **options)  # type: ignore[arg-type]


def test_what_is_no_text_or_no_folder(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    with pytest.raises(InputError, match="got str"):
        DiskIndex.build(tmp_path / "i", "one text", encoder)
    with pytest.raises(InputError, match="expected at least one text; got none"):
        DiskIndex.build(tmp_path / "i", iter([]), encoder, progress=False)
    with pytest.raises(InputError, match="has no text yet"):
        DiskIndex.open(tmp_path / "i", encoder)
    with pytest.raises(InputError, match="batch 2 is list; expected a Corpus"):
        DiskIndex.build(tmp_path / "i", iter([mixed(2), ["a"]]), encoder, progress=False)  # type: ignore[list-item]
    with pytest.raises(InputError, match=r"no index in .*: it has no index\.sqlite"):
        DiskIndex.open(tmp_path / "none", encoder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds other files \('letter.txt', say\)"):
        DiskIndex.build(tmp_path / "mine", mixed(2), encoder, progress=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        DiskIndex.build(tmp_path / "file", mixed(2), encoder, progress=False)
    nothing = DiskIndex.open(tmp_path / "i", encoder).search("xyzzy", method="bm25")
    assert (nothing[0], len(nothing.corpus)) == ((), 1)


def test_another_models_index_is_refused(
    tmp_path: Path, tiny_encoder: DenseEncoder, minilm: DenseEncoder
) -> None:
    index = DiskIndex.build(tmp_path / "i", ["a", "b"], tiny_encoder, progress=False)
    for refused in (
        lambda: DiskIndex.open(index.folder, minilm),
        lambda: DiskIndex.build(index.folder, ["a"], minilm),
    ):
        with pytest.raises(InputError, match=r"by 'all-MiniLM-L6-v2'.*the texts by 'tiny'"):
            refused()


def test_it_shows_itself(tmp_path: Path) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(3), HashingEncoder(), progress=False)
    assert repr(index) == f"DiskIndex({str(tmp_path / 'i')!r}, 3 texts)"
    assert index.title() == "search in mixed · hashes"
    assert "dense, bm25, hybrid" in index._repr_html_()


BUILDER = """
import sys
from pathlib import Path
from workbench.corpus import Corpus
from workbench.search import DiskIndex
from tests.hashing_encoder import HashingEncoder, numbered
folder, log, first, last, size, delay = sys.argv[1:]
texts = numbered(int(first), int(last))
corpus = Corpus(tuple(texts), tuple(f"i{n}" for n in range(int(first), int(last))))
batches = (corpus.take(range(s, min(s + int(size), len(texts))))
           for s in range(0, len(texts), int(size)))
encoder = HashingEncoder(log=Path(log), delay=float(delay))
print(len(DiskIndex.build(folder, batches, encoder, progress=False)))
"""


def builder(folder: Path, log: Path, *numbers: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", BUILDER, str(folder), str(log), *map(str, numbers)]
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


def check_numbered(folder: Path, count: int) -> None:
    """Every text is there once, with its own vector and its own words."""
    index = DiskIndex.open(folder, HashingEncoder())
    index.check()
    texts = numbered(0, count)
    assert len(index) == count
    for n in range(0, count, max(1, count // 20)):
        (hit,) = index.search(texts[n], top_k=1)[0]
        assert (hit.text, hit.corpus_id) == (texts[n], f"i{n}")
        (word,) = index.search(str(n), method="bm25")[0]
        assert word.corpus_id == f"i{n}"
    matrix = np.array([vector_of(text) for text in texts])
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    found = index.search(texts[0], top_k=10)
    np.testing.assert_allclose(found.scores[0], np.sort(matrix @ matrix[0])[::-1][:10], atol=1e-6)


def killed_and_built(folder: Path, log: Path, count: int, size: int, kills: int) -> None:
    chance = random.Random(0)
    for _ in range(kills):
        process, before = builder(folder, log, 0, count, size, 0.01), _lines(log)
        while _lines(log) < before + size * chance.randint(1, 5) and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert builder(folder, log, 0, count, size, 0).wait(timeout=300) == 0
    check_numbered(folder, count)
    assert _lines(log) <= count + kills * size  # a kill loses one batch at most


def _lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_killed_build_goes_on(tmp_path: Path) -> None:
    killed_and_built(tmp_path / "i", tmp_path / "log", 400, 20, 2)


@pytest.mark.soak
def test_a_build_killed_many_times_goes_on(tmp_path: Path) -> None:
    killed_and_built(tmp_path / "i", tmp_path / "log", 3000, 20, 25)


def test_two_builders_lose_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    builders = [builder(tmp_path / "i", log, *ends, 15, 0.01) for ends in ((0, 250), (150, 400))]
    assert [one.wait(timeout=300) for one in builders] == [0, 0]
    check_numbered(tmp_path / "i", 400)


def test_the_second_of_two_writers_waits_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_folder, "PATIENCE_S", 0.2)
    index = DiskIndex.build(tmp_path / "i", mixed(9), HashingEncoder(), progress=False)
    with closing(sqlite3.connect(tmp_path / "i" / "index.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkbenchError, match="Another process has been writing to the index"):
            index.remove(["id 3"])
        assert len(index.search("text")[0]) == 9  # who reads is not kept waiting
    index.remove(["id 3"])
    assert len(index) == 8


def test_a_folder_that_one_may_only_read(tiny_folder: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        index = DiskIndex.build(folder, mixed(9), HashingEncoder(), progress=False)
        (folder / "index.sqlite").chmod(0o444)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:  # to whom nothing is forbidden
            os.seteuid(65534)
        try:
            assert len(index.search("text")[0]) == 9
            with pytest.raises(WorkbenchError, match=r"cannot be read or written: .*readonly"):
                index.remove(["id 3"])
        finally:
            os.seteuid(user)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def damages(raw: bytes, count: int) -> Iterator[bytes]:
    """Yield a file's content with a bit turned, somewhere."""
    chance = random.Random(1)
    for _ in range(count):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        yield bytes(changed)


def survives(folder: Path, raw: bytes, expected: list[SearchResults]) -> bool:
    """Return whether a damaged file gives the right results; if not, it must be said."""
    (folder / "index.sqlite").write_bytes(raw)
    encoder = HashingEncoder()
    try:
        index = DiskIndex.open(folder, encoder)
        found = [index.search([*QUERIES, "text 3"], method=m, top_k=30) for m in ("dense", "bm25")]
    except WorkbenchError as error:
        said = str(error)
        if not any(word in said for word in ("is damaged", "no index", "later version")):
            raise
        return False
    for one, other in zip(found, expected, strict=True):
        check_equal(one, other)
    return True


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("count", [60, pytest.param(4000, marks=pytest.mark.soak)])
def test_a_turned_bit_is_noticed_or_harmless(tmp_path: Path, count: int) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(60), HashingEncoder(), progress=False)
    file = index.folder / "index.sqlite"
    raw = file.read_bytes()
    expected = [index.search([*QUERIES, "text 3"], method=m, top_k=30) for m in ("dense", "bm25")]
    survived = [survives(index.folder, changed, expected) for changed in damages(raw, count)]
    assert survived.count(False) > 0
    assert survives(index.folder, raw, expected)


@pytest.mark.usefixtures("small_parts")
def test_other_damage_is_said(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", mixed(60), encoder, progress=False)
    file = index.folder / "index.sqlite"
    raw = file.read_bytes()
    for content in (raw[: len(raw) // 2], b"no database at all" * 1000, raw[:100]):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"is damaged: .*Build it again from the texts"):
            DiskIndex.open(index.folder, encoder).search("text")
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DELETE FROM pieces WHERE kind = CAST('vectors' AS BLOB) AND part = 14")
    with pytest.raises(InputError, match=r"is damaged: index\.sqlite lacks vectors"):
        index.search("text")
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE texts SET text = CAST('forged' AS BLOB) WHERE row = 8")
    index.search("text", top_k=1)
    with pytest.raises(InputError, match="does not have the content that was written to it"):
        index.check()
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match=r"written by a later version \(format 99"):
        DiskIndex.open(index.folder, encoder)


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from workbench.corpus import Corpus
from workbench.models import ModelSpec
from workbench.search import DiskIndex

D, N, CAP = 1024, 100_000, 192 << 20

class Rows:
    "The text 'row 7' gets the 7th of some fixed directions, turned a little by its number."
    spec = ModelSpec(name="rows", family="custom", revision="1", dimension=D)
    def encode(self, texts, /, batch_size=32, **options):
        numbers = np.array([int(text.split()[1]) for text in texts])
        vectors = np.sin(numbers[:, None] * 0.37 + np.arange(D) * (1 + numbers[:, None] % 89))
        return vectors.astype(np.float32)

def batches():
    for start in range(0, N, 5000):
        numbers = range(start, start + 5000)
        yield Corpus(tuple(f"row {n} of {n % 977} and {n % 31}" for n in numbers),
                     tuple(map(str, numbers)), {"year": np.arange(start, start + 5000) % 30})

def taken():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmData:")[1].split()[0]) * 1024

DiskIndex.build(sys.argv[1] + "-warm", next(batches()).take(range(2000)), Rows(),
                progress=False).search("row 5", method="hybrid")
resource.setrlimit(resource.RLIMIT_DATA, (taken() + CAP,) * 2)
try:
    np.ones((N, D), np.float32)
    sys.exit("the vectors fit under the cap")
except MemoryError:
    pass
index = DiskIndex.build(sys.argv[1], batches(), Rows(), progress=False)
queries = [f"row {n} of it" for n in range(7, N, 1000)]
for method in ("dense", "bm25", "hybrid"):
    found = index.search(queries, method=method, where={"year": {"min": 0}})
    assert all(len(hits) == 10 for hits in found)
for at in (0, 50, 99):
    asked = Rows().encode([queries[at]])[0].astype(np.float64)
    best = []
    for start in range(0, N, 1000):
        rows = Rows().encode([f"row {n}" for n in range(start, start + 1000)]).astype(np.float64)
        best.append(rows @ asked / np.linalg.norm(rows, axis=1) / np.linalg.norm(asked))
    best = np.sort(np.concatenate(best))[::-1][:10]
    np.testing.assert_allclose(index.search(queries).scores[at], best, atol=1e-6)
index.remove([str(n) for n in range(0, N, 50)]).add(
    Corpus(("row 100000 of x",), ("x",), {"year": [3]}), progress=False)
index.check()
assert len(index) == N - 2000 + 1
"""


@pytest.mark.soak
def test_a_hundred_thousand_texts_in_less_memory_than_their_vectors(tmp_path: Path) -> None:
    """410 MB of vectors under a cap of 192 MB on what a process may have beyond its libraries."""
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "i")]
    subprocess.run(command, env={**os.environ, **path}, check=True, timeout=500)
