"""How a subset becomes an adapter: base model, vocabulary trimming, blocks, recipes, training."""
