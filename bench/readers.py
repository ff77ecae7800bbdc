"""What readers that are no part of the product find in several writers' texts, side by side with people's.

    python -m bench.readers excerpts OUT.jsonl [--per-topic 9]       beginnings of held-out essays
    python -m bench.readers compare --human H.jsonl --texts NAME=FILE.jsonl [--texts …]

Each line of a file is {"id", "topic", "opening", "text"}: a text, or one section of a long one. Compared are

- coherence: how likely neighbouring blocks of four sentences follow each other (bench/coherence.py), the mean over the
  texts, and how far that is from the people's median;
- told: how well a classifier taught on the other topics tells these texts from people's (AUC; 0.5: not at all),
  from as many texts of each writer;
- topic: how many texts a classifier says to be on their topic, as its first guess and among its first two;
- rep-4, diversity (generate/review/repetition.py), characters per sentence: the means, and below people's the range
  from the 10th to the 90th of a hundred.

Repetition and the classifier look at excerpts of one length, into which longer texts are divided. All that is taught
is taught on essays of the corpus that none of the seven topics' writers has learnt from; ids that are those of essays
(as excerpts have them) are read by a topic classifier that these essays have not taught. With --folder, corpus and
index are kept. Five minutes on two cores.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, mean

import numpy as np

from bench.blind import Passage, read_passages
from bench.coherence import Coherence
from bench.telling import Told, TopicReader, hits, told_apart, topic_reader
from bench.topics import CHARACTERS, Ground, K, excerpts, ground
from corpus.atomic import write_text
from corpus.document import normalise
from corpus.errors import GeulgamError
from generate.korean import morphemes
from generate.review.repetition import diversity, repetition
from generate.sentences import sentences
from geulgam.show import showing


@dataclass(frozen=True, slots=True)
class Figures:
    """One writer's: for each text (coherence, nan if it has one sentence) or excerpt its figure, and ``topic``: the
    shares of first guesses that are right and of right ones among the first two."""

    coherence: Sequence[float]
    topic: tuple[float, float]
    rep_4: Sequence[float]
    diversity: Sequence[float]
    sentence: Sequence[float]


def divided(text: str, characters: int) -> list[str]:
    """The text in excerpts of that length, what is left over at its end dropped; a shorter text as it is."""
    text = normalise(text)
    count = max(1, len(text) // characters)
    return [text[place * characters : (place + 1) * characters] for place in range(count)]


def equal_length(writers: Sequence[Sequence[Passage]]) -> int:
    """A length in characters that nine of ten texts have."""
    return int(np.percentile([len(normalise(passage.text)) for each in writers for passage in each], 10))


def figures(
    passages: Sequence[Passage],
    characters: int,
    coherence: Coherence,
    topics: TopicReader,
    kin: Sequence[int | None] = (),
) -> Figures:
    """Measure one writer's texts; ``characters``: the length of the excerpts; ``kin``: as TopicReader takes them."""
    texts = [passage.text for passage in passages]
    tokens = [morphemes(excerpt) for text in texts for excerpt in divided(text, characters)]
    ranked = topics(texts, kin)
    right = [passage.topic for passage in passages]
    return Figures(
        coherence(texts),
        (hits(ranked, right), hits(ranked, right, 2)),
        [repetition(each, 4) for each in tokens],
        [diversity(each) for each in tokens],
        [fmean(map(len, sentences(text))) for text in texts],
    )


def told(human: Sequence[Passage], generated: Sequence[Passage], characters: int) -> Told:
    """How well a classifier tells them apart, on excerpts of that length."""
    return told_apart(_by_topic(human, characters), _by_topic(generated, characters))


def _by_topic(passages: Sequence[Passage], characters: int) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for passage in passages:
        found[passage.topic] += divided(passage.text, characters)
    return found


def evened(writers: Mapping[str, Sequence[Passage]]) -> dict[str, list[Passage]]:
    """Of each topic as many texts by each writer as all have, the first ones: who has more is told more easily."""
    counts = [Counter(passage.topic for passage in each) for each in writers.values()]
    kept: dict[str, list[Passage]] = {name: [] for name in writers}
    for name, each in writers.items():
        seen: Counter[str] = Counter()
        for passage in each:
            seen[passage.topic] += 1
            if seen[passage.topic] <= min(count[passage.topic] for count in counts):
                kept[name].append(passage)
    return kept


def table(human: Figures, writers: Mapping[str, tuple[Figures, Told]]) -> list[str]:
    """The lines: people, people's range, each writer; and the AUC of each topic."""
    median = float(np.nanmedian(human.coherence))
    width = max(map(len, ("10 to 90 %", *writers))) + 2
    wide = ("coherence", "off", "told", "95 %", "topic", "or 2nd", "rep-4", "diversity", "sentence")
    lines = ["".ljust(width) + "".join(name.rjust(12) for name in wide)]

    def line(name: str, each: Figures, told: Told | None = None) -> str:
        middle = float(np.nanmean(each.coherence))
        shown = [f"{middle:.3f}", f"{middle - median:+.3f}"]
        shown += [f"{told.mean:.3f}", f"{told.low:.2f}-{told.high:.2f}"] if told else ["-", "-"]
        shown += [f"{share:.2f}" for share in each.topic]
        shown += [f"{mean(each.rep_4):.2f} %", f"{mean(each.diversity):.3f}", f"{mean(each.sentence):.1f}"]
        return name.ljust(width) + "".join(value.rjust(12) for value in shown)

    lines.append(line("people", human))
    ranges = [_range(human.coherence, 2), "", "", "", "", "", _range(human.rep_4, 1), _range(human.diversity, 2)]
    ranges.append(_range(human.sentence, 0))
    lines.append("10 to 90 %".ljust(width) + "".join(value.rjust(12) for value in ranges))
    lines += [line(name, *found) for name, found in writers.items()]
    lines.append(f"people's median coherence {median:.3f}")
    for name, (_, found) in writers.items():
        each = ", ".join(f"{topic} {auc:.2f}" for topic, auc in found.topics.items())
        lines.append(f"{name} told from people: {each}")
    return lines


def _range(values: Sequence[float], digits: int) -> str:
    low, high = np.nanpercentile(values, [10, 90])
    return f"{low:.{digits}f}-{high:.{digits}f}"


def compare(made: Ground, human: Sequence[Passage], writers: Mapping[str, Sequence[Passage]]) -> list[str]:
    """Teach the readers, say how good they are, and make the table."""
    held_out = [document.text for document in made.corpus.get(made.sides.ids("test"))]
    coherence = Coherence([document.text for document in made.unwritten()])
    other, later, places = coherence.accuracy(held_out)
    topics, known = topic_reader(made)
    characters = equal_length([human, *writers.values()])
    lines = [
        f"{len(human)} texts by people, {', '.join(f'{len(each)} by {name}' for name, each in writers.items())}; "
        f"excerpts of {characters} characters",
        f"coherence knows the next block of held-out essays from another essay's in {100 * other:.1f} %, from a later "
        f"one in {100 * later:.1f} % of {places} places",
        *(
            f"topic knows human passages of {length} characters in {100 * first:.0f} %, with a second guess in "
            f"{100 * second:.0f} % of {number}"
            for length, first, second, number in known
        ),
    ]
    known_ids = {document.id for document in made.corpus}

    def measured(each: Sequence[Passage]) -> Figures:
        kin = [made.sides.kin([passage.id])[0] if passage.id in known_ids else None for passage in each]
        return figures(each, characters, coherence, topics, kin)

    even = evened(writers)
    found = {name: (measured(each), told(human, even[name], characters)) for name, each in writers.items()}
    return lines + table(measured(human), found)


def main() -> None:
    """Write excerpts, or compare writers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("excerpts", "compare"), default="compare")
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--per-topic", type=int, default=9)
    parser.add_argument("--characters", type=int, default=CHARACTERS)
    parser.add_argument("--human", type=Path)
    parser.add_argument("--texts", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--k", type=int, default=K, help="documents of a topic that its writer had")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if (options.what == "excerpts") != bool(options.out) or (options.what == "compare") != bool(options.human):
        parser.error("excerpts needs a file to write, compare needs --human")
    try:
        files = [text.rpartition("=")[::2] for text in options.texts]
        writers = {name or Path(file).stem: list(read_passages(Path(file)).values()) for name, file in files}
        human = list(read_passages(options.human).values()) if options.human else []
        with tempfile.TemporaryDirectory() as temporary, showing(print) as on:
            made = ground(options.folder or Path(temporary), options.k, on=on)
            if options.what == "compare":
                print("\n".join(compare(made, human, writers)))
                return
            found = excerpts(made, options.per_topic, options.characters)
        write_text(options.out, "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in found))
        print(f"{len(found)} excerpts of held-out essays in {options.out}")
    except (GeulgamError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
