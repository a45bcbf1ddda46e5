"""The command line: what it prints, what it returns, how it refuses."""

from __future__ import annotations

import base64
import gzip
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from workbench.analysis import nearest_neighbors
from workbench.cli import main
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.models import DenseEncoder


def views_of(page: Path) -> list[dict[str, Any]]:
    (packed,) = re.findall(r'class="workbench-data">([^<]*)<', page.read_text())
    return json.loads(gzip.decompress(base64.b64decode(packed)))["views"]


def test_report_writes_one_offline_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "texts.csv"
    table.write_text(
        "body,kind\n"
        + "".join(
            f"text number {i} about {'cats' if i % 2 else 'tax'},{i % 2}\n" for i in range(30)
        )
    )
    output = tmp_path / "out.html"
    arguments = ["report", str(table), "--text", "body", "--label", "kind", "--models", "lsa"]
    assert main([*arguments, "-o", str(output)]) == 0
    assert str(output) in capsys.readouterr().out
    assert output.stat().st_size < 2.6e6
    kinds = [view["figure"]["layout"]["meta"]["workbench"]["kind"] for view in views_of(output)]
    assert kinds == ["map", "clusters", "heatmap"]


def test_a_report_on_several_models_begins_with_their_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_folder: Path
) -> None:
    table = tmp_path / "texts.csv"
    rows = [f"where is order {i} please,{'order' if i % 2 else 'card'}" for i in range(20)]
    table.write_text("\n".join(["text,kind", *rows]))
    output = tmp_path / "out.html"
    arguments = ["report", str(table), "--label", "kind", "-o", str(output)]
    assert main([*arguments, "--models", "lsa", str(tiny_folder)]) == 0
    page = output.read_text()
    assert page.index("Decision") < page.index("What the models read of the texts")
    kinds = [view["figure"]["layout"]["meta"]["workbench"]["kind"] for view in views_of(output)]
    assert kinds[0] == "models"
    assert kinds[-3:] == ["map", "clusters", "heatmap"]
    table.write_text("\n".join(["text,kind", *(f"word {i} please,{i}" for i in range(20))]))
    assert main([*arguments, "--models", "lsa", str(tiny_folder)]) == 0
    assert "not scored: clustering: each of the 20 texts" in capsys.readouterr().err


def test_report_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none.csv")]) == 2
    assert "There is no file" in capsys.readouterr().err
    table = tmp_path / "texts.csv"
    table.write_text("text\nhello\nworld\n")
    assert main(["report", str(table), "--models", "lsa", "no-such-model"]) == 2
    error = capsys.readouterr().err
    assert "'no-such-model'" in error
    assert "What works offline" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("further", "said"),
    [
        (["--text", "bod"], "Did you mean 'body'?"),
        (["--label", "knd"], "Did you mean 'kind'?"),
        (["--columns", "knd"], "--columns: there is no column 'knd'.*Did you mean 'kind'?"),
        (["-o", "taken/report.html"], r"'.*taken' is a file; expected a folder"),
        (["-o", "."], "is a directory; expected a file"),
    ],
)
def test_what_is_mistyped_is_said_before_anything_is_encoded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    further: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("texts.csv").write_text("body,kind\none,1\ntwo,2\n")
    Path("taken").write_text("")
    arguments = ["report", "texts.csv", "--text", "body", "--models", "lsa", *further]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert re.search(said, printed.err)
    assert "Encoding" not in printed.err
    assert printed.out == ""


def test_a_warning_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("text,n\none,1\n,2\ntwo,3\n")
    code = "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "report", "texts.csv", "--models", "lsa"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "workbench: 1 of 3 rows have no text (row 2) and were dropped" in done.stderr
    assert "cli.py" not in done.stderr


def test_embed_writes_a_copy_with_vectors(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tiny_encoder: DenseEncoder,
    tiny_folder: Path,
) -> None:
    texts = ["where is my parcel", None, "the money " * 20, " "]
    parquet.write_table(pa.table({"body": texts, "n": [1, 2, 3, 4]}), tmp_path / "in.parquet")
    arguments = ["embed", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    arguments += ["--model", str(tiny_folder), "--text", "body"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{tmp_path / 'out.parquet'} (0.0 MB): 4 rows, 2 texts encoded")
    assert "no vector for 1 null and 1 blank; 1 cut off at 16 tokens" in printed.out
    assert "texts/s" in printed.err
    found = parquet.read_table(tmp_path / "out.parquet").to_pydict()
    assert found["n"] == [1, 2, 3, 4]
    assert [vector is None for vector in found["embedding"]] == [False, True, False, True]
    expected = tiny_encoder.encode([texts[0], texts[2]])
    np.testing.assert_allclose(found["embedding"][::2], expected, atol=1e-6)
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err
    further = ["--truncate-dim", "4", "--long-texts", "chunk", "--column", "v", "--overwrite"]
    assert main([*arguments, *further]) == 0
    assert "cut off" not in capsys.readouterr().out
    cut = parquet.read_table(tmp_path / "out.parquet").column("v").to_pylist()
    np.testing.assert_allclose(cut[0], expected[0, :4], atol=1e-6)


@pytest.mark.parametrize(
    ("further", "said"),
    [
        (["--text", "bodi"], "has no column 'bodi' to take the texts from. Did you mean 'body'?"),
        (["--model", "no-such-model"], "What works offline"),
        (["--model", "lsa"], "must be fitted on texts first"),
        (["--prompt", "qery"], "has no prompt named 'qery'. Did you mean 'query'?"),
        (["--batch-size", "0"], "batch_size must be at least 1; got 0"),
        (["--column", "body"], "has a column 'body' already"),
    ],
)
def test_embed_names_what_is_wrong(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tiny_folder: Path,
    further: list[str],
    said: str,
) -> None:
    parquet.write_table(pa.table({"body": ["one", "two"]}), tmp_path / "in.parquet")
    arguments = ["embed", str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    assert main([*arguments, "--model", str(tiny_folder), "--text", "body", *further]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_embed_goes_on_after_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tiny_folder: Path
) -> None:
    texts = [f"where is order {number}" for number in range(30_000)]
    parquet.write_table(pa.table({"text": texts}), tmp_path / "in.parquet")
    arguments = ["embed", "in.parquet", "out.parquet", "--model", str(tiny_folder)]
    arguments += ["--batch-size", "32"]  # by 256 it may be done before it can be stopped
    code = "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    partial = tmp_path / "out.parquet.partial"
    while len(list(partial.glob("*.part"))) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:  # Python drops what it meets in a library's __del__
        process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Traceback" not in error
    assert not (tmp_path / "out.parquet").exists()
    kept = 512 * len(list(partial.glob("*.part")))
    assert f"workbench: Stopped after {kept:,} of 30,000 texts; run the same again" in error
    absolute = [str(tmp_path / name) for name in arguments[1:3]]
    assert main(["embed", *absolute, *arguments[3:]]) == 0
    printed = capsys.readouterr()
    assert f"30,000 rows, {30_000 - kept:,} texts encoded" in printed.out
    assert f"{kept:,} of 30,000 texts were kept from a run that was stopped" in printed.err


def test_models_lists_what_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "all-MiniLM-L6-v2" in capsys.readouterr().out


def test_cache_shows_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", "1")
    embed(["one text", "another text"], "lsa", progress=False)
    rows = np.random.default_rng(0).normal(size=(600, 4))
    nearest_neighbors(Embeddings.from_array(rows, [f"text {row}" for row in range(600)]))
    assert main(["cache"]) == 0
    printed = capsys.readouterr().out
    assert "2 texts  lsa" in printed
    assert "0.2 MB  neighbours, maps and clusters" in printed  # 600 × 30 × (8 + 4) bytes
    assert main(["cache", "--clear"]) == 0
    assert EmbeddingStore(tmp_path).models() == []
    assert main(["cache"]) == 0
    assert "0.0 MB  neighbours, maps and clusters" in capsys.readouterr().out


def test_help_is_fast_to_import() -> None:
    code = "import sys, workbench.cli; print({'torch', 'mlflow', 'plotly'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
