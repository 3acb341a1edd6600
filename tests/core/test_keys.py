"""Laws of keys: content decides, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.ask import Sampling
from resolute.core.keys import derive, digest, key

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=6), st.randoms())
def test_the_order_of_a_mapping_does_not_change_its_digest(value: dict[str, Any], random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert digest(dict(items)) == digest(value)


@given(st.lists(st.text(), min_size=2, max_size=6, unique=True))
def test_the_order_of_a_list_does(values: list[str]) -> None:
    assert digest(values) != digest(values[::-1])


def test_true_one_and_the_text_of_one_are_three_things() -> None:
    assert len({digest(value) for value in (True, 1, "1", 1.5, None, [1])}) == 6


def test_a_lone_surrogate_has_a_digest() -> None:
    assert digest("\ud800") != digest("\ud801")


def test_models_and_sets_have_one_canonical_form() -> None:
    sampling = Sampling(temperature=1, max_tokens=5)
    assert digest(sampling) == digest(sampling.model_dump(mode="json"))
    assert digest({"b", "a"}) == digest(["a", "b"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        digest(value)


def test_a_derived_seed_is_the_same_in_every_process() -> None:
    code = "from resolute.core.keys import derive, key; print(derive(7, 'id', 3), key({'a': {1, 2}}))"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {f"{derive(7, 'id', 3)} {key({'a': {1, 2}})}"}


@given(st.integers(0, 2**31), st.text(), st.text())
def test_a_derived_seed_fits_every_sampler_and_depends_on_all_it_is_given(seed: int, one: str, two: str) -> None:
    assert 0 <= derive(seed, one, two) < 2**31
    if one != two:
        assert derive(seed, one) != derive(seed, two)
    assert derive(seed, one + two) != derive(seed, one, two)
