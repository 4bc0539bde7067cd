"""Inputs with bytes changed, cut out and put in: read or named, never a crash."""

import gzip
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from stancewire import predict
from stancewire.documents import Article, read_articles
from stancewire.language import looks_english
from stancewire.sentences import split_sentences

EXAMPLES = Path(__file__).parent.parent / "examples"
STRAIT = (EXAMPLES / "strait.txt").read_bytes()
ROWS = [{"id": i, "text": text} for i, text in enumerate(STRAIT.decode().split("\n\n")[:4])]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
TABLE = ("id,text\n" + "".join(f'{i},"{row["text"]}"\n' for i, row in enumerate(ROWS))).encode()
BASES = {
    ".txt": STRAIT,
    ".jsonl": LINES,
    ".json": json.dumps(ROWS).encode(),
    ".csv": TABLE,
    ".tsv": TABLE.replace(b",", b"\t"),
    ".jsonl.gz": gzip.compress(LINES, mtime=0),
    ".html": (EXAMPLES / "harbour.html").read_bytes(),
}
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6
)


def mutated(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for place, cut, new in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + cut :]
    return data


def check(suffix: str, edits: list[tuple[float, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{suffix}")
        path.write_bytes(mutated(BASES[suffix], edits))
        items = list(read_articles([path]))
    assert items
    for item in items:
        if isinstance(item, Article):
            looks_english(item.text)
            end = 0
            for start, stop in split_sentences(item.text):
                assert end <= start < stop <= len(item.text)
                end = stop
        else:
            assert item.why


@settings(max_examples=9_600, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(sorted(BASES.keys() - {".html"})), EDITS)
def test_files_of_text_and_rows(suffix: str, edits: list[tuple[float, int, bytes]]) -> None:
    check(suffix, edits)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(EDITS)
def test_pages(edits: list[tuple[float, int, bytes]]) -> None:
    check(".html", edits)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=400))
def test_texts_of_any_marks(text: str) -> None:
    for sentence in predict(text):
        assert text[sentence.start : sentence.end] == sentence.text
        for stance in sentence.stances:
            for span in (*stance.source, *stance.target, *stance.claim):
                assert text[span.start : span.end] == span.text
