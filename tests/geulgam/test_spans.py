"""The index of the corpus's spans is an artifact as others are: made when it is stale, whole or not at all."""

import json

import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import Event, Progress
from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import look, make
from geulgam.settings import Settings
from geulgam.stages.corpus import add_documents
from geulgam.stages.spans import SpansNode, read_spans
from geulgam.workspace import Workspace

TEXT = "저녁이 되면 할머니는 마당의 평상에 앉아 콩을 까셨고 나는 그 옆에서 별자리의 이름을 하나씩 외웠다."
OTHER = "다음 날 우리는 강을 건넜고, 돌아오는 길에는 아무도 먼저 말을 꺼내지 않았다. 하늘에는 구름 한 점 없었다."


def write(workspace: Workspace, *texts: str) -> None:
    (workspace.folder / "essays.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    add_documents(workspace, workspace.settings(), [workspace.folder / "essays.jsonl"])


def test_it_is_made_from_the_corpus_and_again_when_that_changes(workspace: Workspace) -> None:
    node = SpansNode(workspace, Settings())
    with pytest.raises(GeulgamError, match="the corpus is empty"):
        make(node)
    with pytest.raises(GeulgamError, match="no index"):
        read_spans(workspace)
    write(workspace, TEXT)
    assert make(node).line == "41 letters of 1 documents, that no span of them is copied"
    assert not make(node).is_new and all(state.is_fresh for state in look([node]))
    found = manifest.read(workspace.spans)
    assert found and found.facts == {"documents": 1, "letters": 41}
    assert found.fingerprint == read_spans(workspace).fingerprint
    assert read_spans(workspace).completes("", TEXT) and not read_spans(workspace).completes("", TEXT[::-1])

    write(workspace, OTHER)
    assert [state.why for state in look([node])][-1] == "corpus changed"
    before = read_spans(workspace)
    assert make(node).is_new
    assert read_spans(workspace).completes("", OTHER)
    assert before.completes("", TEXT) and not before.completes("", OTHER)  # who reads the old one goes on with it


def test_one_that_was_broken_off_leaves_the_one_before(workspace: Workspace) -> None:
    write(workspace, TEXT)
    node = SpansNode(workspace, Settings())
    make(node)
    before = {path: path.read_bytes() for path in workspace.spans.iterdir()}
    write(workspace, TEXT[::-1])

    def breaking(event: Event) -> None:
        if isinstance(event, Progress):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(node, breaking)
    assert {path: path.read_bytes() for path in workspace.spans.iterdir()} == before
    assert [path.name for path in workspace.folder.glob("*spans*")] == ["spans"]


def test_a_corpus_in_another_order_is_the_same_index(workspace: Workspace) -> None:
    made = []
    for texts in ((TEXT, TEXT[::-1]), (TEXT[::-1], TEXT)):
        corpus = Corpus(workspace.corpus)
        writer = corpus.writer()
        for text in texts:
            writer.add(document(text))
        corpus.commit(writer.finish(), replace=True, made_from={})
        make(SpansNode(workspace, Settings()), alone=True, again="in another order")
        made.append(read_spans(workspace))
    assert made[0].fingerprint == made[1].fingerprint
    for spans in made:  # also the one whose folder has been replaced
        assert [copy.document_id for copy in spans.copied(TEXT)] == [document(TEXT).id]
