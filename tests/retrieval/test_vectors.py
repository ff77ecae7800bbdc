"""Kept vectors: only what is missing is computed, whoever is killed, reads or writes meanwhile."""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.digests import digest
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Progress
from retrieval import vectors
from retrieval.encoder import encoder, of_blocks
from retrieval.vectors import KeptVectors


class Counted:
    """A vector drawn by the text's hash; remembers what it was given, and can be killed at a text."""

    dimensions = 8

    def __init__(self, name: str = "counted 1", killed_at: str = "") -> None:
        self.name, self.killed_at = name, killed_at
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.killed_at in texts:
            raise KeyboardInterrupt
        self.texts += texts
        drawn = [np.random.default_rng(list(digest(self.name, text))).normal(size=8) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in drawn], np.float32).reshape(-1, 8)


TEXTS = [f"{number}번째 글" for number in range(40)]


def test_only_what_is_missing_is_computed_and_once(tmp_path: Path) -> None:
    counted = Counted()
    kept = KeptVectors(counted, tmp_path)
    first = kept.encode([*TEXTS[:3], TEXTS[1]])
    assert counted.texts == TEXTS[:3]
    assert np.array_equal(first[1], first[3])

    again = KeptVectors(counted, tmp_path).encode(TEXTS[4::-1])
    assert counted.texts == [*TEXTS[:3], TEXTS[4], TEXTS[3]]
    assert np.array_equal(again, Counted().encode(TEXTS[4::-1]))
    kept.encode(TEXTS[:5])  # what another has written is seen
    assert counted.texts == [*TEXTS[:3], TEXTS[4], TEXTS[3]]
    assert kept.encode([]).shape == (0, 8)


def test_vectors_of_another_encoder_are_kept_apart(tmp_path: Path) -> None:
    one, other = Counted(), Counted("counted 2")
    found = [KeptVectors(encoder, tmp_path).encode(TEXTS) for encoder in (one, other, one)]
    assert one.texts == other.texts == TEXTS
    assert not np.allclose(found[0], found[1], atol=0.1)
    assert np.array_equal(found[0], found[2])
    assert KeptVectors(one, tmp_path).name == one.name


def test_what_is_kept_is_mapped_and_not_read_into_memory(tmp_path: Path) -> None:
    writer, reader = KeptVectors(Counted(), tmp_path), KeptVectors(Counted(), tmp_path)
    for kept in (writer, reader):
        kept.encode(TEXTS)
        (part,) = kept._parts.values()
        assert isinstance(part.vectors.base, np.memmap)


def test_it_stands_where_an_encoder_does(tmp_path: Path) -> None:
    blocks = [["비가 온다.", "우산을 폈다."], ["빵을 구웠다."]]
    kept = KeptVectors(encoder(), tmp_path)
    assert np.allclose(of_blocks(kept, blocks), of_blocks(encoder(), blocks), atol=1e-6)
    (path,) = tmp_path.rglob("*.keys.npy")
    assert len(np.load(path)) == 4  # two sentences, their block, and a block of one sentence, which is that sentence


def test_work_that_is_broken_off_goes_on_from_the_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "PART", 10)
    with pytest.raises(KeyboardInterrupt):
        KeptVectors(Counted(killed_at=TEXTS[25]), tmp_path).encode(TEXTS)
    counted = Counted()
    assert np.array_equal(KeptVectors(counted, tmp_path).encode(TEXTS), Counted().encode(TEXTS))
    assert counted.texts == TEXTS[20:]


def test_vectors_whose_keys_were_never_written_do_not_count_and_go_in_time(tmp_path: Path) -> None:
    kept = KeptVectors(Counted(), tmp_path)
    kept.encode(TEXTS[:5])
    killed = next(kept.folder.glob("*.vectors.npy")).with_name("0123456789abcdef.vectors.npy")
    killed.write_bytes(b"half of wh")
    torn = kept.folder / ".0123456789abcdef.keys.npy.0a0a0a0a.part"
    torn.touch()
    counted = Counted()
    assert KeptVectors(counted, tmp_path).encode(TEXTS[:6]).shape == (6, 8)
    assert counted.texts == TEXTS[5:6]
    assert killed.exists() and torn.exists()  # another process may be about to write its keys

    for path in (killed, torn):
        os.utime(path, (time.time() - 7_200,) * 2)
    kept.encode(TEXTS[:7])
    assert not killed.exists() and not torn.exists()
    assert kept.encode(TEXTS[:7]).shape == (7, 8)


def test_many_small_parts_become_one(tmp_path: Path) -> None:
    counted = Counted()
    kept, reader = KeptVectors(counted, tmp_path), KeptVectors(Counted(killed_at=TEXTS[0]), tmp_path)
    for text in TEXTS:
        kept.encode([text])
        reader.encode([TEXTS[0]])
    assert counted.texts == TEXTS
    assert len(list(kept.folder.iterdir())) < 2 * 16
    assert np.array_equal(reader.encode(TEXTS), Counted().encode(TEXTS))


def test_many_may_read_and_write_at_once(tmp_path: Path) -> None:
    expected = Counted().encode(TEXTS)

    def work(seed: int) -> bool:
        kept = KeptVectors(Counted(), tmp_path)  # with nothing in common but the folder, as processes have
        random = np.random.default_rng(seed)
        picks = [random.choice(len(TEXTS), 3, replace=False) for _ in range(30)]
        return all(np.array_equal(kept.encode([TEXTS[i] for i in pick]), expected[pick]) for pick in picks)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    counted = Counted()
    assert np.array_equal(KeptVectors(counted, tmp_path).encode(TEXTS), expected)
    assert len(counted.texts) < 5


def test_a_damaged_part_is_named_with_what_to_do(tmp_path: Path) -> None:
    kept = KeptVectors(Counted(), tmp_path)
    kept.encode(TEXTS)
    path = next(kept.folder.glob("*.vectors.npy"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(GeulgamError, match="cannot read the vectors") as caught:
        KeptVectors(Counted(), tmp_path).encode(TEXTS)
    name = path.name.replace("vectors", "keys")
    assert name in caught.value.hint
    (kept.folder / name).unlink()
    assert KeptVectors(Counted(), tmp_path).encode(TEXTS).shape == (40, 8)


def test_progress_is_told_of_what_is_computed_alone(tmp_path: Path) -> None:
    kept = KeptVectors(Counted(), tmp_path)
    kept.encode(TEXTS[:10])
    events: list[Event] = []
    kept.encode(TEXTS, on=events.append)
    assert isinstance(events[0], Begun) and events[0].total == 30
    assert [event.done for event in events if isinstance(event, Progress)][-1] == 30
    events.clear()
    kept.encode(TEXTS, on=events.append)
    assert not events
