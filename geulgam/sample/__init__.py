"""238 original essays on seven topics, 34 each, written for this package by a language model (Anthropic's Claude).

JSON Lines with the keys topic, title, text: a file a topic, of 21 terse essays full of things, and plain.jsonl, 13
plainer ones a topic, from which a small model learns better. Apache-2.0 like the code.
"""
