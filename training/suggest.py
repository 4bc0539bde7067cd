"""Which sentences of many articles to label, so that the model learns most from them.

In the manner of filtered active submodular selection (Wei, Iyer and Bilmes 2015, "Submodularity
in data subset selection and active learning"): the most uncertain sentences are kept, and among
them those are picked one by one that add most to

    f(picked) = sum over features of sqrt(sum over picked of (uncertainty * share) ** 2),

where the features of a sentence are its words (shares by tf-idf), its article, and the source
that the article comes from. What has been picked often adds little, so picks are unlike each
other and come from many places. Greedy picking comes within 1 - 1/e of the best (Nemhauser,
Wolsey and Fisher 1978) and need not look at every sentence again for each pick (Minoux 1978,
"Accelerated greedy algorithms"). Each stance gets picks by the square root of the uncertainty
that there is about it, so that denials are not lost among accusations (as Mahajan et al. 2018,
"Exploring the limits of weakly supervised pretraining", sample rare tags).

Uncertainty is nearness to a stance's threshold (Lewis and Gale 1994, "A sequential algorithm for
training text classifiers"): 1 on it, 0 where the model is sure. What it misses while being sure
cannot be found that way (Attenberg and Provost 2010, "Why label when you can search?"), so a
fifth of the picks are sentences that it calls neutral whatever their scores, picked for being
unlike the others alone.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from stancewire import seeds
from stancewire.documents import Article
from stancewire.labels import LabelledStance
from stancewire.language import looks_english
from stancewire.tagger import Tagger
from stancewire.types import CHANNELS, NEUTRAL, ROLES, STANCES, Span, TaggedSentence

from .tasks import Task

# The part of the picks that the model calls neutral and need not be uncertain about.
NEUTRAL_SHARE = 0.2
# So many sentences are kept for each one to pick; bounds memory and time.
_KEPT = 20
# Fewer words are no sentence to label; more are no work for one sitting.
_WORDS = range(6, 101)
# A shorter sentence has less in it that the model could miss.
_FULL = 25
# Two sentences are near duplicates where one has at least this part of its runs of three
# words in common with the other.
_NEAR = 0.5
# What of a sentence's worth falls to its words, its article and the article's source.
_SHARES = {"words": 0.5, "article": 0.3, "source": 0.2}


@dataclass(frozen=True)
class _Candidate:
    """A sentence that may be picked; `near` is the stance whose threshold it is nearest to."""

    article: Article
    sentence: TaggedSentence
    uncertainty: float
    near: str


def suggest(
    articles: Iterable[Article | str],
    n: int = 200,
    *,
    tagger: Tagger | None = None,
    known: Iterable[str] = (),
    split: bool = True,
    left_out: Counter[str] | None = None,
) -> list[Task]:
    """The `n` sentences to label first, best first, with the model's guess; fewer if there are.

    `known` are sentences that are labelled already, besides the seeds. With `split=False` each
    article is one sentence. `left_out` counts what was passed over, by reason. The `about` of
    a task has `id, article, start, end` (the sentence is `text[start:end]` of the article),
    `title` and `date` where they are known, the model's `scores`, `why` it was picked, and
    the beginning of the `model`'s sha256. Memory is bounded by `n`, but for a number a
    sentence. Raises ValueError for an `n` under 1.
    """
    if n < 1:
        raise ValueError(f"{n} sentences cannot be suggested")
    tagger = tagger or Tagger.load()
    left_out = Counter() if left_out is None else left_out
    taken = {_key(text) for text in known} | {_key(one.text) for one in seeds.load()}
    found = _candidates(articles, tagger, split, taken, left_out)
    uncertain, neutral = _kept(found, n * _KEPT)
    pool = list({id(one): one for one in (*uncertain, *neutral)}.values())
    worth = np.array([one.uncertainty for one in pool])
    full = np.array([min(1.0, len(_words(one.sentence.text)) / _FULL) for one in pool])
    pick = _picker(pool)
    blind_count = round(n * NEUTRAL_SHARE)
    parts = [
        pick((i for i, one in enumerate(pool) if one.near == stance), worth, count)
        for stance, count in _counts(pool, n - blind_count).items()
    ]
    done = set(chain(*parts))
    sample = {id(one) for one in neutral}
    blind = pick(
        (i for i, one in enumerate(pool) if id(one) in sample and i not in done), full, blind_count
    )
    done.update(blind)
    rest = (i for i in range(len(pool)) if i not in done)
    parts.append(pick(rest, worth, n - len(done)))
    return [_task(pool[i], i in set(blind), tagger) for i in _mixed(*parts, blind)]


def _counts(pool: Sequence[_Candidate], n: int) -> dict[str, int]:
    """How many of `n` picks each stance gets, by the square root of its uncertainty."""
    roots = {
        stance: math.sqrt(sum(one.uncertainty for one in pool if one.near == stance))
        for stance in STANCES
    }
    total = sum(roots.values()) or 1.0
    return {stance: int(n * root / total) for stance, root in roots.items()}


def _candidates(
    articles: Iterable[Article | str],
    tagger: Tagger,
    split: bool,
    taken: set[int],
    left_out: Counter[str],
) -> Iterator[_Candidate]:
    """The sentences of all articles that may be picked, each once."""
    waiting: deque[Article] = deque()

    def texts() -> Iterator[str]:
        for number, item in enumerate(articles, 1):
            waiting.append(Article(str(number), item) if isinstance(item, str) else item)
            yield waiting[-1].text

    labelled = frozenset(taken)
    for tagged in tagger.stream(texts(), split=split):
        article = waiting.popleft()
        if not looks_english(article.text):
            left_out["not English"] += len(tagged)
            continue
        for sentence in tagged:
            words, key = len(_words(sentence.text)), _key(sentence.text)
            if words not in _WORDS:
                left_out["too short" if words < _WORDS.start else "too long"] += 1
            elif key in taken:
                left_out["labelled already" if key in labelled else "come twice"] += 1
            else:
                taken.add(key)
                near = {s: _nearness(sentence.scores[s], tagger.thresholds[s]) for s in STANCES}
                stance = max(near, key=lambda s: near[s])
                yield _Candidate(article, sentence, near[stance], stance)


def _nearness(score: float, threshold: float) -> float:
    """How near a score is to its threshold: 1 on it, 0 where the score is 0 or 1."""
    whole = threshold if score < threshold else 1 - threshold
    return 1 - abs(score - threshold) / whole if whole else 0.0


def _kept(found: Iterable[_Candidate], count: int) -> tuple[list[_Candidate], list[_Candidate]]:
    """The most uncertain of all candidates, and a random sample of the neutral ones.

    The sample goes by a checksum of the text, so that the same articles give the same one.
    """
    uncertain: list[tuple[float, int, _Candidate]] = []
    neutral: list[tuple[float, int, _Candidate]] = []
    for i, one in enumerate(found):
        _keep(uncertain, (one.uncertainty, -i, one), count)
        if one.sentence.label == NEUTRAL:
            by_chance = -crc32(one.sentence.text.encode("utf-8", errors="replace"))
            _keep(neutral, (by_chance, -i, one), count)
    return _best_first(uncertain), _best_first(neutral)


def _keep(
    heap: list[tuple[float, int, _Candidate]], item: tuple[float, int, _Candidate], count: int
) -> None:
    (heapq.heappush if len(heap) < count else heapq.heappushpop)(heap, item)


def _best_first(heap: list[tuple[float, int, _Candidate]]) -> list[_Candidate]:
    return [one for *_, one in sorted(heap, reverse=True)]


Pick = Callable[[Iterable[int], NDArray[np.float64], int], list[int]]


def _picker(pool: Sequence[_Candidate]) -> Pick:
    """What picks from `pool`: candidates to pick from, their worth (pool,), how many.

    Each call goes on from what the calls before it have picked.
    """
    features, shares = _features(pool)
    sums = np.zeros(1 + max((int(of.max()) for of in features), default=0))
    runs = [_runs(one.sentence.text) for one in pool]
    having: dict[Words, list[int]] = defaultdict(list)  # the picks that a run of words is in

    def gain(i: int, worth: float) -> float:
        before = sums[features[i]]
        return float((np.sqrt(before + (worth * shares[i]) ** 2) - np.sqrt(before)).sum())

    def near_a_pick(i: int) -> bool:
        common = Counter(j for run in runs[i] for j in having.get(run, ()))
        return any(often >= _NEAR * min(len(runs[i]), len(runs[j])) for j, often in common.items())

    def pick(candidates: Iterable[int], worth: NDArray[np.float64], count: int) -> list[int]:
        picked: list[int] = []
        # a gain only shrinks as picks are added: who comes first with a fresh one is the best
        waiting = [(-math.inf, i, -1) for i in candidates]
        heapq.heapify(waiting)
        while waiting and len(picked) < count:
            _, i, fresh = heapq.heappop(waiting)
            if fresh != len(picked):
                if not near_a_pick(i):
                    heapq.heappush(waiting, (-gain(i, worth[i]), i, len(picked)))
                continue
            picked.append(i)
            sums[features[i]] += (worth[i] * shares[i]) ** 2
            for run in runs[i]:
                having[run].append(i)
        return picked

    return pick


def _features(
    pool: Sequence[_Candidate],
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]]:
    """The numbers of each candidate's features, and their shares, which add up to 1."""
    words = [sorted(set(_words(one.sentence.text))) for one in pool]
    often = Counter(word for found in words for word in found)
    numbers: dict[tuple[str, str], int] = {}
    features, shares = [], []
    for one, found in zip(pool, words, strict=True):
        rarity = {("words", word): math.log((1 + len(pool)) / often[word]) for word in found}
        scale = _SHARES["words"] / sum(rarity.values())
        share = {name: scale * rare for name, rare in rarity.items()} | {
            ("article", one.article.name): _SHARES["article"],
            ("source", _source(one.article)): _SHARES["source"],
        }
        features.append(np.array([numbers.setdefault(name, len(numbers)) for name in share]))
        shares.append(np.array(list(share.values())))
    return features, shares


def _source(article: Article) -> str:
    """What an article comes from: the host of its address, its file of rows, its folder."""
    host = urlsplit(article.name).netloc if "://" in article.name else ""
    path, _, row = article.where.rpartition(":")
    return host or (path if row.isdecimal() else str(Path(article.where).parent))


Words = tuple[str, ...]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _runs(text: str) -> set[Words]:
    """The runs of three words in a text."""
    words = _words(text)
    return set(zip(words, words[1:], words[2:], strict=False))


def _key(text: str) -> int:
    """What two sentences share that differ in case, marks and space alone."""
    return hash(" ".join(_words(text)))


def _task(one: _Candidate, blind: bool, tagger: Tagger) -> Task:
    sentence, article = one.sentence, one.article
    score, threshold = sentence.scores[one.near], tagger.thresholds[one.near]
    about = {
        "id": f"{article.name}:{sentence.start}",
        "article": article.name,
        **({} if article.title is None else {"title": article.title}),
        **({} if article.date is None else {"date": article.date}),
        "start": sentence.start,
        "end": sentence.end,
        "scores": {label: round(found, 4) for label, found in sentence.scores.items()},
        "why": "neutral by the model, and unlike the others"
        if blind
        else f"uncertain: {one.near} {score:.2f}, reported from {threshold:.2f}",
        "model": tagger.config["sha256"]["model.onnx"][:12],
    }
    return Task(sentence.text, about, tuple(_guess(sentence)))


def _guess(sentence: TaggedSentence) -> Iterator[LabelledStance]:
    """What the model says, with places in the sentence instead of the article."""
    for found in sentence.stances:
        spans = {
            role: tuple(
                Span(span.text, span.start - sentence.start, span.end - sentence.start)
                for span in getattr(found, role)
            )
            for role in ROLES
            if (found.stance, role) in CHANNELS
        }
        yield LabelledStance(found.stance, spans)


def _mixed(*parts: Sequence[int]) -> list[int]:
    """All parts in their orders, evenly mixed, so that whoever stops early has some of each."""
    places = [(k / len(part), which, i) for which, part in enumerate(parts)
              for k, i in enumerate(part)]  # fmt: skip
    return [i for *_, i in sorted(places)]
