"""Korean prose to write files with, and short ways to write and read them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from corpus.document import Document, Raw, Rejected
from corpus.read import read

PARAGRAPHS = (
    "할머니는 장독대 앞에 앉아 볕이 기우는 것을 보고 계셨다. 나는 그 옆에 앉아 아무 말도 하지 않았다.",
    "버스가 고개를 넘자 바다가 보였다. 우리는 창문을 열고 소리를 질렀고, 기사님은 웃으며 속도를 늦추셨다.",
    "편지를 쓰다 말고 서랍에 넣은 것이 벌써 세 번째다. 하고 싶은 말은 늘 마지막 줄에서 멈춘다.",
    "운동장에는 아무도 없었다. 종이 울리고 나서야 아이들이 뛰어나왔고, 먼지가 천천히 가라앉았다.",
)


@pytest.fixture
def essays() -> tuple[str, ...]:
    """Four short texts, each different."""
    return PARAGRAPHS


@pytest.fixture
def prose() -> str:
    """Some 60,000 characters of Korean with line ends."""
    return "\n".join(f"{i}번째 날. {PARAGRAPHS[i % 4]}" for i in range(1000))


@pytest.fixture(scope="session")
def real_essays(shared: Path) -> list[Document]:
    """1,259 real essays, each text once."""
    rows = [item.document() for item in read([shared / "data" / "essays"]) if isinstance(item, Raw)]
    return list({document.id: document for document in rows}.values())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user may read and write, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


Take = Callable[..., tuple[list[Document], list[Rejected]]]


@pytest.fixture
def take() -> Take:
    """Reads paths and gives the documents that the rows make and the refusals apart."""

    def take(
        *paths: Path, text_column: str | None = None, title_column: str | None = None
    ) -> tuple[list[Document], list[Rejected]]:
        items: Sequence[Raw | Rejected] = list(read(paths, text_column, title_column))
        return (
            [item.document() for item in items if isinstance(item, Raw)],
            [item for item in items if isinstance(item, Rejected)],
        )

    return take
