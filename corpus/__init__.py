"""What an essay is, and how essays get in: read, imported, derived; which are kin, and what is held out."""
