"""Rows that no one would write are each taken or refused with a reason, and all that comes after goes on working."""

import json
import random
from pathlib import Path

import pytest

from corpus.cleaning.cleaning import NAMES, Cleaner, Cleaning
from corpus.document import Raw, Rejected
from corpus.judging.judging import Judge, Judging
from corpus.read import read
from corpus.stats import stats
from corpus.store import Corpus
from geulgam.stages.cleaning import diff, undo
from geulgam.stages.corpus import add_documents
from geulgam.stages.corpus_report import report
from geulgam.workspace import Workspace
from tests import fuzzed
from tests.geulgam.conftest import Command

ROWS = 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of fuzzed rows: 10,000 in JSON lines, 1,000 in each of the other kinds, prose, and bytes."""
    rng, made = random.Random(20), tmp_path_factory.mktemp("fuzzed")
    fuzzed.jsonl(made / "rows.jsonl", rng, ROWS)
    fuzzed.table(made / "rows.csv", rng, 1_000)
    fuzzed.array(made / "rows.json", rng, 1_000)
    fuzzed.columns(made / "rows.parquet", rng, 1_000)
    for number in range(100):
        (made / f"{number}.txt").write_bytes(fuzzed.text(rng).encode("utf-8", "surrogatepass"))
        (made / f"{number}.md").write_bytes(rng.randbytes(rng.randrange(200)))
    return made


def items(path: Path) -> list[Raw | Rejected]:
    """What is read of it; each refusal has a reason that fits in a line."""
    found = list(read([path]))
    for item in found:
        assert item.file.startswith(str(path)) and item.line >= 0
        if isinstance(item, Rejected):
            assert item.reason and "\n" not in item.reason and len(item.reason) < 2_000
    return found


@pytest.mark.parametrize(("name", "rows"), [("rows.jsonl", ROWS), ("rows.csv", 1_000), ("rows.parquet", 1_000)])
def test_each_row_is_taken_or_refused(folder: Path, name: str, rows: int) -> None:
    found = items(folder / name)
    lines = [item.line for item in found]
    assert len(found) == rows and lines == sorted(set(lines))
    taken = sum(isinstance(item, Raw) for item in found)
    assert rows // 4 < taken < rows


def test_each_element_of_an_array_and_each_file_of_prose_is_taken_or_refused(folder: Path) -> None:
    assert len(items(folder / "rows.json")) == 1_000
    for suffix in (".txt", ".md"):
        assert [len(items(file)) for file in folder.glob(f"*{suffix}")] == [1] * 100


@pytest.mark.parametrize("kind", ["jsonl", "csv", "json", "parquet", "txt"])
def test_a_file_of_which_bytes_were_changed_is_read_as_far_as_it_goes(folder: Path, tmp_path: Path, kind: str) -> None:
    rng = random.Random(kind)
    source = tmp_path / f"short.{kind}"
    made: dict[str, object] = {
        "jsonl": fuzzed.jsonl,
        "csv": fuzzed.table,
        "json": fuzzed.array,
        "parquet": fuzzed.columns,
    }
    if kind in made:
        made[kind](source, rng, 40)  # type: ignore[operator]
    else:
        source.write_text("봄이 왔다. " + fuzzed.text(rng) * 20, encoding="utf-8", errors="ignore")
    for number in range(60):
        file = tmp_path / f"{number}.{kind}"
        fuzzed.spoilt(file, source, rng)
        assert items(file), file
        file.with_suffix(f".{kind}.gz").write_bytes(file.read_bytes())
        assert items(file.with_suffix(f".{kind}.gz"))


@pytest.mark.slow
def test_a_corpus_of_such_rows_can_be_made_and_cleaned_and_told_of(
    folder: Path, workspace: Workspace, geulgam: Command
) -> None:
    rows = [item for file in sorted(folder.iterdir()) for item in items(file)]
    added = add_documents(workspace, workspace.settings(), [folder])
    assert added.taken + added.known + added.rejected == len(rows) and added.taken > ROWS // 8
    again = add_documents(workspace, workspace.settings(), [folder])
    assert (again.taken, again.changed) == (0, 0)
    corpus = Corpus(workspace.corpus)
    for line in corpus.rejected_path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        assert told["file"] and told["line"] >= 0 and told["reason"]
    assert stats(corpus).documents == added.taken == len(corpus)
    written = report(workspace, workspace.settings())
    assert written.survey.kept.documents == len(corpus) and not [
        kind for kind in written.survey.refusals if kind.kind == "unknown"
    ]
    page = written.file.read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script" in page
    for document in list(corpus)[:20]:
        diff(workspace, workspace.settings(), document.id)
    assert undo(workspace).documents == len(Corpus(workspace.corpus)) > added.taken
    assert geulgam("corpus", "stats").code == geulgam("corpus", "report").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("hanja", ["read", "remove"])
def test_every_step_and_rule_comes_to_an_end_on_every_such_row(folder: Path, hanja: str) -> None:
    chosen = {name: name not in ("spacing", "endings") for name in NAMES}
    cleaner = Cleaner(Cleaning().switched({**chosen, "hanja": hanja}).steps())
    judge = Judge(Judging(short=1, long=10_000).rules())
    taken = [item.document() for file in sorted(folder.iterdir()) for item in items(file) if isinstance(item, Raw)]
    made = [cleaner(document) for document in taken]
    assert cleaner.tally.changed > len(taken) // 4 and cleaner.tally.documents == len(taken)
    for document in made:
        judge(document)
        document.text.encode()
