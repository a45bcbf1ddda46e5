"""The local folder that keeps what a tracking store did not take."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from workbench.models.mlflow_uri import data_folder, shown_uri
from workbench.tracking._record import Record

__all__ = ["Unsent"]


class Unsent:
    """What one run could not send.

    Files lie as they would in the run's artifacts; ``log.jsonl`` holds the numbers and params of
    each logged value, ``run.json`` what the run is.

    Parameters
    ----------
    run_id, experiment, uri
        The run, the name of its experiment, and the store that does not take it.
    """

    def __init__(self, run_id: str, experiment: str, uri: str) -> None:
        self.folder = data_folder() / "unsent" / run_id
        self.folder.mkdir(parents=True, exist_ok=True)
        self._facts = {"run_id": run_id, "experiment": experiment, "uri": shown_uri(uri)}
        self.close("RUNNING")

    def keep(self, record: Record, files: Path) -> None:
        """Keep one logged value and its files."""
        shutil.copytree(files, self.folder, dirs_exist_ok=True)
        nested = {model.name: f"nested/{record.name}/{model.files.name}" for model in record.models}
        for model in record.models:
            shutil.copytree(model.files, self.folder / nested[model.name], dirs_exist_ok=True)
        line = {
            "name": record.name,
            "metrics": record.metrics,
            "params": record.params,
            "corpora": [
                {"name": corpus.name, "digest": corpus.fingerprint, "texts": len(corpus)}
                for corpus in record.corpora
            ],
            "models": [
                {
                    "name": model.name,
                    "metrics": model.numbers,
                    "params": model.params,
                    "failure": model.failure,
                    "files": nested[model.name],
                }
                for model in record.models
            ],
        }
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def keep_model(self, name: str, files: Path) -> Path:
        """Keep a saved model and return its folder, which MLflow can load."""
        return Path(shutil.copytree(files, self.folder / "models" / name, dirs_exist_ok=True))

    def close(self, status: str) -> None:
        """Write down how the run ended."""
        text = json.dumps({**self._facts, "status": status}, indent=1)
        (self.folder / "run.json").write_text(text, encoding="utf-8")
