"""Labelled sentences as CoNLL-U Plus: a line a word, a column a part of a stance.

A column for each of the eight pairs of stance and part has B where a span begins, I in the
rest of it, O outside, and _ throughout where nobody annotated the part. Two stances of a kind
share their columns; the comment `# stances` has all of them, with offsets into `# text`.
https://universaldependencies.org/ext-format.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from stancewire.labels import LabelledSentence
from stancewire.types import CHANNELS, LABELS, NEUTRAL
from stancewire.words import word_spans

COLUMNS = (
    "ID", "FORM", "STANCEWIRE:START", "STANCEWIRE:END",
    *(f"{stance}:{role}".upper() for stance, role in CHANNELS),
)  # fmt: skip

# Whatever some reader takes for the end of a line.
_LINE_END = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def to_conll(sentences: Sequence[LabelledSentence], notes: list[str]) -> str:
    """The text of a file.

    Line ends within a text become spaces, so that offsets hold. `notes` gets what the columns
    cannot tell: a span that cuts into a word is widened to whole words, and of two spans of a
    part that share words the longer one is told.
    """
    odd: Counter[str] = Counter()
    told = [_sentence(sentence, odd) for sentence in sentences]
    if odd["cut"]:
        notes.append(f"spans that cut into words, widened to whole words: {odd['cut']}")
    if odd["shared"]:
        notes.append(
            "spans that share words with a longer one of the same part, "
            f"in # stances alone: {odd['shared']}"
        )
    return f"# global.columns = {' '.join(COLUMNS)}\n" + "".join(told)


def _sentence(sentence: LabelledSentence, odd: Counter[str]) -> str:
    labels = [label for label in LABELS if label in (sentence.labels or {NEUTRAL})]
    about = {"sent_id": sentence.id, "text": sentence.text, "labels": " ".join(labels)}
    about |= {"stances": sentence.to_dict()["stances"]}
    about = about | sentence.more | about  # ours first, and not replaced
    lines = [_comment(key, value) for key, value in about.items() if value != ""]
    words = word_spans(sentence.text)
    columns = [_tags(sentence, stance, role, words, odd) for stance, role in CHANNELS]
    for number, (start, end) in enumerate(words):
        tags = [column[number] for column in columns]
        cells = [str(number + 1), sentence.text[start:end], str(start), str(end), *tags]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n\n"


def _comment(key: str, value: object) -> str:
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _LINE_END.sub(" ", f"# {key} = {told}")


def _tags(
    sentence: LabelledSentence,
    stance: str,
    role: str,
    words: Sequence[tuple[int, int]],
    odd: Counter[str],
) -> list[str]:
    """The cells of one column."""
    spans = sentence.places(stance, role)
    if spans is None:
        return ["_"] * len(words)
    tags = ["O"] * len(words)
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span)):
        inside = [i for i, word in enumerate(words) if word[0] < end and start < word[1]]
        first, last = inside[0], inside[-1]
        if any(tags[i] != "O" for i in inside):
            odd["shared"] += 1
            continue
        odd["cut"] += (words[first][0], words[last][1]) != (start, end)
        tags[first : last + 1] = ["B"] + ["I"] * (last - first)
    return tags
