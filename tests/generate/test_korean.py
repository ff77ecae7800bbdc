"""What is Korean: how sentences close, statements without full stops, morphemes."""

from generate.korean import closes_sentence, morphemes, statement


def test_sentences_close_with_a_final_ending_and_not_with_a_connective() -> None:
    assert closes_sentence("비가 왔지요")
    assert closes_sentence("비가 왔다")
    assert not closes_sentence("그래서")
    assert not closes_sentence("나는")


def test_a_text_without_full_stops_is_kept_up_to_its_last_statement() -> None:
    assert statement("우리는 걸었다 아이들은 뛰었어요 그래서 오래 ") == "우리는 걸었다 아이들은 뛰었어요."
    assert statement("강가에 나가 물을 보다가 ") == ""
    assert statement("비가 올 때마다 집보다 강이 ") == ""  # 마다 and 보다 are particles


def test_the_same_noun_with_other_particles_is_the_same_morpheme() -> None:
    tokens = morphemes("학교에 갔다.\n\n학교는 멀었다.")
    assert tokens.count("학교") == 2
    assert tokens.count(".") == 2


def test_the_stem_of_a_verb_waits_for_an_ending_and_other_words_stay() -> None:
    from generate.korean import stem

    assert [stem(word) for word in ("설레다", "공부하다", "바다", "함께", "친구", "다")] == [
        "설레", "공부하", "바다", "함께", "친구", "다",
    ]  # fmt: skip
