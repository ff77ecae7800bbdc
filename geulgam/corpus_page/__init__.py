"""The page that tells what came into a corpus and what became of it: one file, which needs no network."""
