from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from workbench._arrays import FloatArray
from workbench.analysis import cost as module
from workbench.analysis._memory import highest_growth
from workbench.analysis.cost import ModelCost, measure_costs, sample_by_length
from workbench.corpus import Corpus
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import DenseEncoder, Encoder, LSAEncoder, variant

from ..hashing_encoder import HashingEncoder

TEXTS = tuple(f"text {row} " + "x" * row for row in range(40))


class Recording(HashingEncoder):
    """Notes in a shared list who was called with how many texts."""

    def __init__(self, name: str, log: list[tuple[str, list[str]]]) -> None:
        super().__init__(name=name)
        self.log = log

    def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
        self.log.append((self.spec.name, list(texts)))
        return super().encode(texts, *args, **options)


def record(count: int = 3, **options: Any) -> list[tuple[str, list[str]]]:
    log: list[tuple[str, list[str]]] = []
    encoders = {name: Recording(name, log) for name in "abc"[:count]}
    measure_costs(encoders, TEXTS, progress=False, **options)
    return log


def turns(log: list[tuple[str, list[str]]]) -> str:
    names = "".join(name for name, _ in log)
    return "".join(name for name, before in zip(names, " " + names, strict=False) if name != before)


# --- what is measured, and in which order


def test_models_take_turns() -> None:
    assert turns(record(rounds=3)) == "abc" + "bca" + "cab" + "abc"


def test_every_model_encodes_the_same_texts() -> None:
    log = record(rounds=2)
    texts = {name: [batch for who, batch in log if who == name] for name in "abc"}
    assert texts["a"] == texts["b"] == texts["c"]


def test_a_round_encodes_the_sample_in_batches_and_some_texts_alone() -> None:
    log = [batch for _, batch in record(1, rounds=1)]
    warm = [len(batch) for batch in log[:9]]
    assert warm == [32, 1, 1, 1, 1, 1, 1, 1, 1]
    assert [len(batch) for batch in log[9:]] == [5] * 8 + [1, 1, 1]
    in_batches = [text for batch in log[9:17] for text in batch]
    assert in_batches == sorted(TEXTS, key=len, reverse=True)
    assert [len(batch[0]) for batch in log[17:]] == [len(in_batches[row]) for row in (10, 20, 30)]


def test_a_slow_model_gets_fewer_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    log = [batch for _, batch in record(1, rounds=1)]
    assert [len(batch) for batch in log[9:]] == [1] * 8 + [1, 1, 1]


def test_of_a_very_long_text_the_beginning_is_taken() -> None:
    log: list[tuple[str, list[str]]] = []
    measure_costs({"a": Recording("a", log)}, ["x" * 30_000], rounds=1, progress=False)
    assert {len(text) for _, batch in log for text in batch} == {20_000}


def test_progress() -> None:
    calls: list[tuple[int, int]] = []

    def report(done: int, total: int, /) -> None:
        calls.append((done, total))

    measure_costs({"a": HashingEncoder(), "b": HashingEncoder()}, ["a"], rounds=2, progress=report)
    assert calls == [(done, 6) for done in range(1, 7)]


# --- the sample


def test_the_sample_has_the_lengths_of_all() -> None:
    lengths = np.random.default_rng(0).lognormal(4, 1, 3000).astype(int)
    texts = ["x" * length for length in lengths]
    drawn = [len(text) for text in sample_by_length(texts, 256, 3)]
    assert len(drawn) == 256
    assert drawn == sorted(drawn, reverse=True)
    wanted = np.quantile(lengths, [0.1, 0.5, 0.9])
    np.testing.assert_allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), wanted, rtol=0.05)


def test_the_sample_is_of_the_texts_and_the_seed() -> None:
    texts = [f"{row} {'x' * (row % 7)}" for row in range(500)]
    drawn = sample_by_length(texts, 100, 1)
    assert drawn == sample_by_length(texts[::-1], 100, 1)
    assert drawn != sample_by_length(texts, 100, 2)
    assert len(set(drawn)) == 100
    assert sample_by_length(texts[:5], 100, 0) == sorted(texts[:5], key=len, reverse=True)


# --- the numbers


def test_sizes_of_minilm(minilm: DenseEncoder, static_encoder: Encoder) -> None:
    encoders = {
        "minilm": minilm,
        "bits": variant(minilm, truncate_dim=100, precision="ubinary"),
        "int8": variant(minilm, precision="int8"),
        "static": static_encoder,
    }
    found = measure_costs(encoders, ["a parcel"] * 3, rounds=1, progress=False)
    assert list(found) == list(encoders)
    whole, bits, small, static = found.values()
    assert whole.parameters == bits.parameters == 22_713_216
    assert whole.size_mb == pytest.approx(22.713216 * 4)
    assert (whole.dimension, whole.max_tokens, whole.bytes_per_text) == (384, 256, 1536)
    assert (bits.dimension, bits.bytes_per_text, small.bytes_per_text) == (100, 13, 384)
    assert static.size_mb is not None
    assert static.max_tokens is None
    assert static.dimension == 256
    for one in found.values():
        assert one.size_mb is not None
        assert one.peak_memory_mb >= one.size_mb
        assert min(one.texts_per_second, one.query_ms) > 0


def test_sizes_of_an_lsa_and_of_an_encoder_of_ones_own(small_corpus: Corpus) -> None:
    lsa = LSAEncoder(dimension=5).fit(["the dog", "a cat é"])
    found = measure_costs(
        {"lsa": lsa, "own": HashingEncoder()}, small_corpus.texts, rounds=1, progress=False
    )
    terms, width = 5, 2
    assert found["lsa"].parameters == terms + width * terms
    letters = len("thedogacaté".encode())
    assert found["lsa"].size_mb == pytest.approx((8 * terms + 4 * width * terms + letters) / 1e6)
    own = found["own"]
    assert (own.size_mb, own.parameters, own.max_tokens, own.dimension) == (None, None, None, 8)


def test_medians_of_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock that gives each call of an encoder a second, numbers are known."""
    ticks = iter(range(10_000))
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(ticks)))
    found = measure_costs({"a": HashingEncoder()}, TEXTS, rounds=3, progress=False)["a"]
    assert found.texts_per_second == 1.0  # 8 batches of one text: all took long
    assert found.query_ms == 1000.0


def test_memory_that_is_given_back_is_seen() -> None:
    def work() -> None:
        block = np.ones(60_000_000 // 8)
        for _ in range(30):
            block += 1.0

    assert 50e6 < highest_growth(work) < 120e6
    assert highest_growth(lambda: None) < 20e6


def test_how_it_shows_itself() -> None:
    made = ModelCost(12.5, 80.0, 350.0, None, None, 384, None, 1536)
    assert made.summary() == {
        "texts_per_second": 12.5,
        "query_ms": 80.0,
        "peak_memory_mb": 350.0,
        "dimension": 384,
        "bytes_per_text": 1536,
    }
    assert "<td>12.5</td>" in made._repr_html_()


# --- what goes wrong


def test_a_model_that_fails_is_left_out() -> None:
    class Failing(HashingEncoder):
        def encode(self, texts: Sequence[str], /, *args: Any, **options: Any) -> FloatArray:
            if self.calls == 12:
                raise RuntimeError("CUDA out of memory")
            return super().encode(texts, *args, **options)

    failing = Failing()
    encoders = {"bad": failing, "good": HashingEncoder(), "lsa": LSAEncoder()}
    with (
        pytest.warns(WorkbenchWarning, match="'bad' costs was not measured: RuntimeError: CUDA"),
        pytest.warns(WorkbenchWarning, match="'lsa' costs was not measured: InputError: LSA: not"),
    ):
        found = measure_costs(encoders, TEXTS, progress=False)
    assert list(found) == ["good"]
    assert failing.calls == 12


@pytest.mark.parametrize(
    ("encoders", "texts", "options", "message"),
    [
        ({}, ["a"], {}, "expected encoders by name"),
        ([HashingEncoder()], ["a"], {}, "expected encoders by name.*got list"),
        ({"a": HashingEncoder()}, [], {}, r"expected a list of texts; got \[\]"),
        ({"a": HashingEncoder()}, "a text", {}, "expected a list of texts; got 'a text'"),
        ({"a": HashingEncoder()}, ["a"], {"rounds": 0}, "rounds: .* from 1 to 100; got 0"),
        ({"a": HashingEncoder()}, ["a"], {"random_state": -1}, "random_state: .* got -1"),
    ],
)
def test_arguments_are_checked(
    encoders: Any, texts: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        measure_costs(encoders, texts, progress=False, **options)
