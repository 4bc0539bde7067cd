"""The shipped model through the public interface: what it must get right, and the contract."""

from pathlib import Path

import pytest
from stancewire import Stance, TaggedSentence, Tagger, predict


def parts(stance: Stance) -> tuple[str, list[str], list[str], list[str]]:
    return (
        stance.stance,
        [span.text for span in stance.source],
        [span.text for span in stance.target],
        [span.text for span in stance.claim],
    )


def found(text: str) -> list[tuple[str, list[str], list[str], list[str]]]:
    return [parts(stance) for sentence in predict(text) for stance in sentence.stances]


def article(examples: Path, name: str) -> list[TaggedSentence]:
    return predict((examples / name).read_text(encoding="utf-8"))


def test_plain_sentences() -> None:
    assert found("Calvera accused Ostrava Nova of laying mines in the strait.") == [
        ("accuses", ["Calvera"], ["Ostrava Nova"], ["laying mines in the strait"])
    ]
    assert found("Ostrava Nova has denied laying mines in the strait.") == [
        ("denies", ["Ostrava Nova"], ["laying mines in the strait"], [])
    ]
    assert found("The United Nations warned Calvera that the talks could collapse.") == [
        ("warns", ["United Nations"], ["Calvera"], ["talks could collapse"])
    ]
    assert found("The talks will resume in Lisbon on Tuesday.") == []
    assert found("The court denied bail to the two captains.") == []
    two = found("The United States and Britain accused Iran of arming the rebels.")
    assert two[0][:3] == ("accuses", ["United States", "Britain"], ["Iran"])


def test_strait(examples: Path) -> None:
    tagged = article(examples, "strait.txt")
    by_text = {sentence.text[:24]: sentence for sentence in tagged}
    assert parts(by_text["PORT ANSELM, 14 March — "].stances[0])[:3] == (
        "accuses", ["Republic of Calvera"], ["neighbouring Ostrava Nova"],
    )  # fmt: skip
    assert parts(by_text["Ostrava Nova denied layi"].stances[0]) == (
        "denies", ["Ostrava Nova"], ["laying the mines"], [],
    )  # fmt: skip
    assert parts(by_text["The U.N. maritime office"].stances[0]) == (
        "warns", ["U.N. maritime office in Geneva"], ["shipping companies"],
        ["further incidents could close the strait to tankers within days"],
    )  # fmt: skip
    neutral = ("About 40 vessels pass", "“We go out at night.", "Talks between", "Neither dele",
               "The strait was last closed")  # fmt: skip
    for sentence in tagged:
        if sentence.text.startswith(neutral):
            assert sentence.label == "neutral", sentence.text


def test_dam_and_harbour(examples: Path) -> None:
    dam = [parts(stance)[:2] for s in article(examples, "dam.txt") for stance in s.stances]
    assert ("accuses", ["engineers’ union of the highland province"]) in dam
    assert ("warns", ["Hydrologists at the University of Kesra"]) in dam
    assert any(stance == "denies" for stance, _ in dam)
    assert article(examples, "dam.txt")[-1].label == "neutral"  # neither accepted nor refused


def test_real_articles(shared: Path) -> None:
    """The plain statements of the five real pages, and nothing out of their furniture."""
    texts = {p.name: p.read_text(encoding="utf-8") for p in (shared / "articles").glob("*.txt")}
    assert len(texts) == 5
    stances = []
    for text, tagged in zip(texts.values(), predict(texts.values()), strict=True):
        for sentence in tagged:
            assert text[sentence.start : sentence.end] == sentence.text
            for stance in sentence.stances:
                stances.append((sentence.text, parts(stance)))
                for span in (*stance.source, *stance.target, *stance.claim):
                    assert text[span.start : span.end] == span.text
    for text, _ in stances:
        for mark in ("Milwaukee", "Fresno", "Walmart", "MISS", "Macy", "Milei", "extremism"):
            assert mark not in text
    plain = [p for t, p in stances if t.startswith("Iran has denied providing Russia with weap")]
    assert [p[:2] for p in plain] == [("denies", ["Iran"])]
    formal = [p for t, p in stances if "formally accused Iran on Tuesday" in t]
    assert ("accuses", ["United States", "Britain"], ["Iran"]) in [p[:3] for p in formal]


def test_contract() -> None:
    text = "  Tehran denied arming Moscow. It rained.\n"
    one = predict(text)
    assert [sentence.label for sentence in one] == ["denies", "neutral"]
    for sentence in one:
        assert text[sentence.start : sentence.end] == sentence.text
        assert set(sentence.scores) == {"accuses", "denies", "warns", "neutral"}
        assert sentence.score == sentence.scores[sentence.label]
        assert all(0 <= score <= 1 for score in sentence.scores.values())
        assert sentence.to_dict()["label"] == sentence.label
    assert predict([text, "", text]) == [one, [], one]
    assert predict([]) == []
    (whole,) = predict(text, split=False)
    assert (whole.start, whole.end) == (2, len(text) - 1)
    with pytest.raises(TypeError, match="not int"):
        predict([1])  # type: ignore[list-item]
    for wrong, told in (
        (None, "not NoneType"), (b"bytes", "not bytes"), ({"text": [text]}, "not a whole dict"),
        ([text, None], r"not NoneType \(text 1, from 0\)"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=told):
            predict(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="several texts"):
        Tagger.load().stream(text)


def test_what_stands_beside_a_text_changes_nothing(examples: Path) -> None:
    texts = [p.read_text(encoding="utf-8") for p in sorted(examples.glob("*.txt"))]
    texts += [sentence.text for text in texts for sentence in predict(text)]
    together = predict(texts)
    assert [predict(text) for text in texts] == together
    assert predict(texts[::-1]) == together[::-1]


def test_thresholds_can_be_moved() -> None:
    tagger = Tagger.load()
    text = "Oslo blamed Moscow for jamming signals."
    assert tagger.predict(text)[0].label == "accuses"
    tagger.thresholds["accuses"] = 1.01
    assert tagger.predict(text)[0].label == "neutral"


def test_long_sentence_is_cut_with_a_warning() -> None:
    text = "Oslo blamed Moscow for the fire, " + "and it rained, " * 400 + "and it snowed."
    with pytest.warns(UserWarning, match="longer than the model reads"):
        (sentence,) = predict(text)
    assert sentence.text == text
