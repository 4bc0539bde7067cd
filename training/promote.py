"""A trained model becomes the one that tags by default, unless it is worse than the old one."""

from __future__ import annotations

from pathlib import Path

from stancewire import models

from .compare import WORSE
from .train import Outcome


def promote(outcome: Outcome, name: str | None = None, *, even_if_worse: bool = False) -> Path:
    """Keeps the outcome's model under `name` (the run folder's, unless given) and uses it.

    Raises ModelStoreError where the run found it worse than the model that it was compared
    with, unless `even_if_worse`, where it was compared with none or with a model that is
    not in use any more, or where the name is taken.
    """
    if not even_if_worse:
        _not_worse(outcome)
    version = name or outcome.run.name
    folder = models.keep(outcome.model, version)
    models.use(version)
    return folder


def _not_worse(outcome: Outcome) -> None:
    if not outcome.comparisons:
        raise models.ModelStoreError("the new model was compared with none; compare it first")
    if outcome.verdict == WORSE:
        raise models.ModelStoreError(
            "the new model is worse, so the old one stays in use; the new one is in "
            f"{outcome.model} (--even-if-worse promotes it all the same)"
        )
    if outcome.against != models.current():
        raise models.ModelStoreError(
            f"the model in use changed during the run; compare with {models.current()} first "
            f"(or: stancewire models keep {outcome.model} NAME, stancewire models use NAME)"
        )
