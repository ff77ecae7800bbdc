"""What an essay is, and how essays get in: read, store."""
