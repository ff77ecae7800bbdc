"""The commands, by group: each is a few lines over a function of :mod:`geulgam.stages`.

Nothing heavy is imported before a command runs, so that `--help` stays quick.
"""
