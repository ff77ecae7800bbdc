"""Every setting in one model, by the tables of `geulgam.toml`: its default, and what it may be."""

import difflib
import unicodedata
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from corpus.cleaning.cleaning import Cleaning
from corpus.errors import GeulgamError
from corpus.judging.judging import Judging
from corpus.keeping import Keeping
from corpus.sides import Shares
from finetune.execution import Execution
from finetune.recipe import Recipe, Shared
from generate.critic.weights import Weights
from retrieval.analyzer import SERVER
from retrieval.fusion import WEIGHT
from retrieval.topic import topic_name


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CorpusSettings(_Section):
    """[corpus]: how files are read (None: guessed from the usual names), and the shares that are held out.

    ``clean``: the table [corpus.clean]; ``judge``: [corpus.judge]; ``deduplicate``: [corpus.deduplicate].
    """

    text_column: str | None = None
    title_column: str | None = None
    valid_share: float = Shares().valid
    test_share: float = Shares().test
    clean: Cleaning = Field(default_factory=Cleaning)
    judge: Judging = Field(default_factory=Judging)
    deduplicate: Keeping = Field(default_factory=Keeping)

    @model_validator(mode="after")
    def _shares_can_be(self) -> Self:
        Shares(self.valid_share, self.test_share)
        return self


class RetrievalSettings(_Section):
    """[retrieval]: how text becomes terms, and how hits are ranked (BM25's k1 and b)."""

    backend: Literal["bm25s", "rank-bm25", "elasticsearch"] = "bm25s"
    analyzer: str = Field(default="kiwi", pattern=r"^(kiwi|mecab|bigram|whitespace|server:[\w.-]+)$")
    elasticsearch_index: str | None = None
    elasticsearch_shards: int | None = Field(default=None, ge=1, le=1024)
    elasticsearch_replicas: int | None = Field(default=None, ge=0)
    unit: Literal["essay", "passage"] = "essay"
    take: Literal["essay", "passage"] = "essay"
    meaning: bool = False
    meaning_weight: float = Field(default=WEIGHT, ge=0)
    k1: float = Field(default=1.2, gt=0)
    b: float = Field(default=0.75, ge=0, le=1)
    k: int = Field(default=500, ge=1)

    @model_validator(mode="after")
    def _passages_are_ranked(self) -> Self:
        if self.take == "passage" and self.unit != "passage":
            what = 'retrieval.take is "passage", but retrieval.unit is "essay"'
            raise GeulgamError(what, 'passages are taken where they are ranked: unit = "passage"')
        return self

    @model_validator(mode="after")
    def _analyzer_is_there(self) -> Self:
        if self.analyzer.startswith(SERVER) and self.backend != "elasticsearch":
            what = f"retrieval.analyzer is {self.analyzer}, but retrieval.backend is {self.backend}"
            raise GeulgamError(what, "an analyzer of the server's own needs the backend elasticsearch")
        return self


class FinetuneSettings(_Section):
    """[finetune]: the base model, the recipe, and how it is run. The fields of both stand in the same table.

    ``shared``: the table [finetune.shared], what is different in the stage that all topics share.
    """

    base: str = "gemma-3-270m"
    recipe: Recipe = Field(default_factory=Recipe)
    shared: Shared = Field(default_factory=Shared)
    execution: Execution = Field(default_factory=Execution)

    @model_validator(mode="after")
    def _steps_can_be_run(self) -> Self:
        self.execution.passes(self.recipe.batch)
        return self


_BESIDE_SAMPLING = (
    "preset", "characters", "best_of", "beam", "redrafts", "places", "banned", "encoder", "critic",
    "planner", "planner_model",
)  # fmt: skip


class GenerateSettings(_Section):
    """[generate]: the preset of sampling, and what of it is different here (None: as in the preset).

    ``critic``: the table [generate.critic].
    """

    preset: Literal["default", "stream", "contest"] = "default"
    characters: int = Field(default=1500, ge=1)
    best_of: int = Field(default=8, ge=1)
    beam: int = Field(default=1, ge=1)
    redrafts: int = Field(default=1, ge=0)
    places: int = Field(default=0, ge=0)
    banned: tuple[str, ...] = ()
    encoder: str = Field(default="use", min_length=1)
    temperature: float | None = Field(default=None, gt=0)
    top_k: int | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    min_p: float | None = Field(default=None, ge=0, lt=1)
    typical_p: float | None = Field(default=None, gt=0, le=1)
    repetition_penalty: float | None = Field(default=None, ge=1)
    repetition_window: int | None = Field(default=None, ge=0)
    no_repeat_ngram: int | None = Field(default=None, ge=0)
    planner: str | None = Field(default=None, min_length=1)
    planner_model: str | None = Field(default=None, min_length=1)
    dry_multiplier: float | None = Field(default=None, ge=0)
    dry_base: float | None = Field(default=None, ge=1)
    dry_allowed: int | None = Field(default=None, ge=1)
    critic: Weights = Field(default_factory=Weights)

    @field_validator("banned", mode="before")
    @classmethod
    def _phrases(cls, banned: Any) -> Any:
        """In an environment variable they stand one after the other, with commas between."""
        return [phrase.strip() for phrase in banned.split(",")] if isinstance(banned, str) else banned

    @property
    def sampling(self) -> dict[str, float]:
        """What is different from the preset, by the names of :class:`generate.decoding.sampling.Sampling`."""
        return self.model_dump(exclude=set(_BESIDE_SAMPLING), exclude_none=True)


class TopicSettings(_Section):
    """One [[topics]] table. ``k``: None takes retrieval.k."""

    name: str
    query: str
    k: int | None = Field(default=None, ge=1)

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        return topic_name(name)

    @field_validator("query")
    @classmethod
    def _query(cls, query: str) -> str:
        if not query.strip():
            raise GeulgamError("a topic's query is empty", 'give it keywords, such as "함께^2 더불어 동행"')
        return written_text(query, "a topic's query")


class Settings(_Section):
    """All of `geulgam.toml`."""

    corpus: CorpusSettings = Field(default_factory=CorpusSettings)
    retrieval: RetrievalSettings = Field(default_factory=RetrievalSettings)
    finetune: FinetuneSettings = Field(default_factory=FinetuneSettings)
    generate: GenerateSettings = Field(default_factory=GenerateSettings)
    topics: tuple[TopicSettings, ...] = ()

    def topic_names(self) -> list[str]:
        """All of them, in the order of the file. Raises GeulgamError if there is none."""
        if not self.topics:
            raise GeulgamError("there is no topic yet", 'geulgam topic add NAME --query "…"')
        return [topic.name for topic in self.topics]

    def topic(self, name: str) -> TopicSettings:
        """The topic of that name. Raises GeulgamError naming those there are."""
        name = unicodedata.normalize("NFC", name)
        for topic in self.topics:
            if topic.name == name:
                return topic
        names = [topic.name for topic in self.topics]
        jamo = {unicodedata.normalize("NFD", known): known for known in names}  # 함꼐 is near 함께 by its letters
        near = [jamo[found] for found in difflib.get_close_matches(unicodedata.normalize("NFD", name), jamo, 1)]
        known = f"the topics are: {', '.join(names)}" if names else "there is no topic yet"
        hint = f"did you mean {near[0]}?" if near else f'{known}; add one: geulgam topic add {name} --query "…"'
        raise GeulgamError(f"no topic is called {name}", hint)


def written_text(text: str, what: str) -> str:
    """The text, if it can be written as UTF-8. Raises GeulgamError for bytes of a terminal that were no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise GeulgamError(f"{what} holds broken characters", "set the terminal to UTF-8, and type it again") from None
    return text
