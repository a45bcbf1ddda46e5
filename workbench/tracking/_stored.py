"""A comparison as files: JSON, parquet and npz, in a numbered format; nothing is pickled."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from workbench.analysis.agreement import ModelAgreement
from workbench.analysis.audit import TruncationAudit
from workbench.analysis.comparison import Comparison, ModelResult
from workbench.analysis.cost import ModelCost
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.geometry import Geometry
from workbench.analysis.significance import Interval, PairedDifference
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import ModelSpec
from workbench.tracking._privacy import Privacy
from workbench.tracking._tables import read_table, shown_examples, with_stand_ins, write_table

__all__ = ["FORMAT", "WITHHELD", "read_stored", "write_stored"]

FORMAT = 1
WITHHELD = "Why is left out here, because an error may quote texts."
_MANIFEST = "comparison.json"
_CORPUS = "corpus.parquet"
_AGREEMENT = "agreement.npz"
_MATRICES = ("neighbors", "cka", "cka_by_chance", "rank_correlation")
_COLUMN = "column:"  # in front of the name of a corpus column
_FLOAT = "$float"  # NaN or infinity
_Facts: TypeAlias = dict[str, Any]


def write_stored(comparison: Comparison, privacy: Privacy, folder: Path) -> None:
    """Write a comparison into a folder, which must not exist."""
    (folder / "examples").mkdir(parents=True)
    alike = comparison.agreement
    facts: _Facts = {
        "format": FORMAT,
        "corpus": _write_corpus(comparison.corpus, privacy, folder),
        "models": [
            _model_facts(comparison, place, privacy, folder)
            for place in range(len(comparison.models))
        ],
        "differences": [
            {"task": task, "metric": metric, "pairs": [asdict(found) for found in pairs]}
            for (task, metric), pairs in comparison.differences.items()
        ],
        "agreement": None if alike is None else _write_agreement(alike, folder),
        "random_state": comparison.random_state,
    }
    text = json.dumps(_plain(facts), indent=1, allow_nan=False)
    (folder / _MANIFEST).write_text(text, encoding="utf-8")


def read_stored(folder: Path) -> tuple[Comparison, bool]:
    """Return the comparison that a folder holds, and whether its texts are in it.

    Raises
    ------
    InputError
        If it was written in a later format, or is damaged.
    """
    try:
        text = (folder / _MANIFEST).read_text(encoding="utf-8")
        facts = json.loads(text, object_hook=_revived)
        if facts["format"] != FORMAT:
            raise InputError(
                f"The comparison has format {facts['format']!r}; this version reads {FORMAT}. "
                "Install a newer embedding-workbench."
            )
        corpus = _read_corpus(facts["corpus"], folder)
        comparison = Comparison(
            corpus,
            tuple(_model(one, folder, facts["corpus"]["texts"]) for one in facts["models"]),
            {
                (one["task"], one["metric"]): tuple(PairedDifference(**p) for p in one["pairs"])
                for one in facts["differences"]
            },
            _read_agreement(facts["agreement"], corpus, folder),
            random_state=facts["random_state"],
        )
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(
            f"The stored comparison is damaged ({reason:.200}). Log it again."
        ) from error
    return comparison, bool(facts["corpus"]["texts"])


def _write_corpus(corpus: Corpus, privacy: Privacy, folder: Path) -> _Facts:
    first: dict[str, str] = {}
    # Equal texts stay equal, so that the agreement is the same without them.
    stand_ins = [first.setdefault(t, i) for i, t in zip(corpus.ids, corpus.texts, strict=True)]
    kept = {name: values for name, values in corpus.columns.items() if privacy.allows(name)}
    table = pd.DataFrame(
        {
            "id": _raw(corpus.ids),
            "text": _raw(corpus.texts if privacy.texts else stand_ins),
            **{f"{_COLUMN}{name}": pd.Series(values) for name, values in kept.items()},
        }
    )
    write_table(table, folder / _CORPUS)
    return {
        "name": corpus.name,
        "label": corpus.label if corpus.label in kept else None,
        "source": corpus.source,
        "texts": privacy.texts,
    }


def _read_corpus(facts: _Facts, folder: Path) -> Corpus:
    table = read_table(folder / _CORPUS)
    columns = {
        str(name).removeprefix(_COLUMN): table[name].to_numpy()
        for name in table.columns
        if str(name).startswith(_COLUMN)
    }
    ids, texts = (
        tuple(raw.decode("utf-8", "surrogatepass") for raw in table[name])
        for name in ("id", "text")
    )
    return Corpus(
        texts,
        ids=ids,
        columns=columns,
        name=facts["name"],
        label=facts["label"],
        source=facts["source"],
    )


def _raw(texts: tuple[str, ...] | list[str]) -> pd.Series[Any]:
    """Return texts as bytes: parquet refuses lone surrogates, and a fingerprint counts them."""
    return pd.Series([text.encode("utf-8", "surrogatepass") for text in texts], dtype=object)


def _model_facts(comparison: Comparison, place: int, privacy: Privacy, folder: Path) -> _Facts:
    model = comparison.models[place]
    scores = []
    for number, (task, found) in enumerate(model.scores.items()):
        file = f"examples/{place}-{number}.parquet"
        write_table(shown_examples(comparison, task, found, privacy), folder / file)
        facts = {
            name: getattr(found, name) for name in ("task", "kind", "metrics", "prompts", "notes")
        }
        spans = {metric: asdict(found.intervals[metric]) for metric in found.metrics}
        scores.append({**facts, "spec": asdict(found.spec), "intervals": spans, "examples": file})
    return {
        "name": model.name,
        "spec": asdict(model.spec),
        "audit": None if model.audit is None else asdict(model.audit),
        "cost": None if model.cost is None else asdict(model.cost),
        "geometry": None if model.geometry is None else asdict(model.geometry),
        "scores": scores,
        "failure": model.failure if privacy.texts or not model.failure else WITHHELD,
    }


def _model(facts: _Facts, folder: Path, texts: bool) -> ModelResult:
    audit, cost, shape = facts["audit"], facts["cost"], facts["geometry"]
    scores = [_scores(one, folder, texts) for one in facts["scores"]]
    return ModelResult(
        facts["name"],
        ModelSpec(**facts["spec"]),
        None if audit is None else TruncationAudit(**audit),
        None if cost is None else ModelCost(**cost),
        None if shape is None else Geometry(**shape),
        {one.task: one for one in scores},
        facts["failure"],
    )


def _scores(facts: _Facts, folder: Path, texts: bool) -> TaskScores:
    examples = read_table(folder / facts["examples"])
    return TaskScores(
        facts["task"],
        facts["kind"],
        tuple(facts["metrics"]),
        ModelSpec(**facts["spec"]),
        examples if texts else with_stand_ins(examples, facts["kind"]),
        facts["prompts"],
        {metric: Interval(**span) for metric, span in facts["intervals"].items()},
        tuple(facts["notes"]),
    )


def _write_agreement(alike: ModelAgreement, folder: Path) -> _Facts:
    arrays = {name: getattr(alike, name) for name in _MATRICES}
    np.savez_compressed(folder / _AGREEMENT, allow_pickle=False, **arrays)
    names = ("models", "sampled", "random_state", "notes")
    return {name: getattr(alike, name) for name in names}


def _read_agreement(facts: _Facts | None, corpus: Corpus, folder: Path) -> ModelAgreement | None:
    if facts is None:
        return None
    with np.load(folder / _AGREEMENT, allow_pickle=False) as found:
        arrays = {name: found[name] for name in _MATRICES}
    return ModelAgreement(
        corpus=corpus,
        models=tuple(facts["models"]),
        **arrays,
        sampled=facts["sampled"],
        random_state=facts["random_state"],
        notes=tuple(facts["notes"]),
    )


def _plain(value: object) -> object:
    """Return a value as JSON can say it; of NaN and infinity it has no word."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: str(value)}
    return value


def _revived(found: _Facts) -> object:
    return float(found[_FLOAT]) if set(found) == {_FLOAT} else found
