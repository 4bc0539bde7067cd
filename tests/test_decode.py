import itertools

import numpy as np
import pytest
from stancewire import decode
from stancewire.types import CHANNELS, Span
from stancewire.words import word_spans

STEPS = np.zeros((len(CHANNELS), 3, 3), np.float32)
EVEN = {"accuses": 0.5, "denies": 0.5, "warns": 0.5}


def legal(tags: tuple[int, ...]) -> bool:
    return tags[0] != decode.INSIDE and all(
        not (before == decode.OUT and tag == decode.INSIDE)
        for before, tag in itertools.pairwise(tags)
    )


def test_best_tags_is_the_best_of_all_legal_sequences() -> None:
    rng = np.random.default_rng(0)
    single, expected = np.array([False, True, True]), np.array([0.0, 0.0, 1e3])
    for words in (1, 2, 5):
        every = [t for t in itertools.product(range(3), repeat=words) if legal(t)]
        few = [t for t in every if t.count(decode.BEGIN) <= 1]
        one = [t for t in few if decode.BEGIN in t]
        for _ in range(50):
            logits = rng.normal(size=(words, 3, 3)).astype(np.float32)
            steps = rng.normal(size=(3, 3, 3)).astype(np.float32)
            found = decode.best_tags(logits, steps, single, expected)
            for channel, allowed in enumerate((every, few, one)):

                def worth(
                    tags: tuple[int, ...], logits=logits[:, channel], steps=steps[channel]
                ) -> float:
                    return sum(logits[i, tag] for i, tag in enumerate(tags)) + sum(
                        steps[pair] for pair in itertools.pairwise(tags)
                    )

                assert tuple(found[:, channel].tolist()) == max(allowed, key=worth)


def test_no_words_no_spans() -> None:
    none = np.zeros((0, len(CHANNELS), 3), np.float32)
    for stance in decode.stances("", [], dict.fromkeys(EVEN, 0.9), none, STEPS, EVEN):
        assert stance.source == stance.target == stance.claim == ()


def test_runs() -> None:
    assert decode.tag_runs([0, 1, 2, 0, 1, 1, 2]) == [(1, 3), (4, 5), (5, 7)]


def test_scores_and_label() -> None:
    found = decode.scores(np.array([0.6, 0.9, 0.1], np.float32))
    assert found["neutral"] == pytest.approx(0.4 * 0.1 * 0.9)
    assert decode.label(found, EVEN) == "denies"
    assert decode.label(found, {**EVEN, "denies": 0.95}) == "accuses"
    assert decode.label(found, dict.fromkeys(EVEN, 0.95)) == "neutral"
    # the strongest over its own threshold, not the strongest of all
    assert decode.label(found, {"accuses": 0.3, "denies": 0.92, "warns": 0.05}) == "accuses"


def test_one_party_can_be_target_and_source() -> None:
    text = "Accused by Manila of ramming a boat, Beijing denied it."
    words = word_spans(text)
    at = {text[a:b]: i for i, (a, b) in enumerate(words)}
    logits = np.zeros((len(words), len(CHANNELS), 3), np.float32)
    logits[..., decode.OUT] = 5

    def plant(stance: str, role: str, first: str, last: str) -> None:
        channel = CHANNELS.index((stance, role))
        for i in range(at[first], at[last] + 1):
            logits[i, channel, decode.BEGIN if i == at[first] else decode.INSIDE] = 10

    plant("accuses", "source", "Manila", "Manila")
    plant("accuses", "target", "Beijing", "Beijing")
    plant("accuses", "claim", "ramming", "boat")
    plant("denies", "source", "Beijing", "Beijing")
    plant("denies", "target", "it", ".")
    plant("warns", "source", "Manila", "Manila")
    found = decode.scores(np.array([0.7, 0.9, 0.2], np.float32))
    denies, accuses = decode.stances(text, words, found, logits, STEPS, EVEN)
    assert (denies.stance, accuses.stance) == ("denies", "accuses")
    assert accuses.source == (Span("Manila", 11, 17),)
    assert accuses.target == denies.source == (Span("Beijing", 37, 44),)
    assert accuses.claim == (Span("ramming a boat", 21, 35),)
    assert [span.text for span in denies.target] == ["it"]
    assert denies.claim == ()


def test_only_the_surest_claim_is_kept() -> None:
    text = "theft and murder"
    logits = np.zeros((3, len(CHANNELS), 3), np.float32)
    logits[..., decode.BEGIN] = np.array([2, -9, 7])[:, None]
    found = {"accuses": 0.9, "denies": 0.1, "warns": 0.1}
    (accuses,) = decode.stances(text, word_spans(text), found, logits, STEPS, EVEN)
    assert [s.text for s in accuses.target] == ["theft", "murder"]
    assert [s.text for s in accuses.claim] == ["murder"]


def test_who_denies_denies_something() -> None:
    text = "Seoul denied the leak"
    words = word_spans(text)
    logits = np.zeros((len(words), len(CHANNELS), 3), np.float32)
    logits[..., decode.OUT] = 9
    found = {"accuses": 0.9, "denies": 0.9, "warns": 0.1}
    for doubt, spans in ((2.9, ["leak"]), (3.1, [])):  # log odds of "none" against "leak"
        logits[3, :, decode.BEGIN] = 9 - doubt
        denies, accuses = sorted(
            decode.stances(text, words, found, logits, STEPS, EVEN), key=lambda s: -len(s.target)
        )
        assert [span.text for span in denies.target] == spans
        assert accuses.target == ()  # an accusation may name nobody
