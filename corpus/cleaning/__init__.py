"""What is done to every text: small steps, one in each file; :mod:`corpus.cleaning.cleaning` puts them in order."""
