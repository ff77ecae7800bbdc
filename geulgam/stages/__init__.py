"""The artifacts and the functions behind the commands, one file each; a notebook calls them as the commands do.

    from geulgam.stages.corpus import add_documents
    from geulgam.stages.index import build_index, search
    from geulgam.stages.subset import select_topics
    from geulgam.stages.adapter import finetune_topics
    from geulgam.stages.evaluation import evaluate_topics
    from geulgam.stages.essay import generate_essay

Each takes a Workspace and its Settings, runs when it is called, and tells ``on`` what goes on. A node (see
:mod:`geulgam.graph`) reads the artifacts before it and writes its own whole or not at all, with what it was made from.
docs/library.md has an example.
"""
