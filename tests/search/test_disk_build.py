"""What is put into an index on disk, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from workbench.corpus import Corpus
from workbench.embeddings import embed
from workbench.errors import InputError, WorkbenchError
from workbench.models import DenseEncoder, LSAEncoder
from workbench.search import DiskIndex, SearchIndex

from ..hashing_encoder import HashingEncoder
from .on_disk import METHODS, QUERIES, check_equal, mixed


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
    with pytest.raises(InputError, match="these vectors were made by 'tiny'"):
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
    model: SentenceTransformer = make_tiny()
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


def test_what_is_no_text_or_no_folder(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    with pytest.raises(InputError, match="got str"):
        DiskIndex.build(tmp_path / "i", "one text", encoder)
    with pytest.raises(InputError, match="expected at least one text; got none"):
        DiskIndex.build(tmp_path / "i", iter([]), encoder, progress=False)
    with pytest.raises(InputError, match="has no text yet"):
        DiskIndex.open(tmp_path / "i", encoder)
    with pytest.raises(InputError, match="batch 2 is list; expected a Corpus"):
        DiskIndex.build(tmp_path / "i", iter([mixed(2), ["a"]]), encoder, progress=False)
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
