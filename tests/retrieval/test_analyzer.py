import subprocess
import sys
import unicodedata

import pytest

from corpus.errors import GeulgamError
from retrieval.analyzer import Analyzer, clean
from retrieval.analyzers import NAMES, analyzer

SENTENCE = "우리는 함께 걸었다. 예뻤던 봄날의 “글쓰기” 1,000번, AI와!"


def terms(tool: Analyzer, text: str) -> list[str]:
    return next(tool([text]))


def test_kiwi_keeps_words_of_meaning_in_dictionary_form_and_drops_particles_and_endings() -> None:
    found = terms(analyzer("kiwi"), "우리는 세 번이나 아름다운 길을 함께 걸었지만, 아니었다.")
    assert found == ["우리", "세", "번", "아름답다", "길", "함께", "걷다", "아니다"]


@pytest.mark.parametrize(
    "word", ["봄", "별", "삶", "기쁨", "섬", "해", "비", "감", "함께", "우리", "안녕", "그래도", "글쓰기"]
)
def test_kiwi_takes_a_topic_word_for_what_it_is_in_running_text(word: str) -> None:
    assert terms(analyzer("kiwi"), word) == [word]


def test_kiwi_finds_an_auxiliary_verb_that_stands_alone_and_nothing_in_a_particle() -> None:
    kiwi = analyzer("kiwi")
    assert terms(kiwi, "있다") == ["있다"]
    assert terms(kiwi, "에서") == []
    assert terms(kiwi, "#함께") == ["함께"]


def test_a_name_of_several_words_is_one_term_without_spaces() -> None:
    assert terms(analyzer("kiwi"), "이별의 부산 정거장을 불렀다") == ["이별의_부산_정거장", "부르다"]


def test_mecab_takes_compounds_apart_and_inflected_words_back_to_the_dictionary() -> None:
    mecab = analyzer("mecab")
    assert terms(mecab, "아름다운 봄날에 낙동강을") == ["아름답다", "봄", "날", "낙동", "강"]
    assert terms(mecab, "봄") == ["봄"]
    assert terms(mecab, "에서") == []


def test_bigrams_are_neighbours_within_words_and_single_characters_stand_alone() -> None:
    assert terms(analyzer("bigram"), "함께_걷는 길, AI!") == ["함께", "걷는", "길", "ai"]
    assert terms(analyzer("bigram"), "더불어") == ["더불", "불어"]


def test_whitespace_words_lose_the_punctuation_around_them_only() -> None:
    assert terms(analyzer("whitespace"), " (함께는) … AI's “길”") == ["함께는", "ai's", "길"]


@pytest.mark.parametrize("name", NAMES)
def test_every_analyzer_treats_decomposed_hangul_like_composed(name: str) -> None:
    tool = analyzer(name)
    assert terms(tool, unicodedata.normalize("NFD", SENTENCE)) == terms(tool, SENTENCE) != []


@pytest.mark.parametrize("name", NAMES)
def test_every_analyzer_takes_any_text(name: str) -> None:
    tool = analyzer(name)
    texts = ["", " \n", "\ud800함께", "함께\0길", "ㅋㅋㅋ", "👨‍👩‍👧", "İstanbul", "가나다 " * 3_000, "- " * 5_000]
    found = list(tool(texts))
    assert len(found) == len(texts)
    assert all(term and not any(map(str.isspace, term)) for terms in found for term in terms)


@pytest.mark.parametrize("name", NAMES)
def test_spans_give_the_same_terms_with_their_places_in_the_text(name: str) -> None:
    tool, text = analyzer(name), f"\n{SENTENCE}\nİ 함께"
    spans = tool.spans(text)
    assert [span.term for span in spans] == terms(tool, text)
    assert all(clean(text)[span.start : span.end].strip() for span in spans)
    assert clean(text)[spans[-1].start : spans[-1].end] == "함께"


@pytest.mark.parametrize("name", NAMES)
def test_the_fingerprint_names_the_analyzer_and_what_decides_on_its_terms(name: str) -> None:
    fingerprint = analyzer(name).fingerprint
    assert fingerprint.startswith(name)
    assert any(character.isdigit() for character in fingerprint)
    if name == "kiwi":
        assert "kiwipiepy_model=" in fingerprint


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(GeulgamError, match="kwi") as caught:
        analyzer("kwi")
    assert "kiwi" in caught.value.hint


def test_a_model_is_imported_with_the_first_text_not_before() -> None:
    code = (
        "import sys; from retrieval.analyzers import analyzer, NAMES; import retrieval.bm25, retrieval.select\n"
        "[analyzer(name).fingerprint for name in NAMES]\n"
        "assert not {'kiwipiepy', 'mecab', 'bm25s', 'torch', 'pandas'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
