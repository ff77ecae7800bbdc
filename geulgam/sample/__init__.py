"""147 original essays on seven topics, 21 each, written for this package by a language model (Anthropic's Claude).

One JSON Lines file a topic, with the keys topic, title, text; Apache-2.0 like the code.
"""
