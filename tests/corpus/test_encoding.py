"""A file is decoded in the encoding it has, or refused; never in another that happens to accept its bytes."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.encoding import Encoding, NotText, detect


def found(data: bytes, block: int = 1 << 16) -> Encoding:
    def blocks() -> Iterator[bytes]:
        for start in range(0, len(data), block):
            yield data[start : start + block]

    return detect(blocks)


@pytest.mark.parametrize(
    ("codec", "detected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp949", "cp949"),
        ("euc-kr", "cp949"),
    ],
)
@pytest.mark.parametrize("block", [7, 4096, 1 << 20])
def test_each_encoding_is_found_wherever_a_block_cuts_a_character(
    prose: str, codec: str, detected: str, block: int
) -> None:
    data = prose[:3000].encode(codec)
    assert found(data, block) == Encoding(detected)
    assert data.decode(detected) == prose[:3000]


def test_a_sentence_is_enough_for_cp949(essays: tuple[str, ...]) -> None:
    for essay in essays:
        assert found(essay.encode("cp949")) == Encoding("cp949")


def test_syllables_beyond_euc_kr_are_cp949(prose: str) -> None:
    assert found(("펲시맨이 똠방각하와 뷁을 먹었다. " + prose[:500]).encode("cp949")) == Encoding("cp949")


def test_an_ascii_first_megabyte_does_not_decide(prose: str) -> None:
    head = b"2021-11-20,log,nothing of interest\n" * 40_000
    assert found(head) == Encoding("utf-8")
    assert found(head + prose.encode("cp949")) == Encoding("cp949")
    assert found(head + prose.encode()) == Encoding("utf-8")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), max_codepoint=0x10FFFF)))
def test_valid_utf8_is_never_taken_for_anything_else(text: str) -> None:
    if not text.startswith(("PK\x03\x04", "GIF8", "%PDF-", "Rar!", "BZh", "PAR1")):
        assert found(text.encode()).codec in ("utf-8", "utf-8-sig")


JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。ニャーニャー泣いていた。" * 5
CHINESE = "人类社会的发展历史是一个漫长的过程，我们在这里讨论经济和文化。今天的天气很好，我们去公园吧。" * 5


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(JAPANESE.encode("euc-jp"), id="EUC-JP"),
        pytest.param(JAPANESE.encode("shift-jis"), id="Shift-JIS"),
        pytest.param(CHINESE.encode("gbk"), id="GBK"),
        pytest.param("“Naïve” – café, résumé, “déjà vu”.\n".encode("cp1252") * 20, id="Windows-1252"),
        pytest.param("안녕하세요, 오늘은 날씨가 좋습니다.".encode("johab"), id="Johab"),
        pytest.param("앞은 이렇고\n".encode() * 9 + "뒤는 저렇다\n".encode("cp949") * 9, id="two in one file"),
    ],
)
def test_what_cp949_would_turn_into_mojibake_is_refused(data: bytes) -> None:
    with pytest.raises(NotText, match=r"unknown encoding: not UTF-8 \(line \d+\), nor UTF-16, nor CP949"):
        found(data)


def test_the_line_that_is_not_utf8_is_named(essays: tuple[str, ...]) -> None:
    with pytest.raises(NotText, match=r"not UTF-8 \(line 3\)"):
        found(f"{essays[0]}\n{essays[1]}\n".encode() + JAPANESE.encode("euc-jp"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04" + bytes(40), "zip archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG picture"),
        (b"%PDF-1.7\nplain at first\n", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
        (bytes(100), "binary file, it has NUL bytes"),
        (b"a\0b\0" * 3 + bytes(range(256)) * 9, "binary file"),
        (bytes(range(1, 32)) * 9, "binary file, it has control characters"),
    ],
)
def test_a_binary_file_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(NotText, match=f"not text: .*{reason}"):
        found(data)


def test_noise_is_refused() -> None:
    with pytest.raises(NotText):
        found(os.urandom(100_000))


def test_a_stray_control_character_does_not_cost_the_file(prose: str) -> None:
    assert found((prose + "\x08\x0b\x1a").encode()) == Encoding("utf-8")


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
def test_a_few_bad_bytes_make_a_file_damaged_not_foreign(prose: str, codec: str) -> None:
    data = prose.encode(codec)
    cut = data.index("운동장".encode(codec))
    damaged = found(data[:cut] + b"\xff" + data[cut:])
    assert damaged == Encoding(codec, damaged=True)
    assert damaged.errors == "surrogateescape"


def test_utf16_that_breaks_off_within_a_character_is_refused(prose: str) -> None:
    with pytest.raises(NotText, match="begins as UTF-16, but line 1,000 or so is not"):
        found(prose.encode("utf-16")[:-1])
