"""A grid's rows: every row times every level of every axis, and what is wrong with one is said before anything runs."""

from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.recipe import Recipe, read_recipe, seeds_of
from resolute.core.settings import Evaluate
from resolute.study.graph import build
from resolute.study.grid import combinations, levels_of

EVALUATE: dict[str, Any] = {"model": "lab/base", "suites": ["lab"], "sampling": {"temperature": 0.7, "max_tokens": 9}}


def recipe(**grid: Any) -> Recipe:
    return Recipe.model_validate({"schema": 1, "name": "x", "evaluate": EVALUATE, "grid": grid})


AXES = {"model": {"a": None, "b": {"evaluate": {"samples": 2}}}, "heat": {"cold": {}, "hot": {"evaluate": {"seed": 5}}}}


def test_axes_are_multiplied_in_order_and_the_label_joins_their_levels() -> None:
    made = combinations(recipe(axes=AXES), quick=False)
    assert [each.label for each in made] == ["a · cold", "a · hot", "b · cold", "b · hot"]
    assert made[2].at == {"model": "b", "heat": "cold"}


def test_each_row_meets_each_combination_and_rows_are_the_axis_row() -> None:
    asked = recipe(rows={"One": {}, "Two": {}}, axes={"model": AXES["model"]})
    assert [each.label for each in combinations(asked, quick=False)] == ["One · a", "One · b", "Two · a", "Two · b"]
    assert levels_of(asked) == {"row": ["One", "Two"], "model": ["a", "b"]}


def test_every_axis_changes_the_settings_of_its_rows_alone() -> None:
    graph = build(recipe(axes=AXES), {}, seeds=[0], quick=False)
    found = {}
    for row in graph.rows:
        settings = graph.nodes[row.nodes["evaluate"]].settings
        assert isinstance(settings, Evaluate)
        found[row.label] = (settings.samples, settings.seed)
        assert row.at["model"] + " · " + row.at["heat"] == row.label
    assert found == {"a · cold": (None, 0), "a · hot": (None, 5), "b · cold": (2, 0), "b · hot": (2, 5)}


def test_what_a_row_leaves_out_no_axis_brings_back() -> None:
    axes = {"base": {"other": {"train": {"model": "lab/base"}}}}
    (row,) = build(recipe(rows={"Raw": {"train": None}}, axes=axes), {}, seeds=[0, 1], quick=False).rows
    assert row.kind == "raw"


def test_rows_that_an_axis_does_not_touch_share_their_jobs() -> None:
    axes = {"rate": {"low": {"train": {"learning_rate": 1e-5}}, "high": {"train": {"learning_rate": 1e-3}}}}
    low, high = build(recipe(rows={"Raw": {"train": None}}, axes=axes), {}, seeds=[0, 1, 2], quick=False).rows
    assert low.nodes == high.nodes


def test_without_takes_combinations_out() -> None:
    asked = recipe(axes=AXES, without=[{"model": "a", "heat": "hot"}])
    assert [each.label for each in combinations(asked, quick=False)] == ["a · cold", "b · cold", "b · hot"]


def test_quick_names_whole_labels_or_rows() -> None:
    asked = recipe(rows={"One": {}, "Two": {}}, axes={"model": AXES["model"]}, quick=["One", "Two · b"])
    assert [each.label for each in combinations(asked, quick=True)] == ["One · a", "One · b", "Two · b"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"axes": {"row": {"a": {}}}}, "another name"),
        ({"axes": {"model": {}}}, "without levels"),
        ({}, "neither rows nor axes"),
        ({"axes": {"model": {"a": {"trian": {}}}}}, "trian"),
        ({"axes": {"model": {"a": {"train": 5}}}}, "not settings"),
        ({"axes": {"seed": {"a": {"train": {"seed": 1}}}}}, "seeds:"),
        ({"axes": AXES, "without": [{"model": "c"}]}, "no such combination"),
        ({"axes": AXES, "without": [{"modle": "a"}]}, "no such combination"),
        ({"axes": AXES, "without": [{}]}, "names no axis"),
        ({"axes": AXES, "without": [{"model": "a"}, {"model": "b"}]}, "no row left"),
        ({"axes": {"x": {"a": {}, "a · b": {}}, "y": {"b · c": {}, "c": {}}}}, "one label"),
        ({"rows": {"a": {}}, "quick": ["b"]}, "quick rows"),
        ({"rows": {"a": {}}, "only": ["b"]}, "no such rows"),
        ({"rows": {"a": {"with": "b"}}}, "list of names"),
    ],
)
def test_a_wrong_grid_says_what_is_wrong(grid: dict[str, Any], said: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        combinations(recipe(**grid), quick=True)
    assert said in str(caught.value)


@pytest.mark.parametrize("where", ["recipe", "--set"])
def test_a_training_seed_beside_the_seeds_is_refused(where: str) -> None:
    train = {"train": {"seed": 4}}
    asked = recipe(rows={"a": {}}).model_copy(update=train if where == "recipe" else {})
    with pytest.raises(ResoluteError, match="seed"):
        build(asked, train if where == "--set" else {}, seeds=[0], quick=False)


def test_seeds_are_a_number_or_a_list_and_none_stands_twice() -> None:
    assert seeds_of(3, "here") == (0, 1, 2)
    assert seeds_of((7, 5), "here") == (7, 5)
    for wrong in (0, (), (1, 1), (-1,)):
        with pytest.raises(ResoluteError, match="here"):
            seeds_of(wrong, "here")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_recipe_extends_another_section_by_section(tmp_path: Path) -> None:
    grid = "grid: {rows: {x: {}, y: {}}, axes: {model: {a: {}, b: {}}}}\n"
    write(tmp_path, "base.yaml", f"schema: 1\nname: base\ntrain: {{a: 1, b: 2}}\n{grid}")
    grid = "grid: {only: [y], axes: {model: null, heat: {hot: {}}}}\n"
    own = write(tmp_path, "own.yaml", f"extends: base.yaml\nname: own\ntrain: {{b: 3}}\n{grid}")
    found = read_recipe(own)
    assert (found.name, found.train) == ("own", {"a": 1, "b": 3})
    assert [each.label for each in combinations(found, quick=False)] == ["y · hot"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: b.yaml\nschema: 1\nname: a\n", "circle: a.yaml -> b.yaml -> a.yaml"),
        ("extends: gone.yaml\nschema: 1\nname: a\n", "gone.yaml"),
        ("extends: [b.yaml]\nschema: 1\nname: a\n", "one file"),
        ("schema: 1\nname: a\nseeds: 1\nseeds: 2\n", "'seeds' stands twice"),
        ("schema: 1\nname: a\nseeds: [1, 1]\n", "seeds stand twice: [1]"),
        ("schema: 1\nname: a\ngrid: {rows: {r: {}, r: {}}}\n", "'r' stands twice"),
        ("schema: 1\nname: a\n? [1, 2]\n: 3\n", "mend"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, "b.yaml", "extends: a.yaml\nschema: 1\nname: b\n")
    with pytest.raises(ResoluteError) as caught:
        read_recipe(write(tmp_path, "a.yaml", text))
    assert said in str(caught.value)
    assert "a.yaml" in caught.value.where or "gone.yaml" in caught.value.where


DATA: dict[str, Any] = {
    "schema": 1,
    "name": "x",
    "sources": {"benign": {"distill": {"strategy": "default", "prompts": ["lab/benign-train"]}}},
    "with": ["benign"],
    "distill": {
        "model": "lab/teacher",
        "prompts": ["lab/harmful-train"],
        "sampling": {"temperature": 1.0, "max_tokens": 200},
    },
    "audit": {"auditors": ["lab/oracle"]},
    "curate": {"safety": 5},
    "train": {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256},
    "evaluate": EVALUATE,
    "judge": {},
}
ARMS = {"Long": {"distill": {"strategy": "default"}}, "Brief": {"distill": {"strategy": "short"}}}


def fed(graph: Any, row: Any) -> dict[str, tuple[str, ...]]:
    """Role -> strategy and prompts of the distillation that a row's curation is fed from."""
    curate = graph.nodes[row.nodes["curate"]]
    traces = {feed.role: graph.nodes[feed.node].settings for feed in curate.feeds if feed.role.startswith("traces")}
    return {role: (settings.strategy, *settings.prompts) for role, settings in traces.items()}


def test_a_row_takes_traces_of_sources_beside_its_own() -> None:
    asked = Recipe.model_validate({**DATA, "grid": {"rows": {**ARMS, "Alone": {**ARMS["Brief"], "with": None}}}})
    graph = build(asked, {}, seeds=[0], quick=False)
    long, brief, alone = (fed(graph, row) for row in graph.rows)
    assert long == {"traces": ("default", "lab/harmful-train"), "traces-2": ("default", "lab/benign-train")}
    assert brief["traces-2"] == long["traces-2"]
    assert alone == {"traces": brief["traces"]}
    assert len([node for node in graph.nodes.values() if node.stage == "distill"]) == 3


def test_matched_arms_are_curated_over_each_others_traces_and_each_writes_its_own_strategy() -> None:
    level = {"with": ["Long", "Brief", "benign"], "curate": {"match": ["prompts"]}}
    asked = Recipe.model_validate({**DATA, "grid": {"rows": ARMS, "axes": {"data": {"own": {}, "matched": level}}}})
    graph = build(asked, {}, seeds=[0], quick=False)
    rows = {row.label: row for row in graph.rows}
    assert list(fed(graph, rows["Brief · matched"])) == ["traces", "traces-2", "traces-3"]
    assert set(fed(graph, rows["Brief · matched"]).values()) == set(fed(graph, rows["Long · matched"]).values())
    only = {label: graph.nodes[row.nodes["curate"]].settings.model_dump()["only"] for label, row in rows.items()}
    assert only == {"Long · own": None, "Long · matched": "default", "Brief · own": None, "Brief · matched": "short"}


def test_traces_of_nobody_are_refused() -> None:
    asked = {**DATA, "with": ["nobody"], "grid": {"rows": ARMS}}
    with pytest.raises(ResoluteError, match="neither a row nor a source"):
        build(Recipe.model_validate(asked), {}, seeds=[0], quick=False)
    asked = {**DATA, "with": ["Raw"], "grid": {"rows": {**ARMS, "Raw": {"train": None, "distill": None}}}}
    with pytest.raises(ResoluteError, match="no traces to give"):
        build(Recipe.model_validate(asked), {}, seeds=[0], quick=False)
