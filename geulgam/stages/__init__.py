"""The functions behind the commands, one file per artifact; a notebook calls them as the commands do.

    from geulgam.stages import add_documents, build_index, finetune_topics, generate_essay

Each reads the artifacts before it, writes its own whole or not at all, and notes in a manifest what it was made
from. None prints; progress bars are drawn on stderr if asked for.
"""

from geulgam.stages.adapter import Tuned, finetune_topics
from geulgam.stages.corpus import add_documents
from geulgam.stages.essay import Written, generate_essay
from geulgam.stages.index import Found, build_index, search
from geulgam.stages.metrics import Measured, evaluate_topics
from geulgam.stages.subset import select_topic

__all__ = [
    "Found",
    "Measured",
    "Tuned",
    "Written",
    "add_documents",
    "build_index",
    "evaluate_topics",
    "finetune_topics",
    "generate_essay",
    "search",
    "select_topic",
]
