"""Files of rows that no one would write: made by a seed, the same for the same seed."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_PIECES = (
    "봄이 왔다. ", "나는 오래 걸었다. ", "“정말?” ", "<p>", "</p>", "<script>alert(1)</script>", "&lt;b", "&#x1F600;",
    "&#99999999;", "&", "<", "\u200b", "\ufeff", "\u202e거꾸로\u202c", "\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c",
    "\x1b[31m", "\x1c", "\x1e", "\x7f", "\x85", "\u2028", "\u2029", "\r", "\n", "\r\n", "\t", " ", "\u3000", "\xa0",
    '"', "'", "\\", ",", ";", "한글".encode().decode("latin-1"), "\u1112\u1161\u11ab", "\u1100" * 20,
    "e" + "\u0301" * 50, "👨\u200d👩\u200d👧", "\U0010ffff", "\ufffe", "\ud7ff", "\ue000", "\ufffd", "010-1234-5678",
    "900101-1234568", "4111 1111 1111 1111", "서울시 강남구 역삼동 123-4", "a@b.kr ", "@" * 30, "#봄 #여름 ",
    "https://[::1/%%%?" + "a" * 40, "http://" + "가" * 40 + " ", "ㅋ" * 60, "!" * 60, "(" * 40, ")" * 40,
    "歷史(역사)", "隨筆", "12가 3456", "[" * 40, "=SUM(A1)", "홍길동 기자", "ⓒ 무단 전재", "1" * 60, "-" * 60,
    "\u200b" * 20,
)  # fmt: skip
_SURROGATES = ("\ud800", "\udfff", "\udc80", "\ud83d")
_CONTROLS = dict.fromkeys({*range(0x20), 0x7F} - set(map(ord, "\t\n\r")))
_KEYS = ("text", "title", "본문", "TEXT ", "\ufefftext", "", "a" * 300, "키\x00", "\ud800", "metadata", "source", "url")


def text(rng: random.Random) -> str:
    """Pieces in a row, sometimes with half of a surrogate pair."""
    pieces = [rng.choice(_PIECES) for _ in range(int(rng.expovariate(1 / 6)))]
    if rng.random() < 0.05:
        pieces.insert(rng.randint(0, len(pieces)), rng.choice(_SURROGATES))
    if rng.random() < 0.1:
        pieces.append("".join(chr(rng.choice((rng.randrange(0x80), rng.randrange(0xD800)))) for _ in range(20)))
    return "".join(pieces)


def value(rng: random.Random, depth: int = 0) -> Any:
    """Anything that JSON can say."""
    kind = rng.randrange(9 if depth < 4 else 6)
    made: tuple[Callable[[], Any], ...] = (
        lambda: None, lambda: rng.random() < 0.5, lambda: rng.choice((0, -1, 10**4000, 2**63, 2**64)),
        lambda: rng.choice((0.5, 1e308, float("inf"), float("nan"), -0.0)), lambda: "", lambda: text(rng),
        lambda: [value(rng, depth + 1) for _ in range(rng.randrange(4))],
        lambda: {text(rng): value(rng, depth + 1) for _ in range(rng.randrange(4))},
        lambda: {rng.choice(_KEYS): value(rng, depth + 1)},
    )  # fmt: skip
    return made[kind]()


def row(rng: random.Random) -> Any:
    """A row as a reader of JSON may meet it; most have a text."""
    if rng.random() < 0.1:
        return value(rng)
    made = {"text": text(rng) if rng.random() < 0.9 else value(rng)}
    if rng.random() < 0.7:
        made["title"] = text(rng) if rng.random() < 0.8 else value(rng)
    if rng.random() < 0.3:
        made["source"] = text(rng)
    for _ in range(int(rng.expovariate(1.5))):
        made[rng.choice(_KEYS)] = value(rng)
    return made


def _broken(rng: random.Random, line: str) -> str:
    """The line with a piece cut out of it, or put into it, or deep brackets in its place."""
    at = rng.randrange(len(line) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        return line[:at]
    if kind == 1:
        return line[:at] + rng.choice(('"', "{", "}", "\\", "\\u12", "\x00", "\x1e")) + line[at:]
    if kind == 2:
        deep: int = rng.choice((200, 900, 950, *range(970, 1000), 2_000, 100_000))
        if rng.random() < 0.5:
            return '{"text": "깊다.", "m": ' + "[" * deep + "]" * deep + "}"
        return rng.choice(("[", '{"a":')) * deep + "1" + "]" * deep
    return line[at:] if kind == 3 else "9" * 5_000


def jsonl(file: Path, rng: random.Random, rows: int) -> int:
    """JSON lines, one in ten broken, some bytes of which are no UTF-8. How many rows there are."""
    data, count = bytearray(), 0
    while count < rows:
        line = json.dumps(row(rng), ensure_ascii=rng.random() < 0.3)
        if rng.random() < 0.1:
            line = _broken(rng, line).replace("\n", " ").replace("\r", " ")
        encoded = line.encode("utf-8", "surrogatepass")
        if rng.random() < 0.01:
            encoded = encoded[:20] + b"\xff\xfe" + encoded[20:]
        if line.strip(" \t\n\r\ufeff"):
            count += 1
            data += encoded + b"\n"
    file.write_bytes(bytes(data))
    return count


def table(file: Path, rng: random.Random, rows: int) -> int:
    """CSV, each row well quoted but with whatever is in it, and with too few or too many fields at times."""
    with file.open("w", encoding="utf-8", errors="surrogatepass", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["본문", "제목", "memo", "memo", ""])
        for _ in range(rows):
            fields = [text(rng) for _ in range(rng.choice((5, 5, 5, 5, 1, 2, 6)))]
            if rng.random() < 0.95:  # with more control characters it would be no text
                fields = [field.translate(_CONTROLS) for field in fields]
            writer.writerow([fields[0] or "봄", *fields[1:]])
    return rows


def array(file: Path, rng: random.Random, rows: int) -> int:
    """One array in JSON."""
    made = [json.dumps(row(rng)) for _ in range(rows)]
    file.write_text(f"[{','.join(made)}]", encoding="utf-8")
    return rows


def columns(file: Path, rng: random.Random, rows: int) -> int:
    """Parquet, with columns of several types."""

    def valid(made: str) -> str:
        return made.encode("utf-8", "ignore").decode()

    data: dict[str, list[Any]] = {
        "text": [rng.choice((None, valid(text(rng)), valid(text(rng)))) for _ in range(rows)],
        "title": [rng.choice((None, valid(text(rng)))) for _ in range(rows)],
        "bytes": [rng.randbytes(rng.randrange(9)) for _ in range(rows)],
        "nested": [[{"a": rng.random()}] * rng.randrange(3) for _ in range(rows)],
        "number": [rng.choice((None, 1, 2**62)) for _ in range(rows)],
    }
    pq.write_table(pa.table(data), file)
    return rows


def spoilt(file: Path, source: Path, rng: random.Random) -> None:
    """The bytes of another file with some of them changed."""
    data = bytearray(source.read_bytes())
    for _ in range(rng.randint(1, 200)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    file.write_bytes(bytes(data[: rng.randint(1, len(data))] if rng.random() < 0.5 else data))
