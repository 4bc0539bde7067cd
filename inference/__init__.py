"""stancewire: who accuses whom of what, who denies what, who warns whom.

    from stancewire import predict
    predict("Tehran denied arming Moscow.")[0].label   # "denies"

Importing this package is light; the model is loaded when something is first tagged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .types import LABELS, ROLES, STANCES, Resolved, Span, Stance, TaggedSentence

if TYPE_CHECKING:
    from .columns import tag_batch, tag_table
    from .tagger import ModelError, Tagger, predict

__all__ = [
    "LABELS",
    "ROLES",
    "STANCES",
    "ModelError",
    "Resolved",
    "Span",
    "Stance",
    "TaggedSentence",
    "Tagger",
    "predict",
    "tag_batch",
    "tag_table",
]


def __getattr__(name: str) -> Any:
    # The tagger pulls in numpy and the tokenizer: only for those who tag (PEP 562).
    if name in ("ModelError", "Tagger", "predict"):
        from . import tagger

        return getattr(tagger, name)
    if name in ("tag_batch", "tag_table"):
        from . import columns

        return getattr(columns, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("stancewire")
    raise AttributeError(f"module 'stancewire' has no attribute {name!r}")
