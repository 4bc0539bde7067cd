"""Parties: the hard cases, and 470 spans of the seeds that were labelled before any code."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stancewire import Span, Stance, predict
from stancewire.documents import Article
from stancewire.parties import _names, party
from stancewire.records import csv_head, csv_lines, records

ROOT = Path(__file__).parent.parent

STATES = {
    # names, capitals, seats, in any writing
    "Iran": "IRN", "Tehran": "IRN", "tehran": "IRN", "TEHRAN": "IRN", "“Tehran”": "IRN",
    "US": "USA", "U.S.": "USA", "America": "USA", "UK": "GBR", "uk": "GBR", "us officials": "USA",
    "Kremlin": "RUS", "Downing Street": "GBR", "White House": "USA", "Pentagon": "USA",
    "Turkey": "TUR", "Türkiye": "TUR", "Jordan": "JOR", "Georgia": "GEO", "Korea": "KOR",
    "Niger": "NER", "Nigeria": "NGA", "Nigerien junta": "NER", "Nigerian police": "NGA",
    "Congo": "COD", "DR Congo": "COD", "Democratic Republic of the Congo": "COD",
    "Republic of Congo": "COG", "Congo-Brazzaville": "COG", "Guinea": "GIN",
    "Guinea-Bissau": "GNB", "Equatorial Guinea": "GNQ", "Papua New Guinea": "PNG",
    "St. Lucia's government": "LCA", "Côte d’Ivoire's army": "CIV", "Kosovo": "XKX",
    "Russians": "RUS", "Iranian": "IRN",
    # organs and offices
    "Iranian foreign ministry spokesman Ali Rahmani": "IRN", "IRAN'S FOREIGN MINISTRY": "IRN",
    "South Korean President": "KOR", "South Korean President Han Do-yun": "KOR",
    "North Korea's state media": "PRK", "Iran's supreme leader": "IRN", "Britain's MI5": "GBR",
    "Two senior U.S. officials": "USA", "CIA Director Ann Hale": "USA",
    "Georgia's president": "GEO",
    "Chinese coast guard vessel": "CHN", "U.S. Navy's Fifth Fleet": "USA",
    "Azerbaijan's ombudswoman": "AZE", "turkey's defence ministry": "TUR",
    "paraguay s army": "PRY", "Russia-backed Syrian government": "SYR",
    # behind a preposition, or a name
    "its NATO ally Turkey": "TUR", "officials in Tehran": "IRN", "King Talal II of Jordan": "JOR",
    "Iran's ambassador to the UN": "IRN",
    "spokeswoman for Iran's foreign ministry": "IRN", "adviser to Ukraine's president": "UKR",
    "Ministry of Defence of Russia": "RUS", "Sergei Orlov, the Russian envoy": "RUS",
}  # fmt: skip
BODIES = {
    "UN": "UN", "the UN Security Council": "UN", "Nato": "NATO", "NATO": "NATO", "WHO": "WHO",
    "EU foreign policy chief Josef Brandl": "EU", "UN special envoy for Syria": "UN",
    "head of the IAEA": "IAEA", "IAEA inspectors": "IAEA", "Brussels": "EU",
    "U.N. refugee agency": "UN", "confidential report by U.N. experts": "UN",
    "UN under-secretary general": "UN", "German commander of the NATO force": "NATO",
}  # fmt: skip
NOBODY = """
    talks with Iran|talks with its ally Iran|arming Moscow|arming its ally Iran|
    U.S. accusations that it armed Russia|Iran was behind the raid
    Russia-backed rebels|Moscow-backed|US-led coalition|Syrian rebels|opposition in Syria
    Kurdish forces|Free Syrian Army|Syrian Democratic Forces|Bosnian Serb commander
    Lebanon's Hezbollah leader|Georgian opposition leader|Russian-installed officials in Kherson
    troops in Syria|its embassy in Muscat|Western diplomats in Accra
    Chad Smith|Jordan Pike|Washington Post|Korean Air|Bank of America|New Mexico police
    Georgia Secretary of State Ray Brandt|Senator Ray Brandt of Georgia|British Columbia premier
    former Iranian foreign minister|Ghana's president-elect|Iraq's deposed premier
    Japanese company|Kenya's football federation|Chinese trawler|Kyiv think tank|Russian experts
    two Russians|Iranian and Russian officials|Officials in Berlin, Paris and Rome
    ministry|he|us|Us|who|Who|male||.|-
"""


@pytest.mark.parametrize(("text", "code"), [*STATES.items(), *BODIES.items()])
def test_named(text: str, code: str) -> None:
    assert party(text) == code


@pytest.mark.parametrize("text", [t.strip() for t in NOBODY.replace("\n", "|").split("|")])
def test_not_a_party(text: str) -> None:
    assert party(text) is None


def test_sample() -> None:
    """Drawn from all source and target spans in proportion to how often they occur.

    Labelled with the sentence in view before there was any code, which was then written
    looking at other spans. The first measurement (136 of 140 right, 136 of 141 found) showed
    two labels that had been left out, "Beijing" and "Denmark"; nothing else was changed for it.
    """
    lines = (ROOT / "tests" / "parties.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [(row["text"], row["party"]) for row in map(json.loads, lines)]
    assert len(rows) == len(dict(rows)) == 470
    found = [(party(text), code) for text, code in rows]
    right = sum(given == code is not None for given, code in found)
    precision = right / sum(given is not None for given, _ in found)
    recall = right / sum(code is not None for _, code in found)
    assert precision >= 0.975  # measured: 0.986
    assert recall >= 0.955  # measured: 0.965


@given(st.text(alphabet=st.sampled_from("aIU.S -’'s,()İß\n") | st.characters(), max_size=40))
def test_any_text_will_do(text: str) -> None:
    assert party(text) is None or len(party(text) or "") >= 2


def test_codes() -> None:
    """Bodies have codes of their own; all else is ISO 3166."""
    codes = {name.code: name.body for name in _names().values() if name.code}
    states = {code for code, body in codes.items() if not body}
    assert all(len(code) == 3 and code.isupper() for code in states)
    assert not states & {name.code for name in _names().values() if name.body}
    pycountry = pytest.importorskip("pycountry")
    known = {c.alpha_3 for c in [*pycountry.countries, *pycountry.historic_countries]}
    assert states - known == {"XKX"}
    assert {c.alpha_3 for c in pycountry.countries} <= states


def test_table_is_as_the_script_writes_it() -> None:
    for module in ("babel", "countryinfo", "pycountry"):
        pytest.importorskip(module)
    from stancewire.training.states import rows

    table = (ROOT / "inference" / "states.tsv").read_text(encoding="utf-8").splitlines()
    assert rows() == table, "run: python -m stancewire.training.states inference/states.tsv"


def test_tagged_spans_have_parties() -> None:
    (sentence,) = predict("Oslo and NATO accused Moscow of jamming signals over the sea.")
    told = sentence.to_dict()["stances"][0]
    assert [(s["text"], s["party"]) for s in told["source"]] == [("Oslo", "NOR"), ("NATO", "NATO")]
    assert [s["party"] for s in told["target"]] == ["RUS"]
    assert all(set(span) == {"text", "start", "end"} for span in told["claim"])
    (sentence,) = predict("Tehran denied arming Moscow.")
    told = sentence.to_dict()["stances"][0]
    assert told["source"][0]["party"] == "IRN"
    assert [span["party"] for span in told["target"]] == [None]


def test_what_is_denied_is_no_party() -> None:
    """Even where the model takes a state for the deed."""
    from stancewire.tagger import _placed

    placed = _placed(Stance("denies", 0.9, (Span("Tehran", 0, 6),), (Span("Moscow", 9, 15),)), 3)
    assert placed.source[0].party == "IRN"
    assert placed.target[0].party is None
    assert placed.target[0] == Span("Moscow", 12, 18)


def test_a_span_is_the_same_without_its_party() -> None:
    assert Span("Oslo", 0, 4, "NOR") == Span("Oslo", 0, 4)
    assert len({Span("Oslo", 0, 4, "NOR"), Span("Oslo", 0, 4)}) == 1
    assert Span("Oslo", 0, 4, "NOR").to_dict() == {"text": "Oslo", "start": 0, "end": 4}


def test_table_output_can_be_grouped() -> None:
    text = "Oslo, the Norwegian army and the union accused Moscow of jamming signals."
    source = (
        Span("Oslo", 0, 4, "NOR"),
        Span("Norwegian army", 10, 24, "NOR"),
        Span("union", 33, 38),
    )
    stance = Stance("accuses", 0.9, (*source, Span("EU", 0, 2, "EU")), (Span("union", 33, 38),))
    (sentence,) = predict(text, split=False)
    tagged = type(sentence)(text, 0, len(text), "accuses", 0.9, sentence.scores, (stance,))
    found = list(records(Article("a", text), [tagged]))
    (row,) = csv.DictReader(io.StringIO(csv_head() + csv_lines(found)))
    assert row["source_party"] == "NOR; EU"
    assert row["target_party"] == ""
    empty = type(sentence)(text, 0, len(text), "neutral", 0.9, sentence.scores)
    (row,) = csv.DictReader(
        io.StringIO(csv_head() + csv_lines(records(Article("a", text), [empty])))
    )
    assert (row["source_party"], row["target_party"]) == ("", "")


def test_parquet_keeps_parties(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet")
    from stancewire.output import Output

    text = "Oslo accused Moscow of jamming signals."
    file = Output(tmp_path / "out.parquet", {})
    file.write(records(Article("a", text), predict(text)))
    file.finish()
    (row,) = pyarrow.read_table(tmp_path / "out.parquet").to_pylist()
    (stance,) = row["stances"]
    assert [span["party"] for span in stance["source"] + stance["target"]] == ["NOR", "RUS"]
    assert "party" not in stance["claim"][0]
