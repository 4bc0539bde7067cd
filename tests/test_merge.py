"""Several annotators: majority, conflicts, agreement."""

import pytest
from stancewire.labels import LabelledSentence, LabelledStance
from stancewire.training.merge import conflict_rows, krippendorff_alpha, merge
from stancewire.training.tasks import Reading
from stancewire.types import Span

TEXT = "The ministry in Oslo accused the Riga docks of fraud."


def reading(who: str, *stances: LabelledStance, text: str = TEXT) -> Reading:
    sentence = LabelledSentence(text, stances, "a:0", f"{who}.jsonl:1", {"article": "a"})
    return Reading(sentence, who)


def accuses(**parts: str | None) -> LabelledStance:
    spans = {}
    for role in ("source", "target", "claim"):
        words = parts.get(role)
        place = TEXT.index(words) if words else 0
        spans[role] = (Span(words, place, place + len(words)),) if words else ()
    return LabelledStance("accuses", spans)


def test_one_annotator_is_taken_as_he_is() -> None:
    merged = merge([reading("anna", accuses(source="The ministry"))])
    (sentence,) = merged.sentences
    assert sentence.stances[0].spans["source"][0].text == "The ministry"
    assert sentence.more == {"article": "a", "annotators": ["anna"]}
    assert merged.agreement.sentences == 0
    assert merged.agreement.alpha["accuses"] is None


def test_two_against_one() -> None:
    merged = merge(
        [
            reading("anna", accuses(source="The ministry", target="Riga docks", claim="fraud")),
            reading("bob", accuses(source="ministry", target="Riga docks")),
            reading("cem"),
        ]
    )
    (sentence,) = merged.sentences
    (stance,) = sentence.stances
    assert stance.spans["source"] == (Span("ministry", 4, 12),)  # the article aside
    assert stance.spans["target"][0].text == "Riga docks"
    assert "claim" not in stance.spans  # one of two: not annotated
    assert [conflict.about for conflict in merged.conflicts] == ["accuses claim"]
    assert merged.undecided == {}
    assert sentence.more["annotators"] == ["anna", "bob", "cem"]
    kept = {one["annotator"]: len(one["stances"]) for one in sentence.more["readings"]}
    assert kept == {"anna": 1, "bob": 1, "cem": 0}


def test_majority_decides_and_is_counted() -> None:
    merged = merge([reading(who, accuses(target="Riga")) for who in ("anna", "bob")]
                   + [reading("cem", accuses(target="docks"))])  # fmt: skip
    assert merged.sentences[0].stances[0].spans["target"][0].text == "Riga"
    assert (merged.conflicts, merged.outvoted) == ([], 1)


def test_a_tie_leaves_the_sentence_to_somebody_else() -> None:
    merged = merge([reading("anna", accuses(target="Riga")), reading("bob")])
    assert merged.sentences == []
    (conflict,) = merged.conflicts
    assert str(conflict) == f"anna.jsonl:1: accuses: anna yes, bob no: {TEXT}"
    (row,) = conflict_rows(merged)
    assert row["text"] == TEXT
    assert row["guess"] is None
    assert "stances" not in row
    assert [one["annotator"] for one in row["readings"]] == ["anna", "bob"]


def test_three_who_agree_on_the_place_but_on_no_span() -> None:
    spans = ("ministry", "ministry in Oslo", "Oslo")
    merged = merge([reading(str(i), accuses(source=words)) for i, words in enumerate(spans)])
    assert "source" not in merged.sentences[0].stances[0].spans
    (conflict,) = merged.conflicts
    assert "0 'ministry', 1 'ministry in Oslo', 2 'Oslo'" in str(conflict)


def test_a_span_of_one_in_three_is_outvoted() -> None:
    merged = merge(
        [
            reading("anna", accuses(claim="fraud")),
            reading("bob", accuses()),
            reading("c", accuses()),
        ]
    )
    assert merged.sentences[0].stances[0].spans["claim"] == ()
    assert merged.conflicts == []


def test_who_labels_twice_has_one_vote_or_none() -> None:
    same = [reading("anna", accuses()), reading("anna", accuses()), reading("bob")]
    assert len(merge(same).undecided) == 1  # one vote each, not two against one
    changed = [reading("anna", accuses()), reading("anna"), reading("bob")]
    merged = merge(changed)
    assert merged.sentences[0].labels == set()
    assert [conflict.about for conflict in merged.conflicts] == ["labelled twice"]
    alone = merge([reading("anna", accuses()), reading("anna")])
    assert (alone.sentences, list(alone.undecided)) == ([], [TEXT])


def test_agreement() -> None:
    texts = [f"{TEXT} {i}" for i in range(4)]
    both = [
        reading(who, accuses(source="ministry", target=target), text=text)
        for text in texts[:2]
        for who, target in (("anna", "Riga"), ("bob", "Riga docks"))
    ]
    neutral = [reading(who, text=text) for text in texts[2:] for who in ("anna", "bob")]
    found = merge([*both, *neutral]).agreement
    assert found.sentences == 4
    assert found.alpha["accuses"] == found.alpha["neutral"] == pytest.approx(1.0)
    assert found.alpha["warns"] is None  # nobody warned of anything
    assert found.spans == {"source": 1.0, "target": 0.0, "claim": None}


def test_a_part_that_nobody_was_asked_for_is_no_disagreement() -> None:
    all_parts = accuses(source="ministry", target="Riga")
    target = LabelledStance("accuses", {"target": all_parts.spans["target"]})
    found = merge([reading("anna", all_parts), reading("bob", target)]).agreement
    assert found.spans == {"source": None, "target": 1.0, "claim": None}


def test_alpha_of_the_published_examples() -> None:
    # Krippendorff 2011: B (two observers, binary), C (four observers, missing data)
    two = zip([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0], strict=True)
    assert krippendorff_alpha(list(two)) == pytest.approx(0.095, abs=5e-4)
    rows = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    units = [[value for value in unit if value != "."] for unit in zip(*rows, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) is None
    assert krippendorff_alpha([["a"], ["b"]]) is None
