"""Quiet holds as long as anybody needs it, and then everything is as loud as before."""

import warnings

from transformers.utils import logging as transformers_logging

from finetune.silence import quiet


def loudness() -> tuple[bool, int, int]:
    return transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity(), len(warnings.filters)


def test_of_two_that_overlap_the_last_to_end_makes_it_loud_again() -> None:
    before = loudness()
    first, second = quiet(), quiet()
    first.__enter__()
    silent = loudness()
    assert silent != before
    second.__enter__()
    first.__exit__(None, None, None)
    assert loudness() == silent
    second.__exit__(None, None, None)
    assert loudness() == before


def test_an_error_inside_makes_it_loud_again() -> None:
    before = loudness()
    try:
        with quiet(), quiet():
            raise ValueError
    except ValueError:
        pass
    assert loudness() == before
