"""The seed corpus as a `datasets` dataset, split as in `splits.csv`: `load()`.

`datasets` runs no loading scripts any more, so its builder is imported from here. What
`stancewire seeds export --format jsonl` writes is the same for those without stancewire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
from stancewire import __version__, seeds
from stancewire.labels import LabelledSentence
from stancewire.types import LABELS, NEUTRAL, ROLES, STANCES

from .release import SPLIT_NAMES


def features() -> datasets.Features:
    """The fields of a row in the full form, for `load_dataset("json", features=features())`.

    A role that was not annotated is None, one that is not in the sentence an empty list.
    """
    text, number = datasets.Value("string"), datasets.Value("int32")
    spans = [{"text": text, "start": number, "end": number}]
    return datasets.Features(
        {
            "id": text,
            "text": text,
            "stances": [{"stance": text, **dict.fromkeys(ROLES, spans), "cue": text}],
            "beat": text,
            "register": text,
            "round": number,
            "like": number,
            "kind": text,
            "lookalike": text,
            "cue": text,
            "phenomenon": text,
        }
    )


# A row and a stance of which nothing is known.
_NOTHING = dict.fromkeys(features())
_NO_STANCE = dict.fromkeys(("stance", *ROLES, "cue"))


class SeedsBuilder(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Builds the splits train, validation and test.

    Rows have the fields of `features()` and `labels`: the numbers in `LABELS` of all stances
    of the sentence, or that of neutral.
    """

    VERSION = datasets.Version(__version__)

    def __init__(self, cache_dir: str | Path | None = None, **more: Any) -> None:
        # the cache goes by this name: when the seeds change, they are read anew
        content = b"".join(path.read_bytes() for path in seeds.files())
        more.setdefault("hash", hashlib.sha256(content).hexdigest())
        super().__init__(cache_dir=None if cache_dir is None else str(cache_dir), **more)

    def _info(self) -> datasets.DatasetInfo:
        labels = [datasets.ClassLabel(names=list(LABELS))]
        return datasets.DatasetInfo(
            description="English news sentences: who accuses, denies or warns whom, of what.",
            license="apache-2.0",
            features=datasets.Features({**features(), "labels": labels}),
        )

    def _split_generators(self, _: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        splits: dict[str, list[LabelledSentence]] = {split: [] for split in SPLIT_NAMES}
        for sentence in seeds.load():
            splits[seeds.split_of(seeds.group_of(sentence))].append(sentence)
        return [
            datasets.SplitGenerator(SPLIT_NAMES[split], gen_kwargs={"sentences": tuple(found)})
            for split, found in splits.items()
        ]

    def _generate_examples(
        self, sentences: tuple[LabelledSentence, ...]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for key, sentence in enumerate(sentences):
            yield key, _row(sentence)


def _row(sentence: LabelledSentence) -> dict[str, Any]:
    row = _NOTHING | sentence.to_dict()
    row["stances"] = [_NO_STANCE | stance for stance in row["stances"]]
    row["labels"] = [label for label in STANCES if label in sentence.labels] or [NEUTRAL]
    return row


def load(
    split: str | None = None, cache_dir: str | Path | None = None
) -> datasets.DatasetDict | datasets.Dataset:
    """The seeds in all three splits, or in one ("train", "validation" or "test").

    They are kept in `cache_dir`, else in the cache of `datasets`. Raises ValueError for
    another split.
    """
    builder = SeedsBuilder(cache_dir)
    builder.download_and_prepare()
    return builder.as_dataset(split)
