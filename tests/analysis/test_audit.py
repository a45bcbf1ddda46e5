from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

from workbench.analysis.audit import TruncationAudit, audit_truncation
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, LSAEncoder, ModelSpec

TEXTS = ("parcel " * 14, "parcel " * 15, "parcel", "parcel " * 400)  # 16, 17, 3, 402 tokens


def own(tokens: list[int] | None, limit: int | None = 10) -> Embeddings:
    spec = ModelSpec("own", "custom", "1", 2, max_tokens=limit)
    corpus = Corpus(tuple("abcdef"[: len(tokens or "abc")]))
    counted = None if tokens is None else np.array(tokens)
    return Embeddings(np.ones((len(corpus), 2)), corpus, spec, counted)


def test_tokens_by_hand(tiny_encoder: DenseEncoder) -> None:
    audit = audit_truncation(embed(TEXTS, tiny_encoder, store=False, progress=False))
    assert (audit.texts, audit.truncated, audit.counted) == (4, 2, True)
    assert (audit.tokens, audit.tokens_lost, audit.longest) == (438, 1 + 386, 402)
    assert (audit.share, audit.share_of_tokens_lost) == (0.5, 387 / 438)
    assert audit.sentence() == (
        "2 of 4 texts are cut at 16 tokens: 387 of 438 tokens (88.4%) are not read, and the "
        "longest text has 402. Read them to the end with wb.embed(..., long_texts='chunk')."
    )
    facts = audit.summary()
    assert facts["tokens_lost"] == 387
    assert facts["share"] == 0.5
    assert "387 of 438" in audit._repr_html_()


def test_in_chunks_nothing_is_lost(tiny_encoder: DenseEncoder) -> None:
    made = embed(TEXTS, tiny_encoder, long_texts="chunk", store=False, progress=False)
    audit = audit_truncation(made)
    assert (audit.truncated, audit.chunked, audit.tokens, audit.tokens_lost) == (0, 2, 438, 0)
    assert (audit.share, audit.share_of_tokens_lost) == (0, 0)
    assert audit.sentence() == (
        "2 of 4 texts are longer than the 16 tokens read at once (the longest has 402); read in "
        "chunks, nothing is lost."
    )


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ([10, 3], "All texts are read to their end: the longest has 10 tokens."),
        ([10, 12, 1], "1 of 3 texts is cut at 10 tokens: 2 of 23 tokens (8.7%) are not read, "),
        (None, "It is not known which texts are cut: the model does not count tokens."),
    ],
)
def test_sentences(tokens: list[int] | None, sentence: str) -> None:
    assert audit_truncation(own(tokens)).sentence().startswith(sentence)


def test_where_nothing_was_counted() -> None:
    audit = audit_truncation(own(None))
    assert asdict(audit) == asdict(TruncationAudit(3, 0, None, None, False, None, 10))
    assert math.isnan(audit.share)
    assert math.isnan(audit.share_of_tokens_lost)
    assert "tokens" not in audit.summary()


def test_a_model_that_reads_everything() -> None:
    lsa = LSAEncoder(dimension=2).fit(["the dog", "a cat"])
    audit = audit_truncation(embed(["the dog " * 999], lsa, store=False, progress=False))
    assert (audit.counted, audit.share, audit.share_of_tokens_lost) == (True, 0, 0)
    assert audit.sentence() == "Texts of any length are read to their end."


def test_what_is_no_embeddings() -> None:
    with pytest.raises(InputError, match="audit_truncation: expected Embeddings; got list"):
        audit_truncation([1, 2])
