"""A corpus without copies, made from the one in which they are: of near-duplicates one stays, by a rule.

Beside the corpus stand `rejected.jsonl`, with the rows that were refused before and those that are dropped here, and
`duplicates.jsonl`, a line for each document that stays for others:
``{"kept": ID, "dropped": [{"id": ID, "shared": 0.83}, …]}`` (:mod:`corpus.copies`).
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from corpus.atomic import explaining, replacing
from corpus.copies import Copies, Dropped, corpus_copies
from corpus.derive import Derived, difference, telling
from corpus.digests import DTYPE, Digest, Digests, array, from_hex
from corpus.document import Rejected
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.imports import Imports
from corpus.keeping import Keeping, Scores
from corpus.refusals import Refusals
from corpus.store import Corpus

REASON = "near-duplicate"


def deduplicate(
    cleaned: Corpus,
    corpus: Corpus,
    imports: Imports,
    how: Keeping,
    *,
    scores: Scores | None = None,
    on: On = silent,
) -> Derived:
    """Make ``corpus`` hold the documents of ``cleaned``, derived from these imports, but for those that are copies.

    Does nothing if it was made from the same by the same rule and the same ``scores``, if the rule is "best"; else it
    is made anew, and the old one stands until it is. ``rejected`` and ``reasons`` count the documents that were not
    dropped before. Raises as Corpus does, and ValueError if the rule is to keep all, or the best without scores.
    """
    if how.rule is None:
        raise ValueError("nothing is to be dropped")
    made = cleaned.made_from
    steps = [*made.get("steps", []), *map(list, how.named(scores))]
    now = {**made, "steps": steps, "cleaned": cleaned.fingerprint()}
    if corpus.made_from == now:
        return Derived()
    found = corpus_copies(cleaned, how.rule, scores=scores, on=on)
    gone = {one.id: each.kept for each in found for one in each.dropped}
    ids, versions = corpus.digests(), corpus.versions()
    before, dropped_before = Digests(ids), Digests(_dropped(corpus))
    writer, taken, characters = corpus.writer(), 0, 0
    with Task(on, "writing", len(cleaned), "document") as task:
        for document in cleaned:
            if document.id not in gone:
                writer.add(document)
                if before.add(from_hex(document.id)):
                    taken += 1
                    characters += len(document.text)
            task.advance()
        writer.finish()
        dropped = sum(dropped_before.add(from_hex(id_)) for id_ in gone)
        _note(cleaned, corpus, imports, gone, found)
        corpus.commit(writer.parts, replace=True, made_from=now)
    changed, left = difference(ids, versions, corpus)
    return Derived(taken, changed, left, 0, dropped, characters, {REASON: dropped} if dropped else {})


def duplicates(corpus: Corpus) -> Iterator[Copies]:
    """Which documents stay for others, as `duplicates.jsonl` says; none where nothing was dropped.

    Raises GeulgamError for a damaged line.
    """
    path = _path(corpus)
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                told = json.loads(line)
                yield Copies(told["kept"], tuple(Dropped(one["id"], one["shared"]) for one in told["dropped"]))
            except (ValueError, KeyError, TypeError) as error:
                hint = "remove it, and commit.json beside it; then geulgam corpus clean makes both again"
                raise GeulgamError(f"{path}, line {number}: damaged", hint) from error


def forget(corpus: Corpus, cleaned: Corpus) -> None:
    """Remove what :func:`deduplicate` has left, where the corpus holds all documents again."""
    with explaining(cleaned.folder):
        _path(corpus).unlink(missing_ok=True)
        if cleaned.folder.exists():
            (cleaned.folder / "commit.json").unlink(
                missing_ok=True
            )  # killed after this, what is left counts for nothing
            shutil.rmtree(cleaned.folder)


def _path(corpus: Corpus) -> Path:
    return corpus.folder / "duplicates.jsonl"


def _dropped(corpus: Corpus) -> Digest:
    """Of the documents that were dropped before, (n,)."""
    ids = [from_hex(one.id) for each in duplicates(corpus) for one in each.dropped]
    return np.sort(array(ids)) if ids else np.empty(0, DTYPE)


def _note(cleaned: Corpus, corpus: Corpus, imports: Imports, gone: Mapping[str, str], found: Sequence[Copies]) -> None:
    """Write both lists."""
    with replacing(corpus.rejected_path) as path:
        if cleaned.rejected_path.exists():
            shutil.copyfile(cleaned.rejected_path, path)
        refusals = Refusals(path)
        for row, (id_, kept) in zip(telling(imports, array(map(from_hex, gone))), gone.items(), strict=True):
            refusals.add(Rejected(row.file, row.line, f"{REASON}: of {kept}"), id_)
        refusals.write()
    with replacing(_path(corpus)) as path, path.open("w", encoding="utf-8") as file:
        for each in found:
            dropped = [{"id": one.id, "shared": one.shared} for one in each.dropped]
            file.write(json.dumps({"kept": each.kept, "dropped": dropped}) + "\n")
