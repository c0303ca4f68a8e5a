"""Garbage is looked for seldom while a plan passes, and as before ever after."""

import gc

import pytest

from ctsync.apply.gc_tuning import collected_seldom


def test_garbage_is_looked_for_seldom_for_as_long_as_it_takes():
    usual = gc.get_threshold()
    with collected_seldom():
        assert gc.get_threshold()[0] >= 10 * usual[0]
    assert gc.get_threshold() == usual


def test_an_error_leaves_it_as_it_was():
    usual = gc.get_threshold()
    with pytest.raises(KeyError), collected_seldom():
        raise KeyError
    assert gc.get_threshold() == usual
