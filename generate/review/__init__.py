"""What a text is like beside those of people: figures, marks, sources, and the report."""
