"""Labelled sentences as spaCy's DocBin, for `spacy train` and whatever else reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from stancewire.labels import LabelledSentence
from stancewire.types import CHANNELS, STANCES

from .exchange import ExchangeError


def to_docbin(sentences: Sequence[LabelledSentence], notes: list[str]) -> bytes:
    """The bytes of a `.spacy` file, a Doc a sentence, in words as `spacy.blank("en")` cuts them.

    `doc.spans["accuses:source"]` and the like hold the spans of a part, labelled with that
    name; `doc.spans["sc"]`, where spaCy's span categorizer looks, all of them. A part that has
    no span has no group. `doc.cats` has 1.0 for each stance that the sentence carries and 0.0
    for the others, `doc.user_data` all else that is known, `stances` with their character
    offsets among it. `notes` gets how many spans cut into spaCy's words; those are widened.
    Raises ExchangeError where spaCy is missing.
    """
    try:
        import spacy
        from spacy.tokens import DocBin, Span
    except ModuleNotFoundError:
        raise ExchangeError(
            'a DocBin is written by spaCy; run: pip install "stancewire[spacy]"'
        ) from None

    cut_words = spacy.blank("en").tokenizer
    store, widened = DocBin(store_user_data=True), 0
    for sentence in sentences:
        # half a character, which JSON input can hold, cannot be written: a question mark
        written = json.dumps(sentence.to_dict(), ensure_ascii=False).encode(errors="replace")
        row = json.loads(written)
        doc = cut_words(row.pop("text"))
        doc.cats = {stance: float(stance in sentence.labels) for stance in STANCES}
        doc.user_data.update(row)
        every: list[Span] = []
        for stance, role in CHANNELS:
            places = {
                (span.start, span.end)
                for item in sentence.stances
                if item.stance == stance
                for span in item.spans.get(role, ())
            }
            label = f"{stance}:{role}"
            found = [
                cast(Span, doc.char_span(start, end, label, alignment_mode="expand"))
                for start, end in sorted(places)
            ]
            told = {(span.start_char, span.end_char) for span in found}
            widened += len(places - told)
            if found:
                doc.spans[label] = found
            every += found
        doc.spans["sc"] = every
        store.add(doc)
    if widened:
        notes.append(f"spans that cut into spaCy's words, widened to whole ones: {widened}")
    return store.to_bytes()
