from __future__ import annotations

import pytest

from workbench import errors
from workbench.errors import WorkbenchError, WorkbenchWarning, suggest


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InputError", ValueError),
        ("ModelUnavailableError", OSError),
        ("TrackingUnavailableError", ConnectionError),
        ("MissingExtraError", ImportError),
    ],
)
def test_errors_are_what_python_programmers_catch(name: str, builtin: type[Exception]) -> None:
    error = getattr(errors, name)
    assert issubclass(error, builtin)
    assert issubclass(error, WorkbenchError)
    assert str(error("what, why, what to do")) == "what, why, what to do"


def test_the_warning_is_the_users() -> None:
    assert issubclass(WorkbenchWarning, UserWarning)


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("topci", ["topic", "text"], "Did you mean 'topic'?"),
        ("TEXT", ["topic", "text"], "Did you mean 'text'?"),
        ("tpic", ["topic", "topics"], "Did you mean 'topic' or 'topics'?"),
        ("zzz", ["topic", "text"], "Known: 'topic', 'text'."),
        ("zzz", [], "Known: none."),
        ("", ["a"], "Known: 'a'."),
    ],
)
def test_the_nearest_names_are_offered(name: str, known: list[str], said: str) -> None:
    assert suggest(name, known) == said


def test_a_long_list_is_cut() -> None:
    said = suggest("zzz", [f"name{number}" for number in range(50)])
    assert said.endswith("'name19' and 30 more.")
