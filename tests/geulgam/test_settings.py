"""Settings: three sources in their order, and errors that a person can act on."""

from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from generate.critic.weights import Weights
from geulgam.settings import Settings
from geulgam.settings_reading import known_keys, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "geulgam.toml"


def error_of(file: Path, text: str, **variables: str) -> GeulgamError:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GeulgamError) as caught:
        load(file, environment=variables)
    assert "\n" not in str(caught.value) and "pydantic" not in str(caught.value)
    return caught.value


def test_an_empty_file_gives_the_defaults(file: Path) -> None:
    file.write_text("")
    assert load(file, environment={}) == Settings()


def test_an_option_wins_over_the_environment_and_that_over_the_file(file: Path) -> None:
    file.write_text("[finetune]\nepochs = 5\nrank = 8\nbatch = 2\n")
    variables = {"GEULGAM_FINETUNE__EPOCHS": "6", "GEULGAM_FINETUNE__RANK": "4"}
    recipe = load(file, {"finetune.epochs": 7, "finetune.batch": None}, variables).finetune.recipe
    assert (recipe.epochs, recipe.rank, recipe.batch) == (7, 4, 2)


def test_an_empty_variable_and_one_without_a_section_are_no_settings(file: Path) -> None:
    file.write_text("")
    variables = {"GEULGAM_FINETUNE__MAX_STEPS": "", "GEULGAM_WORKSPACE": "/x", "GEULGAM_CACHE": "/y"}
    assert load(file, environment=variables) == Settings()


@pytest.mark.parametrize(
    ("text", "where", "key", "nearest"),
    [
        ("[finetune]\n\nepoch = 5", "line 3", "finetune.epoch", "finetune.epochs"),
        ("[finetun]\nepochs = 5", "line 1", "finetun", "finetune"),
        ("epochs = 5", "line 1", "epochs", "finetune.epochs"),
        ("[retrieval]\nepochs = 5", "line 2", "retrieval.epochs", "finetune.epochs"),
        ("[[topics]]\nname = 'a'\nqury = 'b'", "line 3", "topics.qury", "topics.query"),
        ("[generate.critic]\ntopc = 1", "line 2", "generate.critic.topc", "generate.critic.topic"),
        ("[generate.critic]\nbest_of = 1", "line 2", "generate.critic.best_of", "generate.best_of"),
    ],
)
def test_an_unknown_key_is_named_with_its_place_and_the_nearest_known(
    file: Path, text: str, where: str, key: str, nearest: str
) -> None:
    error = error_of(file, text)
    assert str(error) == f"geulgam.toml, {where}: unknown key {key}"
    assert error.hint == f"the nearest known key is {nearest}"


def test_an_unknown_variable_is_named(file: Path) -> None:
    error = error_of(file, "", GEULGAM_FINETUNE__EPOCH="5")
    assert "environment variable GEULGAM_FINETUNE__EPOCH" in str(error)
    assert "finetune.epochs" in error.hint


@pytest.mark.parametrize(
    ("text", "got", "needs"),
    [
        ("[finetune]\nepochs = 'many'", 'finetune.epochs is "many"', "a number"),
        ("[finetune]\nrank = 2.5", "finetune.rank is 2.5", "a whole number"),
        ("[finetune]\nrank = true", "finetune.rank is true", "another kind"),
        ("[retrieval]\nanalyzer = 'kiwii'", 'retrieval.analyzer is "kiwii"', '"kiwi"'),
        ("[retrieval]\nb = 2", "retrieval.b is 2", "1 or less"),
        ("[retrieval]\nk = 0", "retrieval.k is 0", "1 or more"),
        ("[generate]\nmin_p = 1", "generate.min_p is 1", "below 1"),
        ("[generate]\nbest_of = 0", "generate.best_of is 0", "1 or more"),
        ("[generate]\nbeam = 0", "generate.beam is 0", "1 or more"),
        ("[generate]\nredrafts = -1", "generate.redrafts is -1", "0 or more"),
        ("[generate]\nbanned = 3", "generate.banned is 3", "a list of phrases"),
        ("[generate]\ncritic = 3", "generate.critic is 3", "a table"),
        ("[generate.critic]\nwear = 'a'", 'generate.critic.wear is "a"', "a number"),
        ("[generate.critic]\nwear = true", "generate.critic.wear is true", "another kind"),
        ("retrieval = 3", "retrieval is 3", "a table"),
        ("topics = ['a']", 'topics.1 is "a"', "a table"),
        ("[[topics]]\nname = 'a'\nquery = 3", "topics.1.query is 3", "a text in quotes"),
    ],
)
def test_a_wrong_value_is_told_with_what_it_got_and_needs(file: Path, text: str, got: str, needs: str) -> None:
    message = str(error_of(file, text))
    assert message.startswith("geulgam.toml") and got in message and needs in message


@pytest.mark.parametrize(
    ("line", "told", "hint"),
    [
        ("epochs = 0", "finetune.epochs is 0", ""),
        ("evaluations = 0", "finetune.evaluations is 0", ""),
        ("max_steps = 0", "finetune.max_steps is 0", ""),
        ("block_tokens = 1", "finetune.block_tokens is 1", ""),
        ("dropout = 7", "finetune.dropout is 7", ""),
        ("device = 'gpu'", "finetune.device is gpu", "cuda"),
        ("device_batch = 3", "finetune.device_batch is 3", "1, 2, 4"),
        ("accumulate = 2", "finetune.accumulate is no setting any more", "finetune.device_batch"),
    ],
)
def test_a_training_that_cannot_be_is_told_with_its_line_before_it_begins(
    file: Path, line: str, told: str, hint: str
) -> None:
    error = error_of(file, f"[finetune]\n{line}")
    assert str(error).startswith(f"geulgam.toml, line 2: {told}") and hint in error.hint


def test_the_critics_weights_come_from_a_table_and_from_variables(file: Path) -> None:
    file.write_text("[generate]\nbanned = ['희망과 꿈']\n[generate.critic]\nwear = 0\n", encoding="utf-8")
    variables = {"GEULGAM_GENERATE__CRITIC__TOPIC": "0.25", "GEULGAM_GENERATE__BEST_OF": "4"}
    chosen = load(file, {"generate.critic.facts": 2.0}, variables).generate
    assert chosen.critic == replace(Weights(), wear=0, topic=0.25, facts=2.0)
    assert (chosen.beam, chosen.redrafts) == (1, 1) and chosen.sampling == {}
    assert chosen.best_of == 4 and chosen.banned == ("희망과 꿈",)
    assert load(None, environment={"GEULGAM_GENERATE__BANNED": "희망, 꿈"}).generate.banned == ("희망", "꿈")
    assert str(error_of(file, "[generate.critic]\nwear = -1")) == "geulgam.toml, line 2: generate.critic.wear is -1.0"


@pytest.mark.parametrize("shares", ["valid_share = 0", "test_share = 0.95", "valid_share = 0.5\ntest_share = 0.5"])
def test_shares_that_leave_nothing_to_one_side_are_refused(file: Path, shares: str) -> None:
    assert "_share" in str(error_of(file, f"[corpus]\n{shares}"))


def test_a_topic_without_a_query_and_two_of_one_name_are_refused(file: Path) -> None:
    assert "topic 1 has no query" in str(error_of(file, "[[topics]]\nname = 'a'"))
    twice = "[[topics]]\nname = 'a'\nquery = 'b'\n" * 2
    assert "two topics are called a" in str(error_of(file, twice))


def test_a_file_that_is_no_toml_or_no_utf8_is_told(file: Path) -> None:
    assert "line 2" in str(error_of(file, "[retrieval]\nk = = 3"))
    file.write_bytes("# 함께".encode("cp949"))
    with pytest.raises(GeulgamError, match="UTF-8"):
        load(file, environment={})


def test_a_topic_that_is_not_there_is_told_with_the_nearest() -> None:
    settings = Settings.model_validate({"topics": [{"name": "글쓰기", "query": "글"}]})
    with pytest.raises(GeulgamError) as caught:
        settings.topic("글쓰가")
    assert caught.value.hint == "did you mean 글쓰기?"


def test_the_sampling_settings_are_those_of_the_writer() -> None:
    from dataclasses import fields

    from generate.decoding.sampling import PRESETS, Sampling
    from geulgam.settings import _BESIDE_SAMPLING, GenerateSettings

    own = set(GenerateSettings.model_fields) - set(_BESIDE_SAMPLING)
    assert own == {field.name for field in fields(Sampling)}
    assert set(GenerateSettings.model_fields["preset"].annotation.__args__) == set(PRESETS)  # type: ignore[union-attr]


def test_every_field_of_recipe_and_execution_is_a_setting() -> None:
    from dataclasses import fields

    from finetune.execution import Execution
    from finetune.recipe import Recipe

    assert {f"finetune.{field.name}" for kind in (Recipe, Execution) for field in fields(kind)} <= set(known_keys())
