"""Essays from files and folders: finds the files, opens each by its suffix, gives rows and refusals."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.columns import Columns
from corpus.document import Raw, Rejected
from corpus.encoding import NotText
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.opening import BROKEN, Input, broken, shown
from corpus.read_json import array, jsonl
from corpus.read_prose import prose
from corpus.read_table import delimited, parquet

_TEXTS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".md", ".markdown")
SUFFIXES = (*_TEXTS, ".parquet", *(f"{suffix}.gz" for suffix in _TEXTS))


def read(
    paths: Sequence[Path],
    text_column: str | None = None,
    title_column: str | None = None,
    *,
    on: On = silent,
) -> Iterator[Raw | Rejected]:
    """Every row in the files as it stands there, and every row or file that is not taken with the reason.

    Folders are read with all below them, sorted by name; names that begin with a dot are passed over, a file
    of an unknown kind is Rejected. ``text_column`` and ``title_column`` name columns where the guesses of
    :mod:`corpus.columns` do not fit. Reading streams: no more than one row is held, of a .json file the file.

    Raises GeulgamError, at once, for a path that does not exist and for a folder without files.
    """
    for path in paths:
        try:
            exists = path.exists()
        except OSError as error:
            raise GeulgamError(f"{broken(error)}: {shown(path)}", "check the permissions") from error
        if not exists:
            raise GeulgamError(f"no such file or folder: {shown(path)}", "check how the path is spelled")
        if next(_files(path), None) is None:
            raise GeulgamError(
                f"no files in the folder {shown(path)}", "give a folder with " + ", ".join(_TEXTS) + " files"
            )
    return _read(paths, Columns(text_column, title_column), on)


def _read(paths: Sequence[Path], columns: Columns, on: On) -> Iterator[Raw | Rejected]:
    total = sum(_size(file) for path in paths for file in _files(path))
    with Task(on, "reading", total, "byte") as task:
        before = 0
        for path in paths:
            for found in _files(path):
                if isinstance(found, Rejected):
                    yield found
                    continue
                for position, item in _items(found, columns):
                    task.reach(before + position)
                    yield item
                before += _size(found)
        task.reach(before)


def _items(path: Path, columns: Columns) -> Iterator[tuple[int, Raw | Rejected]]:
    """What one file holds, each with how many bytes of the file have been read."""
    try:
        with Input(path) as file:
            item = None
            for item in _reader(file, columns):
                yield file.position(), item
            if item is None:
                yield file.size, Rejected(file.name, 0, "no rows: a header or blank lines, no more")
    except NotText as error:
        yield 0, Rejected(shown(path), 0, str(error))
    except (*BROKEN, UnicodeDecodeError) as error:
        yield 0, Rejected(shown(path), 0, broken(error))


def _reader(file: Input, columns: Columns) -> Iterator[Raw | Rejected]:
    match file.suffix:
        case ".jsonl" | ".ndjson":
            return jsonl(file, columns)
        case ".json":
            return array(file, columns)
        case ".csv" | ".tsv":
            return delimited(file, columns)
        case ".parquet":
            return parquet(file, columns)
        case _:
            return prose(file)


def _files(path: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path | Rejected]:
    """The files at or below ``path``, sorted; what cannot be read as a file is Rejected, not passed over."""
    if not path.is_dir():
        if not path.is_file():
            yield Rejected(shown(path), 0, "cannot be read: not a regular file")
        elif not path.name.lower().endswith(SUFFIXES):
            kind = "".join(path.suffixes[-2:] if path.suffix.lower() == ".gz" else path.suffixes[-1:])
            yield Rejected(shown(path), 0, f"unknown kind of file: {kind or 'no suffix'}")
        else:
            yield path
        return
    here = path.resolve()
    if here in above:  # a symbolic link to a folder that holds it
        return
    try:
        below = sorted(path.iterdir())
    except OSError as error:
        yield Rejected(shown(path), 0, broken(error))
        return
    for inner in below:
        if not inner.name.startswith("."):
            yield from _files(inner, above | {here})


def _size(found: Path | Rejected) -> int:
    try:
        return found.stat().st_size if isinstance(found, Path) else 0
    except OSError:
        return 0
