"""Models side by side: which one tags by default, and how to go back.

Each model that was kept has a folder of its own, named by its version, which never changes
once it is there. One small file says which of them is in use and which were before it; it
is replaced in one step, so whoever loads a model meanwhile gets the old one or the new
one, never half of each.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIPPED = "shipped"


class ModelStoreError(ValueError):
    """A version that is not there or cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Version:
    """A model that is kept: its name, folder, what it learned from, and whether it is in use."""

    name: str
    folder: Path
    about: dict[str, Any]
    in_use: bool


def home() -> Path:
    """Where kept models lie: $STANCEWIRE_HOME, or this user's folder for data."""
    if given := os.environ.get("STANCEWIRE_HOME"):
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("stancewire", appauthor=False)


def current() -> Path:
    """The folder of the model that tags by default.

    Raises ModelStoreError where the version in use has gone.
    """
    return folder_of(_history()[-1])


def find(name: str | Path) -> Path:
    """The folder of a version by its name, or a folder as it is."""
    if str(name) in (SHIPPED, *_names()):
        return folder_of(str(name))
    return Path(name)


def folder_of(name: str) -> Path:
    """The folder of a version. Raises ModelStoreError where there is none of that name."""
    if name == SHIPPED:
        from .model import FOLDER

        return FOLDER
    if name in _names():
        return _models() / name
    there = ", ".join([SHIPPED, *_names()])
    raise ModelStoreError(
        f"no model {name!r} in {_models()}; there are: {there} (stancewire models use NAME)"
    )


def versions() -> list[Version]:
    """Every model there is, the shipped one first, then by name."""
    in_use = _history()[-1]
    found = []
    for name in [SHIPPED, *_names()]:
        try:
            config = json.loads((folder_of(name) / "config.json").read_text(encoding="utf-8"))
            about = dict(config["about"])
        except (OSError, ValueError, TypeError, KeyError):
            about = {}  # damaged, or says nothing of itself; whoever uses it is told so
        found.append(Version(name, folder_of(name), about, name == in_use))
    return found


def keep(folder: str | Path, name: str) -> Path:
    """Copies a model folder among the kept models; it is there whole or not at all.

    Raises ModelError where the model cannot be used, and ModelStoreError where the name
    is taken or is no name for a folder.
    """
    from .tagger import Tagger

    check_name(name)
    Tagger.load(folder)
    _models().mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=_models(), prefix=".partial-"))
    try:
        shutil.copytree(folder, partial, dirs_exist_ok=True)
        partial.chmod(0o755)  # what mkdtemp makes is for its owner alone
        try:
            partial.rename(_models() / name)  # fails where a model of that name is there
        except OSError:
            raise ModelStoreError(f"a model {name!r} is there already; give another name") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _models() / name


def check_name(name: str) -> None:
    """Raises ModelStoreError where a name is taken or is no name for a folder."""
    if not name or name == SHIPPED or Path(name).name != name or name.startswith("."):
        raise ModelStoreError(f"{name!r} cannot name a model; use letters, digits and dashes")
    if name in _names():
        raise ModelStoreError(f"a model {name!r} is there already; give another name")


def use(name: str) -> Path:
    """Makes a version the one that tags by default, from the next load on.

    Raises ModelStoreError where there is none of that name, and ModelError where its files
    are damaged.
    """
    from .tagger import Tagger

    folder = folder_of(name)
    Tagger.load(folder)
    history = _history()
    if history[-1] != name:
        _write([*history, name])
    return folder


def rollback() -> str:
    """Goes back to the version that was in use before this one, and returns its name.

    Raises ModelStoreError where there was none before.
    """
    history = _history()
    if len(history) == 1:
        raise ModelStoreError(f"the model {history[0]!r} is the first one in use; none before it")
    folder_of(history[-2])
    _write(history[:-1])
    return history[-2]


def remove(name: str) -> Path:
    """Deletes a version that is kept, and returns the folder that it was in.

    Raises ModelStoreError for the shipped model, for the one in use, and where there is none
    of that name.
    """
    folder, history = folder_of(name), _history()
    if name == SHIPPED:
        raise ModelStoreError("the shipped model is part of the package and stays")
    if name == history[-1]:
        raise ModelStoreError(f"the model {name!r} is in use; first: stancewire models use NAME")
    # nothing goes back to it; a step from a model to itself would do nothing
    _write([one for one, _ in itertools.groupby(one for one in history if one != name)])
    # out of sight in one step, so that nobody finds half of it
    gone = Path(tempfile.mkdtemp(dir=_models(), prefix=".removed-"))
    folder.rename(gone / name)
    shutil.rmtree(gone)
    return folder


def _models() -> Path:
    return home() / "models"


def _names() -> list[str]:
    if not _models().is_dir():
        return []
    return sorted(
        path.name for path in _models().iterdir() if path.is_dir() and not path.name.startswith(".")
    )


def _history() -> list[str]:
    """The versions in use over time, the present one last."""
    path = home() / "in-use.json"
    try:
        history = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [SHIPPED]
    except ValueError:
        history = None
    if not isinstance(history, list) or not history or not all(isinstance(n, str) for n in history):
        raise ModelStoreError(f"{path}: is damaged; remove it to use the shipped model again")
    return history


def _write(history: Sequence[str]) -> None:
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=home(), prefix=".in-use-", delete=False
    ) as file:
        json.dump(history, file)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)  # a temporary file is for its owner alone; others tag too
    os.replace(file.name, home() / "in-use.json")
