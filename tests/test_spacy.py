"""Stances in a spaCy pipeline: the tagger's own, at its offsets, wherever a Doc goes."""

import json
import pickle
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

spacy = pytest.importorskip("spacy")

from spacy import displacy  # noqa: E402
from spacy.language import Language  # noqa: E402
from spacy.tokens import Doc, DocBin  # noqa: E402
from stancewire import ROLES, Stance, Tagger  # noqa: E402
from stancewire.model import FOLDER  # noqa: E402
from stancewire.sentences import split_sentences  # noqa: E402
from stancewire.tagger import ModelError  # noqa: E402

TEXTS = [
    "Oslo accused Moscow of jamming signals. It rained. Tehran's envoy didn't deny it.",
    "",
    " \n\n",
    "The talks will resume in Lisbon on Tuesday.",
    "\n\nOn Monday the minister, Anna Petrova, met reporters.  \n\n She denied taking bribes.\n\n",
    "Ostrava Nova denied laying mines. “The U.N.-backed office warned Lima of a flood,” it said.",
]


@Language.component("stancewire_split")
def own_split(doc: Doc) -> Doc:
    """Our splitter's bounds, as far as they are bounds of tokens; what is between goes before."""
    starts = {start for start, _ in split_sentences(doc.text)}
    for token in doc[1:]:
        token.is_sent_start = token.idx in starts
    return doc


@pytest.fixture(scope="module")
def nlp() -> Any:
    made = spacy.blank("en")
    made.add_pipe("sentencizer")
    made.add_pipe("stancewire")
    return made


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load()


def all_of(doc: Doc) -> tuple[Any, ...]:
    spans = [
        (span.start, span.end, span.label_, span.kb_id_, span.id_)
        for span in doc.spans["stancewire"]
    ]
    return doc.text, doc._.stances, spans, [sent._.stances for sent in doc.sents]


def test_works_without_an_import_of_stancewire(nlp: Any) -> None:
    doc = nlp(TEXTS[0])
    (stance, *_) = doc._.stances
    assert isinstance(stance, Stance)
    assert (stance.stance, stance.source[0].text, stance.target[0].text) == (
        "accuses", "Oslo", "Moscow",
    )  # fmt: skip
    first = [(s.text, s.label_, s.kb_id_) for s in doc.spans["stancewire"] if s.id_ == "0"]
    assert first == [
        ("Oslo", "accuses:source", "NOR"),
        ("Moscow", "accuses:target", "RUS"),
        ("jamming signals", "accuses:claim", ""),
    ]
    assert [len(sent._.stances) > 0 for sent in doc.sents][:2] == [True, False]
    assert doc[:]._.stances == doc._.stances


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_and_tokens(nlp: Any, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert sum((sent._.stances for sent in doc.sents), ()) == doc._.stances
    groups = list(doc.spans["stancewire"])
    for number, stance in enumerate(doc._.stances):
        for role in ROLES:
            spans = getattr(stance, role)
            label = f"{stance.stance}:{role}"
            grouped = [s for s in groups if s.id_ == str(number) and s.label_ == label]
            for span, tokens in zip(spans, grouped, strict=True):
                assert text[span.start : span.end] == span.text
                assert tokens.start_char <= span.start < span.end <= tokens.end_char
                # no wider than the tokens that it has a part in
                assert span.start < doc[tokens.start].idx + len(doc[tokens.start])
                assert doc[tokens.end - 1].idx < span.end


def test_as_the_tagger_where_sentences_are_the_same(tagger: Tagger, examples: Path) -> None:
    blank = spacy.blank("xx")  # another language's pipeline, another tokenizer
    blank.add_pipe("stancewire_split")
    blank.add_pipe("stancewire")
    resolved = 0
    for name in ("strait.txt", "dam.txt"):
        text = (examples / name).read_text(encoding="utf-8")
        doc = blank(text)
        tagged = tagger.predict(text)
        assert [text[s.start : s.end] for s in tagged] == [str(s).strip() for s in doc.sents]
        assert doc._.stances == tuple(stance for s in tagged for stance in s.stances)
        resolved += sum(
            span.resolved is not None for stance in doc._.stances for span in stance.source
        )
    assert resolved


def test_pronouns_go_back_to_names_of_the_doc(nlp: Any) -> None:
    doc = nlp(TEXTS[4])
    ((stance,),) = [s._.stances for s in doc.sents if s._.stances]
    assert stance.source[0].text == "She"
    fuller = stance.source[0].resolved
    assert fuller.text == "Anna Petrova"
    assert doc.text[fuller.start : fuller.end] == fuller.text
    assert fuller.text in list(doc.sents)[fuller.sentence].text  # blank sentences count


@pytest.mark.parametrize("batch_size", [1, 4, 1000])
def test_pipe_gives_the_same(nlp: Any, batch_size: int) -> None:
    texts = TEXTS * 3
    one_by_one = [all_of(nlp(text)) for text in texts]
    assert [all_of(doc) for doc in nlp.pipe(texts, batch_size=batch_size)] == one_by_one


def test_two_processes_give_the_same(nlp: Any) -> None:
    expected = [all_of(nlp(text)) for text in TEXTS]
    assert [all_of(doc) for doc in nlp.pipe(TEXTS, n_process=2, batch_size=2)] == expected


def test_component_goes_to_another_process(nlp: Any) -> None:
    """As it must where processes are spawned, not forked."""
    nlp(TEXTS[0])
    made = nlp.get_pipe("stancewire")
    made.set_error_handler(print)
    component = pickle.loads(pickle.dumps(made))
    del made.error_handler
    assert component.get_error_handler() is print
    assert "_tagger" not in vars(component)
    assert all_of(component(nlp.make_doc("Oslo")))[1:] == ((), [], [()])


def test_doc_goes_anywhere(nlp: Any) -> None:
    docs = [nlp(text) for text in TEXTS]
    expected = [all_of(doc) for doc in docs]
    packed = DocBin(docs=docs, store_user_data=True).to_bytes()
    vocab = spacy.blank("en").vocab
    assert [all_of(doc) for doc in DocBin().from_bytes(packed).get_docs(vocab)] == expected
    assert [all_of(Doc(vocab).from_bytes(doc.to_bytes())) for doc in docs] == expected
    assert [all_of(pickle.loads(pickle.dumps(doc))) for doc in docs] == expected
    assert [all_of(doc.copy()) for doc in docs] == expected
    told = json.loads(json.dumps(docs[0].to_json(underscore=["stance_records"])))
    assert told["_"]["stance_records"][0]["stances"][0]["stance"] == "accuses"
    assert nlp.make_doc(TEXTS[0])._.stances == ()  # not tagged


def test_pipeline_saved_and_loaded(nlp: Any, tmp_path: Path) -> None:
    expected = [all_of(nlp(text)) for text in TEXTS]
    nlp.to_disk(tmp_path / "in use")
    assert not (tmp_path / "in use" / "stancewire").exists()
    assert [all_of(doc) for doc in spacy.load(tmp_path / "in use").pipe(TEXTS)] == expected
    again = spacy.blank("en").from_config(nlp.config)
    assert [all_of(doc) for doc in again.pipe(TEXTS)] == expected

    own = tmp_path / "own"
    shutil.copytree(FOLDER, own, ignore=shutil.ignore_patterns("__pycache__"))
    made = spacy.blank("en")
    made.add_pipe("sentencizer")
    config = {"model": str(own), "threads": 1, "spans_key": "claims"}
    made.add_pipe("stancewire", name="who", config=config)
    assert made.config["components"]["who"] == {"factory": "stancewire", **config}
    made.to_disk(tmp_path / "first")
    shutil.rmtree(own)  # the saved pipeline has a copy
    loaded = spacy.load(tmp_path / "first")
    loaded.to_disk(tmp_path / "first")  # over itself
    loaded.to_disk(tmp_path / "second")
    doc = spacy.load(tmp_path / "second")(TEXTS[0])
    assert doc._.stances == expected[0][1]
    assert len(doc.spans["claims"]) == len(expected[0][2])
    with pytest.raises(ModelError, match="no such model folder"):
        made(TEXTS[0])


def test_sentence_boundaries_are_missing(nlp: Any) -> None:
    made = spacy.blank("en")
    made.add_pipe("stancewire")
    with pytest.raises(ValueError, match=r'nlp.add_pipe\("sentencizer", before="stancewire"\)'):
        made(TEXTS[0])
    with pytest.raises(ValueError, match="no sentence boundaries"):
        list(made.pipe(TEXTS))
    assert made("")._.stances == ()
    assert made("Oslo")._.stances == ()  # a word is a sentence

    failed = []
    made.set_error_handler(lambda _name, _pipe, docs, error: failed.append((docs, error)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        docs = list(made.pipe(["", TEXTS[0], "Oslo"]))
    assert [doc.text for doc in docs] == ["", "Oslo"]
    ((bad,), error) = failed[0]
    assert bad.text == TEXTS[0]
    assert isinstance(error, ValueError)


def test_displacy_shows_the_spans_in_colour(nlp: Any) -> None:
    doc = nlp(TEXTS[0])
    html = displacy.render(
        doc, style="span", options={"spans_key": "stancewire"}, jupyter=False, page=False
    )
    assert "accuses:source" in html
    assert "#ff9b70" in html
    assert "NOR" in html


def test_stream_split_takes_bounds_as_they_are(tagger: Tagger) -> None:
    text = "  Tehran denied it.  It rained. \n"
    bounds = [(0, 20), (20, 21), (21, len(text))]
    (tagged,) = tagger.stream_split([(text, bounds)])
    assert [(s.text, s.label) for s in tagged] == [
        ("Tehran denied it.", "denies"), ("It rained.", "neutral"),
    ]  # fmt: skip
    assert all(text[s.start : s.end] == s.text for s in tagged)
    for wrong in ([(0, 9), (8, 12)], [(0, 99)], [(5, 3)], [(-1, 3)]):
        with pytest.raises(ValueError, match="must be behind the one before it"):
            list(tagger.stream_split([(text, wrong)]))
