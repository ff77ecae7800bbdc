"""Measurements a person can run again, each printing a ratio against a named peer."""
