"""What may have been meant by the name of a registered model that is not there."""

from __future__ import annotations

from typing import Any

from workbench.errors import suggest

__all__ = ["meant_by_name", "meant_by_uri"]

_MOST_NAMES = 1000  # what MLflow returns at once


def meant_by_name(client: Any, name: str) -> str:
    """Return a sentence that offers the registered models of near names.

    Parameters
    ----------
    client
        An MlflowClient of the store.
    name
        The name that was not found.
    """
    return suggest(name, _names(client))


def meant_by_uri(client: Any, uri: str) -> str:
    """Return what may have been meant by the URI of a registered model; empty: nothing to say.

    Parameters
    ----------
    client
        An MlflowClient of the store.
    uri
        ``models:/<name>@<alias>`` or ``models:/<name>/<version>``; nothing is said of others.
    """
    path = uri.removeprefix("models:/")
    sign = "@" if "@" in path else "/"
    name, found, last = path.rpartition(sign)
    if path == uri or not found:
        return ""
    names = _names(client)
    if name not in names:
        return suggest(name, names)
    aliases = client.get_registered_model(name).aliases
    return suggest(last, aliases) if sign == "@" and last not in aliases else ""


def _names(client: Any) -> list[str]:
    return [str(one.name) for one in client.search_registered_models(max_results=_MOST_NAMES)]
