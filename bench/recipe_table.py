"""The table of recipes of adaptation: bits per character by topic, and what each gains over others."""

from collections.abc import Mapping, Sequence

from bench.topics import Ground
from finetune.evaluate import gain_interval
from finetune.layout import essay_text


def told(made: Ground, found: Mapping[str, Mapping[str, Sequence[float]]], against: Sequence[str]) -> None:
    """Print it. ``found``: of each recipe, by topic, the bits of each essay of the topic's test side.

    ``against``: recipes that the others are held against, where they are among those found.
    """
    topics = list(next(iter(found.values())))
    tests = {topic: made.documents(topic, "test") for topic in topics}
    sizes = {topic: sum(len(essay_text(document)) for document in tests[topic]) for topic in topics}
    kin = made.sides.kin([document.id for topic in topics for document in tests[topic]])
    print(f"{'bits per character':<20}" + "".join(f"{topic:>9}" for topic in topics) + f"{'mean':>9}")
    for name, by_topic in found.items():
        bits = [sum(by_topic[topic]) / sizes[topic] for topic in topics]
        line = f"{name:<20}" + "".join(f"{each:9.4f}" for each in [*bits, sum(bits) / len(bits)])
        for other in against:
            if other in found and name != other:
                before, after = ([bit for topic in topics for bit in of[topic]] for of in (found[other], by_topic))
                interval = gain_interval(before, after, kin)
                gain = 100 * (1 - sum(after) / sum(before))
                lower = sum(sum(by_topic[topic]) < sum(found[other][topic]) for topic in topics)
                sure = f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
                line += f"  {gain:+.2f} %{sure} against {other}, lower for {lower} of {len(topics)};"
        print(line.rstrip(";"))
