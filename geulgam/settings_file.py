"""`geulgam.toml` as people read and edit it: written with a comment to every setting, edited without losing one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, String, Table, Whitespace

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from geulgam.settings import Settings, TopicSettings
from geulgam.settings_cleaning import CLEANING
from geulgam.settings_judging import JUDGING
from geulgam.settings_reading import known_keys

EXAMPLE = TopicSettings(name="함께", query="함께^2 더불어 동행")

_HEAD = """\
# The settings of this geulgam workspace.
# A line such as "# epochs = 1.0" shows a default: remove its # and change the value to have another.
# An environment variable such as GEULGAM_FINETUNE__EPOCHS=3 wins over this file, a command's option over both.
"""

_TOPICS = """\
# One [[topics]] table for each topic; `geulgam topic add NAME --query "…"` writes them for you.
# query: Lucene's language. 함께^2 weighs double, +must, -not, "a phrase", AND, OR, NOT, (…);
# +metadata.author:김 and -source:"…" choose by what the rows said besides their text.
# k: how many of the best hits to take, if not retrieval.k.
"""

_SECTIONS = {
    "corpus": "How your files are read.",
    "corpus.clean": "What is cleaned from their texts; the rows stay. See `geulgam corpus clean --dry-run`.",
    "corpus.judge": "What is refused as no essay, after cleaning; the rows stay. See docs/judging.md.",
    "corpus.deduplicate": "Which of near-duplicates stays: parts, editions, copies with some words changed.",
    "retrieval": "How the essays for a topic are found.",
    "finetune": "How the base model is adapted to a topic.",
    "finetune.shared": "How it is adapted to the whole corpus first, for all topics; what is not here is as above.",
    "generate": "How an essay is written.",
    "generate.critic": "What the best of several candidates is chosen by. More weighs more; 0 leaves a part out.",
}

# What a setting does, in one line; a second entry is an example where the default is to have none.
_COMMENTS: dict[str, tuple[str, Any]] = {
    "corpus.text_column": (
        "The column with the text; else text, contents, 본문 … are tried.",
        "contents",
    ),
    "corpus.title_column": ("The column with the title; else title, 제목 … are tried.", "title"),
    "corpus.valid_share": ("Share of the essays that is held out to choose by; no stage trains on them.", None),
    "corpus.test_share": ("Share of the essays that is held out to measure on; neither.", None),
    **CLEANING,
    **JUDGING,
    "corpus.deduplicate.keep": ('"all"; or of copies the "longest", "earliest" or "best" (by your marks) alone.', None),
    "retrieval.backend": ('"bm25s" (on disk, fast), "rank-bm25" (in memory, the reference) or "elasticsearch".', None),
    "retrieval.analyzer": ('Text to terms: "kiwi" (morphemes), "mecab", "bigram", "whitespace"; "server:NAME".', None),
    "retrieval.elasticsearch_index": (
        "Its name on the server, for machines that share it; else made from this folder's.",
        "essays",
    ),
    "retrieval.elasticsearch_shards": ("Parts that can lie on different nodes; without it, one for each node.", 3),
    "retrieval.elasticsearch_replicas": ("Copies of each part; without it, one if there are two nodes.", 1),
    "retrieval.unit": (
        'What is ranked: an "essay" as a whole, or by its best "passage" as much as by the whole.',
        None,
    ),
    "retrieval.take": (
        'What of a hit is trained on: the "essay", or those of its passages that match ("passage").',
        None,
    ),
    "retrieval.meaning": ("Find by meaning too, not by words alone; generate.encoder names the encoder.", None),
    "retrieval.meaning_weight": ("What the nearest meaning counts beside all of a query's words, which count 1.", None),
    "retrieval.k1": ("BM25: how soon repeating a term stops to count.", None),
    "retrieval.b": ("BM25: how much a long essay is discounted, 0 to 1.", None),
    "retrieval.k": ("How many of the best hits make a topic's subset.", None),
    "finetune.base": ("gemma-3-270m, a folder with a model, or a Hugging Face id.", None),
    "finetune.method": ('"lora", "freeze" (train the upper layers only) or "full".', None),
    "finetune.epochs": ("How often the subset is read.", None),
    "finetune.max_steps": ("Stop after so many steps, even if the epochs are not over.", 500),
    "finetune.replay": ("Other essays that are read again while training, for each of the subset.", None),
    "finetune.headers": ("Tell each passage its keywords while training, as a plan's sections have theirs.", None),
    "finetune.goldfish": (
        "Of so many tokens one is never learnt, so that essays are not recited; 0: none. "
        'Without it, 4 for "full" and for four epochs or more, else none.',
        4,
    ),
    "finetune.block_tokens": ("Length of a training block, in tokens.", None),
    "finetune.batch": ("Blocks per step.", None),
    "finetune.learning_rate": ("Lower it when the loss jumps or becomes NaN.", None),
    "finetune.schedule": ('How the learning rate falls: "cosine", "linear" or "constant".', None),
    "finetune.warmup": ("Share of the steps in which the learning rate rises.", None),
    "finetune.weight_decay": ("Pull of the weights toward zero.", None),
    "finetune.gradient_clip": ("Longest gradient that is followed as it is.", None),
    "finetune.rank": ("LoRA: how many directions each layer may change in.", None),
    "finetune.alpha": ("LoRA: strength of the change; twice the rank is usual.", None),
    "finetune.dropout": ("LoRA: share of the inputs dropped while training.", None),
    "finetune.frozen_layers": ("freeze: how many of the lower layers stay; without it, half.", 12),
    "finetune.evaluations": ("How often the held-out essays are measured, to keep the best.", None),
    "finetune.patience": ("Stop after so many measurements without a better one.", None),
    "finetune.seed": ("Same seed, same adapter.", None),
    "finetune.device": ('How it is run: "auto", "cpu", "cuda" or "mps".', None),
    "finetune.precision": ('"auto" (what the device is good at), "fp32", "fp16" or "bf16".', None),
    "finetune.device_batch": ("Blocks of a step that are computed at once, if not all: for small memories.", 1),
    "finetune.gradient_checkpointing": ("Compute more and keep less: for small GPUs.", None),
    "finetune.memory": (
        "What training may take of the GPU, or of a CPU's memory: the two above are then planned.",
        "15GiB",
    ),
    "finetune.base_bits": ("8 or 4: the base's layers in so many bits, on a CUDA GPU; it then learns otherwise.", 4),
    "finetune.checkpoint_steps": ("Steps between two points from which a stopped run goes on.", None),
    "finetune.workers": ("Processes that prepare the blocks; 0: none beside.", None),
    "finetune.shared.epochs": (
        "How often the train side of the whole corpus is read; 0: each topic begins anew.",
        None,
    ),
    "finetune.shared.max_steps": (
        "Stop after so many steps, of the size of a topic's; a larger corpus is then read in part.",
        None,
    ),
    "finetune.shared.learning_rate": ("The rate from which that of the topic falls.", None),
    "finetune.shared.schedule": ('"constant", so that one schedule ends with the topic; "cosine" or "linear".', None),
    "finetune.shared.evaluations": ("How often held-out essays are measured.", None),
    "generate.preset": (
        '"default"; "stream", for best_of 1; or "contest" (top_k 30, top_p 0.95, repetition_penalty 2.0).',
        None,
    ),
    "generate.characters": ("Length of an essay.", None),
    "generate.best_of": ("Each few sentences are the best of so many candidates; 1: as they come.", None),
    "generate.beam": ("From so many of them it is looked a step further, and the best pair taken; 1: it is not.", None),
    "generate.redrafts": (
        "How often a section that falls out of the human band is written again; 0: all is told as it is written.",
        None,
    ),
    "generate.places": ("Places in human essays at which the critic learns, 0: it goes without.", None),
    "generate.banned": ("Phrases that never appear, spaces and punctuation aside.", ["희망과 꿈"]),
    "generate.encoder": (
        'How nearness in meaning is told: "use", or a folder with a sentence-transformers model.',
        None,
    ),
    "generate.temperature": ("Below 1 plainer, above 1 wilder than the preset.", 0.9),
    "generate.top_k": ("Choose among so many of the likeliest tokens.", 50),
    "generate.top_p": ("… and only while their probabilities add up to this.", 0.95),
    "generate.min_p": ("… and that are at least so likely, measured by the likeliest.", 0.05),
    "generate.typical_p": ("… and, adding up to this, that say about as much as is to be expected; 1: off.", 0.95),
    "generate.repetition_penalty": ("Above 1 it avoids the tokens it has used.", 1.1),
    "generate.repetition_window": ("… among so many of the last tokens; 0: all it sees.", 64),
    "generate.no_repeat_ngram": ("Never write so many tokens in a row that stand there already; 0: off.", 0),
    "generate.planner": (
        "An instruct model on this machine that drafts a plan's titles: an OpenAI-compatible address, or a folder.",
        "http://localhost:8000/v1",
    ),
    "generate.planner_model": ("… and the name by which that address knows it; without it, its first.", "qwen3-4b"),
    "generate.dry_multiplier": ("DRY: how strongly it avoids going on as after the same words before; 0: off.", 0.8),
    "generate.dry_base": ("… and so many times more with each token that was the same.", 1.75),
    "generate.dry_allowed": ("… from so many tokens in a row on.", 2),
    "generate.critic.likelihood": ("What the model finds likely, but not the likeliest, which goes in circles.", None),
    "generate.critic.information": ("What is likely because of what stands before, and would not be without it.", None),
    "generate.critic.cohesion": (
        "Words of the passage before, as many as people take up: not all, not none.",
        None,
    ),
    "generate.critic.variety": ("No word over and over within the candidate.", None),
    "generate.critic.wear": ("No word over and over within the last thousand characters.", None),
    "generate.critic.coherence": ("As near in meaning to the passage before as people's passages are: not more.", None),
    "generate.critic.beginning": ("Near in meaning to the essay's beginning, twice so in a closing section.", None),
    "generate.critic.topic": ("Near in meaning to the section's title and keywords.", None),
    "generate.critic.keywords": ("Keywords of the section that it has not named yet.", None),
    "generate.critic.pairs": ("Neighbouring morphemes that people put side by side.", None),
    "generate.critic.words": ("Words that people use.", None),
    "generate.critic.phrases": ("No phrase over and over that people use seldom.", None),
    "generate.critic.numbers": ("No years, ages and prices in figures, of which small models are fond.", None),
    "generate.critic.facts": ("Teller, style of endings, tense and names as the plan has them.", None),
    "generate.critic.kin": ("Who tells it has a husband or a wife, and not both.", None),
    "generate.critic.learnt": ("What a reader taught on human essays and on the model's own makes of it.", None),
}


def default(key: str) -> Any:
    """The default of a dotted key."""
    section, _, name = key.rpartition(".")
    table: Any = Settings()
    for part in section.split("."):
        table = getattr(table, part)
    parts = (table, table.recipe, table.execution) if section == "finetune" else (table,)
    return next(getattr(part, name) for part in parts if hasattr(part, name))


def template(topics: Sequence[TopicSettings] = (EXAMPLE,), values: dict[str, Any] | None = None) -> str:
    """A whole `geulgam.toml`: each setting with its comment, defaults commented out; ``values`` are set."""
    values = values or {}
    lines = [_HEAD]
    section = ""
    for key in known_keys():
        table, _, name = key.rpartition(".")
        if table != section:
            section = table
            lines += [f"# {_SECTIONS[table]}", f"[{table}]"]
        comment, example = _COMMENTS[key]
        lines.append(f"# {comment}")
        if key in values:
            lines.append(f"{name} = {_toml(values[key])}")
        else:
            lines.append(f"# {name} = {_toml(default(key) if example is None else example)}")
        lines.append("")
    lines.append(_TOPICS)
    for topic in topics:
        lines += ["[[topics]]", f"name = {_toml(topic.name)}", f"query = {_toml(topic.query)}"]
        lines += [f"k = {topic.k}"] if topic.k is not None else []
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def put_setting(file: Path, key: str, value: str | float) -> bool:
    """Set "section.name" in the file, keeping all else, where its default is commented out; whether it was another."""
    section, _, name = key.rpartition(".")
    document = _open(file)
    table: Any = document
    for part in section.split("."):
        table = table.setdefault(part, tomlkit.table())
    if table.get(name) == value:
        return False
    default = re.compile(rf"(^\[{re.escape(section)}\].*\n(?:(?!\[).*\n)*?)# {name} = .*$", re.MULTILINE)
    text = tomlkit.dumps(document)
    found = None if name in table else default.search(text)
    if found:
        text = f"{text[: found.end(1)]}{name} = {_toml(value)}{text[found.end() :]}"
    else:
        table[name] = value
        text = tomlkit.dumps(document)
    write_text(file, text)
    return True


def put_topic(file: Path, topic: TopicSettings) -> TopicSettings | None:
    """Add the topic to the file, or change the one of that name, keeping all else; returns what it was before."""
    document = _open(file)
    tables = _tables(document, file)
    for table in tables:
        if table.get("name") == topic.name:
            before = TopicSettings.model_validate(dict(table.unwrap()))
            table["query"] = _text(topic.query)
            if topic.k is not None:
                table["k"] = topic.k
            elif "k" in table:
                del table["k"]
            write_text(file, tomlkit.dumps(document))
            return before
    table = tomlkit.table()
    table.add("name", topic.name)
    table.add("query", _text(topic.query))
    if topic.k is not None:
        table.add("k", topic.k)
    if tables:
        tables[-1].add(tomlkit.nl())
        tables.append(table)
    else:
        document.append("topics", tomlkit.aot())
        _tables(document, file).append(table)
    write_text(file, tomlkit.dumps(document))
    return None


def drop_topic(file: Path, name: str) -> None:
    """Remove the topic's table, keeping all else. Its name must be one of the file's."""
    document = _open(file)
    tables = _tables(document, file)
    place = next(i for i, table in enumerate(tables) if table.get("name") == name)
    trailing = _trailing(tables[place]) if place + 1 < len(tables) else ""  # a comment over the next table
    del tables[place]
    if not tables:
        del document["topics"]
    text = tomlkit.dumps(document)
    if trailing:
        heads = [match.start() for match in re.finditer(r"^\[\[topics\]\]", text, re.MULTILINE)]
        text = text[: heads[place]] + trailing + text[heads[place] :]
    write_text(file, text)


def _trailing(table: Table) -> str:
    """The comments after the table's last value, which stand over whatever comes next, as they are written."""
    items = [item for _, item in table.value.body]
    after = next((i for i, item in enumerate(reversed(items)) if not isinstance(item, Comment | Whitespace)), 0)
    text = "".join(item.as_string() for item in items[len(items) - after :])
    return text.lstrip("\n") if "#" in text else ""


def _open(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8-sig"))
    except TOMLKitError as error:
        raise GeulgamError(f"{file} is not valid TOML: {error}", "correct it, then try again") from error


def _tables(document: tomlkit.TOMLDocument, file: Path) -> AoT:
    tables = document.get("topics", tomlkit.aot())
    if not isinstance(tables, AoT):
        raise GeulgamError(f"{file.name}: topics is not a list of [[topics]] tables", "write one table per topic")
    return tables


def _text(value: str) -> String:
    """A text as TOML; in single quotes where that saves escaping, as for a query with a phrase."""
    plain = "'" not in value and "\\" not in value and value.isprintable()
    return tomlkit.string(value, literal='"' in value and plain)


def _toml(value: Any) -> str:
    return _text(value).as_string() if isinstance(value, str) else str(tomlkit.item(value).as_string())
