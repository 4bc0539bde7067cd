"""Whether stancewire works here: versions, the model in use, and a sentence tagged."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

# One accusation with all its parts; whatever the model, it should not miss this.
SENTENCE = "Norland accused Sudland of shelling a fishing port on Monday."


def examine() -> Iterator[tuple[str, str, bool]]:
    """What was looked at, what was found, and whether it is well; one at a time."""
    yield "stancewire", version("stancewire"), True
    yield "python", f"{platform.python_version()} on {platform.platform()}", True
    for name, extra in _dependencies():
        try:
            yield name, version(name), True
        except PackageNotFoundError:
            # what an extra asks for may be away; the rest must be here
            yield name, f"not installed (extra {extra})" if extra else "missing", bool(extra)
    from .models import ModelStoreError, current
    from .tagger import ModelError, Tagger, available_cores

    yield "cores to use", str(available_cores()), True
    began = time.perf_counter()
    try:
        folder = current()
        tagger = Tagger.load(folder)
    except (ModelError, ModelStoreError) as error:
        yield "model", str(error), False
        return
    yield "model", str(folder), True
    yield "model.onnx sha256", tagger.config["sha256"]["model.onnx"], True
    yield "loaded in", f"{time.perf_counter() - began:.2f} s", True
    (found,) = tagger.predict(SENTENCE)
    told = [
        f"{one.stance} {one.score:.2f}: source {', '.join(s.text for s in one.source) or '-'}, "
        f"target {', '.join(s.text for s in one.target) or '-'}"
        for one in found.stances
    ]
    yield SENTENCE, "; ".join(told) or "no stance", found.label == "accuses"


def _dependencies() -> Iterator[tuple[str, str]]:
    """The packages that stancewire asks for, each with the first extra that does."""
    from packaging.requirements import Requirement

    seen: dict[str, str] = {}
    for line in requires("stancewire") or ():
        wanted = Requirement(line)
        extra = str(wanted.marker).rpartition("== ")[2].strip('"') if wanted.marker else ""
        if wanted.name != "stancewire" and extra != "dev":
            seen.setdefault(wanted.name, extra)
    yield from seen.items()
