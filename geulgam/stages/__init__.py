"""The functions behind the commands, one file per artifact; a notebook calls them as the commands do.

    from geulgam.stages.corpus import add_documents
    from geulgam.stages.index import build_index, search
    from geulgam.stages.subset import select_topic
    from geulgam.stages.adapter import finetune_topics
    from geulgam.stages.metrics import evaluate_topics
    from geulgam.stages.essay import generate_essay

Each takes a Workspace and its Settings, reads the artifacts before it, writes its own whole or not at all, and
notes in a manifest what it was made from. None prints; progress bars are drawn on stderr if asked for.
"""
