"""Rerankers are CrossEncoders, and nothing that only looks like one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import Reranker, load_reranker
from workbench.models.registry import minilm_folder


def test_scores_are_the_cross_encoders_own(cross_encoder_folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(cross_encoder_folder), device="cpu")
    queries, texts = ["where is my parcel", "refund"], ["the parcel is late", "the card"]
    expected = model.predict(list(zip(queries, texts, strict=True)), show_progress_bar=False)
    for reference in (cross_encoder_folder, str(cross_encoder_folder), model, Reranker(model)):
        reranker = load_reranker(reference)
        np.testing.assert_allclose(reranker.predict(queries, texts), expected, atol=1e-6)
    assert load_reranker(cross_encoder_folder).spec.name == "tiny-reranker"
    assert len(reranker.predict([], [])) == 0


def test_a_pair_is_counted_with_its_special_tokens(cross_encoder_folder: Path) -> None:
    reranker = load_reranker(cross_encoder_folder)
    # [CLS] where is [SEP] my parcel [SEP]
    assert reranker.count_tokens(["where is"], ["my parcel"]).tolist() == [7]


def test_the_revision_is_of_the_weights(cross_encoder_folder: Path) -> None:
    first, again = (load_reranker(cross_encoder_folder) for _ in range(2))
    assert first.spec.revision == again.spec.revision
    next(again.model.parameters()).data[0, 0] += 1
    assert Reranker(again.model).spec.revision != first.spec.revision


def test_broken_text_does_not_break_it(cross_encoder_folder: Path) -> None:
    assert load_reranker(cross_encoder_folder).predict(["a \ud800"], ["b"]).shape == (1,)


def test_an_encoder_is_no_reranker() -> None:
    with pytest.raises(ModelUnavailableError, match="is an encoder: as a reranker its scores"):
        load_reranker(str(minilm_folder()))


def test_a_language_model_is_no_reranker(cross_encoder_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "masked"
    shutil.copytree(cross_encoder_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({**config, "architectures": ["BertForMaskedLM"]})
    )
    with pytest.raises(ModelUnavailableError, match="as a reranker its scores would be random"):
        load_reranker(folder)


def test_a_classifier_is_no_reranker(cross_encoder_folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(
        str(cross_encoder_folder),
        device="cpu",
        num_labels=3,
        model_kwargs={"ignore_mismatched_sizes": True},
    )
    with pytest.raises(
        ModelUnavailableError, match="gives 3 scores per pair; a reranker gives one"
    ):
        load_reranker(model)


def test_what_is_no_reference() -> None:
    message = re.escape("Expected the name, folder or MLflow URI of a CrossEncoder")
    with pytest.raises(InputError, match=message):
        load_reranker(7)
    with pytest.raises(ModelUnavailableError, match="'cross-encoder/none' is not on this machine"):
        load_reranker("cross-encoder/none")
