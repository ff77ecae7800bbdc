"""Finished texts as files: read from them, and written to hand in."""
