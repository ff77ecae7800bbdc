"""Writing speed: geulgam's writer against the contest's loop, or with --rows, several rows at once against one.

The peer is the loop of the winners of the third AI x Bookathon (2021): the full model in fp32, batch 1,
transformers' generate with their settings, short pieces put together, the whole text encoded anew for each. Both
continue the same opening, in this run and in turn. Ours writes one stream, the best of eight by a critic without an
encoder, and one stream with the contest's sampling, whose sentences run on, so that some pieces are sampled again.
Prints characters per second of each and their ratios (the medians over the rounds).

    python -m bench.generation [--rounds 3] [--characters 800]

Several rows that share what they have read: what a token of each costs, in milliseconds and against one row's, behind
a short and a long beginning.

    python -m bench.generation --rows 8 [--rounds 3]
"""

import argparse
import itertools
import statistics
import time
from pathlib import Path

import torch

from bench.essays import sample_documents
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.layout import essay_text, opening
from finetune.silence import quiet
from generate.context import Context
from generate.decoding.sampling import PRESETS
from generate.merging import merged
from generate.planning.plan import Plan
from generate.sentences import starts
from generate.writer import BEST_OF, Writer

TITLE = "함께"
OPENING = "우리는 함께 길을 걸었다. 그날의 바람은 차가웠고 아무도 먼저 말하지 않았다."
PIECE = 64  # new tokens; ours has 40 at least, and 63 on average


def contest_text(base: BaseModel, adapter: Path | None, title: str, begun: str, characters: int, seed: int) -> str:
    """What the contest's loop writes behind what is begun: so many characters or more. ``base``: untrimmed, fp32."""
    tokenizer, contest = base.vocabulary.tokenizer, PRESETS["contest"]
    text = opening(title) + begun
    before = len(text)
    torch.manual_seed(seed)
    with merged(base, adapter) as model:
        while len(text) - before < characters:
            ids = tokenizer(text, return_tensors="pt").input_ids
            with quiet(), torch.inference_mode():
                generated = model.generate(
                    ids,
                    max_length=ids.shape[1] + PIECE,
                    repetition_penalty=contest.repetition_penalty,
                    do_sample=True,
                    top_k=contest.top_k,
                    top_p=contest.top_p,
                    use_cache=True,
                )
            longer = str(tokenizer.decode(generated[0], skip_special_tokens=True))
            ended = [
                start for start in starts(longer) if start > len(text)
            ]  # a piece ends with a sentence, if it has one
            text = longer[: ended[-1]].rstrip() if ended else longer
            if int(generated[0, -1]) == tokenizer.eos_token_id:
                text = text.rstrip() + "\n\n"
    return text[before:]


def contest_loop(base: BaseModel, characters: int, seed: int) -> float:
    """Characters per second of the contest's loop."""
    began = time.perf_counter()
    return len(contest_text(base, None, TITLE, OPENING, characters, seed)) / (time.perf_counter() - began)


def our_loop(writer: Writer, characters: int, seed: int, preset: str) -> float:
    """Characters per second of the writer with one of the presets."""
    plan = Plan.of_one_section(TITLE, len(OPENING) + characters, OPENING)
    draft = writer.write(plan, PRESETS[preset], seed, best_of=BEST_OF if preset == "default" else 1)
    return (len(draft.text) - len(OPENING)) / draft.seconds


def step(base: BaseModel, beginning: list[int], rows: int) -> float:
    """Seconds that a token of each row takes, behind a beginning that they share: the median of 24."""
    context = Context(base.model)
    context.begin(beginning)
    context.branch(rows)
    seconds = []
    for tokens in itertools.pairwise(beginning[-25:]):
        began = time.perf_counter()
        context.read_each(list(itertools.islice(itertools.cycle(tokens), rows)))
        assert context.logits.shape == (rows, len(base.vocabulary))
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def compare_rows(base: BaseModel, rows: int, rounds: int) -> None:
    """Measure one row and several in turn, and print the medians over the rounds."""
    text = "\n\n".join(essay_text(document) for document in sample_documents())
    ids = base.vocabulary.encode(text[:4000])
    with grouped_attention(base.model):
        for length in (250, 700):
            beginning = [base.vocabulary.bos, *ids[:length]]
            pairs = [(step(base, beginning, 1), step(base, beginning, rows)) for _ in range(rounds)]
            one, several = (1000 * statistics.median(column) for column in zip(*pairs, strict=True))
            print(
                f"behind {length} tokens: one row {one:.1f} ms, {rows} rows {several:.1f} ms, ratio {several / one:.2f}"
            )


def compare_writers(base: BaseModel, characters: int, rounds: int) -> None:
    """Measure the writer and the contest's loop in turn, and print both and their ratio for each round."""
    writer = Writer(base)
    full = BaseModel.load("gemma-3-270m", None, device="cpu", precision="fp32")
    print(f"contest: {len(full.vocabulary)} tokens, fp32")
    our_loop(writer, 50, 0, "default")  # warm up
    ratios: dict[str, list[float]] = {"stream": [], "default": [], "contest": []}
    for round_ in range(rounds):
        peer = contest_loop(full, characters, round_)
        for name, found in ratios.items():
            ours = our_loop(writer, characters, round_, name)
            found.append(ours / peer)
            print(
                f"round {round_ + 1}: ours with the {name} sampling {ours:.1f} characters/s, "
                f"the contest's loop {peer:.1f}, ratio {ours / peer:.2f}",
                flush=True,
            )
    stream, chosen, same = (statistics.median(found) for found in ratios.values())
    print(f"median ratio: one stream {stream:.2f}, same sampling {same:.2f}, best of {BEST_OF} {chosen:.2f}")
    print(f"best of {BEST_OF} against {BEST_OF} runs of the contest's loop: {BEST_OF * chosen:.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--characters", type=int, default=800)
    parser.add_argument("--rows", type=int, help="compare so many rows at once with one")
    options = parser.parse_args()
    base = BaseModel.load("gemma-3-270m", map(essay_text, sample_documents()), device="cpu")
    print(f"ours: {len(base.vocabulary)} tokens, {base.dtype}")
    if options.rows:
        compare_rows(base, options.rows, options.rounds)
    else:
        compare_writers(base, options.characters, options.rounds)


if __name__ == "__main__":
    main()
