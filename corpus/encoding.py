"""Which of UTF-8, UTF-16 and CP949 a file's bytes are, or that they are no text at all.

The whole file is weighed, block by block, never only its head: a megabyte of ASCII may be followed by CP949.
A strict UTF-8 decoder almost never accepts anything else. CP949 and UTF-16 without a byte order mark accept
nearly anything, so there the decoded characters must also look like Korean: in Korean prose the 128 syllables of
:data:`corpus.korean.FREQUENT` make up 72 % of all syllables, in mojibake about 5 %. Nothing else is guessed at;
what fits none of these is refused with the reason.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain

from corpus.korean import FREQUENT

_KOREAN_SHARE = 0.2  # of the letters that are not ASCII: prose has 0.6 or more, mojibake under 0.1
_SAMPLE = 100_000  # non-ASCII characters looked at for that share
_SHORTEST = 10  # characters; below, one text in a hundred is Korean in the wrong one of the two UTF-16s too
_DAMAGE = 1 / 20  # bad bytes per non-ASCII character up to which a file is damaged; in the wrong codec it is 0.6 up

_ASCII = bytes(range(0x80))
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r")) + b"\x7f"
_ESCAPED = re.compile("[\udc80-\udcff]")
_MAGIC = {
    b"PK\x03\x04": "a zip archive (.zip, .xlsx, .docx or .hwpx)",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF-": "a PDF",
    b"\x1f\x8b": "a gzip archive (name it .gz to have it unpacked)",
    b"\xd0\xcf\x11\xe0": "an old Office or .hwp file",
    b"HWP Document": "an old .hwp file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstd archive",
    b"PAR1": "a Parquet file (name it .parquet)",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}


class NotText(Exception):
    """The bytes are not text in any encoding read here; ``str()`` is the reason, for ``rejected.jsonl``."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec that the whole file decodes in.

    ``damaged``: but for a few bytes, which ``errors="surrogateescape"`` turns into U+DC80 to U+DCFF; a row
    that holds one of those must not be taken.
    """

    codec: str
    damaged: bool = False

    @property
    def errors(self) -> str:
        """What to open the file with."""
        return "surrogateescape" if self.damaged else "strict"


@dataclass(slots=True)
class _Weight:
    """What decoding in one codec gave, as far as it was carried."""

    characters: int = 0
    foreign: int = 0  # characters that are not ASCII
    nuls: int = 0
    controls: int = 0
    lines: int = 0
    bad: int = 0  # bytes that did not decode
    bad_line: int = 0  # the line of the first of them, from 1
    sample: Counter[str] = field(default_factory=Counter)

    @property
    def binary(self) -> str:
        """Why this cannot be text, or nothing. A stray control character in a scraped page is no reason."""
        if self.nuls * 1000 > self.characters:
            return "NUL bytes"
        return "control characters" if self.controls > 2 + self.characters // 100 else ""

    @property
    def clean(self) -> bool:
        return not self.bad and not self.binary

    @property
    def damaged(self) -> bool:
        return 0 < self.bad <= _DAMAGE * self.foreign and not self.binary

    @property
    def korean(self) -> bool:
        letters = Counter({c: n for c, n in self.sample.items() if c > "\x7f" and c.isalpha()})
        frequent = sum(n for c, n in letters.items() if c in FREQUENT)
        return frequent >= _KOREAN_SHARE * letters.total()

    @property
    def hopeless(self) -> bool:
        """Wrong enough that the rest of the file need not be looked at."""
        return self.bad > 100 + self.foreign // 10 or self.nuls > 100 + self.characters // 10


def detect(blocks: Callable[[], Iterable[bytes]]) -> Encoding:
    """The encoding of the bytes that ``blocks()`` gives, from their start each time it is called.

    One pass over the data for UTF-8 and for UTF-16 with a byte order mark; for anything else up to three
    more, each left early once it is hopeless. Raises :class:`NotText`.
    """
    head = next(iter(blocks()), b"")
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            raise NotText(f"not text: {name}")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        utf16 = _weigh("utf-16", blocks)
        if utf16.bad:
            raise NotText(f"unknown encoding: begins as UTF-16, but line {utf16.bad_line:,} or so is not")
        return _text("utf-16", utf16)

    codec = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    utf8 = _weigh(codec, blocks)
    if utf8.clean:
        return Encoding(codec)
    others = {other: _weigh(other, blocks) for other in ("cp949", "utf-16-le", "utf-16-be")}
    for other, weight in others.items():
        if weight.clean and weight.korean and (other == "cp949" or weight.characters >= _SHORTEST):
            return Encoding(other)
    if utf8.damaged:
        return Encoding(codec, damaged=True)
    if others["cp949"].damaged and others["cp949"].korean:
        return Encoding("cp949", damaged=True)
    _text(codec, utf8)
    raise NotText(f"unknown encoding: not UTF-8 (line {utf8.bad_line:,}), nor UTF-16, nor CP949/EUC-KR")


def _text(codec: str, weight: _Weight) -> Encoding:
    if weight.binary:
        raise NotText(f"not text: a binary file, it has {weight.binary}")
    return Encoding(codec)


def _weigh(codec: str, blocks: Callable[[], Iterable[bytes]]) -> _Weight:
    """Decode all of it, or as much as is not hopeless, and count."""
    wide = codec.startswith("utf-16")  # whose decoder cannot escape a bad byte: the first one is the last
    decoder = codecs.getincrementaldecoder(codec)("strict" if wide else "surrogateescape")
    weight = _Weight()
    for block in chain(blocks(), [b""]):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            weight.bad, weight.bad_line = 1, weight.lines + 1
            break
        _count(weight, text)
        if not codec.startswith("utf-8") and weight.foreign < _SAMPLE:
            weight.sample.update(text)
        if weight.hopeless:
            break
    return weight


def _count(weight: _Weight, text: str) -> None:
    try:
        data, bad = text.encode(), 0
    except UnicodeEncodeError as error:
        data, bad = text.encode(errors="surrogatepass"), len(_ESCAPED.findall(text))
        weight.bad_line = weight.bad_line or weight.lines + text.count("\n", 0, error.start) + 1
    weight.bad += bad
    weight.characters += len(text)
    weight.foreign += len(text) - bad - (len(data) - len(data.translate(None, _ASCII)))
    weight.nuls += data.count(0)
    weight.controls += len(data) - len(data.translate(None, _CONTROLS))
    weight.lines += data.count(b"\n")
