"""Every pair of similar texts: paraphrase_mining against sentence-transformers' own, side by side.

Prints how many of the pairs each finds, in texts of which a part are copies, and the median of the
ratios of interleaved runs: above 1, ours is faster. Theirs runs with its defaults, and with limits
so high that it can find all.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from _results import Result, report
from neighbors import clustered, seconds
from sentence_transformers.util import paraphrase_mining_embeddings

from workbench.analysis import paraphrase_mining
from workbench.embeddings import Embeddings

ROOM = 50_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--threshold", type=float, default=0.75)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    vectors = clustered(options.texts, options.dimensions)
    vectors[: options.copies] = vectors[0]
    embeddings = Embeddings.from_array(vectors, [f"text {row}" for row in range(len(vectors))])
    tensor = torch.tensor(vectors)

    def theirs(**limits: int) -> set[tuple[int, int]]:
        found: list[list[Any]] = paraphrase_mining_embeddings(tensor, **limits)
        return {(int(i), int(j)) for score, i, j in found if score >= options.threshold}

    found = paraphrase_mining(embeddings, threshold=options.threshold)
    ours = set(zip(found.rows1.tolist(), found.rows2.tolist(), strict=True))
    exact = np.count_nonzero(np.triu(vectors @ vectors.T, 1) >= options.threshold)
    at_defaults = theirs()
    limits = {"top_k": len(vectors), "max_pairs": ROOM}
    all_of_them = theirs(**limits)
    runs = [
        (
            seconds(lambda: theirs(**limits)),
            seconds(lambda: paraphrase_mining(embeddings, threshold=options.threshold)),
        )
        for _ in range(options.rounds)
    ]
    print(
        f"{len(vectors):,} texts × {options.dimensions}, {options.copies:,} of them copies of one"
    )
    print(f"pairs of cosine ≥ {options.threshold}, by one product  {exact:12,}")
    print(f"workbench                              {len(ours):12,}")
    print(f"sentence-transformers, defaults        {len(at_defaults & ours):12,}")
    print(f"sentence-transformers, without limits  {len(all_of_them & ours):12,}")
    peer = "sentence-transformers' `paraphrase_mining_embeddings`, without limits"
    sizes = f"{len(vectors):,} × {options.dimensions}, {options.copies:,} of them copies of one"
    note = f"pairs found of {exact:,}: ours {len(ours):,}, theirs at its defaults "
    note += f"{len(at_defaults & ours):,}"
    what = f"every pair of cosine ≥ {options.threshold}"
    report(Result.of_pairs(what, peer, sizes, runs, note=note))


if __name__ == "__main__":
    main()
