"""How the next token is chosen: sampling settings and presets, penalties, guidance, contrastive search."""
