"""What models cost on some texts: time, memory, size."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from workbench._html import facts_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis._memory import highest_growth
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import DenseEncoder, Encoder, LSAEncoder, Variant
from workbench.models._precision import bytes_per_vector

__all__ = ["ModelCost", "costs_and_failures", "measure_costs", "sample_by_length"]

_SIZES = (256, 128, 64, 32, 16, 8)  # texts per round: as many as a model manages in its time
_BATCHES = 8
_SECONDS = 3.0  # per model, all rounds together
_MOST_CHARACTERS = 20_000  # more would make one text all that is measured
_MEMORY_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class ModelCost:
    """What a model costs.

    Parameters
    ----------
    texts_per_second
        Texts encoded per second in batches of like length: the median of the rounds.
    query_ms
        Milliseconds to encode one text of middling length alone: the median.
    peak_memory_mb
        MB (10⁶ bytes) of main memory: the weights, where their size is known, and by how much
        the process grew while it encoded a batch of the longest texts. The memory of an
        accelerator is not in it.
    size_mb
        MB of weights as they are loaded, and as saving them takes on disk; a file in another
        numeric class differs. None when it is not known.
    parameters
        How many numbers the model has learned; None when it is not known.
    dimension
        How many numbers a vector has.
    max_tokens
        How many tokens of a text it reads at once; None when there is no limit.
    bytes_per_text
        Bytes that a vector takes, in its precision.
    """

    texts_per_second: float
    query_ms: float
    peak_memory_mb: float
    size_mb: float | None
    parameters: int | None
    dimension: int
    max_tokens: int | None
    bytes_per_text: int

    def title(self) -> str:
        """Return what is shown, for titles."""
        return "What the model costs"

    def summary(self) -> dict[str, float | int]:
        """Return the costs: a flat dict, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())


def measure_costs(
    encoders: Mapping[str, Encoder],
    texts: Sequence[str],
    *,
    rounds: int = 5,
    random_state: int = 0,
    progress: ProgressOption = True,
) -> dict[str, ModelCost]:
    """Measure what models cost on a sample of these texts, taking turns.

    Each round encodes a sample with every model in turn, beginning with another one each time, so
    that whatever else the machine does meets all of them; the median of the rounds is reported.
    The store is not used. A sample has at most 256 texts, spread over the lengths of all; a slow
    model gets fewer, so that it takes some three seconds in all (a very slow one more). Of a text
    of more than 20,000 characters the beginning is taken.

    Parameters
    ----------
    encoders
        Name → encoder. An LSA must be fitted.
    texts
        The texts, at least one.
    rounds
        How often each model is measured.
    random_state
        Seed of the sample.
    progress
        True: a bar; False: nothing; or a callable (done, total).

    Returns
    -------
    dict
        Name → cost, in the order given.

    Raises
    ------
    InputError
        If there is no text or no encoder, or ``rounds`` is not from 1 to 100.

    Warns
    -----
    WorkbenchWarning
        When a model fails: it is left out.
    """
    costs, failures = costs_and_failures(
        encoders, texts, rounds=rounds, random_state=random_state, progress=progress
    )
    for name, why in failures.items():
        warnings.warn(
            f"What {name!r} costs was not measured: {why}", WorkbenchWarning, stacklevel=2
        )
    return costs


def costs_and_failures(
    encoders: Mapping[str, Encoder],
    texts: Sequence[str],
    *,
    rounds: int = 5,
    random_state: int = 0,
    progress: ProgressOption = True,
) -> tuple[dict[str, ModelCost], dict[str, str]]:
    """Do what `measure_costs` does, and return why each model that is left out failed."""
    if not isinstance(encoders, Mapping) or not encoders:
        raise InputError(
            f"measure_costs: expected encoders by name, {{'lsa': encoder}} say; got "
            f"{type(encoders).__name__} {encoders!r:.80}."
        )
    if isinstance(texts, str) or not texts:
        raise InputError(f"measure_costs: expected a list of texts; got {texts!r:.80}.")
    rounds = as_whole(rounds, "rounds", 1, 100)
    seed = as_seed(random_state)
    drawn = sample_by_length([text[:_MOST_CHARACTERS] for text in texts], _SIZES[0], seed)
    samples = {size: sample_by_length(drawn, size, seed) for size in _SIZES}
    meters = [_Meter(name, encoder, samples, rounds) for name, encoder in encoders.items()]
    with showing(progress, "Measuring", unit=" turns") as report:
        for turn in range(rounds + 1):
            first = turn % len(meters)
            for place, meter in enumerate([*meters[first:], *meters[:first]]):
                meter.take_turn()
                report(turn * len(meters) + place + 1, (rounds + 1) * len(meters))
    return (
        {meter.name: meter.cost() for meter in meters if not meter.failure},
        {meter.name: meter.failure for meter in meters if meter.failure},
    )


def sample_by_length(texts: Sequence[str], most: int, random_state: int) -> list[str]:
    """Return at most ``most`` texts, longest first, whose lengths are spread as those of all.

    The texts, in order of length, are parted into as many equal parts as are wanted, and one is
    drawn from each.
    """
    ordered = sorted(texts, key=lambda text: (-len(text), text))
    if len(ordered) <= most:
        return ordered
    draws = np.random.default_rng(random_state).random(most)
    return [ordered[int(row)] for row in (np.arange(most) + draws) * len(ordered) / most]


class _Meter:
    """Measures one model, a turn at a time; the first turn warms it up."""

    def __init__(
        self, name: str, encoder: Encoder, samples: Mapping[int, list[str]], rounds: int
    ) -> None:
        self.name = name
        self.failure = ""
        self._encoder = encoder
        self._rounds = rounds
        self._samples = samples
        self._size = 0
        self._growth = 0.0
        self._rates: list[float] = []
        self._queries: list[float] = []

    def take_turn(self) -> None:
        if self.failure:
            return
        try:
            if not self._size:
                self._warm_up()
            else:
                self._measure()
        except Exception as error:  # whatever an encoder raises: the others are measured
            self.failure = f"{type(error).__name__}: {error}"

    def _warm_up(self) -> None:
        """Measure memory, and choose how many texts the model manages in its time."""
        _weights(self._encoder)  # opened now, where it was not yet: its weights are counted apart
        longest = self._samples[_SIZES[0]][:_MEMORY_BATCH]
        self._growth = highest_growth(lambda: self._encode(longest))
        few = self._samples[_SIZES[-1]]
        each = sum(self._seconds([text]) for text in few) / len(few)
        fitting = [size for size in _SIZES if size * each * self._rounds <= _SECONDS]
        self._size = fitting[0] if fitting else _SIZES[-1]

    def _measure(self) -> None:
        sample = self._samples[self._size]
        parts = -(-len(sample) // _BATCHES)
        batches = [sample[start : start + parts] for start in range(0, len(sample), parts)]
        self._rates.append(len(sample) / sum(self._seconds(batch) for batch in batches))
        middle = sample[len(sample) // 4 :: max(1, len(sample) // 4)][:3]
        self._queries += [self._seconds([text]) for text in middle]

    def _seconds(self, texts: list[str]) -> float:
        started = time.perf_counter()
        self._encode(texts)
        return time.perf_counter() - started

    def _encode(self, texts: list[str]) -> None:
        self._encoder.encode(texts)

    def cost(self) -> ModelCost:
        spec = self._encoder.spec
        size, parameters = _weights(self._encoder)
        return ModelCost(
            texts_per_second=float(np.median(self._rates)),
            query_ms=float(np.median(self._queries)) * 1e3,
            peak_memory_mb=((size or 0) + self._growth) / 1e6,
            size_mb=None if size is None else size / 1e6,
            parameters=parameters,
            dimension=spec.kept_dimension,
            max_tokens=spec.max_tokens,
            bytes_per_text=bytes_per_vector(spec.precision, spec.kept_dimension),
        )


def _weights(encoder: Encoder) -> tuple[int | None, int | None]:
    """Return bytes and number of a model's weights; None where they are not known."""
    if isinstance(encoder, Variant):
        return _weights(encoder.encoder)
    if isinstance(encoder, DenseEncoder):
        tensors = list(encoder.model.parameters())
        return sum(t.numel() * t.element_size() for t in tensors), sum(t.numel() for t in tensors)
    if isinstance(encoder, LSAEncoder) and encoder.fitted:
        arrays = encoder.to_arrays()
        learned = [arrays["idf"], arrays["components"]]
        words = sum(len(term.encode()) for term in arrays["terms"].tolist())
        return sum(a.nbytes for a in learned) + words, sum(a.size for a in learned)
    return None, None
