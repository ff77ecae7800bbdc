"""How an adapter becomes an essay: decoding, composing, reviewing."""
