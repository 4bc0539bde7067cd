import pytest
from stancewire.labels import read_row
from stancewire.scoring import evaluate, span_words
from stancewire.types import Span, Stance, TaggedSentence


def tagged(text: str, *stances: Stance) -> TaggedSentence:
    label = stances[0].stance if stances else "neutral"
    return TaggedSentence(text, 0, len(text), label, 0.9, {}, stances)


def span(text: str) -> tuple[Span, ...]:
    return (Span(text, 0, len(text)),)


def gold(text: str, *stances: dict[str, object]):
    return read_row({"text": text, "stances": list(stances)})


def test_articles_marks_case_and_possessives_do_not_count() -> None:
    assert span_words("the White House's") == span_words("“white house”") == ("white", "house")
    assert span_words("U.S.") != span_words("Russia")
    for one, two in (("Iran.", "Iran"), ("Halcyon Co.", "Halcyon Co"), ("to talks …", "to talks")):
        assert span_words(one) == span_words(two)


def test_worked_example() -> None:
    right = [
        gold("A accused B of theft and murder.", {
            "stance": "accuses", "source": ["A"], "target": ["B"], "claim": ["theft and murder"]}),
        gold("C denied it.", {"stance": "denies", "source": ["C"], "target": ["it"]}),
        gold("It rained."),
        gold("D warned E.", {"stance": "warns", "source": ["D"], "target": ["E"], "claim": []}),
    ]  # fmt: skip
    guess = [
        tagged(right[0].text, Stance("accuses", 0.9, span("A"), span("theft"), span("theft"))),
        tagged(right[1].text, Stance("denies", 0.9, span("C"), span("it"))),
        tagged(right[2].text, Stance("accuses", 0.9, span("It"))),
        tagged(right[3].text),
    ]
    result = evaluate(right, guess)
    assert result.labels["accuses"].precision == 0.5
    assert result.labels["accuses"].recall == 1.0
    assert result.labels["denies"].f1 == 1.0
    assert result.labels["warns"].f1 == 0.0
    assert result.labels["neutral"].f1 == 0.0
    assert result.macro_f1 == pytest.approx((2 / 3 + 1 + 0 + 0) / 4)
    # source: A and C right, "It" wrong, D missed
    assert result.exact["source"].precision == pytest.approx(2 / 3)
    assert result.exact["source"].recall == pytest.approx(2 / 3)
    # claim: "theft" against "theft and murder" shares one of one and of three words
    assert result.exact["claim"].f1 == 0.0
    assert result.overlap["claim"].f1 == pytest.approx(0.5)
    assert result.exact["target"].support == 3
    assert result.to_dict()["source_exact_recall"] == pytest.approx(2 / 3)


def test_a_span_of_another_stance_does_not_count() -> None:
    right = [gold("A warned B.", {"stance": "warns", "source": ["A"], "target": [], "claim": []})]
    guess = [tagged("A warned B.", Stance("accuses", 0.9, span("A")))]
    assert evaluate(right, guess).exact["source"].f1 == 0.0


def test_roles_that_nobody_annotated_are_left_out() -> None:
    right = [gold("A warned B.", {"stance": "warns", "target": ["B"]})]
    guess = [tagged("A warned B.", Stance("warns", 0.9, span("A"), span("B")))]
    result = evaluate(right, guess)
    assert result.exact["source"].support == 0
    assert result.exact["source"].precision == 0.0
    assert result.exact["target"].f1 == 1.0


def test_each_stance_of_two_with_one_role_each() -> None:
    right = [gold("A warned B.", {"stance": "warns", "target": ["B"]},
                  {"stance": "warns", "source": ["A"]})]  # fmt: skip
    guess = [tagged("A warned B.", Stance("warns", 0.9, span("A"), span("B")))]
    result = evaluate(right, guess)
    assert result.exact["target"].support == 0
    assert result.exact["source"].support == 0


def test_labels_that_occur_nowhere_do_not_count() -> None:
    right = [gold("A warned B.", {"stance": "warns", "source": ["A"]}), gold("It rained.")]
    guess = [tagged("A warned B.", Stance("warns", 0.9, span("A"))), tagged("It rained.")]
    assert evaluate(right, guess).macro_f1 == 1.0


def test_lengths_must_match() -> None:
    with pytest.raises(ValueError, match="1 labelled sentences but 0"):
        evaluate([gold("It rained.")], [])
