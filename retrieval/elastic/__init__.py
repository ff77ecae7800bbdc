"""Elasticsearch as the index: the terms, queries and scores of the embedded one, on as many machines as it takes."""
