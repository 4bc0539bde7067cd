"""The tagger: a model folder loaded once, texts in, tagged sentences out."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from . import decode
from .models import current, find, versions
from .parties import party
from .pieces import PieceReader, Pieces
from .sentences import Bounds, split_sentences, strip
from .types import CHANNELS, PARTY_ROLES, ROLES, STANCES, Span, Stance, TaggedSentence

FORMAT = 1
# In config.json of float weights as a training run saves them; see `stancewire.training.hub`.
MODEL_TYPE = "stancewire"
# Articles whose sentences are handed to the cores together; bounds memory.
ARTICLES_AHEAD = 64

# Word pieces in a batch, padding included: enough to keep a core busy, few enough to stay
# in its cache.
_BATCH_PIECES = 256

# Fusions whose one kernel takes longer on a processor than the kernels that it stands for;
# without them a run is a tenth quicker (training/EXPERIMENTS.md).
_SLOW_FUSIONS = ["SkipLayerNormFusion", "BiasGeluFusion"]

# stance probabilities (3,) and span logits (words, 8, 3) of a sentence
_Result = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Reading:
    """A sentence as the network reads it, before anything is decided.

    `words` are character offsets; `stances` holds the stance probabilities, shape (3,), and
    `spans` the tag logits, shape (words, 8, 3), in the order of `STANCES` and `CHANNELS`.
    """

    words: list[tuple[int, int]]
    stances: NDArray[np.float32]
    spans: NDArray[np.float32]


@dataclass(frozen=True)
class _Begun:
    """Texts whose sentences are with the cores."""

    articles: list[str] | None  # the texts, unless each is one sentence
    counts: list[int]  # sentences a text
    places: Sequence[tuple[str, int, int]]
    read: list[Pieces]
    batches: list[list[int]]
    runs: list[Future[list[_Result]]]


class ModelError(ValueError):
    """A model folder that cannot be used; the message says why and what to do."""


class Tagger:
    """Tags sentences with stances by the model of one folder.

    `thresholds` holds for each stance the probability from which it is reported.
    """

    def __init__(
        self, session: Any, reader: PieceReader, config: dict[str, Any], threads: int = 1
    ) -> None:
        self.config = config
        self.thresholds: dict[str, float] = dict(config["thresholds"])
        self._transitions = np.asarray(config["transitions"], dtype=np.float32)
        self._session = session
        self._reader = reader
        self._threads = threads

    @classmethod
    def load(cls, folder: str | Path | None = None, threads: int | None = None) -> Tagger:
        """Loads a model folder: `model.onnx`, `tokenizer.json` and `config.json`.

        Without a folder, the model in use: the one that ships with stancewire, unless another
        was promoted (see `stancewire.models`). `threads` is the number
        of cores to use; all, unless said otherwise. Raises ModelError where a file is
        missing, was changed since training, or comes from a newer stancewire.
        """
        path = Path(folder) if folder is not None else current()
        # a session opens slowly, but leaves the interpreter free for the rest
        with ThreadPoolExecutor(1) as pool:
            pool.submit(import_module, "onnxruntime")
            config = read_config(path)
            opening = pool.submit(_session, path / "model.onnx")
            from . import resolve  # noqa: F401 - read while the session opens

            reader = PieceReader.load(path, config["max_pieces"])
        return cls(opening.result(), reader, config, threads or available_cores())

    # a string is itself an iterable of strings, which mypy calls an overlap: the first one wins
    @overload
    def predict(self, text: str, *, split: bool = True) -> list[TaggedSentence]: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, text: Iterable[str], *, split: bool = True) -> list[list[TaggedSentence]]: ...
    def predict(
        self, text: str | Iterable[str], *, split: bool = True
    ) -> list[TaggedSentence] | list[list[TaggedSentence]]:
        """Tags one text or many; one list of tagged sentences for each text.

        With `split=False` each text is one sentence. Where a text looks like a saved
        page, its menus and teasers are left out. A source of an article that is a pronoun,
        surname or description has in `resolved` the fuller name that it plainly goes back
        to. All offsets index the text handed in.
        Raises TypeError for anything but strings.
        """
        if isinstance(text, str):
            return next(self.stream([text], split=split))
        return list(self.stream(text, split=split))

    def stream(self, texts: Iterable[str], *, split: bool = True) -> Iterator[list[TaggedSentence]]:
        """Like `predict` on many texts, one result at a time, in order.

        Reads a bounded number of texts ahead, so memory does not grow with their number.
        Raises TypeError for one text, a table, and anything among the texts that is none.
        """
        return self._stream(_divided(_several(texts), split), articles=split)

    def stream_split(
        self, articles: Iterable[tuple[str, Sequence[Bounds]]]
    ) -> Iterator[list[TaggedSentence]]:
        """Like `stream`, on articles that something else has split into sentences.

        Each is a text and the (start, end) of its sentences, in order. All of them are
        tagged but those that are blank, which have no entry; outer space is cut off. Raises
        ValueError where a sentence begins before the one before it ends, or is not in the text.
        """
        return self._stream(((text, _checked(text, bounds)) for text, bounds in articles), True)

    def _stream(
        self, texts: Iterable[tuple[str, list[Bounds]]], articles: bool
    ) -> Iterator[list[TaggedSentence]]:
        waiting = iter(texts)
        pool = ThreadPoolExecutor(self._threads)
        begun: deque[_Begun] = deque()
        try:
            while chunk := list(islice(waiting, ARTICLES_AHEAD)):
                # the cores have the next articles to work on while these are decoded
                begun.append(self._begin(pool, chunk, articles))
                if len(begun) > 1:
                    yield from self._finish(begun.popleft())
            for last in begun:
                yield from self._finish(last)
        finally:
            pool.shutdown(cancel_futures=True)

    def read(self, sentences: Sequence[str]) -> list[Reading]:
        """What the network says of sentences, each by itself, for a student to learn from."""
        read = self._reader.read(sentences)
        with ThreadPoolExecutor(self._threads) as pool:
            results = _gathered(*self._runs(pool, read))
        return [Reading(pieces.words, *results[i]) for i, pieces in enumerate(read)]

    def _begin(
        self,
        pool: ThreadPoolExecutor,
        texts: Sequence[tuple[str, list[Bounds]]],
        articles: bool,
    ) -> _Begun:
        """Hands the sentences of texts to the cores.

        Sentences of like length share a run, and runs go side by side. The model's int8
        scales are fixed, so a sentence does not depend on its company.
        """
        places = [(text, start, end) for text, bounds in texts for start, end in bounds]
        counts = [len(bounds) for _, bounds in texts]
        return self._hand_out(
            pool, [text for text, _ in texts] if articles else None, counts, places
        )

    def tag_sentences(self, places: Sequence[tuple[str, int, int]]) -> list[TaggedSentence]:
        """Tags sentences by themselves, each a text and its start and end in that text.

        For who deals with the texts on their own: `sentence_bounds` says where their
        sentences are, and `with_resolved` looks over what was found in all of an article.
        """
        with ThreadPoolExecutor(self._threads) as pool:
            return next(self._finish(self._hand_out(pool, None, [len(places)], places)))

    def _hand_out(
        self,
        pool: ThreadPoolExecutor,
        articles: list[str] | None,
        counts: list[int],
        places: Sequence[tuple[str, int, int]],
    ) -> _Begun:
        read = self._reader.read([text[start:end] for text, start, end in places])
        for (text, start, end), pieces in zip(places, read, strict=True):
            if pieces.cut:
                warnings.warn(
                    f"the sentence at {start} to {end} is longer than the model reads "
                    f"({self._reader.max_pieces} word pieces); only its beginning was read: "
                    f"{text[start : start + 60]!r}…",
                    stacklevel=2,
                )
        return _Begun(articles, counts, places, read, *self._runs(pool, read))

    def _runs(
        self, pool: ThreadPoolExecutor, read: Sequence[Pieces]
    ) -> tuple[list[list[int]], list[Future[list[_Result]]]]:
        """Batches of sentences of like length, by their numbers, and the run of each."""
        batches = list(_batches([len(pieces.ids) for pieces in read]))
        return batches, [pool.submit(self._run, [read[i] for i in batch]) for batch in batches]

    def _finish(self, begun: _Begun) -> Iterator[list[TaggedSentence]]:
        """The tagged sentences of each text, as soon as the cores are done with them."""
        results = _gathered(begun.batches, begun.runs)
        tagged = (
            self._sentence(*place, pieces, *results[i])
            for i, (place, pieces) in enumerate(zip(begun.places, begun.read, strict=True))
        )
        for i, count in enumerate(begun.counts):
            sentences = list(islice(tagged, count))
            yield (
                sentences if begun.articles is None else with_resolved(begun.articles[i], sentences)
            )

    def _run(self, batch: list[Pieces]) -> list[_Result]:
        """Stance probabilities (3,) and span logits (words, 8, 3) of each sentence."""
        longest = max(len(pieces.ids) for pieces in batch)
        ids = np.zeros((len(batch), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, pieces in enumerate(batch):
            ids[row, : len(pieces.ids)] = pieces.ids
            mask[row, : len(pieces.ids)] = 1
        stance_logits, span_logits = self._session.run(
            ["stance_logits", "span_logits"], {"input_ids": ids, "attention_mask": mask}
        )
        return [
            (decode.probabilities(found), spans[pieces.first])
            for found, spans, pieces in zip(stance_logits, span_logits, batch, strict=True)
        ]

    def _sentence(
        self,
        text: str,
        start: int,
        end: int,
        pieces: Pieces,
        probabilities: NDArray[np.float32],
        span_logits: NDArray[np.float32],
    ) -> TaggedSentence:
        sentence = text[start:end]
        found = decode.scores(probabilities)
        label = decode.label(found, self.thresholds)
        stances = decode.stances(
            sentence, pieces.words, found, span_logits, self._transitions, self.thresholds
        )
        return TaggedSentence(
            sentence, start, end, label, found[label], found,
            tuple(_placed(stance, start) for stance in stances),
        )  # fmt: skip


@overload
def predict(text: str, *, split: bool = True) -> list[TaggedSentence]: ...  # type: ignore[overload-overlap]
@overload
def predict(text: Iterable[str], *, split: bool = True) -> list[list[TaggedSentence]]: ...
def predict(
    text: str | Iterable[str], *, split: bool = True
) -> list[TaggedSentence] | list[list[TaggedSentence]]:
    """Tags an article or sentence, or many, with the model in use.

    See `Tagger.predict`. The model is loaded at the first call.
    """
    return loaded().predict(text, split=split)


@cache
def loaded(model: str | None = None) -> Tagger:
    """The tagger of a model folder or kept version, or of the model in use, loaded once."""
    return Tagger.load(model and find(model))


def _session(model: Path) -> Any:
    """An ONNX Runtime session for one core."""
    import onnxruntime  # heavy: only once something is tagged

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the cores work on a sentence each
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(model), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOW_FUSIONS
    )


def _gathered(
    batches: Sequence[Sequence[int]], runs: Sequence[Future[list[_Result]]]
) -> dict[int, _Result]:
    """What runs gave, once all are done, by the number of the sentence."""
    results: dict[int, _Result] = {}
    for batch, run in zip(batches, runs, strict=True):
        results.update(zip(batch, run.result(), strict=True))
    return results


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of sentences, grouped by length into batches of some `_BATCH_PIECES` pieces."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[i] > _BATCH_PIECES:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration of a model folder whose files are all there and unchanged.

    Raises ModelError where they are not, or are not for this version.
    """
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: no such model folder; a model of the Hugging Face hub is fetched and made "
            f"ready by: stancewire export {folder.as_posix()} -o FOLDER"
            if len(folder.parts) == 2 and not folder.parent.exists()
            else f"{folder}: no such model folder; models that are kept: "
            + ", ".join(version.name for version in versions())
        )
    if _is_float(folder):
        raise ModelError(
            f"{folder}: holds weights in Hugging Face's form; to tag with them, first run: "
            f"stancewire export {folder}"
        )
    missing = [
        name
        for name in ("config.json", "model.onnx", "tokenizer.json")
        if not (folder / name).is_file()
    ]
    if missing:
        raise ModelError(f"{folder}: not a stancewire model, {', '.join(missing)} is missing")
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config["format"] != FORMAT:
            raise ModelError(
                f"{folder}: is a model of format {config['format']}, this stancewire reads format "
                f"{FORMAT}; update stancewire, or train the model anew"
            )
        channels, hashes = config["channels"], config["sha256"]
        pieces, steps = int(config["max_pieces"]), np.shape(config["transitions"])
    except ModelError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'config.json'}: is damaged ({error!r})") from None
    if [tuple(channel) for channel in channels] != list(CHANNELS):
        raise ModelError(f"{folder}: was trained for other stances or roles: {channels}")
    if pieces <= 2 or steps != (len(CHANNELS), 3, 3):
        raise ModelError(
            f"{folder / 'config.json'}: `max_pieces` must be over 2 and `transitions` (8, 3, 3)"
        )
    if set(config.get("thresholds", ())) != set(STANCES):
        raise ModelError(f"{folder / 'config.json'}: `thresholds` must name {', '.join(STANCES)}")
    for name, expected in hashes.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != expected:
            raise ModelError(
                f"{folder / name}: is not the file that training wrote "
                f"(sha256 {found[:12]}…, expected {expected[:12]}…); install the model again"
            )
    return config


def _is_float(folder: Path) -> bool:
    """Whether a folder is as a training run saves float weights, and was not exported since."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and (
        config.get("model_type") == MODEL_TYPE
        and not ("format" in config and (folder / "model.onnx").is_file())
    )


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sentence_bounds(text: str, split: bool = True) -> list[Bounds]:
    """(start, end) of the sentences to tag in a text; with `split=False`, of all of it."""
    return split_sentences(text) if split else _checked(text, [(0, len(text))])


def _several(texts: Iterable[str]) -> Iterable[str]:
    """The texts as they are, unless each letter or each column's name would pass for a text."""
    kind = type(texts).__name__
    if isinstance(texts, str):
        raise TypeError("stream() takes several texts; give [text], or predict() the one")
    if is_table(texts):
        raise TypeError(f'takes texts or a column of them, as table["text"], not a whole {kind}')
    if isinstance(texts, bytes | bytearray) or not isinstance(texts, Iterable):
        raise TypeError(f"takes a string or strings, not {kind}")
    return texts


def is_table(texts: object) -> bool:
    """Whether it is a table, that would give its columns' names where texts are meant."""
    return isinstance(texts, Mapping) or hasattr(texts, "columns")


def _divided(texts: Iterable[str], split: bool) -> Iterator[tuple[str, list[Bounds]]]:
    """Each text with the bounds of its sentences."""
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"takes strings, not {type(text).__name__} (text {number}, from 0)")
        yield text, sentence_bounds(text, split)


def _checked(text: str, bounds: Iterable[Bounds]) -> list[Bounds]:
    """The bounds of sentences that are given, without outer space and those that are blank."""
    kept, last = [], 0
    for start, end in bounds:
        if not last <= start <= end <= len(text):
            raise ValueError(
                f"sentence {start} to {end} must be behind the one before it, which ends at "
                f"{last}, and within the text, which ends at {len(text)}"
            )
        last = end
        first, behind = strip(text, start, end)
        if first < behind:
            kept.append((first, behind))
    return kept


def with_resolved(text: str, sentences: list[TaggedSentence]) -> list[TaggedSentence]:
    """The sentences of an article, their sources with the fuller names that they go back to."""
    from .resolve import resolve  # `Tagger.load` has read it by now

    spans = [
        span for sentence in sentences for stance in sentence.stances for span in stance.source
    ]
    found = iter(resolve(text, [(s.start, s.end) for s in sentences],
                         [(span.start, span.end) for span in spans]))  # fmt: skip
    return [
        replace(
            sentence,
            stances=tuple(
                replace(
                    stance,
                    source=tuple(replace(span, resolved=next(found)) for span in stance.source),
                )
                for stance in sentence.stances
            ),
        )
        if sentence.stances
        else sentence
        for sentence in sentences
    ]


def _placed(stance: Stance, by: int) -> Stance:
    """The stance with its spans indexing the whole text, and with the parties they name."""
    roles = PARTY_ROLES if stance.stance != "denies" else ("source",)  # its target is a deed

    def moved(role: str) -> tuple[Span, ...]:
        return tuple(
            Span(span.text, span.start + by, span.end + by,
                 party(span.text) if role in roles else None)
            for span in getattr(stance, role)
        )  # fmt: skip

    return Stance(stance.stance, stance.score, *map(moved, ROLES))
