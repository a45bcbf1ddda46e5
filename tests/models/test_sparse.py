"""Sparse encoders give a weight per token; the one from idf is computed by hand here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import SparseModel, idf_sparse_encoder, load_sparse_encoder
from workbench.models.registry import minilm_folder

TEXTS = ["late", "late card", "late late", "box"]


@pytest.fixture(scope="module")
def idf_model() -> SparseModel:
    return idf_sparse_encoder(TEXTS)


def test_weights_are_the_idf_of_the_tokens(idf_model: SparseModel) -> None:
    weights = idf_model.encode_documents(["late late card"])
    assert weights.shape == (1, idf_model.spec.dimension)
    found = dict(zip(idf_model.tokens(weights.indices), weights.data.tolist(), strict=True))
    # ln(1 + (N - n + 0.5) / (n + 0.5)) with N = 4; "late" is in 3 texts, "card" in 1.
    assert found == pytest.approx({"late": np.log(1 + 1.5 / 3.5), "card": np.log(1 + 3.5 / 1.5)})


def test_special_tokens_weigh_nothing(idf_model: SparseModel) -> None:
    assert idf_model.encode_queries(["", "[CLS]"]).nnz == 0
    assert idf_model.encode_queries([]).shape == (0, idf_model.spec.dimension)


def test_it_is_compared_by_cosine_and_reads_512_tokens(idf_model: SparseModel) -> None:
    assert (idf_model.similarity, idf_model.spec.max_tokens) == ("cosine", 512)
    assert idf_model.count_tokens(["late card"]).tolist() == [4]


def test_a_saved_one_loads_as_what_it_is(idf_model: SparseModel, tmp_path: Path) -> None:
    idf_model.model.save_pretrained(str(tmp_path / "idf"))
    for reference in (tmp_path / "idf", str(tmp_path / "idf"), idf_model.model, idf_model):
        loaded = load_sparse_encoder(reference)
        assert loaded.spec.revision == idf_model.spec.revision
        same = loaded.encode_queries(TEXTS) != idf_model.encode_queries(TEXTS)
        assert same.nnz == 0


def test_what_is_no_sparse_encoder(tiny_folder: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"'model' (is no sparse|could not be)"):
        load_sparse_encoder(str(minilm_folder()))
    with pytest.raises(InputError, match="MLflow URI of a SparseEncoder, or one itself; got int"):
        load_sparse_encoder(7)
    with pytest.raises(InputError, match="expected a sequence of texts"):
        idf_sparse_encoder([])
