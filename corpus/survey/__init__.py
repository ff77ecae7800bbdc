"""The corpus looked over: what came in, what became of it, and examples of each."""
