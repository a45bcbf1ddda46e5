"""What a benchmark has to say, as rows: printed, and kept for benchmarks/RESULTS.md.

A script calls `report` with each `Result`. Where run.py started the script, the row is also added
to the file that it named in the environment, as a line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROWS_FILE = "WORKBENCH_BENCHMARK_ROWS"
os.environ["WORKBENCH_RESULTS_MB"] = "0"  # what is timed is computed, not read again

_HEAD = """# Benchmark results

Written by `make bench` ([run.py](run.py)). A section is renewed when its benchmark runs: each has
its own date and machine. A ratio is theirs by ours, the median of interleaved pairs of runs, with
the least and the largest: above 1 the workbench is the faster (or the smaller), and **bold** is a
loss. The times beside it are medians on that machine and that day, and no claim.
"""
_COLUMNS = "| what | against | sizes | ratio | least to largest | theirs, ours | |\n"
_COLUMNS += "|---|---|---|--:|---|---|---|"


@dataclass(frozen=True)
class Result:
    """One comparison, or one fact.

    Parameters
    ----------
    what, against
        What of the workbench is held against what a user would use instead.
    sizes
        How much was given to both.
    ratios
        Theirs by ours, one for each pair of runs: above 1, ours is better. None where nothing is
        compared, or nothing could be run: then the note says it all.
    theirs, ours
        The medians behind the ratio, with their unit.
    note
        What a reader must know besides.
    """

    what: str
    against: str = ""
    sizes: str = ""
    ratios: tuple[float, ...] = ()
    theirs: str = ""
    ours: str = ""
    note: str = ""

    @classmethod
    def of_pairs(
        cls,
        what: str,
        against: str,
        sizes: str,
        pairs: Sequence[tuple[float, float]],
        *,
        unit: str = "s",
        more_is_better: bool = False,
        note: str = "",
    ) -> Result:
        """Return the result of pairs of runs: what was measured of theirs, and of ours."""
        ratios = tuple(own / other if more_is_better else other / own for other, own in pairs)
        theirs, ours = (
            f"{shown(statistics.median(side))} {unit}" for side in zip(*pairs, strict=True)
        )
        return cls(what, against, sizes, ratios, theirs, ours, note)

    @classmethod
    def not_run(cls, what: str, against: str, needs: str) -> Result:
        """Return what could not be compared, because something is not installed."""
        return cls(what, against, note=f"not run: needs {needs}")

    def median(self) -> float:
        """Return the median ratio."""
        return statistics.median(self.ratios)

    def line(self) -> str:
        """Return the result for a terminal."""
        said = f"{self.what}, against {self.against}" if self.against else self.what
        said += f" ({self.sizes})" if self.sizes else ""
        if self.ratios:
            said += f": ratio {shown(self.median())}, {self._spread()}"
            said += f"; {self.theirs}, {self.ours}" if self.theirs else ""
        between = "; " if self.ratios else ": "
        return f"{said}{between}{self.note}" if self.note else said

    def row(self) -> str:
        """Return the result for a table."""
        ratio = shown(self.median()) if self.ratios else "–"
        if self.ratios and self.median() < 1:
            ratio = f"**{ratio}**"
        spread = self._spread() if self.ratios else ""
        times = f"{self.theirs}, {self.ours}" if self.theirs else ""
        cells = (self.what, self.against, self.sizes, ratio, spread, times, self.note)
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    def _spread(self) -> str:
        if len(self.ratios) == 1:
            return "one pair"
        return f"{shown(min(self.ratios))} to {shown(max(self.ratios))}, {len(self.ratios)} pairs"


def shown(value: float) -> str:
    """Return a number with three digits that count."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{digits}f}"


def report(result: Result) -> None:
    """Print a result, and keep it where run.py asks for it."""
    print(result.line(), flush=True)
    if file := os.environ.get(ROWS_FILE):
        with Path(file).open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(asdict(result)) + "\n")


def rows_in(file: Path) -> list[Result]:
    """Return the results that a script has kept."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines]
    return [Result(**{**row, "ratios": tuple(row["ratios"])}) for row in rows]


def section(name: str, rows: Sequence[Result], *, made: str, failed: str = "") -> str:
    """Return the section of a benchmark.

    Parameters
    ----------
    name
        The benchmark.
    rows
        What it found.
    made
        When, how and where it ran.
    failed
        How it ended, if not well.
    """
    parts = [f"## {name}", made]
    if failed:
        parts.append(f"**Failed**: {failed}")
    if rows:
        parts.append("\n".join([_COLUMNS, *(row.row() for row in rows)]))
    return "\n\n".join(parts) + "\n"


def page(old: str, new: Mapping[str, str], names: Sequence[str]) -> str:
    """Return the text of RESULTS.md.

    Parameters
    ----------
    old
        What it was; sections that are not renewed stay as they are.
    new
        The renewed sections by their benchmark.
    names
        All benchmarks, in their order; a section of any other is dropped.
    """
    parts = re.split(r"^## (.*)\n", old, flags=re.MULTILINE)[1:]
    kept = {name: f"## {name}\n{body}" for name, body in zip(parts[::2], parts[1::2], strict=True)}
    sections = {**kept, **new}
    ordered = [sections[name].strip() for name in names if name in sections]
    return "\n\n".join([_HEAD.strip(), *ordered]) + "\n"
