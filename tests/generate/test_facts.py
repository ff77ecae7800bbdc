"""What a text tells of its facts, and how far another keeps them."""

import pytest

from corpus.document import document
from generate.planning.facts import agrees, facts_of, facts_of_essays, tellings
from generate.planning.plan import Facts
from generate.sentences import sentences

PLAIN = "나는 어제 강가를 걸었다. 바람이 차가웠다. 물소리가 오래 들렸다."
HUMBLE = "저는 지금 강가를 걷습니다. 바람이 차갑습니다. 물소리가 들립니다."


@pytest.mark.parametrize(
    ("sentence", "ending", "tense"),
    [
        ("바람이 불었다.", "해라체", "past"),
        ("바람이 분다.", "해라체", "present"),
        ("하늘이 맑다.", "해라체", "present"),
        ("그때는 자주 갔었다.", "해라체", "past"),
        ("문을 열었습니다.", "합쇼체", "past"),
        ("아니 되옵니다.", "합쇼체", "present"),
        ("어디로 갑니까?", "합쇼체", "present"),
        ("꽃이 피었어요.", "해요체", "past"),
        ("참 좋죠.", "해요체", "present"),
        ("내일은 비가 올 것이다.", "해라체", ""),
        ("왜 그랬을까.", "", "past"),
        ("많이 걸었으니까.", "", "past"),
        ("긴 여름의 끝.", "", ""),
    ],
)
def test_the_end_of_a_sentence_tells_its_style_and_tense(sentence: str, ending: str, tense: str) -> None:
    (told,) = tellings([sentence])
    assert (told.ending, told.tense) == (ending, tense)


@pytest.mark.parametrize(
    ("sentence", "teller"),
    [
        ("내 마음은 조용했다.", "나"),
        ("제가 먼저 말했습니다.", "저"),
        ("우리는 나란히 앉았다.", "우리"),
        ("그녀는 창문을 닫았다.", "그녀"),
        ("저 멀리 산이 보였다.", ""),
        ("비가 왔다.", ""),
    ],
)
def test_a_pronoun_tells_who_tells(sentence: str, teller: str) -> None:
    assert next(tellings([sentence])).teller == teller


def test_what_is_quoted_is_another_voice() -> None:
    (told,) = tellings(["“저는 내일 떠나요.” 그가 말했다."])
    assert (told.teller, told.ending, told.tense) == ("그", "해라체", "past")


def test_the_facts_of_a_text_are_what_most_of_its_sentences_tell() -> None:
    assert facts_of(PLAIN) == Facts("나", "해라체", "past")
    assert facts_of(HUMBLE) == Facts("저", "합쇼체", "present")
    assert facts_of("바람이 분다. 바람이 불었다.").tense == ""
    assert facts_of("") == Facts()


def test_people_and_places_are_named() -> None:
    facts = facts_of("민수는 부산에서 어머니를 만났다. 둘은 부산역까지 걸었다.")
    assert set(facts.people) == {"민수", "어머니"}
    assert "부산" in facts.places


def test_a_text_that_keeps_the_facts_agrees_in_all() -> None:
    facts = facts_of(PLAIN)
    assert agrees("나는 다리를 건넜다. 우리는 웃었다.", facts) == {"teller": 1, "ending": 1, "tense": 1}


def test_each_fact_that_is_broken_is_told() -> None:
    assert agrees("저는 다리를 건넙니다.", facts_of(PLAIN)) == {"teller": 0, "ending": 0, "tense": 0}
    assert agrees("나는 다리를 건넜다. 다리는 길어요.", facts_of(PLAIN))["ending"] == 0.5


def test_what_is_not_told_or_not_laid_down_is_left_out() -> None:
    assert agrees("긴 여름의 끝.", facts_of(PLAIN)) == {}
    assert agrees("저는 다리를 건넙니다.", Facts()) == {}


def test_who_is_not_on_the_sheet_is_told() -> None:
    assert agrees("아버지와 어머니가 웃었다.", Facts(people=("어머니",)))["people"] == 0.5


@pytest.mark.parametrize(
    ("named", "text", "share"),
    [
        (("남편", "엄마"), "아내와 언니가 웃었다.", 0.0),
        ((), "남편과 누나가 웃었다.", 0.0),
        ((), "남편과 언니가 웃었다.", 1.0),
        (("남편",), "아내가 웃었다.", 0.0),
        (("아내", "친구"), "누나와 어머니가 웃었다.", 1.0),
        (("남편", "아내"), "누나가 웃었다.", 1.0),  # both are told of already
    ],
)
def test_who_tells_has_a_husband_or_a_wife(named: tuple[str, ...], text: str, share: float) -> None:
    assert agrees(text, Facts(teller="나"), named)["kin"] == share
    assert "kin" not in agrees(text, Facts(teller="그녀"), named)  # a story has them all
    assert "kin" not in agrees(text, Facts(teller="민수"), named)
    assert "kin" not in agrees("친구와 어머니가 웃었다.", Facts(teller="나"), named)


def test_the_opening_wins_over_the_essays() -> None:
    essays = [PLAIN, PLAIN, HUMBLE]
    assert facts_of_essays(essays) == Facts("나", "해라체", "past")
    assert facts_of_essays(essays, "강물이 흐릅니다.") == Facts("나", "합쇼체", "present")


def test_an_opening_that_names_somebody_forbids_nobody_else() -> None:
    facts = facts_of_essays([PLAIN], "나는 부산에서 어머니를 만났다.")
    assert facts == Facts("나", "해라체", "past")
    assert min(agrees("나는 서울에서 친구와 아버지를 기다렸다.", facts).values()) == 1


def test_real_essays_keep_their_own_facts(shared: object) -> None:
    """Of the sentences of a real essay most agree with what the essay's other half tells."""
    from bench.essays import shared_documents

    essays = [d for d in shared_documents()[:400:20] if len(d.text) > 1500]
    shares = []
    for essay in essays:
        said = sentences(document(essay.text).text)
        half = len(said) // 2
        facts = facts_of(" ".join(said[:half]))
        if facts.ending:
            shares.append(agrees(" ".join(said[half:]), facts)["ending"])
    assert len(shares) >= 10 and sum(share > 0.8 for share in shares) >= 0.9 * len(shares)
