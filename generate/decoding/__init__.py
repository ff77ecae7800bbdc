"""How the next token is chosen: sampling settings and presets, penalties, contrastive search."""
