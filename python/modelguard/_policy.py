"""What the module has to know of the policy: the inbox, and which columns are which field."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import Usage


class Policy:
    """The keys of `config show` for one model."""

    def __init__(self, document: Mapping[str, Any], folder: Path) -> None:
        path = document["policy_path"]
        self._folder = Path(path).parent if path else folder
        self._values: dict[str, str] = {
            key["key"]: key["value"] for key in document["data"]["keys"] if key["value"] is not None
        }

    def model(self) -> str | None:
        """The model that is meant where none is named."""
        return self._values.get("default_model")

    def inbox(self) -> Path:
        """The folder of the inbox.

        Raises:
            Usage: the policy has none.
        """
        value = self._values.get("ingest.inbox")
        if not value:
            raise Usage(
                "the policy names no inbox",
                hints=('write `[ingest]` and `inbox = "inbox"` into modelguard.toml, or give a folder',),
            )
        return self._folder / value

    def columns(self) -> dict[str, str]:
        """The columns of `[columns]` by field, the class of a probability as it is: `proba.yes`."""
        named = {key.removeprefix("columns."): value for key, value in self._values.items() if key.startswith("columns.")}
        return {_field(name): column for name, column in named.items()}


def _field(name: str) -> str:
    label = name.removeprefix("proba.")
    if label != name and label.startswith('"'):
        # A class that is no bare key of TOML.
        with contextlib.suppress(ValueError):
            return f"proba.{json.loads(label)}"
    return name
