"""What is no essay, and why: rules of a file each; :mod:`corpus.judging.judging` puts them in order."""
