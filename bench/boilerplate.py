"""Boilerplate: whether lines planted on a site's pages go, what goes of real texts, and what counting costs.

Of the essays of ``GEULGAM_SHARED`` pages of made-up sites are made, with a menu, a greeting and a footer (its figures
differ), each sentence of the essay a line, or without line ends; told is of how many pages all that was planted goes,
and in how many anything else does. Then the essays, the bundled sample and KorQuAD's passages as they are, each of
them also as if all were of one source, a sentence a line: every line that would go. Last megabytes a second of the
pass that counts, on one core.

    python -m bench.boilerplate
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bench.essays import SENTENCE_END, encyclopaedia, sample_documents, shared_documents
from corpus.cleaning.boilerplate import shared, step
from corpus.document import Document, document

SIZES = (10, 100, 1000)  # pages of a site
HEAD = ("홈 | 작가 소개 | 수필 모음 | 방명록 | 오시는 길", "글숲 수필 동인의 누리집에 오신 것을 환영합니다.")
FOOT = ("이 글을 {} 명이 읽었습니다.", "글숲에 실린 글은 허락 없이 옮겨 실을 수 없습니다.")


def pages(documents: Sequence[Document], between: str) -> list[Document]:
    """The documents as pages of one site; with a line end between, each sentence is a line."""
    made = []
    for number, one in enumerate(documents):
        head = HEAD if between == "\n" else HEAD[1:]  # without line ends a menu is a part of the first sentence
        text = between.join([*head, _body(one, between), *(line.format(137 * number + 5) for line in FOOT)])
        made.append(document(text, one.title, f"https://essays.example.org/{number}"))
    return made


def planted(documents: Sequence[Document]) -> None:
    """Print recall, and in how many pages more goes."""
    for size in SIZES:
        for between, called in (("\n", "a sentence a line"), (" ", "no line ends")):
            made = pages(documents[:size], between)
            change = step(shared(made)).change
            whole = [_body(one, between) for one in documents[:size]]
            left = [change(one.text) for one in made]
            marks = [*(HEAD if between == "\n" else HEAD[1:]), FOOT[0].partition("{}")[2], FOOT[1]]
            gone = sum(not any(mark in text for mark in marks) for text in left) / size
            more = sum("".join(text.split()) != "".join(one.split()) for text, one in zip(left, whole, strict=True))
            print(f"  site of {size:5,} pages, {called:18} all planted gone in {gone:.3f}, pages not as before {more}")


def natural(name: str, documents: Sequence[Document]) -> None:
    """Print what goes of real texts."""
    change = step(shared(documents)).change
    print(f"{name}: {sum(change(one.text) != one.text for one in documents)} of {len(documents):,} changed")
    lined = [replace(one, text=_body(one, "\n"), source="one") for one in documents]
    change = step(shared(lined)).change
    gone = Counter[str]()
    for one in lined:
        gone += Counter(one.text.split("\n")) - Counter(change(one.text).split("\n"))
    print(f"  as if of one source, a sentence a line: {gone.total()} lines go, {len(gone)} different")
    for line, count in gone.most_common(10):
        print(f"    {count} × {line[:60]}")


def _body(one: Document, between: str) -> str:
    """Its text; with a line end between, a sentence a line."""
    return "\n".join(SENTENCE_END.split(one.text)) if between == "\n" else one.text


def main() -> None:
    """Print the figures."""
    real = shared_documents()
    print("planted:")
    planted(real)
    natural("the real essays", real)
    natural("the sample", sample_documents(plain=True))
    natural("KorQuAD's passages", encyclopaedia())
    for between, called in ((" ", "no line ends"), ("\n", "a sentence a line")):
        documents = pages(real, between)
        size = sum(len(one.text.encode()) for one in documents) / 1e6
        began = time.process_time()
        found = shared(documents)
        counted = time.process_time() - began
        change, began = step(found).change, time.process_time()
        for one in documents:
            change(one.text)
        taken = time.process_time() - began
        print(f"{called}: counting {size / counted:.1f} MB/s, taking out {size / taken:.1f} MB/s")


if __name__ == "__main__":
    main()
