"""Laws of settings: layered, closed, and each value says where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.layers import assignments, merge, resolve
from resolute.core.recipe import read_recipe
from resolute.core.settings import SECTIONS, Audit, Curate, Evaluate, Train

LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2))
NESTED = st.recursive(
    st.dictionaries(st.sampled_from("abc"), LEAVES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.one_of(LEAVES, inner), max_size=3),
    max_leaves=8,
)
SAMPLING = {"temperature": 1.0, "max_tokens": 9}


@given(NESTED, NESTED)
def test_merging_keeps_what_the_change_does_not_name_and_takes_what_it_does(
    base: dict[str, Any], change: dict[str, Any]
) -> None:
    merged = merge(base, change)
    assert merged.keys() == base.keys() | change.keys()
    assert merge(merged, change) == merged
    assert merge(base, {}) == base
    for name in base.keys() - change.keys():
        assert merged[name] == base[name]


def test_the_strongest_layer_wins_and_is_named() -> None:
    layers = [
        ("recipe", {"model": "a", "suites": ["s"], "sampling": SAMPLING, "samples": 2}),
        ("--set", {"samples": 3, "sampling": {"temperature": 0.5}}),
        ("option", {"model": "b"}),
    ]
    settings, origins = resolve(Evaluate, layers)
    assert (settings.model, settings.samples, settings.sampling.temperature, settings.sampling.max_tokens) == (
        "b",
        3,
        0.5,
        9,
    )
    assert origins["model"] == "option"
    assert origins["samples"] == "--set"
    assert origins["seed"] == "default"
    assert origins["sampling.temperature"] == "--set"
    assert origins["sampling.max_tokens"] == "recipe"


def test_an_unknown_key_lists_the_known_ones() -> None:
    with pytest.raises(ResoluteError) as caught:
        resolve(Audit, [("--set", {"auditor": "screen"})])
    assert "auditor" in caught.value.what
    assert "auditors" in caught.value.mend


def test_models_data_and_lengths_have_no_default() -> None:
    required = {
        f"{stage}.{name}"
        for stage, form in SECTIONS.items()
        for name, field in form.model_fields.items()
        if field.is_required()
    }
    assert {"distill.model", "distill.prompts", "train.model", "train.max_length", "evaluate.model"} <= required
    assert "distill.sampling" in required, "max_tokens has no default inside it"
    assert resolve(Evaluate, [("recipe", {"model": "m", "suites": ["x"]})])[0].sampling.max_tokens is None


@pytest.mark.parametrize("form", SECTIONS.values(), ids=list(SECTIONS))
def test_every_setting_that_names_a_place_exists(form: type[Any]) -> None:
    assert form.named | form.aside <= set(form.model_fields)


def test_assignments_are_yaml_by_section() -> None:
    given = assignments(
        ["curate.safety=5", "curate.accept.patterns=[weak_vacillation]", "train.model=a=b", "audit.tokenizer=null"]
    )
    assert given == {
        "curate": {"safety": 5, "accept": {"patterns": ["weak_vacillation"]}},
        "train": {"model": "a=b"},
        "audit": {"tokenizer": None},
    }
    assert resolve(Curate, [("--set", given["curate"])])[0].accept.patterns == ("weak_vacillation",)


def test_a_key_without_a_section_belongs_to_the_verb_and_one_with_a_section_to_that() -> None:
    items = ["learning_rate=5e-6", "curate.safety=5", "accept.safe=true"]
    assert assignments(items, section="train") == {
        "train": {"learning_rate": "5e-6", "accept": {"safe": True}},
        "curate": {"safety": 5},
    }
    given = assignments(["learning_rate=5e-6", "model=m", "max_length=9"], section="train")["train"]
    assert resolve(Train, [("--set", given)])[0].learning_rate == 5e-6
    for item in ("learning_rate", "=5", "", "train.=1"):
        with pytest.raises(ResoluteError):
            resolve(Train, [("--set", assignments([item], section="train").get("train", {}))])


@pytest.mark.parametrize(
    "item",
    ["safety=5", "curate.safety", "nosuch.key=1", "", "curate.safety=[", "="],
)
def test_what_is_no_assignment_is_an_error(item: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        assignments([item])
    assert caught.value.where == "--set"


def test_two_values_for_one_setting_are_an_error() -> None:
    with pytest.raises(ResoluteError, match="two values"):
        assignments(["curate.accept=5", "curate.accept.safe=true"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("schema: 1\nname: x\ntrian: {}\n", "trian", id="unknown section"),
        pytest.param("schema: 2\nname: x\n", "schema", id="later schema"),
        pytest.param("- a\n", "mapping", id="a list"),
        pytest.param("", "mapping", id="empty"),
        pytest.param("a: [", "YAML", id="damaged"),
    ],
)
def test_a_faulty_recipe_says_what_and_where(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(ResoluteError) as caught:
        read_recipe(tmp_path / "r.yaml")
    assert says in caught.value.what
    assert caught.value.where == str(tmp_path / "r.yaml")
