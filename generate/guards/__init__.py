"""What an essay never holds: spans that stand in the corpus, and banned phrases."""
