"""The measure of training, as an `evaluate.Metric` that loads from this very file.

`evaluate.load(path_of_this_file)` needs no network, where `evaluate.load("f1")` asks a
hub. Predictions and references are JSON: a tagged sentence as `TaggedSentence.to_dict()`
gives it, and a labelled sentence in the full form of the seeds.
"""

import json
from typing import Any

import datasets
import evaluate
from stancewire.labels import read_row
from stancewire.scoring import evaluate as score
from stancewire.types import ROLES, Span, Stance, TaggedSentence


class StanceMetric(evaluate.Metric):  # type: ignore[misc]
    """Stance F1 a label, macro-F1, and exact and overlap F1 of the spans."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=__doc__ or "",
            citation="",
            inputs_description="JSON strings: tagged sentences, labelled sentences.",
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, float]:
        tagged = [_tagged(json.loads(row)) for row in predictions]
        gold = [read_row(json.loads(row)) for row in references]
        return score(gold, tagged).to_dict()


def _tagged(row: dict[str, Any]) -> TaggedSentence:
    stances = tuple(
        Stance(
            item["stance"],
            item["score"],
            *(
                tuple(Span(span["text"], span["start"], span["end"]) for span in item[role])
                for role in ROLES
            ),
        )
        for item in row["stances"]
    )
    plain = {key: row[key] for key in ("text", "start", "end", "label", "score", "scores")}
    return TaggedSentence(**plain, stances=stances)
