"""How a keyword query becomes a top-k subset: analyzers, query language, indexes, topics."""
