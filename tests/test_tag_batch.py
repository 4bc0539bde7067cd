"""Stances as columns: in a Dataset of any batches, and in a data frame."""

import math
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import stancewire
from stancewire import Tagger, predict, tag_batch, tag_table
from stancewire.columns import ColumnError
from stancewire.records import COLUMNS

datasets = pytest.importorskip("datasets")
pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")

NEUTRAL = "The talks will resume in Lisbon on Tuesday."
TEXTS = [
    NEUTRAL,
    None,
    "",
    " \n",
    "It rained. Oslo accused Moscow of jamming signals.",
    "On Monday the minister, Anna Petrova, met reporters. She denied taking bribes.",
    NEUTRAL,
    "The United Nations warned Calvera that the talks could collapse. Calvera denied it.",
]


def expected(text: str | None) -> list[dict[str, Any]]:
    return [
        {"sentence": number, "start": sentence.start, "end": sentence.end,
         "text": sentence.text, **stance.to_dict()}
        for number, sentence in enumerate(predict(text or ""))
        for stance in sentence.stances
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stances() -> list[list[dict[str, Any]]]:
    return [expected(text) for text in TEXTS]


@pytest.fixture
def dataset() -> Any:
    return datasets.Dataset.from_dict({"text": TEXTS, "n": list(range(len(TEXTS)))})


def test_schema_is_the_same_whatever_the_batch(
    dataset: Any, stances: list[list[dict[str, Any]]]
) -> None:
    assert stances[0] == [] and len(stances[4]) == 1 and len(stances[7]) == 2  # noqa: PT018
    tagged = [
        dataset.map(tag_batch, batched=True, batch_size=size, writer_batch_size=size)
        for size in (1, 3, 1000, None)
    ]
    tagged.append(dataset.map(tag_batch, batched=True, batch_size=1, num_proc=2))
    tagged.append(dataset.select([0]).map(tag_batch, batched=True))  # nothing in it at all
    for result in tagged:
        assert result.features == tagged[0].features
        assert result.column_names == ["text", "n", "stances"]
        assert result["stances"][:] == stances[: len(result)]
        assert result["text"][:] == TEXTS[: len(result)]
    stance = tagged[0][4]["stances"][0]
    assert stance["source"] == [
        {"text": "Oslo", "start": 11, "end": 15, "party": "NOR", "resolved": None}
    ]
    assert datasets.concatenate_datasets([tagged[-1], tagged[0]]).num_rows == len(TEXTS) + 1


def test_other_ways_to_map(
    dataset: Any, stances: list[list[dict[str, Any]]], tmp_path: Path
) -> None:
    renamed = dataset.rename_column("text", "body")
    named = renamed.map(tag_batch, batched=True, fn_kwargs={"text_column": "body"})
    assert named["stances"][:] == stances
    stream = dataset.to_iterable_dataset().map(tag_batch, batched=True, batch_size=2)
    assert [row["stances"] for row in stream] == stances
    numbers = dataset.with_format("numpy").map(tag_batch, batched=True, batch_size=2)
    assert numbers.with_format(None)["stances"][:] == stances
    whole = dataset.map(tag_batch, batched=True, fn_kwargs={"split": False})
    assert {stance["sentence"] for row in whole for stance in row["stances"]} == {0}
    named.to_parquet(tmp_path / "out.parquet")
    again = datasets.Dataset.from_parquet(str(tmp_path / "out.parquet"), cache_dir=str(tmp_path))
    assert again["stances"][:] == stances
    assert (
        pa.table(tag_batch({"text": [NEUTRAL]})).schema
        == pa.table(tag_batch({"text": TEXTS})).schema
    )


def test_cached_result_is_that_of_the_model(
    monkeypatch: pytest.MonkeyPatch, dataset: Any, tmp_path: Path
) -> None:
    """What is cached under one model is not taken for what another model would give."""
    dataset.save_to_disk(tmp_path / "data")
    kept = datasets.load_from_disk(str(tmp_path / "data"))
    first = kept.map(tag_batch, batched=True)
    assert kept.map(tag_batch, batched=True).cache_files == first.cache_files
    strict = Tagger.load()
    strict.config = {**strict.config, "thresholds": dict.fromkeys(strict.thresholds, 1.01)}
    strict.thresholds = strict.config["thresholds"]
    monkeypatch.setattr("stancewire.columns.loaded", lambda model=None: strict)
    other = kept.map(tag_batch, batched=True)
    assert other.cache_files != first.cache_files
    assert not any(other["stances"][:])


def test_bad_columns_are_told(dataset: Any) -> None:
    with pytest.raises(ColumnError, match=r"no column `body`, only text, n; .*fn_kwargs"):
        dataset.map(tag_batch, batched=True, fn_kwargs={"text_column": "body"})
    with pytest.raises(ColumnError, match="column `n`, row 0: is int, not text"):
        dataset.map(tag_batch, batched=True, fn_kwargs={"text_column": "n"})
    with pytest.raises(ColumnError, match="row 1: is bytes, not text"):
        tag_table(["Oslo", b"Oslo"])  # type: ignore[list-item]
    with pytest.raises(ColumnError, match="not one text"):
        tag_table("Oslo denied it.")
    with pytest.raises(ColumnError, match="not a whole table"):
        tag_table({"text": ["Oslo denied it."]})
    with pytest.raises(ColumnError, match="batched=True"):
        dataset.map(tag_batch)
    with pytest.raises(ColumnError, match="1 texts but 2 ids"):
        tag_table(["Oslo"], [1, 2])
    with pytest.raises(ValueError, match="no such model folder"):
        tag_table([NEUTRAL], model="nowhere")


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
def test_frame_has_a_row_a_stance(missing: Any, stances: list[list[dict[str, Any]]]) -> None:
    texts = [missing if text is None else text for text in TEXTS]
    frame = pd.DataFrame({"text": texts, "paper": list("abcdefgh")}, index=range(10, 18))
    table = pd.DataFrame(tag_table(frame["text"], frame.index))
    assert list(table) == [c for c in COLUMNS if c not in ("title", "date", "english")]
    assert list(table["article"]) == [14, 15, 17, 17]
    for row, stance in zip(table.itertuples(), chain(*stances), strict=True):
        assert frame["text"][row.article][row.start : row.end] == row.text == stance["text"]
        assert (row.stance, row.score) == (stance["stance"], stance["score"])
        assert row.source == "; ".join(span["text"] for span in stance["source"])
    by_paper = table.join(frame["paper"], on="article")
    assert list(by_paper["paper"]) == ["e", "f", "h", "h"]
    assert list(table["source_party"].dropna()) == ["NOR", "UN"]
    assert list(table["resolved"].dropna()) == ["Anna Petrova"]
    strings = frame["text"].astype("string")
    assert tag_table(strings)["stance"] == list(table["stance"])


def test_frame_has_its_columns_without_a_stance() -> None:
    for texts in ([], [None], [NEUTRAL]):
        assert set(map(len, tag_table(texts).values())) == {0}
        assert list(tag_table(texts)) == list(tag_table(TEXTS))
    assert set(tag_table(TEXTS)["article"]) == {4, 5, 7}
    table = tag_table(TEXTS, split=False)
    assert set(table["sentence"]) == {0}


def test_names_are_there_for_all() -> None:
    for name in ("tag_batch", "tag_table"):
        assert name in stancewire.__all__
        assert "text" in getattr(stancewire, name).__doc__
