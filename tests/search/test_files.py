"""An index' files: what was saved comes back, damage and other writers are noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.corpus import Corpus
from workbench.errors import InputError, ModelUnavailableError, WorkbenchError
from workbench.models import DenseEncoder, Variant, idf_sparse_encoder
from workbench.search import DiskIndex, SearchIndex

ODD = ("plain", "a \ud800 half", "emoji 🎉", "nul \0 byte", "<script>alert(1)</script>")


@pytest.fixture
def odd_corpus() -> Corpus:
    return Corpus(
        ODD,
        tuple("abcde"),
        {
            "year": np.array([2019, 2020, 2021, 2022, 2023]),
            "when": np.array(
                ["2024-01-01", "2024-02-01", "2024-03-01", "NaT", "2024-05-01"], "M8[ns]"
            ),
            "share": np.array([0.5, np.nan, 1.5, 2.5, 3.5]),
            "kind": np.array(["x", None, "y", 3, True], dtype=object),
        },
        name="odd",
        label="kind",
    )


def test_what_was_saved_comes_back(
    odd_corpus: Corpus, tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    idf = idf_sparse_encoder(odd_corpus.texts)
    index = SearchIndex.build(odd_corpus, tiny_encoder, sparse_encoder=idf, progress=False)
    folder = index.save(tmp_path / "index")
    back = SearchIndex.load(folder, tiny_encoder, sparse_encoder=idf)
    assert back.corpus.texts == ODD
    assert (back.corpus.fingerprint, back.corpus.label) == (odd_corpus.fingerprint, "kind")
    for name, values in odd_corpus.columns.items():
        assert back.corpus[name].dtype == values.dtype
        assert back.corpus[name].astype(str).tolist() == values.astype(str).tolist()
    assert back.embeddings.spec == index.embeddings.spec
    np.testing.assert_array_equal(back.embeddings.vectors, index.embeddings.vectors)
    for method in ("dense", "bm25", "sparse"):
        expected, found = (one.search("the emoji", method=method) for one in (index, back))
        np.testing.assert_array_equal(found.scores[0], expected.scores[0])


def test_filters_on_every_kind_of_column(odd_corpus: Corpus, tiny_encoder: DenseEncoder) -> None:
    index = SearchIndex.build(odd_corpus, tiny_encoder, progress=False)

    def ids(where: dict[str, object]) -> str:
        return "".join(sorted(hit.corpus_id for hit in index.search("x", where=where)[0]))

    assert ids({"year": 2020}) == "b"
    assert ids({"year": {"min": 2020, "max": 2022}}) == "bcd"
    assert ids({"share": {"max": 1.5}}) == "ac"
    assert ids({"when": {"min": "2024-02-01"}}) == "bce"
    assert ids({"when": "2024-03-01"}) == "c"
    assert ids({"kind": ["x", "y"]}) == "ac"
    assert ids({"when": "2024-03-01T05:00:00+05:00"}) == "c"
    for wanted in ("soon", [["a"]], 10**30):
        with pytest.raises(InputError, match=r"column 'when' \(datetime64.*cannot be compared"):
            ids({"when": wanted})
    assert ids({"year": {"min": 2021}, "kind": "y"}) == "c"


def test_no_file_is_a_pickle(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    SearchIndex.build(["a", "b"], tiny_encoder, progress=False).save(tmp_path / "i")
    names = sorted(path.name.rpartition("-")[2] for path in (tmp_path / "i").iterdir())
    assert [name for name in names if name != ".lock"] == [
        "arrays.safetensors",
        "corpus.parquet",
        "index.json",
    ]


@pytest.mark.parametrize("kind", ["arrays.safetensors", "corpus.parquet"])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_flipped_byte_is_noticed(
    tiny_encoder: DenseEncoder, tmp_path: Path, kind: str, place: float
) -> None:
    folder = SearchIndex.build(["a", "b", "c"], tiny_encoder, progress=False).save(tmp_path / "i")
    (file,) = folder.glob(f"*-{kind}")
    raw = bytearray(file.read_bytes())
    raw[int(place * (len(raw) - 1))] ^= 1
    file.write_bytes(raw)
    with pytest.raises(InputError, match=f"is damaged: .*{kind} does not have the content"):
        SearchIndex.load(folder, tiny_encoder)


def test_what_is_missing_or_no_index(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no index in"):
        SearchIndex.load(tmp_path / "none", tiny_encoder)
    folder = SearchIndex.build(["a", "b"], tiny_encoder, progress=False).save(tmp_path / "i")
    whole = (folder / "index.json").read_bytes()
    described = json.loads(whole)
    (folder / "index.json").write_text(json.dumps({**described, "format": 99}))
    with pytest.raises(InputError, match=r"written by a later version \(format 99"):
        SearchIndex.load(folder, tiny_encoder)
    (folder / "index.json").write_text("{")
    with pytest.raises(InputError, match=r"is damaged: index\.json cannot be read"):
        SearchIndex.load(folder, tiny_encoder)
    changed = {**described, "corpus": {}}
    (folder / "index.json").write_text(json.dumps(changed))
    with pytest.raises(InputError, match=r"index\.json does not have the content"):
        SearchIndex.load(folder, tiny_encoder)
    (folder / "index.json").write_bytes(whole)
    next(folder.glob("*.parquet")).unlink()
    with pytest.raises(InputError, match=r"is damaged: .*corpus\.parquet is missing"):
        SearchIndex.load(folder, tiny_encoder)


def test_another_models_index_is_refused(
    tiny_encoder: DenseEncoder, minilm: DenseEncoder, tmp_path: Path
) -> None:
    index = SearchIndex.build(["a", "b"], tiny_encoder, sparse_encoder="idf", progress=False)
    folder = index.save(tmp_path / "i")
    with pytest.raises(InputError, match=r"by 'all-MiniLM-L6-v2'.*the texts by 'tiny'"):
        SearchIndex.load(folder, minilm)
    with pytest.raises(ModelUnavailableError, match="'tiny' is not on this machine"):
        SearchIndex.load(folder)
    other = idf_sparse_encoder(["parcel"], name="other idf")
    with pytest.raises(InputError, match="made by 'idf tokens', not by 'other idf'"):
        SearchIndex.load(folder, tiny_encoder, sparse_encoder=other)
    plain = SearchIndex.build(["a", "b"], tiny_encoder, progress=False).save(tmp_path / "plain")
    with pytest.raises(InputError, match="made by no sparse encoder, not by 'other idf'"):
        SearchIndex.load(plain, tiny_encoder, sparse_encoder=other)


def test_nothing_is_replaced_unasked(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    index = SearchIndex.build(["a", "b"], tiny_encoder, progress=False)
    folder = index.save(tmp_path / "i")
    with pytest.raises(InputError, match=r"holds an index already. Pass overwrite=True"):
        SearchIndex.build(["c"], tiny_encoder, progress=False).save(folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds other files \('letter.txt', say\)"):
        index.save(tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        index.save(tmp_path / "file")


def test_the_second_of_two_writers_is_told(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    folder = SearchIndex.build(["a", "b"], tiny_encoder, progress=False).save(tmp_path / "i")
    mine, theirs = (SearchIndex.load(folder, tiny_encoder) for _ in range(2))
    theirs.add(Corpus(("c",), ("c",)), progress=False).save(folder)
    changed = mine.add(Corpus(("d",), ("d",)), progress=False)
    with pytest.raises(InputError, match="changed by somebody else since it was loaded"):
        changed.save(folder)
    assert SearchIndex.load(folder, tiny_encoder).corpus.texts == ("a", "b", "c")
    changed.save(folder, overwrite=True)
    assert SearchIndex.load(folder, tiny_encoder).corpus.texts == ("a", "b", "d")
    files = [path.name for path in folder.iterdir() if path.name != ".lock"]
    assert len(files) == 3  # what is no longer named is gone
    changed.remove(["0"]).save(folder)  # what was saved last may go on
    assert SearchIndex.load(folder, tiny_encoder).corpus.texts == ("b", "d")


WRITER = """
import sys
from pathlib import Path
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import load_encoder
from workbench.search import DiskIndex, SearchIndex
folder, model, name = sys.argv[1:]
encoder, done = load_encoder(Path(model)), 0
while done < 5:
    index = SearchIndex.load(folder, encoder)
    try:
        index.add(Corpus((f"{name} {done}",), (f"{name}{done}",)), progress=False).save(folder)
    except InputError as error:
        assert "somebody else" in str(error), error
        continue
    done += 1
"""


def test_two_processes_lose_nothing(
    tiny_folder: Path, tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    from workbench.models import load_encoder

    encoder = load_encoder(tiny_folder)
    folder = SearchIndex.build(["first"], encoder, progress=False).save(tmp_path / "i")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(tiny_folder), name])
        for name in ("x", "y")
    ]
    assert [writer.wait(timeout=300) for writer in writers] == [0, 0]
    ids = set(SearchIndex.load(folder, encoder).corpus.ids)
    assert ids == {"0", *(f"{name}{number}" for name in "xy" for number in range(5))}


def test_a_column_comes_back_as_it_was_or_is_refused(
    tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    numbers = np.array([np.int64(1), "x"], dtype=object)
    index = SearchIndex.build(
        Corpus(("a", "b"), columns={"n": numbers}), tiny_encoder, progress=False
    )
    back = SearchIndex.load(index.save(tmp_path / "i"), tiny_encoder)
    assert back.corpus["n"].tolist() == [1, "x"]
    assert len(back.search("a", where={"n": 1})[0]) == 1
    lists = np.empty(2, dtype=object)
    lists[:] = [["x"], ["y"]]
    odd = SearchIndex.build(
        Corpus(("a", "b"), columns={"kind": lists}), tiny_encoder, progress=False
    )
    with pytest.raises(InputError, match=r"row 1 of column 'kind' is list \['x'\]. Convert"):
        odd.save(tmp_path / "odd")


def test_an_index_of_a_variant_finds_its_model(minilm: DenseEncoder, tmp_path: Path) -> None:
    cut = Variant(minilm, truncate_dim=64, precision="int8")
    index = SearchIndex.build(["a parcel", "the sun"], cut, progress=False)
    back = SearchIndex.load(index.save(tmp_path / "i"))
    assert back.search("parcel").scores[0].tolist() == index.search("parcel").scores[0].tolist()
    DiskIndex.build(tmp_path / "disk", ["a parcel", "the sun"], cut, progress=False)
    on_disk = DiskIndex.open(tmp_path / "disk").search("parcel")
    np.testing.assert_allclose(on_disk.scores[0], index.search("parcel").scores[0], atol=1e-5)


def test_saving_to_another_folder_says_what_is_there(
    tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    first = SearchIndex.build(["a"], tiny_encoder, progress=False)
    first.save(tmp_path / "first")
    SearchIndex.build(["b"], tiny_encoder, progress=False).save(tmp_path / "second")
    with pytest.raises(InputError, match="holds an index already"):
        first.save(tmp_path / "second")
    with pytest.raises(InputError, match="An index is in a folder; got NoneType None"):
        SearchIndex.load(None, tiny_encoder)


def test_what_a_killed_save_left_does_no_harm(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    folder = tmp_path / "i"
    folder.mkdir()
    (folder / ".writing-0123").write_bytes(b"half")
    (folder / "0123-corpus.parquet").write_bytes(b"half")
    SearchIndex.build(["a"], tiny_encoder, progress=False).save(folder)
    assert sorted(path.name.rpartition("-")[2] for path in folder.iterdir()) == [
        ".lock",
        "arrays.safetensors",
        "corpus.parquet",
        "index.json",
    ]
