from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr

from workbench.analysis import _relations, nearest_neighbors
from workbench.analysis.agreement import ModelAgreement, agreement
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError

MEASURES = ["overlap", "overlap_above_chance", "cka", "cka_by_chance", "rank_correlation"]


def several(n: int = 80, dimensions: tuple[int, ...] = (6, 24, 50)) -> dict[str, Embeddings]:
    """Return models that see parts of one truth through noise."""
    rng = np.random.default_rng(n)
    corpus = Corpus(tuple(f"text {row}" for row in range(n)))
    truth = rng.normal(size=(n, 12))
    return {
        name: Embeddings.from_array(
            truth @ rng.normal(size=(12, d)) + rng.normal(size=(n, d)) + 0.5, corpus, name=name
        )
        for name, d in zip("cab", dimensions, strict=False)
    }


def direct_cka(one: Embeddings, other: Embeddings) -> tuple[float, np.ndarray, np.ndarray]:
    """Return CKA from n × n kernels, HSIC(K, L) = tr(KHLH) / (n - 1)², and HKH, HLH."""
    n = len(one)
    centre = np.eye(n) - 1.0 / n
    kernels = [centre @ (u := e.unit().astype(np.float64)) @ u.T @ centre for e in (one, other)]

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        return float(np.trace(k @ m)) / (n - 1) ** 2

    k, m = kernels
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m)), k, m


@pytest.fixture(scope="module")
def models() -> dict[str, Embeddings]:
    return several()


@pytest.fixture(scope="module")
def found(models: dict[str, Embeddings]) -> ModelAgreement:
    return agreement(models)


def test_overlap_is_that_of_sets(models: dict[str, Embeddings], found: ModelAgreement) -> None:
    near = {name: nearest_neighbors(one, 10).indices for name, one in models.items()}
    for a, b in combinations(models, 2):
        expected = [len(set(x) & set(y)) / 10 for x, y in zip(near[a], near[b], strict=True)]
        np.testing.assert_allclose(found.overlap_of(a, b), expected)
        i, j = found.models.index(a), found.models.index(b)
        assert found.overlap[i, j] == found.overlap[j, i] == pytest.approx(np.mean(expected))
        chance = 10 / 79
        above = (np.mean(expected) - chance) / (1 - chance)
        assert found.overlap_above_chance[i, j] == pytest.approx(above)
    for name in MEASURES[:3]:
        np.testing.assert_allclose(np.diag(getattr(found, name)), 1.0)
    assert found.neighbors.dtype == np.int32
    assert not found.neighbors.flags.writeable
    assert found.notes == ()


def test_unrelated_models_overlap_by_chance() -> None:
    rng = np.random.default_rng(5)
    corpus = Corpus(tuple(str(row) for row in range(300)))
    one, other = (Embeddings.from_array(rng.normal(size=(300, 20)), corpus) for _ in range(2))
    found = agreement({"a": one, "b": other}, n_neighbors=30)
    assert found.overlap[0, 1] == pytest.approx(30 / 299, abs=0.015)
    assert found.overlap_above_chance[0, 1] == pytest.approx(0.0, abs=0.015)
    assert found.cka[0, 1] == pytest.approx(found.cka_by_chance[0, 1], abs=0.015)
    assert found.rank_correlation[0, 1] == pytest.approx(0.0, abs=0.02)


def test_cka_by_the_direct_formula(models: dict[str, Embeddings], found: ModelAgreement) -> None:
    for i, j in combinations(range(3), 2):
        expected, _, _ = direct_cka(models[found.models[i]], models[found.models[j]])
        assert found.cka[i, j] == found.cka[j, i] == pytest.approx(expected, abs=1e-6)


def test_chance_of_cka_is_the_mean_over_permutations() -> None:
    models = several(40, (5, 30))
    one, other = models.values()
    found = agreement(models)
    _, k, m = direct_cka(one, other)
    rng = np.random.default_rng(0)
    scale = np.linalg.norm(k) * np.linalg.norm(m)
    draws = []
    for _ in range(4000):
        order = rng.permutation(40)
        draws.append((k * m[np.ix_(order, order)]).sum() / scale)
    error = np.std(draws) / np.sqrt(len(draws))
    assert found.cka_by_chance[0, 1] == pytest.approx(np.mean(draws), abs=4 * error)


def test_cka_in_blocks(monkeypatch: pytest.MonkeyPatch, models: dict[str, Embeddings]) -> None:
    units = [one.unit() for one in models.values()]
    whole, _ = _relations.linear_cka(units)
    monkeypatch.setattr(_relations, "_BLOCK_CELLS", 50 * 7)
    np.testing.assert_allclose(_relations.linear_cka(units)[0], whole, atol=1e-12)


def test_rank_correlation_is_spearman_of_all_pairs(
    models: dict[str, Embeddings], found: ModelAgreement
) -> None:
    assert found.sampled is None
    rows = np.triu_indices(80, 1)
    cosines = []
    for one in models.values():
        exact = one.vectors.astype(np.float64)
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
        cosines.append((exact @ exact.T)[rows])
    for i, j in combinations(range(3), 2):
        expected = spearmanr(cosines[i], cosines[j]).statistic
        assert found.rank_correlation[i, j] == pytest.approx(expected, abs=1e-6)


def test_rank_correlation_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    models = several(300, (8, 20))
    every = agreement(models)
    monkeypatch.setattr(_relations, "_MOST_ROWS", 299)
    monkeypatch.setattr(_relations, "_SAMPLE", 20_000)
    monkeypatch.setattr(_relations, "_BLOCK_CELLS", 20 * 999)
    drawn = agreement(models)
    assert drawn.sampled == 66 * 300
    assert drawn.summary()["pairs_sampled"] == 66 * 300
    assert drawn.rank_correlation[0, 1] == pytest.approx(every.rank_correlation[0, 1], abs=0.03)
    again = agreement(models)
    np.testing.assert_array_equal(drawn.rank_correlation, again.rank_correlation)
    other = agreement(models, random_state=1)
    assert other.rank_correlation[0, 1] != drawn.rank_correlation[0, 1]
    np.testing.assert_array_equal(drawn.cka, every.cka)


def test_drawn_pairs_are_distinct(monkeypatch: pytest.MonkeyPatch) -> None:
    # 21 texts have 210 pairs: as many as are drawn, so each must be drawn once.
    (unit,) = (one.unit() for one in several(21, (8,)).values())
    (every,), _ = _relations.pair_ranks([unit], 0)
    monkeypatch.setattr(_relations, "_MOST_ROWS", 20)
    (drawn,), count = _relations.pair_ranks([unit], 0)
    assert count == 210
    np.testing.assert_array_equal(np.sort(drawn), np.sort(every))
    cosines = _relations._some_cosines(unit, 10)
    np.testing.assert_allclose(np.sort(cosines), np.sort(_relations._all_cosines(unit)))


def test_any_order_of_models_gives_the_same_numbers(
    models: dict[str, Embeddings], found: ModelAgreement
) -> None:
    turned = agreement(dict(reversed(models.items())))
    assert turned.models == found.models[::-1]
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(turned, name)[::-1, ::-1], getattr(found, name))
    np.testing.assert_array_equal(turned.neighbors[::-1], found.neighbors)
    two = agreement({name: models[name] for name in ("b", "c")})
    assert two.cka[0, 1] == found.cka[2, 0]
    assert two.rank_correlation[0, 1] == found.rank_correlation[2, 0]


def test_disagreements(models: dict[str, Embeddings], found: ModelAgreement) -> None:
    frame = found.disagreements("a", "b", 5)
    assert list(frame.columns) == ["id", "text", "overlap", "neighbors_a", "neighbors_b"]
    shared = found.overlap_of("a", "b")
    order = sorted(range(80), key=lambda row: (shared[row], row))[:5]
    assert frame["id"].tolist() == [str(row) for row in order]
    assert frame["text"].tolist() == [f"text {row}" for row in order]
    assert frame["overlap"].tolist() == shared[order].tolist()
    near = nearest_neighbors(models["b"], 10).indices[order[0]]
    assert frame["neighbors_b"][0] == tuple(str(row) for row in near)
    turned = found.disagreements("b", "a", 5)
    assert turned["neighbors_a"].tolist() == frame["neighbors_b"].tolist()
    assert len(found.disagreements("a", "b", 1000)) == int((shared < 1).sum())
    assert found.disagreements("a", "a").empty


def test_copies_make_no_disagreement() -> None:
    # 8 copies of each of 6 texts. The second "model" turns the vectors and shakes the copies by
    # less than float32 can tell reliably, so that their order is noise.
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(6, 10))
    texts = tuple(f"text {row // 8}" for row in range(48))
    corpus = Corpus(texts)
    plain = Embeddings.from_array(np.repeat(centres, 8, axis=0), corpus)
    turn = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    shaken = np.repeat(centres @ turn, 8, axis=0) + 1e-6 * rng.normal(size=(48, 10))
    found = agreement({"plain": plain, "shaken": Embeddings.from_array(shaken, corpus)})
    assert (found.neighbors[0] != found.neighbors[1]).any()
    assert found.overlap[0, 1] == 1.0
    assert found.disagreements("plain", "shaken").empty
    assert "42 of the 48 texts repeat another" in found.summary()["notes"]


def test_copies_are_counted_as_often_as_they_occur() -> None:
    texts = ("q", "x", "x", "y", "z")
    corpus = Corpus(texts)
    angles = {"a": [0, 10, 10, 50, 80], "b": [0, 30, 30, 20, 80]}
    found = agreement(
        {
            name: Embeddings.from_array(
                np.stack([np.cos(np.radians(at)), np.sin(np.radians(at))], axis=1), corpus
            )
            for name, at in angles.items()
        },
        n_neighbors=2,
    )
    assert found.neighbors[:, 0].tolist() == [[1, 2], [3, 1]]
    assert found.overlap_of("a", "b")[0] == 0.5
    frame = found.disagreements("a", "b")
    assert frame["id"].is_unique
    assert "2" not in frame["id"].tolist()  # a copy of 1


def test_few_texts() -> None:
    found = agreement(several(5))
    assert found.n_neighbors == 3
    assert found.notes == ("n_neighbors=10 was lowered to 3: there are 5 texts.",)
    assert found.overlap_above_chance[0, 1] == pytest.approx((found.overlap[0, 1] - 0.75) * 4)
    assert agreement(several(3)).n_neighbors == 1
    for n in (1, 2):
        with pytest.raises(InputError, match=f"agreement: expected at least 3 texts; got {n}"):
            agreement(several(n))


def test_a_model_that_sees_no_difference() -> None:
    models = several(30, (6, 8))
    same = Embeddings.from_array(np.full((30, 3), 0.1), models["c"].corpus)
    found = agreement({**models, "same": same})
    for matrix in (found.cka, found.cka_by_chance, found.rank_correlation):
        assert np.isnan(matrix[2]).all()
        assert np.isfinite(matrix[:2, :2]).all()
    assert np.isfinite(found.overlap).all()


def test_known_neighbors_are_used(models: dict[str, Embeddings], found: ModelAgreement) -> None:
    given = {"a": nearest_neighbors(models["a"], 25), "b": nearest_neighbors(models["b"], 4)}
    again = agreement(models, neighbors=given)
    np.testing.assert_array_equal(again.neighbors, found.neighbors)
    wrong = {"a": given["b"]}
    with pytest.raises(InputError, match="these belong to other vectors"):
        agreement(models, neighbors=wrong)
    with pytest.raises(InputError, match="neighbors are given of 'd', which is not among"):
        agreement(models, neighbors={"d": given["a"]})
    by_dot = {"a": nearest_neighbors(models["a"], 25, metric="dot")}
    with pytest.raises(InputError, match="expected neighbours by cosine"):
        agreement(models, neighbors=by_dot)


def test_shown(found: ModelAgreement) -> None:
    frame = found.to_frame()
    assert list(frame.columns) == ["model_1", "model_2", *MEASURES]
    assert frame[["model_1", "model_2"]].to_numpy().tolist() == [
        ["c", "a"],
        ["c", "b"],
        ["a", "b"],
    ]
    assert frame["cka"].tolist() == found.cka[np.triu_indices(3, 1)].tolist()
    summary = found.summary()
    assert summary["models"] == "c, a, b"
    assert summary["overlap_min"] == frame["overlap"].min()
    assert summary["rank_correlation_max"] == frame["rank_correlation"].max()
    assert "agreement of 3 models" in found._repr_html_()
    assert "c, a, b: 80 texts" in repr(found)


def test_progress(models: dict[str, Embeddings]) -> None:
    steps: list[tuple[int, int]] = []
    agreement(models, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(step, 5) for step in range(1, 6)]


def test_wrong_input(models: dict[str, Embeddings], found: ModelAgreement) -> None:
    with pytest.raises(InputError, match=r"at least two models by name.* got 1"):
        agreement({"a": models["a"]})
    with pytest.raises(InputError, match=r"at least two models by name.* got list"):
        agreement(list(models.values()))
    with pytest.raises(InputError, match="agreement: 'b': expected Embeddings; got ndarray"):
        agreement({"a": models["a"], "b": models["b"].vectors})
    fewer = models["b"].take(range(79))
    with pytest.raises(InputError, match=r"'a' and 'b' are not of the same texts.*80.*79"):
        agreement({"a": models["a"], "b": fewer})
    with pytest.raises(InputError, match="n_neighbors: expected a whole number from 1"):
        agreement(models, n_neighbors=0)
    with pytest.raises(InputError, match="random_state: expected a whole number"):
        agreement(models, random_state=-1)
    zero = Embeddings.from_array(np.eye(80)[:, :79], models["a"].corpus)
    with pytest.raises(InputError, match="all-zero vector"):
        agreement({"a": models["a"], "zero": zero})
    with pytest.raises(InputError, match="no model 'd'"):
        found.overlap_of("a", "d")
    with pytest.raises(InputError, match="no model 'd'"):
        found.disagreements("d", "a")
    with pytest.raises(InputError, match="most: expected a whole number from 1"):
        found.disagreements("a", "b", 0)
