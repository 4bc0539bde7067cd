"""Tagging on a Ray cluster: a dataset, or files in rows on any file system, in parts.

Needs Ray: pip install "stancewire[ray]", on every node, as stancewire itself and a model
folder other than the shipped one. The order of the output is not the order of the input;
a record names its article and its sentence, so sorting by them restores it.

A worker that dies loses nothing: Ray Data starts it anew and hands it again what it had
not finished, as often as it takes (it makes its actors with max_restarts=-1 and
max_task_retries=-1). That is the same batches, so the second time gives the same records.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .documents import ROW_SUFFIXES, Article, Skipped, _kind, _of_row, places
from .records import json_lines, parquet_schema, records
from .rows import Fields, Row, read_rows
from .tagger import ARTICLES_AHEAD, Tagger

if TYPE_CHECKING:
    import pyarrow as pa
    import ray.data

# What a worker is handed at once, and has to do again where it is killed: some hundred
# articles. Ray's own 128 MiB would be hours of work for one core.
_PART_BYTES = 1 << 20
_ROWS_A_FILE = 50_000

# Put into the output when it is complete, as Hadoop and Spark do; readers pass over it.
_DONE = "_SUCCESS"

_HALVES = re.compile("[\ud800-\udfff]")  # of characters, which Arrow does not take


class ClusterError(ValueError):
    """A run on Ray that cannot be done as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Written:
    """What `tag_files` has written: sentences, and rows that could not be tagged."""

    sentences: int
    failed: int


def tag_dataset(
    dataset: ray.data.Dataset,
    text_column: str = "text",
    *,
    id_column: str = "id",
    date_column: str = "date",
    title_column: str = "title",
    model: str | Path | None = None,
    workers: int | None = None,
    split: bool = True,
    only_stances: bool = False,
) -> ray.data.Dataset:
    """A dataset of records, one a sentence, with the columns of `parquet_schema`.

    They are the records of `stancewire tag`, in any order, and one more column, `error`.
    It is null but for a row whose text is missing, empty or not a string: such a row
    becomes one record in which `error` says why, `article` is the row's id, `stances` is
    empty and all else is null; `only_stances` keeps it. `article` is null where a row has
    no id.

    A worker is one core that holds the model; there are up to `workers`, else as many as
    Ray gives. A block of the dataset is handed to one worker: where there are few large
    ones, call `dataset.repartition(target_num_rows_per_block=1000)` before. Where the
    dataset is still to be read, that too needs a core: on a cluster of one it would wait
    for ever. Nothing is tagged until the result is read. Raises ClusterError without Ray
    or a column `text_column`, ModelError for a model that cannot be used.
    """
    _ray()
    known = dataset.columns(fetch_if_missing=False)
    if known is not None and text_column not in known:
        raise ClusterError(f"the dataset has no column `{text_column}`; it has {', '.join(known)}")
    fields = Fields(text_column, id_column, date_column, title_column)
    return _tagged(dataset, fields, None, _checked(model), workers, split, only_stances)


def tag_files(
    paths: Iterable[str | Path],
    output: str | Path,
    *,
    form: Literal["parquet", "jsonl"] = "parquet",
    text_column: str = "text",
    id_column: str = "id",
    date_column: str = "date",
    title_column: str = "title",
    model: str | Path | None = None,
    workers: int | None = None,
    split: bool = True,
    only_stances: bool = False,
    said: Callable[[Skipped], object] = lambda _: None,
) -> Written:
    """Tags the rows of files and writes the records into a new folder, `output`.

    Files are Parquet, JSON Lines, or any other rows that `stancewire tag` reads, by their
    suffix; folders are read with all that is below them, and `said` gets the files in
    them that are left out. A path is local, and then one that all nodes see, or a URI of a
    file system that pyarrow opens (`s3://news/2024/`).

    The records are those of `tag_dataset`; a row without an id is named "path:number", as
    the plain engine does, and so is a row or file that cannot be read, whose record has an
    `error`. The folder holds Parquet or JSON Lines files, and last of all `_SUCCESS`: what
    has none is not complete. Raises ClusterError for inputs or an output that cannot be used
    and where Ray gives up, ModelError for a model that cannot be used.
    """
    ray = _ray()
    if form not in ("parquet", "jsonl"):
        raise ClusterError(f"output is parquet or jsonl, not {form}")
    checked = _checked(model)
    files = list(_files(paths, said))
    if not files:
        raise ClusterError("there is no file with rows to read")
    system, place = _new_folder(output)

    # small parts from end to end, without touching the caller's settings
    context = ray.data.DataContext.get_current().copy()
    context.target_max_block_size = _PART_BYTES
    with ray.data.DataContext.current(context):
        dataset = ray.data.from_items(files)
    # Reading and writing wait more than they work, so they ask for no core: the workers
    # have them all, even where there is only one.
    helpers = max(2, int(ray.cluster_resources().get("CPU", 1)) // 8)
    rows = dataset.map_batches(
        _read,
        batch_size=1,
        batch_format="pyarrow",
        fn_args=[Fields(text_column, id_column, date_column, title_column)],
        compute=ray.data.TaskPoolStrategy(size=min(helpers, len(files))),
        num_cpus=0,
    )
    tagged = _tagged(rows, Fields(), "error", checked, workers, split, only_stances)
    try:
        sink = _sink(_absolute(output), form)
        tagged.write_datasink(sink, ray_remote_args={"num_cpus": 0}, concurrency=helpers)
        with system.open_output_stream(f"{place}/{_DONE}"):
            pass
    except (ray.exceptions.RayError, OSError) as error:
        # the last line says what it was, those before where in Ray; `from` keeps them all
        why = (str(error).strip() or repr(error)).splitlines()[-1]
        raise ClusterError(f"{output}: is not complete, remove what is there: {why}") from error
    return Written(sink.sentences, sink.failed)


def _ray() -> Any:
    try:
        import ray.data
    except ImportError:
        raise ClusterError('needs ray; run: pip install "stancewire[ray]"') from None
    return ray


def _checked(model: str | Path | None) -> str | None:
    """The model folder, as workers in other places find it."""
    if model is None:
        return None
    # one that cannot be used is told here, not out of the depths of a worker
    Tagger.load(model, threads=1)
    return str(Path(model).resolve())


def _tagged(
    dataset: ray.data.Dataset,
    fields: Fields,
    fault: str | None,
    model: str | None,
    workers: int | None,
    split: bool,
    only_stances: bool,
) -> ray.data.Dataset:
    if workers is not None and workers < 1:
        raise ClusterError(f"workers must be 1 or more, not {workers}")
    # max_restarts and max_task_retries are -1, for ever, in Ray Data itself; it has deprecated
    # saying so here, and from 2.64 on will not take it. tests/test_ray.py kills workers.
    return dataset.map_batches(
        _Worker,
        fn_constructor_args=[fields, fault, model, split, only_stances],
        batch_size=ARTICLES_AHEAD,
        batch_format="pyarrow",
        # From one on, so that what comes before is never without a core to run on.
        compute=_ray().data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
    )


class _Worker:
    """One core with the model: batches of rows in, tables of records out.

    `fault` names a column that says why a row could not be read, if there is one.
    """

    def __init__(
        self,
        fields: Fields,
        fault: str | None,
        model: str | None,
        split: bool,
        only_stances: bool,
    ) -> None:
        self._fields, self._fault = fields, fault
        self._split, self._only_stances = split, only_stances
        self._tagger = Tagger.load(model, threads=1)

    def __call__(self, batch: pa.Table) -> pa.Table:
        import pyarrow as pa

        items = list(self._items(batch))
        texts = [item.text for item in items if isinstance(item, Article)]
        tagged = iter(self._tagger.predict(texts, split=self._split))
        found: list[dict[str, Any]] = []
        for item in items:
            if isinstance(item, Skipped):
                found.append({"article": item.where or None, "stances": [], "error": item.why})
                continue
            for record in records(item, next(tagged), self._only_stances):
                found.append({**record, "article": record["article"] or None})
        schema = parquet_schema().append(pa.field("error", pa.string()))
        return pa.Table.from_pylist(found, schema=schema)

    def _items(self, batch: pa.Table) -> Iterator[Article | Skipped]:
        fields = self._fields
        wanted = {*asdict(fields).values(), self._fault}
        columns = {
            name: _values(batch.column(name)) for name in batch.column_names if name in wanted
        }
        for number in range(batch.num_rows):
            cells = {name: values[number] for name, values in columns.items()}
            name = cells.get(fields.id)
            where = "" if name is None else str(name)
            if self._fault is not None and cells[self._fault] is not None:
                yield Skipped(where, cells[self._fault])
            else:
                yield _whole(_of_row(Row(where, cells), fields))


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; None for one that Python cannot hold, as text that is not UTF-8."""
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        values = [_value(scalar) for scalar in column]
    return values


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return None


def _whole(item: Article | Skipped) -> Article | Skipped:
    """The item with U+FFFD for halves of characters; each is one mark, so offsets hold."""
    if isinstance(item, Skipped):
        return Skipped(_mended(item.where), _mended(item.why))
    title, date = (part if part is None else _mended(part) for part in (item.title, item.date))
    return Article(_mended(item.name), _mended(item.text), title, date)


def _mended(text: str) -> str:
    return _HALVES.sub("\ufffd", text)


def _files(
    paths: Iterable[str | Path], said: Callable[[Skipped], object]
) -> Iterator[dict[str, str]]:
    """The files to read: `name` to call it by, `place` in the file system of `root`.

    An empty `root` is the local file system.
    """
    for path in map(str, paths):
        for name, root, place in _remote(path) if _is_uri(path) else _local(path, said):
            if _kind(Path(place)) in ROW_SUFFIXES:
                yield {"name": name, "root": root, "place": place}
            elif name == path:
                raise ClusterError(
                    f"{name}: is not of a kind that is read ({', '.join(ROW_SUFFIXES)})"
                )
            else:
                said(Skipped(name, "not rows, left out", failed=False))


def _local(path: str, said: Callable[[Skipped], object]) -> Iterator[tuple[str, str, str]]:
    for place in places([path]):
        if isinstance(place, Path) and place.is_file():
            yield str(place), "", str(place.absolute())
        elif isinstance(place, Skipped) and not place.failed:
            said(place)
        elif isinstance(place, Skipped):
            raise ClusterError(f"{place.where}: {place.why}")
        else:
            raise ClusterError(f"{place}: no such file")


def _remote(uri: str) -> Iterator[tuple[str, str, str]]:
    from pyarrow.fs import FileSelector, FileType

    system, place = _opened(uri)
    try:
        found = [system.get_file_info(place)]
        if found[0].type == FileType.Directory:
            found = system.get_file_info(FileSelector(place, recursive=True))
    except OSError as error:
        raise ClusterError(f"{uri}: cannot be read: {error}") from None
    if found and found[0].type == FileType.NotFound:
        raise ClusterError(f"{uri}: no such file")
    # without what a URI can hold beside the place: keys and settings
    scheme = uri.partition("://")[0]
    for info in sorted(found, key=lambda info: str(info.path)):
        if info.type == FileType.File:
            yield f"{scheme}://{info.path}", uri, info.path


def _is_uri(path: str) -> bool:
    return "://" in path


def _absolute(path: str | Path) -> str:
    return str(path) if _is_uri(str(path)) else str(Path(path).absolute())


def _opened(path: str) -> tuple[Any, str]:
    """The file system of a URI or of a local path, which is empty for any, and the place there."""
    import pyarrow as pa
    from pyarrow.fs import FileSystem, LocalFileSystem

    if not _is_uri(path):
        return LocalFileSystem(), path
    try:
        system, place = FileSystem.from_uri(path)
    except (pa.ArrowException, OSError) as error:
        raise ClusterError(f"{path}: cannot be opened: {error}") from None
    return system, place


def _new_folder(output: str | Path) -> tuple[Any, str]:
    """The file system and place of the output, where there is nothing yet."""
    from pyarrow.fs import FileSelector, FileType

    system, place = _opened(_absolute(output))
    try:
        kind = system.get_file_info(place).type
        full = kind == FileType.Directory and system.get_file_info(FileSelector(place))
    except OSError as error:
        raise ClusterError(f"{output}: cannot be written: {error}") from None
    if kind == FileType.File or full:
        raise ClusterError(f"{output}: exists already; name a new folder, or remove it first")
    return system, place


def _read(batch: pa.Table, fields: Fields) -> Iterator[pa.Table]:
    """The rows of files as articles and faults, in tables of strings."""
    import pyarrow as pa

    schema = pa.schema([(name, pa.string()) for name in ("id", "title", "date", "text", "error")])
    for file in batch.to_pylist():
        rows: list[dict[str, str | None]] = []
        for item in _items_of(file["name"], file["root"], file["place"], fields):
            if isinstance(item, Skipped):
                rows.append({"id": item.where, "error": item.why})
            else:
                rows.append(
                    {"id": item.name, "title": item.title, "date": item.date, "text": item.text}
                )
            if len(rows) == ARTICLES_AHEAD:
                yield pa.Table.from_pylist(rows, schema=schema)
                rows = []
        yield pa.Table.from_pylist(rows, schema=schema)


def _items_of(name: str, root: str, place: str, fields: Fields) -> Iterator[Article | Skipped]:
    path = Path(place)
    kind = _kind(path)
    empty = True
    try:
        system, _ = _opened(root)
        with system.open_input_file(place) as file:
            raw = file if kind == ".parquet" else io.BufferedReader(file)
            for row in read_rows(path, kind, raw, fields):
                empty = False
                where, why = (row.where, "") if isinstance(row, Row) else row
                where = name + where[len(str(path)) :]  # a Path would not keep "s3://"
                if isinstance(row, Row):
                    yield _whole(_of_row(Row(where, row.cells), fields))
                else:
                    yield _whole(Skipped(where, why))
    except (OSError, ValueError) as error:  # ValueError: what pyarrow cannot make out
        yield _whole(Skipped(name, f"cannot be read on: {error}"))
        return
    if empty:
        yield Skipped(name, "empty")


def _sink(output: str, form: str) -> Any:
    """Writes tables of records as files of some `_ROWS_A_FILE`, and counts what is in them."""
    import pyarrow.parquet as pq
    from ray.data.block import BlockAccessor
    from ray.data.datasource import BlockBasedFileDatasink

    base: Any = BlockBasedFileDatasink

    class Sink(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(output, file_format=form, min_rows_per_file=_ROWS_A_FILE)
            self.sentences = self.failed = 0

        def write(self, blocks: Iterable[Any], ctx: Any) -> tuple[int, int]:
            kept = list(blocks)
            super().write(kept, ctx)
            tables = [BlockAccessor.for_block(block).to_arrow() for block in kept]
            tables = [table for table in tables if table.num_rows]
            sentences = sum(table["error"].null_count for table in tables)
            return sentences, sum(table.num_rows for table in tables) - sentences

        def write_block_to_file(self, block: Any, file: Any) -> None:
            table = block.to_arrow()
            if form == "parquet":
                pq.write_table(table, file)
                return
            for batch in table.to_batches(max_chunksize=1000):
                found = (
                    {name: value for name, value in record.items() if value is not None}
                    for record in batch.to_pylist()
                )
                file.write(json_lines(found).encode())

        def on_write_complete(self, write_result: Any) -> None:
            # only what was done to the end is here, once, however often it was begun
            for sentences, failed in write_result.write_returns:
                self.sentences += sentences
                self.failed += failed

    return Sink()
