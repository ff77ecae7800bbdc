"""Guards: spans of the given documents and banned phrases, whatever spaces and marks stand in them."""

import pytest

from corpus.document import document
from generate.guards.guards import Guards
from generate.guards.spans import SpanIndex

TEXT = "저녁이 되면 할머니는 마당의 평상에 앉아 콩을 까셨고 나는 그 옆에서 별자리의 이름을 하나씩 외웠다."


def written(guards: Guards, text: str) -> str:
    """As much of the text as may be written, a character after the other."""
    done = ""
    for character in text:
        if guards.forbid(done, character):
            break
        done += character
    return done


@pytest.mark.parametrize("text", ["희망과 꿈", "그것은 희망, 과꿈이었다", "HOPE 희망과\n꿈"])
def test_a_banned_phrase_is_never_finished(text: str) -> None:
    guards = Guards(banned=["희망과 꿈"])
    assert "꿈" not in written(guards, text)
    assert written(guards, "희망과 바람과 꿈") == "희망과 바람과 꿈"
    assert guards.forbid("", text)  # also as one token


def test_the_longest_and_the_shortest_of_several_phrases_are_seen() -> None:
    guards = Guards(banned=["끝", "길고 긴 여름날의 오후"])
    assert written(guards, "길고 긴 여름날의 오후") == "길고 긴 여름날의 오"
    assert written(guards, "이제 끝이다") == "이제 "


@pytest.mark.parametrize("before", ["이제 끝", "끝", "길고 긴 여름날의 오후"])
def test_a_banned_phrase_that_stands_in_the_opening_forbids_nothing_else(before: str) -> None:
    assert not Guards(banned=["끝", "길고 긴 여름날의 오후"]).forbid(before, " 그는")


def test_thirty_letters_of_a_document_are_not_written_again() -> None:
    guards = Guards(SpanIndex.of([document(TEXT, "할머니")]))
    done = written(guards, TEXT)
    assert sum(character.isalnum() for character in done) == 29
    assert written(guards, "어제는 비가 왔다. 오늘도 온다.") == "어제는 비가 왔다. 오늘도 온다."


def test_what_is_forbidden_has_a_fingerprint_and_nothing_has_none() -> None:
    spans = SpanIndex.of([document(TEXT)])
    each = [Guards(), Guards(spans), Guards(banned=["꿈"]), Guards(banned=["꿈", "희망"]), Guards(spans, ["꿈"])]
    assert each[0].fingerprint == "" and not each[0].forbid("", TEXT)
    assert len({guards.fingerprint for guards in each}) == 5
    assert Guards(banned=["희망", "꿈", "꿈 "]).fingerprint == each[3].fingerprint
