"""The page that a map of the corpus is looked at on: one file, which needs no network."""
