"""The model card, written by the training run that made the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stancewire.types import LABELS, ROLES

from .base import DEFAULT

FILE = "README.md"
_FLOAT = "\n## Float weights\n"


def write(folder: Path, about: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Writes `README.md` into a model folder from what the run knows of itself."""
    recipe, data, agreed = about["recipe"], about["data"], figures["int8_against_float"]
    parts = [
        "# Model card\n",
        "Tags English news sentences with stances (accuses, denies, warns) and with the words "
        "that give their source, target and claim. Written by the training run.\n",
        "## Data\n",
        f"Learned from {data['sentences_learned']} labelled sentences, judged by "
        f"{data['sentences_held_out']} held out, of: {', '.join(data['files'])}.",
        f"Fingerprint (sha256 over texts and labels): `{data['fingerprint']}`.\n",
        "`seeds` are the sentences in this repository, written for the project with the help "
        "of a language model. Any other file is the trainer's own: its text is not in the "
        "package, but the weights have learned from it.\n",
        "## Recipe\n",
        *(f"{told}\n" for told in about.get("told", ())),
        _table(
            ("setting", "value"),
            [(key, str(value)) for key, value in recipe.items()
             if key not in ("distil", "unlabelled")],
        ),
        "## Figures of this int8 model\n",
        _figures("Held out (of the seeds' development split, a fifth of the other data, or both; "
                 "the thresholds were fitted on these sentences)", figures, "held_out"),
    ]  # fmt: skip
    if "seeds_test" in figures:
        parts.append(_figures("Test split of the seeds, seen by no run", figures, "seeds_test"))
    scores = figures["calibration"]
    parts.append(
        "Stance scores were scaled and shifted on the held-out sentences that hold stances as "
        f"often as the news does (expected calibration error over all held out: "
        f"{scores['error_before']:.3f} before, {scores['error_after']:.3f} after).\n"
    )
    parts += [
        "Against the float network, on the held-out sentences: the same label in "
        f"{agreed['same_label']:.1%}, the same spans in {agreed['same_spans']:.1%}, stance "
        f"probabilities {agreed['mean_score_difference']:.4f} apart in the mean and "
        f"{agreed['largest_score_difference']:.3f} at most, macro-F1 "
        f"{agreed['macro_f1_change']:+.4f}.\n",
        "## Use and limits\n",
        "For finding and counting reported stances in English news text. An accusation reported "
        "is not an accusation proved: check the sentence before you publish a finding. Not for "
        "judging persons. Other languages, poetry, legal and social-media text were not in the "
        "training data. At most one stance of a kind is found in a sentence, and the model "
        'reads each sentence by itself; whom "he" means is found afterwards, by rule.\n',
        "Made with " + ", ".join(f"{k} {v}" for k, v in about["made_with"].items()) + ".\n",
    ]
    (folder / FILE).write_text("\n".join(parts), encoding="utf-8")


def write_for_hub(folder: Path, card: str, base: str | None, restored: bool = False) -> None:
    """Writes the card of an int8 model beside the float weights, as the Hugging Face hub has it.

    `base` is named where the hub has it. `restored` says that the float weights come out of
    the int8 model, and not the other way round.
    """
    lines = ["---", "language: en", "library_name: stancewire", "tags: [news, stance-detection]"]
    if base == DEFAULT:
        lines.append(f"base_model: sentence-transformers/{DEFAULT}")
    elif base and base.count("/") == 1 and not Path(base).exists():
        lines.append(f"base_model: {base}")
    told = (
        "This folder holds the float weights; the figures above are of the int8 model that "
        + (
            "they were restored from, as exact as it kept them"
            if restored
            else "the training run made of them"
        )
        + ". To tag with it:\n\n"
        '    pip install "stancewire[train]"\n'
        "    stancewire export FOLDER_OR_NAME -o model\n"
        "    stancewire tag article.txt --model model\n\n"
        "`stancewire train --from-model FOLDER_OR_NAME` goes on training.\n"
    )
    text = "\n".join([*lines, "---\n", f"{card.rstrip()}\n{_FLOAT}", told])
    (folder / FILE).write_text(text, encoding="utf-8")


def of_int8(card: str) -> str:
    """The card of an int8 model out of that beside its float weights."""
    if card.startswith("---\n"):
        card = card.partition("\n---\n")[2].lstrip()
    return card.partition(_FLOAT)[0]


def _figures(title: str, figures: Mapping[str, Any], part: str) -> str:
    """A table of one part's figures, F1 with the interval that the bootstrap gives."""
    flat, ends = figures[part], figures[f"{part}_intervals"]
    names = [(label, label) for label in LABELS]
    names += [
        (f"{role}, {kind}", f"{role}_{kind}") for role in ROLES for kind in ("exact", "overlap")
    ]
    rows = []
    for shown, name in names:
        low, high = ends[f"{name}_f1"]
        cells = [f"{flat[f'{name}_{part}']:.3f}" for part in ("precision", "recall", "f1")]
        rows.append((shown, *cells, f"{low:.3f} to {high:.3f}"))
    low, high = ends["macro_f1"]
    head = (
        f"{title}: {flat['sentences']:.0f} sentences, macro-F1 {flat['macro_f1']:.3f} "
        f"({low:.3f} to {high:.3f} in 95 per cent of the bootstrap's draws).\n\n"
    )
    return head + _table(("", "precision", "recall", "F1", "95 % interval of F1"), rows)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"
