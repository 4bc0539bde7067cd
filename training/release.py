"""The seeds, or sentences of your own, in the forms that other tools read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from stancewire import seeds
from stancewire.labels import LabelledSentence

from .conll import to_conll
from .docbin import to_docbin
from .exchange import ExchangeError, tasks_text
from .tasks import Task, untold

# Each format and the suffixes by which its readers go; "jsonl" is a folder.
SUFFIXES = {
    "conll": (".conll", ".conllu", ".conllup"),
    "docbin": (".spacy",),
    "label-studio": (".json",),
}

# What `datasets` calls our splits.
SPLIT_NAMES = {"train": "train", "development": "validation", "test": "test"}
_BESIDE = ("ANNOTATION.md", "RULINGS.md", "WRITING.md", "learning-curve.svg")


def check_output(output: Path, form: str) -> None:
    """Raises ExchangeError where what is written there would not be read."""
    suffixes = SUFFIXES.get(form)
    if suffixes and output.suffix.lower() not in suffixes:
        raise ExchangeError(f"{output}: for {form} the name must end in {' or '.join(suffixes)}")
    if suffixes is None and output.exists() and not output.is_dir():
        raise ExchangeError(f"{output}: is a file; {form} is written as a folder")
    if suffixes and output.is_dir():
        raise ExchangeError(f"{output}: is a folder; {form} is written as a file")


def write(sentences: Sequence[LabelledSentence], output: Path, form: str) -> list[str]:
    """Writes a file in one of `SUFFIXES`; it appears whole.

    Returns what the form cannot tell of these sentences, in lines for people. Raises
    ExchangeError where the name does not fit the form or a library is missing.
    """
    check_output(output, form)
    notes: list[str] = []
    if form == "docbin":
        data = to_docbin(sentences, notes)
    elif form == "conll":
        # half a character, which JSON input can hold, cannot be written: a question mark
        data = to_conll(sentences, notes).encode(errors="replace")
    else:
        data = _label_studio(sentences, notes).encode(errors="replace")
    _replace(output, data)
    return notes


def _label_studio(sentences: Sequence[LabelledSentence], notes: list[str]) -> str:
    twice = sum(len(one.stances) > len(one.labels) for one in sentences)
    if twice:
        notes.append(f"sentences with two stances of a kind, which marks tell as one: {twice}")
    lost = sum(untold(one.stances) for one in sentences)
    if lost:
        notes.append(f"parts never annotated, which marks tell as parts not there: {lost}")
    tasks = [Task(one.text, {"id": one.id, **one.more}, one.stances, True) for one in sentences]
    return tasks_text(tasks, "label-studio")


def with_splits(sentences: Sequence[LabelledSentence]) -> list[LabelledSentence]:
    """Seeds, each with its split among its fields."""
    return [
        replace(one, more={**one.more, "split": seeds.split_of(seeds.group_of(one))})
        for one in sentences
    ]


def write_folder(splits: Mapping[str, Sequence[LabelledSentence]], folder: Path) -> None:
    """Writes a folder for `datasets.load_dataset(folder)`, a file a split, without a card.

    The keys are among those of `SPLIT_NAMES`. The file of a split that is not among them goes.
    """
    check_output(folder, "jsonl")
    folder.mkdir(parents=True, exist_ok=True)
    for split, name in SPLIT_NAMES.items():
        path = folder / f"{name}.jsonl"
        if split not in splits:
            path.unlink(missing_ok=True)
            continue
        rows = [json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in splits[split]]
        _replace(path, "".join(rows).encode(errors="replace"))


def remove_card(folder: Path) -> None:
    """Takes away the data card of the seeds, if it is there, and what lies beside it."""
    path = folder / "README.md"
    if path.is_file() and "pretty_name: The stancewire seed corpus" in path.read_text("utf-8"):
        for name in ("README.md", *_BESIDE):
            (folder / name).unlink(missing_ok=True)


def write_card(splits: Mapping[str, object], folder: Path) -> None:
    """Puts the data card of the seeds, and what it leads to, beside the files of `splits`."""
    card = (seeds.FOLDER / "README.md").read_text(encoding="utf-8")
    files = "".join(
        f"      - split: {name}\n        path: {name}.jsonl\n"
        for split, name in SPLIT_NAMES.items()
        if split in splits
    )
    configs = f"configs:\n  - config_name: default\n    data_files:\n{files}"
    card = re.sub(r"^configs:\n(?: .*\n)+", configs, card, count=1, flags=re.MULTILINE)
    _replace(folder / "README.md", card.encode())
    for name in _BESIDE:
        _replace(folder / name, (seeds.FOLDER / name).read_bytes())


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
