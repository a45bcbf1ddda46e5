"""What a model does not read of some texts: shown before any score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape

import numpy as np

from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings
from workbench.embeddings import Embeddings

__all__ = ["TruncationAudit", "audit_truncation"]


@dataclass(frozen=True, slots=True, eq=False)
class TruncationAudit:
    """How much of some texts a model leaves out.

    Parameters
    ----------
    texts
        How many texts there are.
    truncated
        How many are longer than the model reads and are cut.
    tokens
        Tokens of all texts together, with prompt and special tokens; None where they are not
        counted: the model reads every text to its end, or ``counted`` is False.
    tokens_lost
        How many of them the model does not read; None where it is not known.
    counted
        Whether it is known which texts are cut.
    longest
        Tokens of the longest text; None where they are not counted.
    max_tokens
        How many tokens the model reads at once; None when there is no limit.
    chunked
        How many texts are longer than that and read in chunks, so that nothing is lost.
    """

    texts: int
    truncated: int
    tokens: int | None
    tokens_lost: int | None
    counted: bool
    longest: int | None
    max_tokens: int | None = None
    chunked: int = 0

    @property
    def share(self) -> float:
        """Share of the texts that are cut, 0 to 1; nan where it is not known."""
        return self.truncated / self.texts if self.counted else float("nan")

    @property
    def share_of_tokens_lost(self) -> float:
        """Share of the tokens that are not read, 0 to 1; nan where it is not known."""
        if self.tokens_lost is None:
            return float("nan")
        return self.tokens_lost / self.tokens if self.tokens else 0.0

    def sentence(self) -> str:
        """Return what is lost, and what can be done, for people."""
        if not self.counted:
            return "It is not known which texts are cut: the model does not count tokens."
        if self.chunked:
            return (
                f"{_of(self.chunked, self.texts)} longer than the {self.max_tokens:,} tokens read "
                f"at once (the longest has {self.longest:,}); read in chunks, nothing is lost."
            )
        if self.truncated:
            limit = f" at {self.max_tokens:,} tokens" if self.max_tokens is not None else ""
            return (
                f"{_of(self.truncated, self.texts)} cut{limit}: {self.tokens_lost:,} of "
                f"{self.tokens:,} tokens ({self.share_of_tokens_lost:.1%}) are not read, and the "
                f"longest text has {self.longest:,}. Read them to the end with "
                "wb.embed(..., long_texts='chunk')."
            )
        if self.longest is None:
            return "Texts of any length are read to their end."
        return f"All texts are read to their end: the longest has {self.longest:,} tokens."

    def title(self) -> str:
        """Return what is shown, for titles."""
        return "What is not read of the texts"

    def summary(self) -> dict[str, float | int]:
        """Return the audit in numbers: a flat dict, without what is not known."""
        facts = {**asdict(self), "share": self.share}
        facts["share_of_tokens_lost"] = self.share_of_tokens_lost
        return {name: value for name, value in facts.items() if value is not None}

    def _repr_html_(self) -> str:
        # Beside the table, not its caption: that is as narrow as the numbers.
        return f"<p>{escape(self.sentence())}</p>{facts_table(self.title(), self.summary())}"


def _of(count: int, texts: int) -> str:
    return f"{count:,} of {texts:,} texts {'is' if count == 1 else 'are'}"


def audit_truncation(embeddings: Embeddings) -> TruncationAudit:
    """Return how much of the texts the model leaves out.

    Raises
    ------
    InputError
        If ``embeddings`` are none.
    """
    made = as_embeddings(embeddings, "audit_truncation")
    cut, tokens, limit = made.truncated, made.n_tokens, made.spec.max_tokens
    lost: int | None = 0 if made.counted else None
    if tokens is not None and limit is not None:
        lost = int((tokens[cut] - limit).sum())
    return TruncationAudit(
        texts=len(made),
        truncated=int(cut.sum()),
        tokens=None if tokens is None else int(tokens.sum()),
        tokens_lost=lost,
        counted=made.counted,
        longest=None if tokens is None else int(np.max(tokens)),
        max_tokens=made.spec.max_tokens,
        chunked=int((made.long & ~cut).sum()),
    )
