"""How much each part of the critic counts: a value that needs no model, so that settings can hold it."""

from dataclasses import dataclass, fields

from corpus.errors import GeulgamError


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part counts. 0 leaves it out.

    ``likelihood``: mean log p under the adapted model, up to a limit and falling beyond it. ``information``: how much
    likelier the text is behind what stands than behind nothing, up to a limit (pointwise mutual information).
    ``cohesion``: words taken up from the passage before, in the human band. ``variety``: no word over and over in
    the candidate. ``wear``: no more of the words of the last thousand characters than people
    say again. ``coherence``: the encoder's cosine to the passage
    before, in the human band. ``beginning``: its cosine to the essay's first sentences, twice as much in a closing
    section. ``topic``: to the section's title and keywords. ``keywords``: keywords of the section named for the first
    time. ``pairs``, ``words``: of neighbouring morphemes and of words, the share that people use. ``phrases``: none
    over and over that people use seldom. ``numbers``:
    none in figures. ``facts``: who tells it, ending style, tense and names as the plan has them. ``kin``: whom the
    teller can have besides those who came up. ``learnt``: what a reader taught on human essays and
    on the model's own makes of it, in standard deviations, where one was taught (:mod:`generate.critic.head`).
    """

    likelihood: float = 1.0
    information: float = 0.7
    cohesion: float = 1.5
    variety: float = 1.5
    wear: float = 0.7
    coherence: float = 0.7
    beginning: float = 0.5
    topic: float = 0.5
    keywords: float = 0.3
    pairs: float = 1.0
    words: float = 1.0
    phrases: float = 1.5
    numbers: float = 0.25
    facts: float = 0.5
    kin: float = 1.0
    learnt: float = 0.26

    def __post_init__(self) -> None:
        for part in fields(self):
            if not 0 <= getattr(self, part.name) < float("inf"):
                value = getattr(self, part.name)
                raise GeulgamError(f"generate.critic.{part.name} is {value}", "a weight is 0 (left out) or more")
