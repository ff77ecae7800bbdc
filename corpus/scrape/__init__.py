"""Essays from a web site: fetched politely, resumable, kept as rows of an import."""
