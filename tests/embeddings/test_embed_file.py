from __future__ import annotations

import datetime
import decimal
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from workbench._arrays import FloatArray
from workbench.corpus import Corpus
from workbench.embeddings import embed, embed_file
from workbench.errors import InputError, ModelUnavailableError, WorkbenchError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, variant

from ..hashing_encoder import HashingEncoder, numbered, vector_of

Cells = Sequence[str | None]
OFF = {"progress": False, "batch_size": 32}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """1,300 texts, three blocks of rows; some null, some blank, some repeated."""
    cells: list[str | None] = [*numbered(0, 1300)]
    cells[3:1300:50] = [None] * 26
    cells[7] = " \n"
    cells[600] = cells[1200] = "text 1 ......."
    return write(tmp_path / "in.parquet", cells, row_group_size=170)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


def write(path: Path, texts: Cells, *, row_group_size: int = 1000, **columns: Any) -> Path:
    table = pa.table({"text": pa.array(texts, pa.string()), **columns})
    parquet.write_table(table, path, row_group_size=row_group_size)
    return path


def hashed(texts: Cells) -> list[list[float] | None]:
    """What the column holds when `HashingEncoder` encodes some texts."""
    return [vector_of(text).tolist() if text and text.strip() else None for text in texts]


def columns_of(path: Path) -> dict[str, list[Any]]:
    return parquet.read_table(path).to_pydict()


class Stopping(HashingEncoder):
    """Is interrupted, as by Ctrl-C, at its n-th call."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().encode(texts, *args, **options)


# --- what is written


def test_each_row_has_the_vector_of_its_text(source: Path, target: Path) -> None:
    encoder = HashingEncoder()
    done = embed_file(source, target, encoder, **OFF)
    given = columns_of(source)["text"]
    assert columns_of(target) == {"text": given, "embedding": hashed(given)}
    texts = {text for text in given if text and text.strip()}
    assert sorted(encoder.seen) == sorted(texts)  # also of a text in three blocks
    summary = done.summary()
    assert [summary[name] for name in ("rows", "nulls", "blanks", "encoded")] == [
        1300, 26, 1, len(texts),
    ]  # fmt: skip
    assert summary["model_name"] == "hashes"
    assert "truncated" not in summary
    assert done.sentence() == (
        f"1,300 rows, {len(texts):,} texts encoded with hashes; no vector for 26 null and 1 blank"
    )
    assert "26 null" in done._repr_html_()
    assert sorted(path.name for path in target.parent.iterdir()) == ["in.parquet", "out.parquet"]


def test_the_vectors_are_those_of_embed(
    minilm: DenseEncoder, small_corpus: Corpus, tmp_path: Path, target: Path
) -> None:
    long = "The parcel is late. " * 100
    write(tmp_path / "in.parquet", [*small_corpus.texts, None, long])
    done = embed_file(tmp_path / "in.parquet", target, "all-MiniLM-L6-v2", **OFF)
    vectors = columns_of(target)["embedding"]
    assert vectors[30] is None
    found = np.array(vectors[:30] + vectors[31:], dtype=np.float32)
    expected = embed([*small_corpus.texts, long], minilm, store=False, progress=False)
    np.testing.assert_allclose(found, expected.vectors, atol=1e-5)
    np.testing.assert_allclose(found, minilm.model.encode(list(expected.corpus.texts)), atol=1e-5)
    assert done.truncated == 1
    assert "1 cut off at 256 tokens" in done.sentence()
    assert done.spec == expected.spec


def test_other_columns_keep_their_types_and_order(tmp_path: Path, target: Path) -> None:
    day = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
    given = pa.table(
        {
            "kind": pa.array(["a", None, "b"]).dictionary_encode(),
            "text": pa.array(["one", None, "two"], pa.large_string()),
            "when": pa.array([day, None, day], pa.timestamp("ns", "Europe/Berlin")),
            "price": pa.array([decimal.Decimal("1.20"), None, None], pa.decimal128(9, 2)),
            "nested": pa.array([{"text": ["x"]}, None, {"text": []}]),
            "raw": pa.array([b"\xff", None, b""]),
            "small": pa.array([1, 2, 255], pa.uint8()),
            "with.dot": pa.array([1.5, None, float("inf")], pa.float32()),
        }
    ).replace_schema_metadata({"mine": "kept"})
    parquet.write_table(given, tmp_path / "in.parquet", row_group_size=2)
    embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)
    found = parquet.read_table(target)
    assert found.drop_columns("embedding").schema.equals(given.schema)
    assert found.column_names == [*given.column_names, "embedding"]
    assert found.drop_columns("embedding").to_pydict() == given.to_pydict()
    assert found.schema.field("embedding").type == pa.list_(pa.float32())
    assert found.column("embedding").to_pylist() == hashed(["one", None, "two"])
    assert found.schema.metadata[b"mine"] == b"kept"


@pytest.mark.parametrize(
    "kind", [pa.string_view(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_any_kind_of_text(tmp_path: Path, target: Path, kind: pa.DataType) -> None:
    cells = ["ä", None, "🙂" * 50, ""] * 200
    table = pa.table({"text": pa.array(cells, pa.string()).cast(kind)})
    parquet.write_table(table, tmp_path / "in.parquet", row_group_size=70)
    embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)
    found = parquet.read_table(target)
    assert found.schema.field("text").type == parquet.read_schema(tmp_path / "in.parquet")[0].type
    assert found.to_pydict() == {"text": cells, "embedding": hashed(cells)}


def test_pandas_reads_it_with_its_index(tmp_path: Path, target: Path) -> None:
    frame = pd.DataFrame({"text": ["one", None], "n": [1, 2]}, index=pd.Index(["x", "y"], name="k"))
    frame.to_parquet(tmp_path / "in.parquet")
    embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)
    found = pd.read_parquet(target)
    pd.testing.assert_frame_equal(found[["text", "n"]], pd.read_parquet(tmp_path / "in.parquet"))
    np.testing.assert_array_equal(found.loc["x", "embedding"], vector_of("one"))


@pytest.mark.parametrize("cells", [[], [None] * 3, ["", None, "\t"]])
def test_tables_without_a_text_have_the_column_too(
    tmp_path: Path, target: Path, cells: Cells
) -> None:
    done = embed_file(write(tmp_path / "in.parquet", cells), target, HashingEncoder(), **OFF)
    assert columns_of(target) == {"text": list(cells), "embedding": [None] * len(cells)}
    assert parquet.read_schema(target).field("embedding").type == pa.list_(pa.float32())
    assert (done.rows, done.encoded) == (len(cells), 0)


def test_a_column_of_nothing_but_nulls_is_one_of_texts_when_named(
    tmp_path: Path, target: Path
) -> None:
    parquet.write_table(pa.table({"body": pa.nulls(2)}), tmp_path / "in.parquet")
    embed_file(tmp_path / "in.parquet", target, HashingEncoder(), text="body", **OFF)
    assert columns_of(target) == {"body": [None, None], "embedding": [None, None]}


def test_the_file_says_what_made_its_vectors(tmp_path: Path, target: Path) -> None:
    write(tmp_path / "in.parquet", ["one"])
    embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)
    again = tmp_path / "again.parquet"
    other = HashingEncoder(name="others", revision="2")
    embed_file(target, again, other, column="second", **OFF)
    made = json.loads(parquet.read_schema(again).metadata[b"workbench.embeddings"])
    assert {column: (spec["name"], spec["revision"]) for column, spec in made.items()} == {
        "embedding": ("hashes", "1"),
        "second": ("others", "2"),
    }
    assert list(columns_of(again)) == ["text", "embedding", "second"]


def test_a_variant_cuts_dimensions_and_reads_long_texts(
    tiny_encoder: DenseEncoder, tmp_path: Path, target: Path
) -> None:
    texts = ["where is my parcel", "the money " * 30]
    write(tmp_path / "in.parquet", texts)
    cut = variant(tiny_encoder, truncate_dim=5, long_texts="chunk")
    done = embed_file(tmp_path / "in.parquet", target, cut, **OFF)
    expected = embed(texts, cut, store=False, progress=False)
    np.testing.assert_allclose(columns_of(target)["embedding"], expected.vectors, atol=1e-6)
    assert done.truncated is None
    assert embed_file(
        tmp_path / "in.parquet", target, tiny_encoder, overwrite=True, **OFF
    ).truncated == 1  # fmt: skip


def test_the_prompt_is_put_before_each_text(make_tiny: Any, tmp_path: Path, target: Path) -> None:
    model = make_tiny()
    model.prompts = {"query": "find: ", "document": ""}
    encoder = DenseEncoder(model, name="prompted")
    write(tmp_path / "in.parquet", ["parcel"])
    embed_file(tmp_path / "in.parquet", target, encoder, prompt_name="query", **OFF)
    expected = encoder.encode(["find: parcel"])
    np.testing.assert_allclose(columns_of(target)["embedding"], expected, atol=1e-6)


def test_an_lsa_that_is_fitted(tmp_path: Path, target: Path, small_corpus: Corpus) -> None:
    encoder = LSAEncoder(dimension=8).fit(small_corpus.texts)
    write(tmp_path / "in.parquet", small_corpus.texts)
    embed_file(tmp_path / "in.parquet", target, encoder, **OFF)
    expected = encoder.encode(small_corpus.texts)
    np.testing.assert_allclose(columns_of(target)["embedding"], expected, atol=1e-6)


def test_progress_tells_of_each_stage(source: Path, target: Path) -> None:
    calls: list[tuple[int, int]] = []
    embed_file(source, target, HashingEncoder(), progress=lambda *call: calls.append(call))
    encoding = calls[4:-2]
    assert calls[:4] == [(0, 1300), (512, 1300), (1024, 1300), (1300, 1300)]
    assert encoding[0] == (0, 1273)
    assert encoding[-1] == (1273, 1273)
    assert encoding == sorted(encoding)
    assert calls[-2:] == [(0, 1300), (1300, 1300)]


# --- going on


@pytest.mark.parametrize("calls", [0, 1, 20, 39])
def test_an_interrupted_run_goes_on(source: Path, target: Path, calls: int) -> None:
    whole = target.with_name("whole.parquet")
    embed_file(source, whole, HashingEncoder(), **OFF)
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, target, Stopping(calls), **OFF)
    assert not target.exists()
    kept = len(list(target.with_name("out.parquet.partial").glob("*.part")))
    assert kept == calls // 16  # calls of 32 texts; a block has 501, or 500 that are new
    encoder = HashingEncoder()
    done = embed_file(source, target, encoder, **{**OFF, "batch_size": 7})
    assert target.read_bytes() == whole.read_bytes()
    given = columns_of(source)["text"]
    before = {text for text in given[: 512 * kept] if text and text.strip()}
    left = {text for text in given[512 * kept :] if text and text.strip()} - before
    assert sorted(encoder.seen) == sorted(left)
    assert done.encoded == len(encoder.seen)
    assert not target.with_name("out.parquet.partial").exists()


def test_a_run_says_where_it_stopped_and_where_it_goes_on(
    source: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt, match=r"^Stopped after 0 of 1,273 texts; run the same"):
        embed_file(source, target, Stopping(3), batch_size=32)
    # The first 512 rows have 11 nulls and a blank one.
    with pytest.raises(KeyboardInterrupt, match=r"^Stopped after 500 of 1,273 texts; run the same"):
        embed_file(source, target, Stopping(20), batch_size=32)
    assert "were kept" not in capsys.readouterr().err
    copied = shutil.copytree(target.with_name("out.parquet.partial"), target.with_name("copy"))
    embed_file(source, target, HashingEncoder())
    said = "500 of 1,273 texts were kept from a run that was stopped; going on.\n"
    assert capsys.readouterr().err.count(said) == 1
    copied.rename(target.with_name("out.parquet.partial"))
    embed_file(source, target, HashingEncoder(), overwrite=True, **OFF)
    assert capsys.readouterr().err == ""


def test_an_interrupted_writing_goes_on(
    source: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(done: int, total: int, /) -> None:
        if (
            total == 1300
            and target.with_name("out.parquet.partial").joinpath("begun.json").exists()
        ):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_file(source, target, HashingEncoder(), progress=stop)
    assert not target.exists()
    encoder = HashingEncoder()
    assert embed_file(source, target, encoder).encoded == 0
    assert "1,273 of 1,273 texts were kept" in capsys.readouterr().err
    assert encoder.seen == []
    assert columns_of(target)["embedding"] == hashed(columns_of(source)["text"])


def test_a_failing_model_loses_nothing_that_was_done(source: Path, target: Path) -> None:
    class Failing(Stopping):
        def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
            try:
                return super().encode(texts, *args, **options)
            except KeyboardInterrupt:
                raise RuntimeError("out of memory") from None

    with pytest.raises(WorkbenchError, match=r"'hashes' failed.*out of memory.*is kept"):
        embed_file(source, target, Failing(20), **OFF)
    encoder = HashingEncoder()
    embed_file(source, target, encoder, **OFF)
    assert len(encoder.seen) < 800


@pytest.mark.parametrize("damage", [b"", b"\0" * 5000, None])
def test_a_damaged_part_is_encoded_again(source: Path, target: Path, damage: bytes | None) -> None:
    whole = target.with_name("whole.parquet")
    embed_file(source, whole, HashingEncoder(), **OFF)
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, target, Stopping(35), **OFF)
    first = min(target.with_name("out.parquet.partial").glob("*.part"))
    raw = first.read_bytes()
    first.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]) if damage is None else damage)
    with pytest.warns(WorkbenchWarning, match="was damaged or gone; its texts"):
        embed_file(source, target, HashingEncoder(), **OFF)
    assert target.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": HashingEncoder(name="others", revision="2")},
         r"another model: 'hashes' \(revision '1', model 'hashes'\); this one is "
         r"'others' \(revision '2', model 'others'\).*finish it.*delete the folder"),
        ({"encoder": HashingEncoder(max_tokens=5)}, "another model.*max_tokens None.*max_tokens 5"),
        ({"text": "title"}, "another option: text 'text'; this one is text 'title'"),
        ({"column": "vector"}, "another option: column 'embedding'; this one is column 'vector'"),
        ({"source": "other.parquet"}, r"another source: 'in.parquet' \(fingerprint.*this one is "
         r"'other.parquet' \(fingerprint"),
    ],
)  # fmt: skip
def test_another_run_is_not_mixed_with_an_unfinished_one(
    tmp_path: Path, target: Path, change: dict[str, Any], message: str
) -> None:
    table = pa.table({"text": numbered(0, 600), "title": numbered(0, 600)})
    parquet.write_table(table, tmp_path / "in.parquet")
    parquet.write_table(table.slice(1), tmp_path / "other.parquet")
    asked: dict[str, Any] = {"source": "in.parquet", "encoder": HashingEncoder(), **OFF}

    def run(options: dict[str, Any]) -> None:
        path, encoder = tmp_path / options.pop("source"), options.pop("encoder")
        embed_file(path, target, encoder, **options)

    with pytest.raises(KeyboardInterrupt):
        run({**asked, "encoder": Stopping(17)})
    with pytest.raises(InputError, match=message):
        run({**asked, **change})
    run(dict(asked))
    assert columns_of(target)["embedding"] == hashed(numbered(0, 600))


def test_a_copy_of_the_source_is_the_same_source(source: Path, target: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, target, Stopping(20), **OFF)
    moved = source.rename(source.with_name("moved.parquet"))
    os.utime(moved, (1, 1))
    assert embed_file(moved, target, HashingEncoder(), **OFF).encoded < 800


def test_a_folder_that_says_nothing_is_left_alone(source: Path, target: Path) -> None:
    partial = target.with_name("out.parquet.partial")
    partial.mkdir()
    (partial / "begun.json").write_text("{")
    with pytest.raises(InputError, match=r"does not say what the unfinished.*delete the folder"):
        embed_file(source, target, HashingEncoder(), **OFF)
    (partial / "begun.json").unlink()
    (partial / "mine.txt").write_text("mine")
    embed_file(source, target, HashingEncoder(), **OFF)
    assert [path.name for path in partial.iterdir() if path.name != "lock"] == ["mine.txt"]


# --- processes


_RUN = """
import sys
from pathlib import Path
from workbench.embeddings import embed_file
sys.path.insert(0, sys.argv[4])
from hashing_encoder import HashingEncoder
print("ready", flush=True)
encoder = HashingEncoder(log=Path(sys.argv[3]), delay=0.005)
embed_file(sys.argv[1], sys.argv[2], encoder, batch_size=32, progress=False)
"""


def start(source: Path, target: Path, log: Path) -> subprocess.Popen[str]:
    here = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", _RUN, *map(str, (source, target, log)), here]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.mark.parametrize("kills", [2, pytest.param(30, marks=pytest.mark.soak)])
def test_a_killed_run_goes_on(tmp_path: Path, target: Path, kills: int) -> None:
    count = 512 * (kills + 2)
    given = write(tmp_path / "in.parquet", numbered(0, count), row_group_size=300)
    whole = embed_file(given, tmp_path / "whole.parquet", HashingEncoder(), **OFF).path
    chance = np.random.default_rng(3)
    log = tmp_path / "log"
    for _ in range(kills):
        before, process = lines(log), start(given, target, log)
        goal = before + 600 + int(chance.integers(0, 300))
        while process.poll() is None and lines(log) < goal:
            pass
        process.kill()
        _, err = process.communicate()
        assert process.returncode < 0, err or "it ended before it was killed"
    left = start(given, target, log)
    assert left.communicate(timeout=60) == ("", "")
    assert target.read_bytes() == whole.read_bytes()
    assert lines(log) <= count + kills * (512 + 32)  # a kill costs at most the block it was in
    assert {path.name for path in tmp_path.iterdir()} == {
        "in.parquet", "log", "out.parquet", "whole.parquet",
    }  # fmt: skip


def test_two_processes_do_not_write_one_target(source: Path, target: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start(source, target, log)
    while not log.exists() and process.poll() is None:
        pass
    encoder = HashingEncoder()
    with pytest.raises(InputError, match=r"Another process is writing '.*out.parquet' now. Wait"):
        embed_file(source, target, encoder, **OFF)
    assert encoder.calls == 0
    assert process.communicate(timeout=60) == ("", "")
    assert columns_of(target)["embedding"] == hashed(columns_of(source)["text"])


_LARGE = """
import resource, sys
import numpy as np
import pyarrow as pa
from pyarrow import parquet
from workbench.embeddings import embed_file
from workbench.models import ModelSpec

class Counting:
    spec = ModelSpec(name="counts", family="custom", revision="1", dimension=256)
    def encode(self, texts, /, batch_size=32, **options):
        return np.repeat([[float(text)] for text in texts], 256, axis=1)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

parquet.write_table(pa.table({"text": ["1"] * 600}), "small.parquet")
embed_file("small.parquet", "small-out.parquet", Counting(), progress=False)
before = peak()
embed_file("in.parquet", "out.parquet", Counting(), batch_size=512, progress=False)
print(peak() - before)
"""


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, count: int) -> None:
    """One row group, and vectors of 1 kB: 1,000,000 of them are 1,024 MB."""
    texts = pa.array(np.arange(count)).cast(pa.string())
    parquet.write_table(pa.table({"text": texts}), tmp_path / "in.parquet", row_group_size=count)
    command = [sys.executable, "-c", _LARGE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 300  # MB
    last = parquet.ParquetFile(tmp_path / "out.parquet")
    assert last.metadata.num_rows == count
    assert last.num_row_groups > 3
    (cells,) = last.read_row_group(last.num_row_groups - 1, ["embedding"]).to_pydict().values()
    assert cells[-1] == [count - 1.0] * 256


def test_a_full_disk_loses_nothing_that_was_done(tmp_path: Path, target: Path) -> None:
    """A file may take 25 kB: a part takes 21, the target 40 for the numbers alone."""
    numbers = np.random.default_rng(0).random(5000)
    source = write(tmp_path / "in.parquet", numbered(0, 5000), n=numbers)
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (25000, 25000))"
    limited = _RUN.replace("import sys", limit).replace("log=Path(sys.argv[3]), delay=0.005", "")
    here = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", limited, str(source), str(target), "", here]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    said = done.stderr.splitlines()[-1]
    assert re.search(r"out.parquet' cannot be written: File too large. What was .* is kept", said)
    assert not target.exists()
    assert embed_file(source, target, HashingEncoder(), **OFF).encoded == 0


# --- what is refused


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("im.parquet", r"There is no file '.*im.parquet'. Did you mean 'in.parquet'"),
        ("x" * 5000, "There is no file '.*xxx"),
        (".", r"is a directory; expected one parquet file. In it: empty.parquet, in.parquet"),
        ("table.csv", "cannot be read as parquet: .*pandas: to_parquet"),
        ("empty.parquet", "cannot be read as parquet: .*size is 0 bytes"),
    ],
)
def test_sources_that_cannot_be_read(source: Path, target: Path, path: str, message: str) -> None:
    source.with_name("table.csv").write_text("text\none\ntwo\n" * 9)
    source.with_name("empty.parquet").write_text("")
    with pytest.raises(InputError, match=message):
        embed_file(source.with_name(path) if path != "." else source.parent, target, "none", **OFF)


def test_damage_is_found_before_anything_is_encoded(tmp_path: Path, target: Path) -> None:
    """Also in another column, and in the last row group."""
    given = write(
        tmp_path / "in.parquet", numbered(0, 900), n=np.random.default_rng(0).random(900),
        row_group_size=300,
    )  # fmt: skip
    raw = given.read_bytes()
    metadata = parquet.read_metadata(given)
    refused = 0
    for group in range(3):
        for column in range(2):
            chunk = metadata.row_group(group).column(column)
            begin = chunk.dictionary_page_offset or chunk.data_page_offset
            given.write_bytes(raw[:begin] + b"\xff" * 40 + raw[begin + 40 :])
            encoder = HashingEncoder()
            with pytest.raises(InputError, match=f"row group {group + 1} of 3 cannot be read as"):
                embed_file(given, target, encoder, **OFF)
            assert encoder.calls == 0
            refused += 1
    assert refused == 6
    given.write_bytes(raw[:-100])
    with pytest.raises(InputError, match=r"in.parquet' cannot be read as parquet"):
        embed_file(given, target, HashingEncoder(), **OFF)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_texts_that_are_not_utf8_are_named(tmp_path: Path, target: Path) -> None:
    raw = pa.array([b"good", None] * 300 + [b"\xff\xfe", b"fine"], pa.binary())
    texts = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0])
    parquet.write_table(pa.table({"text": texts}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match="column 'text' holds bytes that are not UTF-8 in row 601"):
        embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)


@pytest.mark.parametrize(
    ("columns", "text", "message"),
    [
        ({"body": ["a"]}, "bodi", r"has no column 'bodi'.*Did you mean 'body'\?"),
        ({"body": ["a"], "n": [1]}, "n", "column 'n' holds int64; expected texts.*'body'"),
        ({"n": [1], "raw": [b"a"]}, None, r"no column of texts; its columns are \['n', 'raw'\]"),
        ({"raw": [b"a"]}, "raw", "column 'raw' holds binary; expected texts.*none"),
        ({"left": ["a"], "right": ["b"]}, None, r"\['left', 'right'\].*Name the one.*--text"),
        ({"text": ["a"], "embedding": [1]}, None, "has a column 'embedding' already.*--column"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_encoded(
    tmp_path: Path, target: Path, columns: dict[str, Any], text: str | None, message: str
) -> None:
    parquet.write_table(pa.table(columns), tmp_path / "in.parquet")
    with pytest.raises(InputError, match=message):
        embed_file(tmp_path / "in.parquet", target, HashingEncoder(), text=text, **OFF)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_names_that_repeat_are_refused(tmp_path: Path, target: Path) -> None:
    table = pa.table([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    parquet.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(InputError, match=r"names must be distinct; \['text'\] repeat"):
        embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)


@pytest.mark.parametrize(
    ("columns", "guess"),
    [
        ({"title": ["t"], "Message": ["one"]}, "Message"),
        ({"n": [1], "headline": ["one"]}, "headline"),
    ],
)
def test_a_guessed_column_is_said(
    tmp_path: Path, target: Path, columns: dict[str, Any], guess: str
) -> None:
    parquet.write_table(pa.table(columns), tmp_path / "in.parquet")
    with pytest.warns(WorkbenchWarning, match=f"Column '{guess}' was taken for the texts"):
        embed_file(tmp_path / "in.parquet", target, HashingEncoder(), **OFF)
    assert columns_of(target)["embedding"] == hashed(["one"])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("in.parquet", "is the source itself"),
        ("link.parquet", "is the source itself"),
        ("out.csv", "written as parquet; expected a name ending in .parquet or .pq"),
        ("folder.parquet", "is a directory; expected a file"),
        ("in.parquet/out.parquet", "cannot be written: .*Choose another path"),
        ("old.parquet", "old.parquet' is there already.*overwrite=True"),
        (f"{'x' * 250}.parquet", "cannot be written: File name too long"),
    ],
)
def test_targets_that_cannot_be_written(source: Path, path: str, message: str) -> None:
    source.with_name("link.parquet").symlink_to(source)
    source.with_name("folder.parquet").mkdir()
    source.with_name("old.parquet").write_text("old")
    before = sorted(source.parent.rglob("*"))
    encoder = HashingEncoder()
    with pytest.raises(InputError, match=message):
        embed_file(source, source.parent / path, encoder, **OFF)
    assert encoder.calls == 0
    assert sorted(source.parent.rglob("*")) == before


def test_overwriting_keeps_the_old_file_until_the_new_one_is_whole(
    source: Path, target: Path
) -> None:
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        embed_file(source, target, Stopping(30), overwrite=True, **OFF)
    assert target.read_text() == "old"
    assert embed_file(source, target, HashingEncoder(), overwrite=True, **OFF).encoded < 800
    assert columns_of(target)["embedding"] == hashed(columns_of(source)["text"])


def test_a_source_that_changes_meanwhile_is_refused(source: Path, target: Path) -> None:
    other = write(source.with_name("other.parquet"), numbered(5000, 6300))

    class Swapping(HashingEncoder):
        def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
            if self.calls == 1:
                shutil.copy(other, source.with_name("scratch"))
                source.with_name("scratch").rename(source)
            return super().encode(texts, *args, **options)

    with pytest.raises(WorkbenchError, match=r"in.parquet' was changed while its texts"):
        embed_file(source, target, Swapping(), **OFF)
    assert not target.exists()


@pytest.mark.parametrize(
    ("encoder", "options", "error", "message"),
    [
        ("no-such-model", {}, ModelUnavailableError, "'no-such-model'.*What works offline"),
        ("lsa", {}, InputError, "'lsa' must be fitted on texts first.*LSAEncoder"),
        (variant(HashingEncoder(), precision="int8"), {}, InputError,
         "gives vectors in int8; the column is a list of float32"),
        (HashingEncoder(), {"batch_size": 0}, InputError, "batch_size must be at least 1; got 0"),
        (HashingEncoder(), {"column": " "}, InputError, "column must be a name.*got ' '"),
        (HashingEncoder(), {"prompt_name": "query"}, InputError, "'hashes' has no prompts"),
    ],
)  # fmt: skip
def test_models_and_options_are_checked_before_work(
    source: Path, target: Path, encoder: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        embed_file(source, target, encoder, **{**OFF, **options})
    assert [path.name for path in source.parent.iterdir()] == ["in.parquet"]


def test_vectors_that_are_no_numbers_are_refused(source: Path, target: Path) -> None:
    class Broken(HashingEncoder):
        def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
            return super().encode(texts, *args, **options) * np.float32("nan")

    with pytest.raises(InputError, match="'hashes' returned NaN or infinity"):
        embed_file(source, target, Broken(), **OFF)
    assert not target.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 1.5}, r"batch_size must be at least 1; got 1\.5"),
        ({"batch_size": "a"}, "batch_size must be at least 1; got 'a'"),
        ({"text": 5}, "text is the name of a column; got 5"),
        ({"source": None}, "source is the path of a file; got None"),
        ({"target": 7}, "target is the path of a file; got 7"),
    ],
)
def test_arguments_of_another_kind(
    changes: dict[str, object], message: str, tmp_path: Path, hashing_encoder: type
) -> None:
    arguments = {"source": tmp_path / "a.parquet", "target": tmp_path / "b.parquet", **changes}
    with pytest.raises(InputError, match=message):
        embed_file(encoder=hashing_encoder(), **arguments)
    assert list(tmp_path.iterdir()) == []
