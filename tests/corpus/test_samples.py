from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from workbench.corpus import samples
from workbench.errors import InputError


def test_support_tickets_come_by_language() -> None:
    english = samples.support_tickets()
    assert english.label == "topic"
    assert set(english["language"]) == {"en"}
    assert len(english) >= 600
    assert len(samples.support_tickets("de")) == 31
    assert len(samples.support_tickets(None)) == 779
    with pytest.raises(InputError, match="must be 'en', 'de' or 'es'; got 'fr'"):
        samples.support_tickets("fr")


def test_columns_have_the_types_that_views_need() -> None:
    corpus = samples.support_tickets()
    assert corpus["created"].dtype.kind == "M"
    assert all(value is None or isinstance(value, str) for value in corpus["duplicate_of"])
    assert corpus.ids[0] == "t0001"


def test_sentence_pairs() -> None:
    pairs = samples.sentence_pairs()
    scores = np.asarray(pairs.scores)
    assert len(pairs) >= 300
    assert (scores.min(), scores.max()) == (0.0, 5.0)


def test_faq() -> None:
    found = samples.faq()
    assert len(found) == 175
    assert len(found.corpus) == 216
    assert {grade for grades in found.relevant_docs.values() for grade in grades.values()} == {1, 2}
    assert found.corpus.label == "topic"


def test_an_unknown_sample_file_is_refused() -> None:
    with pytest.raises(InputError, match=r"no sample file 'nothing.csv'"):
        samples.path("nothing.csv")


def test_python_docs_are_distinct_and_labelled_and_packages_take_turns() -> None:
    corpus = samples.python_docs(300)
    assert len(corpus) == len(set(corpus.texts)) == 300
    assert corpus.labels is not None
    assert set(corpus.labels) == set(corpus["package"])
    assert len(set(corpus.labels)) > 30
    assert min(len(text) for text in corpus.texts) >= 40
    assert all(
        name.split(":")[0].split(".")[0] == package
        for name, package in zip(corpus["name"], corpus["package"], strict=True)
    )
    # Another process, with another hash seed, finds the same texts and imports no package of them.
    packages, heavy, fingerprint = _python_docs_elsewhere(300)
    assert packages == "[]"
    assert heavy == "True/False"
    assert fingerprint == corpus.fingerprint


def _python_docs_elsewhere(n: int) -> list[str]:
    code = (
        "import sys; from workbench.corpus import samples\n"
        "before = set(sys.modules)\n"
        f"corpus = samples.python_docs({n})\n"
        "packages = set(corpus['package'])\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(packages & new), end=' ')\n"
        "print('torch' in packages, 'torch' in sys.modules, sep='/', end=' ')\n"
        "print(corpus.fingerprint)"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("n", [0, -5, 2.5])
def test_python_docs_refuse_what_is_no_number_of_texts(n: int) -> None:
    with pytest.raises(InputError, match=f"n must be at least 1; got {n}"):
        samples.python_docs(n)


def test_reading_samples_imports_nothing_heavy() -> None:
    code = (
        "import sys; from workbench.corpus import samples\n"
        "samples.support_tickets(); samples.faq(); samples.sentence_pairs()\n"
        "heavy = {'torch', 'sentence_transformers', 'umap', 'mlflow', 'plotly', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.soak
def test_the_environment_holds_twenty_thousand_docstrings() -> None:
    corpus = samples.python_docs(20_000)
    assert len(corpus) == len(set(corpus.texts)) == 20_000
