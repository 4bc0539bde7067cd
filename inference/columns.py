"""Stances as columns: for the batches of a data set, and for a data frame.

    dataset.map(stancewire.tag_batch, batched=True)        # Hugging Face datasets
    pandas.DataFrame(stancewire.tag_table(frame["text"]))

Neither library is imported here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any

from .records import COLUMNS, stance_cells, stance_fields
from .tagger import is_table, loaded

_CELLS = COLUMNS[COLUMNS.index("stance") :]
_MISSING = {"None", "nan", "<NA>", "NaT"}  # as Python, numpy and pandas write it


class ColumnError(ValueError):
    """A column that cannot be tagged; the message says why and what to do."""


class _Stances(list[list[dict[str, Any]]]):
    """A column of lists of stances that becomes an Arrow column of one type, whatever is in it.

    Without the type, a first batch without stances would make a column of nulls, which takes
    no stance later. pyarrow asks for it by this method, and datasets asks pyarrow.
    """

    def __arrow_array__(self, type: Any = None) -> Any:
        import pyarrow as pa

        place = [(name, pa.int64()) for name in ("sentence", "start", "end")]
        fields = [*place, ("text", pa.string()), *stance_fields()]
        return pa.array(list(self), type=type or pa.list_(pa.struct(fields)))


class _TagBatch:
    """Tags a batch of rows: `Dataset.map(stancewire.tag_batch, batched=True)`.

    Takes columns, of which `text_column` holds a text in each row, and gives back the
    column `stances`: for each row the list of its stances, each with `sentence` (its
    number in the text, from 0), that sentence's `start`, `end` and `text`, and `stance,
    score, source, target, claim` as in the records of `stancewire tag`. Offsets index the
    row's text. Its Arrow type is the same whatever the batch. A row that is empty or
    missing (None, NaN) has no sentences, so its list is empty; so is that of a row
    without a stance.

    With `split=False` each text is one sentence. `model` is a folder or a kept version
    other than the model in use; datasets caches what it gives under that name, so after
    training into the same folder call `map` with `load_from_cache_file=False`. Further
    arguments go through `fn_kwargs`. One process uses all cores: `num_proc` gains little.
    Raises ColumnError where there is no such column, or something else than text in it.
    """

    def __call__(
        self,
        batch: Mapping[str, Any],
        text_column: str = "text",
        *,
        model: str | None = None,
        split: bool = True,
    ) -> dict[str, list[list[dict[str, Any]]]]:
        if text_column not in batch:
            raise ColumnError(
                f"no column `{text_column}`, only {', '.join(map(str, batch))}; "
                'name the one with the texts: fn_kwargs={"text_column": …}'
            )
        if isinstance(batch[text_column], str):
            raise ColumnError("tag_batch takes many rows at once: map(tag_batch, batched=True)")
        texts = _texts(batch[text_column], f"column `{text_column}`")
        return {"stances": _Stances(_stances(texts, model, split))}

    def __getstate__(self) -> dict[str, Any]:
        # datasets finds what it has cached by the pickle of the function, so what decides the
        # result is in it: stances of the model before are not taken for those of this one.
        return {"stancewire": version("stancewire"), "model": loaded().config}


tag_batch = _TagBatch()


def tag_table(
    texts: Iterable[str | None],
    ids: Iterable[Any] | None = None,
    *,
    model: str | None = None,
    split: bool = True,
) -> dict[str, list[Any]]:
    """A table with one row a stance, as lists by column: `pandas.DataFrame(tag_table(texts))`.

    The columns are `article` (the text's place in `texts`, from 0, or its entry in `ids`),
    `sentence` (its number in the text), `start, end, text` of that sentence, `stance,
    score, source, target, claim, source_party, target_party, resolved` as in the CSV of
    `stancewire tag`; what a stance does not have is None. A text without stances has no
    row, nor has one that is empty or missing (None, NaN). `model` and `split` as in
    `tag_batch`. Raises ColumnError for anything but texts, and where `ids` are not as many.
    """
    if isinstance(texts, str):
        raise ColumnError("tag_table takes a list or column of texts, not one text")
    if is_table(texts):
        raise ColumnError('tag_table takes a column of texts, as frame["text"], not a whole table')
    given = list(_texts(texts, "texts"))
    names = list(range(len(given)) if ids is None else ids)
    if len(names) != len(given):
        raise ColumnError(f"{len(given)} texts but {len(names)} ids; give one for each")
    place = ("sentence", "start", "end", "text")
    table: dict[str, list[Any]] = {name: [] for name in ("article", *place, *_CELLS)}
    for name, stances in zip(names, _stances(given, model, split), strict=True):
        for stance in stances:
            told = (None if cell == "" else cell for cell in stance_cells(stance))
            cells = [name, *(stance[column] for column in place), *told]
            for column, cell in zip(table.values(), cells, strict=True):
                column.append(cell)
    return table


def _stances(
    texts: Iterable[str], model: str | None, split: bool
) -> Iterator[list[dict[str, Any]]]:
    """For each text its stances, each with the sentence that it is in."""
    for sentences in loaded(model).stream(texts, split=split):
        yield [
            {"sentence": number, "start": sentence.start, "end": sentence.end,
             "text": sentence.text, **stance.to_dict()}
            for number, sentence in enumerate(sentences)
            for stance in sentence.stances
        ]  # fmt: skip


def _texts(column: Iterable[Any], where: str) -> Iterator[str]:
    for row, text in enumerate(column):
        if not isinstance(text, str) and str(text) not in _MISSING:
            raise ColumnError(f"{where}, row {row}: is {type(text).__name__}, not text")
        yield text if isinstance(text, str) else ""
