"""Errors cross process borders whole."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from resolute.core.errors import ResoluteError


def fail() -> None:
    raise ResoluteError("what", where="where", mend="mend")


def test_an_error_survives_pickling_with_all_its_parts() -> None:
    back = pickle.loads(pickle.dumps(ResoluteError("what", where="where", mend="mend")))
    assert (back.what, back.where, back.mend) == ("what", "where", "mend")
    assert str(back) == "what (where)\n  mend: mend"
    assert str(ResoluteError("what")) == "what"


def test_a_worker_s_error_reaches_the_parent_with_all_its_parts() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool, pytest.raises(ResoluteError) as caught:
        pool.submit(fail).result()
    assert caught.value.mend == "mend"
