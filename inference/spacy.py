"""Stances in a spaCy pipeline: `nlp.add_pipe("stancewire")`.

    nlp = spacy.blank("en")          # or any pipeline that tells sentences
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("stancewire")
    nlp("Oslo accused Moscow of jamming signals.")._.stances

The sentences are the pipeline's own, so menus around an article saved from the web are
not left out. Needs spaCy: pip install "stancewire[spacy]".
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.pipeline.pipe import Pipe
from spacy.tokens import Doc, Span

from . import types
from .models import find
from .types import CHANNELS, ROLES, Resolved, Stance, TaggedSentence

# For displacy's style "span", which finds them by the entry point in pyproject.toml.
_SHADES = {"accuses": "#ff9b70", "denies": "#7fc3ff", "warns": "#ecc94b"}
COLOURS = {f"{stance}:{role}": _SHADES[stance] for stance, role in CHANNELS}


class SentenceError(ValueError):
    """A Doc whose sentences nobody has told; the message says what to do."""


@Language.factory(
    "stancewire",
    default_config={"model": None, "threads": None, "spans_key": "stancewire"},
    assigns=["doc._.stances", "span._.stances", "doc.spans"],
    requires=["doc.sents", "token.is_sent_start"],
)
def make(
    nlp: Language, name: str, model: str | None, threads: int | None, spans_key: str
) -> StanceTagger:
    """The component as `nlp.add_pipe("stancewire", config={…})` makes it.

    `model` is a folder or a kept version, None the model in use; a saved pipeline has a
    copy of a model that was named. `threads` is the number of cores to use, None all of
    them: take 1 with `nlp.pipe(…, n_process=…)`. `spans_key` names the group in `doc.spans`.
    """
    return StanceTagger(name, model, threads, spans_key)


class StanceTagger(Pipe):
    """Tags the sentences of Docs.

    `doc._.stances` is a tuple of `stancewire.Stance` whose offsets index `doc.text`;
    `sent._.stances` has those of a sentence, or of any Span of whole sentences. Their parts
    are in `doc.spans["stancewire"]`, widened to whole tokens: `label_` is "accuses:source",
    `kb_id_` the party, if any, and `id_` the place of the stance in `doc._.stances`.
    `doc._.stance_records` has it all as plain lists, texts and numbers, for `doc.to_json`.

    The model is loaded when something is first tagged. Raises ModelError where it cannot
    be used, and SentenceError for a Doc without sentence boundaries.
    """

    def __init__(self, name: str, model: str | None, threads: int | None, spans_key: str) -> None:
        self.name = name
        self.model = model
        self.threads = threads
        self.spans_key = spans_key

    @cached_property
    def _tagger(self) -> Any:
        from .tagger import Tagger

        return Tagger.load(self.model and find(self.model), self.threads)

    def __call__(self, doc: Doc) -> Doc:
        (tagged,) = self._tagger.stream_split([(doc.text, _bounds(doc))])
        return self._put(doc, tagged)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Tags Docs in batches of `batch_size`, whose sentences share the cores."""
        waiting = iter(stream)
        while batch := list(islice(waiting, batch_size)):
            docs, articles = [], []
            for doc in batch:
                try:
                    articles.append((doc.text, _bounds(doc)))
                    docs.append(doc)
                except SentenceError as error:
                    self.get_error_handler()(self.name, self, [doc], error)
            for doc, tagged in zip(docs, self._tagger.stream_split(articles), strict=True):
                yield self._put(doc, tagged)

    def _put(self, doc: Doc, tagged: Sequence[TaggedSentence]) -> Doc:
        doc._.stance_records = _records(doc, tagged)
        stances = [stance for sentence in tagged for stance in sentence.stances]
        doc.spans[self.spans_key] = [
            tokens
            for number, stance in enumerate(stances)
            for role in ROLES
            for span in getattr(stance, role)
            if (
                tokens := doc.char_span(
                    span.start, span.end, f"{stance.stance}:{role}", span.party or "",
                    alignment_mode="expand", span_id=str(number),
                )
            )
        ]  # fmt: skip
        return doc

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(COLOURS)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Saves a copy of the model, unless it is the one in use."""
        if self.model and find(self.model).resolve() != Path(path).resolve():
            shutil.copytree(find(self.model), path, dirs_exist_ok=True)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> StanceTagger:
        """Takes the model that was saved, if there was one."""
        if Path(path).is_dir():
            self.model = str(path)
            self.__dict__.pop("_tagger", None)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # without the model, which another process loads for itself
        rest = {name: value for name, value in self.__dict__.items() if name != "_tagger"}
        return type(self), (self.name, self.model, self.threads, self.spans_key), rest

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _bounds(doc: Doc) -> list[tuple[int, int]]:
    if not doc.has_annotation("SENT_START"):
        raise SentenceError(
            "stancewire tags sentence by sentence, and this Doc has no sentence boundaries; "
            'put what sets them before it: nlp.add_pipe("sentencizer", before="stancewire"), or '
            "a parser or senter"
        )
    return [(sentence.start_char, sentence.end_char) for sentence in doc.sents]


def _records(doc: Doc, tagged: Sequence[TaggedSentence]) -> list[dict[str, Any]]:
    """The sentences with stances as what msgpack knows, so that they go wherever a Doc goes."""
    # the tagger leaves blank sentences out; the number of a sentence counts them
    numbers = [i for i, sentence in enumerate(doc.sents) if not sentence.text.isspace()]
    records: list[dict[str, Any]] = [
        {"start": sentence.start, "end": sentence.end,
         "stances": [asdict(stance) for stance in sentence.stances]}
        for sentence in tagged
        if sentence.stances
    ]  # fmt: skip
    for record in records:
        for stance in record["stances"]:
            for span in stance["source"]:
                if span["resolved"]:
                    span["resolved"]["sentence"] = numbers[span["resolved"]["sentence"]]
    return records


def _of_doc(doc: Doc) -> tuple[Stance, ...]:
    return _of_span(doc[:])


def _of_span(span: Span) -> tuple[Stance, ...]:
    return tuple(
        _stance(told)
        for sentence in span.doc._.get("stance_records")
        if span.start_char <= sentence["start"] and sentence["end"] <= span.end_char
        for told in sentence["stances"]
    )


def _stance(told: Mapping[str, Any]) -> Stance:
    parts = {role: tuple(map(_span, told[role])) for role in ROLES}
    return Stance(told["stance"], told["score"], **parts)


def _span(told: Mapping[str, Any]) -> types.Span:
    fuller = told["resolved"] and Resolved(**told["resolved"])
    return types.Span(**{**told, "resolved": fuller})


Doc.set_extension("stance_records", default=(), force=True)
Doc.set_extension("stances", getter=_of_doc, force=True)
Span.set_extension("stances", getter=_of_span, force=True)
