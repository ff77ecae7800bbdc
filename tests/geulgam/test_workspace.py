"""The workspace: found from inside, named by option or variable, and never left by a topic's name."""

from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from geulgam.workspace import Workspace


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEULGAM_WORKSPACE", raising=False)


def test_it_is_found_from_a_folder_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Workspace.create(tmp_path / "w")
    inside = made.folder / "essays" / "deep"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert Workspace.find() == made


def test_an_option_wins_over_the_variable_and_that_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, named, given = (Workspace.create(tmp_path / name) for name in "abc")
    monkeypatch.chdir(here.folder)
    monkeypatch.setenv("GEULGAM_WORKSPACE", str(named.folder))
    assert Workspace.find() == named
    assert Workspace.find(given.folder) == given


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GeulgamError, match="no workspace here") as caught:
        Workspace.find()
    assert "geulgam new" in caught.value.hint
    with pytest.raises(GeulgamError, match="is no workspace"):
        Workspace.find(tmp_path / "nowhere")


def test_it_is_not_made_over_another_or_over_a_file(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "w")
    with pytest.raises(GeulgamError, match="a workspace already"):
        Workspace.create(tmp_path / "w")
    (tmp_path / "file").touch()
    with pytest.raises(GeulgamError, match="is a file"):
        Workspace.create(tmp_path / "file")


def test_no_topic_leads_out_of_it(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    with pytest.raises(GeulgamError):
        made.topic("../../etc")


def test_essays_are_listed_by_number_and_by_topic(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "w")
    for name in ("함께-002", "함께-010", "함께-001", "함께-1000", "함께-둘", "둘이-함께-003", ".함께.part"):
        (made.essays / name).mkdir(parents=True)
    assert [f.name for f in made.essays_of("함께")] == ["함께-001", "함께-002", "함께-010", "함께-1000"]
    assert [f.name for f in made.essays_of("둘이-함께")] == ["둘이-함께-003"]
