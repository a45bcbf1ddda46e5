"""What a threshold makes of the texts, as tables: groups, or what two sets share."""

from __future__ import annotations

import numpy as np

from workbench.analysis import DuplicateGroups, ParaphrasePairs
from workbench.views._tables import boxed, head, numbers, said, table, text

__all__ = ["groups_html", "shared_html"]

_SHOWN = 20


def groups_html(groups: DuplicateGroups) -> str:
    """Return how many groups there are, and those with the least similar text, worst first."""
    facts = groups.summary()
    sentence = (
        f"At cosine ≥ {groups.pairs.threshold:.4g}: {count(facts['groups'], 'group')} of "
        f"{count(facts['texts_in_groups'], 'text')}; {facts['dropped']:,} dropped, "
        f"{facts['left']:,} of {facts['texts']:,} left."
    )
    chained = int(facts["dropped_below_threshold"])
    if chained:
        sentence += (
            f" {count(chained, 'dropped text')} {'is' if chained == 1 else 'are'} less similar to "
            "what is kept than the threshold: other texts join them."
        )
    parts = [f"<p>{said(sentence)}</p>"]
    frame = groups.group_frame()
    if len(frame):
        rows = [
            [
                head(str(one.id)),
                numbers(f"{one.lowest_similarity:.3f}"),
                numbers(f"{one.texts:,}"),
                numbers(f"{one.kept:,}"),
                text(str(one.text), 200),
            ]
            for one in frame.head(_SHOWN).itertuples(index=False)
        ]
        more = len(frame) - len(rows)
        caption = "Groups, the least similar first" + (f" ({more:,} more)" if more > 0 else "")
        header = ("kept", "lowest cosine to it", "texts", "of them kept", "its text")
        parts.append(table(header, rows, caption))
    return boxed(*parts)


def shared_html(pairs: ParaphrasePairs) -> str:
    """Return how many texts of each of two sets have a partner in the other."""
    one, two = len(np.unique(pairs.rows1)), len(np.unique(pairs.rows2))
    sentence = (
        f"At cosine ≥ {pairs.threshold:.4g}: {one:,} of {len(pairs.embeddings):,} texts of "
        f"{pairs.embeddings.corpus.name} have a partner among the {len(pairs.second):,} of "
        f"{pairs.second.corpus.name}, of which {two:,} have one."
    )
    return boxed(f"<p>{said(sentence)}</p>")


def count(number: int | float | str, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
