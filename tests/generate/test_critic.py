"""The critic: each of its parts prefers what it says it does, and one that weighs nothing is silent."""

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.document import document
from corpus.errors import GeulgamError
from generate.candidates import Candidate
from generate.critic.critic import Critic
from generate.critic.head import Head, Told
from generate.critic.weights import Weights
from generate.critic.wording import Wording
from generate.planning.plan import Facts, Plan, Section
from generate.so_far import SoFar
from retrieval.analyzers import analyzer

NOTHING = Weights(**{field.name: 0.0 for field in fields(Weights)})
OF_NOBODY = {"likelihood", "information", "cohesion", "variety", "wear", "numbers"}  # parts that need nothing
OF_THE_PLAN, OF_THE_ENCODER = {"keywords", "facts", "kin"}, {"coherence", "beginning", "topic"}
OF_THE_WORDING, OF_THE_HEAD = {"pairs", "words", "phrases"}, {"learnt"}
STANDING = "우리는 강가에서 배를 기다렸다. 아침 안개가 강을 덮고 있었다. 사공은 오지 않았다."
SPOKEN = "우리는 강을 따라 걸었다. 안개 사이로 사공의 노래가 들렸다."
PLAN = Plan("강", (Section("강", 400, ("사공", "나루터"), "opening"), Section("밤", 300, (), "closing")), STANDING)


class Counting:
    """An encoder by whose lights texts are near that have syllables in common."""

    name, dimensions = "counting", 512

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for syllable in text.replace(" ", ""):
                row[ord(syllable) % self.dimensions] += 1
        normal: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return normal


def candidate(text: str, likelihood: float = -3.0) -> Candidate:
    return Candidate(f" {text}", (1, 2), "sentence", likelihood, np.zeros(4, np.float32))


def best(critic: Critic, candidates: Sequence[Candidate], alone: Sequence[float], so_far: SoFar) -> int:
    """The number of the candidate with the highest score."""
    return int(np.argmax([critic.score(parts) for parts in critic.parts(candidates, alone, so_far)]))


def chosen(
    part: str, texts: Sequence[str | Candidate], plan: Plan = PLAN, alone: Sequence[float] = (), standing: str = ""
) -> int:
    """Which of the texts the critic takes that looks at this part alone."""
    so_far = SoFar(plan, 0, analyzer("whitespace"))
    so_far.add(standing)
    critic = Critic(
        replace(NOTHING, **{part: 1.0}),
        encoder=Counting(),
        wording=Wording.of([document(f"{SPOKEN} " * 100), document(STANDING)]),
    )
    drafts = [text if isinstance(text, Candidate) else candidate(text) for text in texts]
    return best(critic, drafts, alone or [-4.0] * len(drafts), so_far)


def test_likelihood_prefers_the_likely_but_not_what_is_too_likely() -> None:
    assert chosen("likelihood", [candidate("가", -4.0), candidate("나", -2.5), candidate("다", -0.3)]) == 1


def test_information_prefers_what_is_likely_because_of_what_stands() -> None:
    assert chosen("information", ["가", "나"], alone=[-3.0, -3.4]) == 1
    assert chosen("information", ["가", "나"], alone=[-3.6, -9.0]) == 0  # enough is enough


def test_cohesion_prefers_some_words_of_the_passage_before_to_none_and_to_all() -> None:
    some = "강가에서 오빠가 노란 책을 읽었고 언니는 그림과 편지를 그렸다."
    assert (
        chosen("cohesion", ["오빠가 노란 책을 읽었고 언니는 그림과 편지를 그렸다.", some, "강가 배 아침 안개 강."]) == 1
    )


def test_variety_prefers_no_word_over_and_over() -> None:
    assert (
        chosen("variety", ["우산과 우산과 우산이 우산을 우산에 펼쳤다.", "우산과 모자가 바람에 길 위를 날았다."]) == 1
    )


def test_wear_prefers_words_that_are_not_worn() -> None:
    worn = " 우산이 젖었다." * 9
    assert chosen("wear", ["우산을 다시 폈다.", "모자를 다시 썼다."], standing=worn) == 1


def test_phrases_prefers_what_is_not_said_over_and_over() -> None:
    worn = " 오빠가 참 그렇게 웃기만 했다." * 3
    again, other = "언니가 참 그렇게 웃기만 했다.", "언니가 돌을 강에 던졌다."
    assert chosen("phrases", [again, other], standing=worn) == 1
    assert chosen("phrases", [again, other], standing=worn.replace("그렇게 웃기만", "조용히 앉아")) == 0


def test_numbers_prefers_what_has_none() -> None:
    assert chosen("numbers", ["그는 12살에 3년을 걸었다.", "그는 어릴 때 오래 걸었다."]) == 1


def test_kin_prefers_those_whom_the_teller_can_have() -> None:
    told = " 남편은 사공을 불렀다."
    assert chosen("kin", ["아내가 노를 저었다.", "언니가 노를 저었다."], standing=told) == 1


def test_a_section_strains_where_its_words_or_its_passages_circle() -> None:
    critic = Critic(encoder=Counting())
    nouns = [f"{one}{two}" for one in "산강배돌꽃" for two in "길집문창벽책"]
    varied = " ".join(f"{one} {two}." for one in nouns for two in nouns[::7])
    circling = " ".join("강과 배와 사공." for _ in range(60))
    assert critic.strain(circling) > 1
    assert critic.strain("짧다.") == 0
    assert Critic().strain(varied) < Critic().strain(circling)


@pytest.mark.slow
def test_people_strain_less_than_what_circles(shared: object) -> None:
    """Of sections of real essays nine in ten lie in the band or near it; none does that says its beginning again."""
    from bench.essays import shared_documents
    from retrieval.encoder import encoder

    critic = Critic(encoder=encoder())
    essays = [document.text[:1500] for document in shared_documents() if len(document.text) > 1500][::80]
    strains = [critic.strain(text) for text in essays]
    assert len(strains) >= 10
    assert sum(strain < 1 for strain in strains) >= 0.9 * len(strains) and strains.count(0) >= len(strains) / 2
    circling = [text[:300] * 5 for text in essays]
    again = [critic.strain(text) for text in circling]
    assert all(strain > own + 1 for strain, own in zip(again, strains, strict=True))
    by_words = [Critic().strain(text) for text in circling]
    assert min(by_words) > 1  # by the words alone, and to the encoder most are too near as well
    assert sum(strain > only for strain, only in zip(again, by_words, strict=True)) >= len(again) / 2


def test_coherence_prefers_the_band_to_what_is_far_and_to_what_is_the_same() -> None:
    same = STANDING
    near = "강가의 안개는 천천히 걷혔고 우리는 돌 위에 앉아 노래했다."
    assert chosen("coherence", [same, near, "컴퓨터 프로그램, 엑셀, 커피!"]) == 1


def test_beginning_prefers_what_takes_it_up() -> None:
    later = " 컴퓨터 프로그램 엑셀 커피." * 4
    assert chosen("beginning", ["토요일 코트 커튼 트럭.", "강가에서 배를 기다렸다, 우리는."], standing=later) == 1


def test_topic_prefers_what_is_near_to_title_and_keywords() -> None:
    assert chosen("topic", ["컴퓨터를 켰다.", "강 나루터 사공."]) == 1


def test_keywords_prefers_those_that_are_open() -> None:
    assert chosen("keywords", ["안개 가 걷혔다.", "나루터 가 보였다."]) == 1


def test_pairs_and_words_prefer_what_people_write() -> None:
    assert chosen("pairs", ["강이 따라를 걸었고 노래가 안개의 걸었다.", SPOKEN]) == 1
    assert chosen("words", ["텔레비전과 냉장고를 조립했다.", "우리는 강에 안개와 사공."]) == 1


@pytest.mark.slow
def test_facts_prefers_the_style_that_is_laid_down() -> None:
    plan = replace(PLAN, facts=Facts(ending="해라체"))
    assert chosen("facts", ["우리는 강을 건넜습니다.", "우리는 강을 건넜다."], plan) == 1


def test_with_all_weights_at_nothing_the_first_is_taken_and_nothing_is_missed() -> None:
    so_far = SoFar(PLAN, 0, analyzer("whitespace"))
    critic = Critic(NOTHING)
    drafts = [candidate("가", -9.0), candidate("나", -2.0)]
    assert best(critic, drafts, [-4.0, -9.0], so_far) == 0
    told = critic.parts(drafts, [-4.0, -9.0], so_far)
    assert [parts.keys() for parts in told] == [OF_NOBODY] * 2  # what the plan is asked for is left out
    assert [parts["likelihood"] for parts in told] == [-9.0, -2.0]
    assert [critic.score(parts) for parts in told] == [0.0, 0.0]


def test_without_encoder_and_wording_their_parts_are_silent() -> None:
    so_far = SoFar(PLAN, 0, analyzer("whitespace"))
    head = Head(np.zeros(4 + 3 * 512), 0.0, Told(1.0, 1.0, 1.0))
    wording, always = Wording.of([document(SPOKEN)]), OF_NOBODY | OF_THE_PLAN
    for critic, told in (
        (Critic(), always),
        (Critic(head=head), always),  # which reads the encoder's vectors
        (Critic(wording=wording), always | OF_THE_WORDING),
        (Critic(encoder=Counting()), always | OF_THE_ENCODER),
        (Critic(encoder=Counting(), head=head), always | OF_THE_ENCODER | OF_THE_HEAD),
    ):
        (parts,) = critic.parts([candidate("강을 건넜다.")], [-4.0], so_far)
        assert parts.keys() == told


def test_the_learnt_part_prefers_what_its_head_does() -> None:
    head = Head(np.eye(4 + 3 * 512)[0], 0.0, Told(1.0, 1.0, 1.0))  # the more, the higher the first state
    so_far = SoFar(PLAN, 0, analyzer("whitespace"))
    states = [np.array([value, 0, 0, 0], np.float32) for value in (0.0, 2.0, 1.0)]
    drafts = [replace(candidate("강을 건넜다."), hidden=state) for state in states]
    critic = Critic(replace(NOTHING, learnt=1.0), encoder=Counting(), head=head)
    assert best(critic, drafts, [-4.0] * 3, so_far) == 1
    assert best(Critic(NOTHING, encoder=Counting(), head=head), drafts, [-4.0] * 3, so_far) == 0


def test_every_part_is_a_weight() -> None:
    so_far = SoFar(PLAN, 0, analyzer("whitespace"))
    head = Head(np.zeros(4 + 3 * 512), 0.0, Told(1.0, 1.0, 1.0))
    critic = Critic(encoder=Counting(), wording=Wording.of([document(SPOKEN)]), head=head)
    (parts,) = critic.parts([candidate("강을 건넜다.")], [-4.0], so_far)
    assert set(parts) == {field.name for field in fields(Weights)}


def test_its_fingerprint_changes_with_all_it_judges_by() -> None:
    one, other = (Wording.of([document(text)]) for text in (SPOKEN, STANDING))
    each = [
        Critic(),
        Critic(encoder=Counting()),
        Critic(wording=one),
        Critic(wording=other),
        Critic(terms_of=analyzer("bigram")),
    ]
    assert len({critic.fingerprint for critic in each}) == 5
    assert Critic(replace(NOTHING, topic=2.0)).fingerprint == Critic().fingerprint  # the weights stand in the draft


def test_a_weight_below_nothing_is_refused() -> None:
    with pytest.raises(GeulgamError, match=r"generate\.critic\.topic is -1"):
        Weights(topic=-1)
