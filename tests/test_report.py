"""The page's data: what is kept of the records, how it is grouped, and what is refused."""

import gzip
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made_collection import HOSTILE, collection, write
from stancewire import predict
from stancewire.documents import Article
from stancewire.records import records
from stancewire.report import ReportError, collect, day_of, page, write_report
from stancewire.rows import Row

TEMPLATE = Path(__file__).parent.parent / "inference" / "report.html"


def record(number: int, text: str, *stances: dict[str, Any], **about: Any) -> dict[str, Any]:
    """A record whose sentence stands at 100 times its number."""
    start = 100 * number
    moved = [
        {
            "stance": stance["stance"],
            "score": stance.get("score", 0.9),
            **{
                role: [_span(text, start, span) for span in stance.get(role, ())]
                for role in ("source", "target", "claim")
            },
        }
        for stance in stances
    ]
    return {
        "article": "a", **about, "sentence": number, "start": start, "end": start + len(text),
        "text": text, "stances": moved,
    }  # fmt: skip


def _span(text: str, start: int, span: Any) -> dict[str, Any]:
    words, more = (span, {}) if isinstance(span, str) else span
    at = start + text.index(words)
    return {"text": words, "start": at, "end": at + len(words), **more}


def collected(*found: dict[str, Any], context: int = 2) -> dict[str, Any]:
    return collect((Row(f"f:{i}", one) for i, one in enumerate(found, 1)), context)


def accuses(source: Any, target: Any, **more: Any) -> dict[str, Any]:
    return {"stance": "accuses", "source": [source], "target": [target], **more}


OSLO = record(3, "Oslo blamed Moscow.", accuses("Oslo", "Moscow"))


def test_neighbours_are_kept_and_the_rest_is_counted() -> None:
    quiet = [record(i, f"No. {i}.") for i in range(9)]
    found = collected(*quiet[:3], OSLO, *quiet[4:], context=2)
    assert [(number, text) for _, number, text in found["sentences"]] == [
        (1, "No. 1."), (2, "No. 2."), (3, "Oslo blamed Moscow."), (4, "No. 4."), (5, "No. 5."),
    ]  # fmt: skip
    assert found["read"] == {"articles": 1, "sentences": 9}
    assert [s[2] for s in collected(*quiet[:3], OSLO, *quiet[4:], context=0)["sentences"]] == [
        "Oslo blamed Moscow."
    ]


def test_neighbours_do_not_come_out_of_another_article() -> None:
    before = record(2, "Elsewhere.", article="b")
    after = record(0, "The same name once more.")  # its number says that it is another
    found = collected(before, OSLO, after)
    assert [text for _, _, text in found["sentences"]] == ["Oslo blamed Moscow."]
    assert found["read"]["articles"] == 3
    assert [article[0] for article in found["articles"]] == ["a"]


def test_stances_that_touch_share_their_neighbours() -> None:
    again = {**record(5, "Oslo blamed Moscow.", accuses("Oslo", "Moscow")), "sentence": 5}
    found = collected(OSLO, record(4, "It rained."), again, record(6, "It snowed."))
    assert [number for _, number, _ in found["sentences"]] == [3, 4, 5, 6]
    assert [stance[0] for stance in found["stances"]] == [0, 2]


def test_names_are_one_by_their_words_and_shown_as_mostly_written() -> None:
    found = collected(
        record(0, "The EU blamed Oslo.", accuses("The EU", "Oslo")),
        record(1, "EU blamed “Oslo”.", accuses("EU", "“Oslo”")),
        record(2, "EU blamed oslo’s mayor.", accuses("EU", "oslo’s")),
    )
    assert found["names"] == ["(not named)", "(a claim)", "EU", "Oslo"]
    assert {tuple(stance[3][0][2:]) for stance in found["stances"]} == {(2, -1)}


def test_pronouns_name_nobody_unless_resolved() -> None:
    fuller = ("He", {"resolved": {"text": "Rui  Alcantar", "start": 1, "end": 14}})
    found = collected(
        record(0, "He blamed them.", accuses("He", "them")),
        record(1, "He blamed US.", accuses(fuller, "US")),
        record(2, "It blamed us.", accuses(("It", {"resolved": None}), "us")),
    )
    assert found["names"][2:] == ["Rui Alcantar", "US"]
    sides = [(stance[3][0][2:], stance[4][0][2:]) for stance in found["stances"]]
    assert sides == [([0, -1], [0, -1]), ([2, -1, "Rui Alcantar"], [3, -1]), ([0, -1], [0, -1])]


def test_parties_carry_their_code_and_name() -> None:
    oslo, moscow = ("Oslo", {"party": "NOR"}), ("Moscow", {"party": "RUS"})
    kremlin = ("Kremlin", {"party": "RUS"})
    found = collected(
        record(0, "Oslo blamed Moscow.", accuses(oslo, moscow)),
        record(1, "Oslo blamed Kremlin.", accuses(oslo, kremlin)),
        record(2, "Mayor blamed Moscow.", accuses(("Mayor", {"party": None}), moscow)),
    )
    assert found["parties"] == [["NOR", "Norway"], ["RUS", "Russia"]]
    assert [stance[4][0][3] for stance in found["stances"]] == [1, 1, 1]
    assert [stance[3][0][3] for stance in found["stances"]] == [0, 0, -1]


def test_who_is_resolved_is_of_the_party_of_the_full_name() -> None:
    envoy = {"resolved": {"text": "Norway’s envoy", "party": None}, "party": None}
    found = collected(
        record(0, "He blamed Oslo.", accuses(("He", envoy), "Oslo")),
        record(
            1, "Norway’s envoy blamed Oslo.", accuses(("Norway’s envoy", {"party": "NOR"}), "Oslo")
        ),
    )
    assert [stance[3][0][3] for stance in found["stances"]] == [0, 0]


def test_what_is_denied_is_a_claim_unless_it_is_somebody() -> None:
    denial = {"stance": "denies", "source": ["Moscow"]}
    found = collected(
        record(0, "Moscow denied arming Oslo.", {**denial, "target": ["arming Oslo"]}),
        record(1, "Moscow rejected Oslo.", {**denial, "target": ["Oslo"]}),
        record(2, "Moscow rejected Oslo.", {**denial, "target": [("Oslo", {"party": "NOR"})]}),
        record(3, "Oslo spoke: Moscow lied.", accuses("Oslo", "Moscow")),
    )
    named = [[found["names"][side[2]] for side in stance[4]] for stance in found["stances"]]
    assert named == [["(a claim)"], ["Oslo"], ["Oslo"], ["Moscow"]]


def test_offsets_are_those_of_a_browser() -> None:
    text = "👩🏽‍🚀 “Ōslo” blamed 🇳🇴 Moscow."
    found = collected(record(7, text, accuses("Ōslo", "Moscow", claim=["blamed 🇳🇴"])))
    ((_, _, _, [source], [target], [claim]),) = found["stances"]
    units = text.encode("utf-16-le")
    for (start, end, *_), words in ((source, "Ōslo"), (target, "Moscow"), (claim, "blamed 🇳🇴")):
        assert units[2 * start : 2 * end].decode("utf-16-le") == words


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024-05-31T23:10:00+02:00", "2024-05-31"),
        ("20240531", "2024-05-31"),
        ("31 May 2024", "2024-05-31"),
        ("May 31, 2024", "2024-05-31"),
        ("Fri, 31 May 2024 10:00:00 GMT", "2024-05-31"),
        ("2024-05", None),
        ("03/04/2024", None),
        ("2024-02-31", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_days(given: str | None, day: str | None) -> None:
    assert day_of(given) == day


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"article": None}, "`article` is missing"),
        ({"stances": None}, "`stances` is missing"),
        ({"sentence": "3"}, "`sentence` is missing or of another type"),
        ({"title": 5}, "`title` is not a string"),
        ({"stances": [{**OSLO["stances"][0], "stance": "praises"}]}, "a stance is none of"),
        ({"stances": [{**OSLO["stances"][0], "score": float("nan")}]}, "no number from 0 to 1"),
        ({"stances": [{**OSLO["stances"][0], "claim": "x"}]}, "no list of spans `claim`"),
        ({"text": "Oslo"}, "a span of `target` does not lie in the sentence"),
        ({"start": 301}, "a span of `source` does not lie in the sentence"),
    ],
)
def test_what_is_no_record_is_named(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(OSLO) + "\n" + json.dumps({**OSLO, **change}), encoding="utf-8")
    with pytest.raises(ReportError, match=r"out.jsonl:2: .*stancewire tag") as caught:
        write_report(path, tmp_path / "out.html")
    assert told in str(caught.value)
    assert not list(tmp_path.glob("*.html*"))


def stancewire(*arguments: object, stdin: bytes = b"", status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "stancewire", *map(str, arguments)],
        input=stdin, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def test_command(tmp_path: Path) -> None:
    lines = (json.dumps(OSLO) + "\n").encode()
    plain, packed = tmp_path / "out.jsonl", tmp_path / "out.jsonl.gz"
    plain.write_bytes(lines)
    packed.write_bytes(gzip.compress(lines))
    told, _ = stancewire("report", plain, "-o", tmp_path / "1.html", "--title", "x")
    assert "1 stance in 1 article" in told
    stancewire("report", packed, "-o", tmp_path / "2.html", "--title", "x")
    stancewire("report", "-", "-o", tmp_path / "3.html", "--title", "x", stdin=lines)
    pages = {(tmp_path / f"{i}.html").read_bytes() for i in (1, 2, 3)}
    assert len(pages) == 1
    _, err = stancewire("report", plain, "-o", tmp_path / "1.html", status=2)
    assert "1.html: exists already; --overwrite replaces it" in err
    stancewire("report", plain, "-o", tmp_path / "1.html", "--overwrite")
    _, err = stancewire("report", plain, "-o", tmp_path / "no" / "1.html", status=2)
    assert "no: no such folder to write 1.html in" in err
    _, err = stancewire("report", plain, "-o", plain, "--overwrite", status=2)
    assert "input and output at once" in err
    assert plain.read_bytes() == lines
    days = ["2024-05-31", "31/05/2024", None]
    dated = [{**OSLO, "article": str(i), "date": day} for i, day in enumerate(days)]
    plain.write_text("".join(json.dumps(row) + "\n" for row in dated), encoding="utf-8")
    _, err = stancewire("report", plain, "-o", tmp_path / "4.html")
    assert "1 article left out of the timeline" in err


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("out.csv", b"article,text\n", "a report is made from .jsonl"),
        ("out.jsonl", b'{"article": ', "out.jsonl:1: not JSON"),
        ("out.jsonl", b"\xff\xfe", "out.jsonl:1: not UTF-8"),
        ("out.jsonl", b"[1]\n", "out.jsonl:1: not a JSON object"),
        ("out.jsonl.gz", b"plain", "packed data is damaged"),
        ("out.jsonl", b"", "out.jsonl: holds no tagged sentence"),
        ("out.jsonl.gz", gzip.compress(b"\n", mtime=0), "out.jsonl.gz: holds no tagged sentence"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    _, err = stancewire("report", tmp_path / name, "-o", tmp_path / "r.html", status=2)
    assert told in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "r.html").exists()
    _, err = stancewire("report", tmp_path / "gone.jsonl", "-o", tmp_path / "r.html", status=2)
    assert "gone.jsonl: No such file" in err


class _Outline(HTMLParser):
    """Every tag with its attributes, and the text of the data element."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = self.text = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_data = dict(attrs).get("id") == "data"

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False

    def handle_data(self, data: str) -> None:
        self.data += data if self._in_data else ""
        self.text += data


def outline(text: str) -> _Outline:
    found = _Outline()
    found.feed(text)
    return found


def test_hostile_text_adds_no_tag_and_comes_out_as_it_went_in(tmp_path: Path) -> None:
    rows = [*collection(100, hostile=True)]
    found = {**collect(Row("f:1", row) for row in rows), "title": HOSTILE[1]}
    made = page(found)
    assert "{{data}}" in outline(page({**collected(OSLO), "title": "{{data}}"})).text
    plain = outline(page({**collected(OSLO), "title": "plain"}))
    assert [tag for tag, _ in outline(made).tags] == [tag for tag, _ in plain.tags]
    assert json.loads(outline(made).data) == found
    assert HOSTILE[2] in json.dumps(found)  # it is in there
    assert not set("<>&\u2028\u2029") & set(outline(made).data)


def test_half_characters_and_wide_ones_are_written(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    row = record(0, "\ud83d blamed 🇳🇴.", accuses("\ud83d", "🇳🇴"))
    write_report(write(path, iter([row])), tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert json.loads(outline(text).data)["sentences"] == [[0, 0, row["text"]]]


def test_template_fetches_nothing_and_builds_no_html_out_of_text() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\s\"')]+", text))
    assert links == {"http://www.w3.org/2000/svg"}  # a name, not a place
    script = text[text.index('"use strict"') :]
    for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(",
                "fetch(", "import(", "XMLHttp", "srcdoc"):  # fmt: skip
        assert way not in script, way
    for _, attributes in outline(text).tags:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]
        assert "style" not in attributes
    policy = outline(page({**collected(), "title": ""})).tags[3][1]["content"] or ""
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_real_records_make_a_page(examples: Path) -> None:
    text = (examples / "strait.txt").read_text(encoding="utf-8")
    rows = records(Article("strait.txt", text, "Two navies", "2024-03-14"), predict(text))
    found = collect(Row("f:1", json.loads(json.dumps(row))) for row in rows)
    assert found["articles"] == [["strait.txt", "Two navies", "2024-03-14", "2024-03-14", True]]
    assert len(found["stances"]) >= 4
    assert {"Republic of Calvera", "Ostrava Nova"} <= set(found["names"])
