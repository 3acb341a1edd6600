"""A recipe as a graph: what rows share is asked for once, and a wrong recipe says so before anything runs."""

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.recipe import read_recipe
from resolute.study.graph import TRAINED, Graph, build
from resolute.study.run import plan

DEMO = Path(__file__).parents[2] / "recipes" / "lab" / "demo.yaml"


def demo(**settings: object) -> Graph:
    return build(read_recipe(DEMO), {}, **{"seeds": [0], "quick": False, **settings})  # type: ignore[arg-type]


def stages(graph: Graph, stage: str) -> list[str]:
    return [node.id for node in graph.nodes.values() if node.stage == stage]


def test_rows_that_ask_for_the_same_job_share_it() -> None:
    graph = demo()
    rows = {row.label: row.nodes for row in graph.rows}
    default, without = rows["Default"], rows["Default without weak vacillation"]
    assert default["distill"] == without["distill"]
    assert default["audit"] == without["audit"]
    assert default["curate"] != without["curate"]
    assert len(stages(graph, "distill")) == 5  # default, improved, short, template, nocot


def test_every_node_stands_after_its_feeds() -> None:
    graph, seen = demo(), set[str]()
    for node in graph.nodes.values():
        assert {feed.node for feed in node.feeds} <= seen
        seen.add(node.id)


def test_seeds_share_their_data_and_nothing_after_it() -> None:
    graph = demo(seeds=range(3))
    rows = [row for row in graph.rows if row.label == "Default"]
    assert [row.seed for row in rows] == [0, 1, 2]
    assert len({row.nodes["curate"] for row in rows}) == 1
    assert len({row.nodes["train"] for row in rows}) == len({row.nodes["evaluate"] for row in rows}) == 3


def test_the_untouched_model_is_evaluated_once_whatever_the_seeds() -> None:
    (raw,) = [row for row in demo(seeds=range(3)).rows if row.label == "Raw"]
    assert set(raw.nodes) == {"evaluate", "judge"}


def test_a_trained_row_is_evaluated_on_its_own_checkpoint() -> None:
    graph = demo()
    (row,) = [row for row in graph.rows if row.label == "Improved"]
    evaluate = graph.nodes[row.nodes["evaluate"]]
    assert evaluate.settings.model_dump()["model"] == TRAINED
    assert [(feed.role, feed.node) for feed in evaluate.feeds] == [("model", row.nodes["train"])]


def test_a_repair_stands_between_audit_and_curate_and_is_graded_by_those_who_graded_the_originals() -> None:
    plain = read_recipe(DEMO)
    graph = build(plain.model_copy(update={"repair": {"model": "lab/repairer"}}), {}, seeds=[0], quick=False)
    assert not stages(demo(), "repair")
    for row in (row for row in graph.rows if row.kind == "trained"):
        repair, curate = graph.nodes[row.nodes["repair"]], graph.nodes[row.nodes["curate"]]
        assert [feed.node for feed in repair.feeds] == [row.nodes[part] for part in ("distill", "audit", "guard")]
        assert repair.settings.model_dump()["auditors"] == ("lab/oracle",)
        assert repair.settings.model_dump()["judges"] == plain.guards
        roles = {feed.role: feed.node for feed in curate.feeds}
        assert {role for role, node in roles.items() if node == repair.id} == {"traces-2", "risks-2", "verdicts-2"}
        assert {"traces", "risks", "verdicts"} <= roles.keys()


def test_no_setting_makes_a_trained_row_another_models() -> None:
    graph = build(read_recipe(DEMO), {"evaluate": {"model": "lab/other"}}, seeds=[0], quick=False)
    named = {row.kind: graph.nodes[row.nodes["evaluate"]].settings.model_dump()["model"] for row in graph.rows}
    assert named == {"raw": "lab/other", "trained": TRAINED}


def test_quick_takes_fewer_rows_and_smaller_sizes() -> None:
    quick = demo(quick=True)
    assert [row.label for row in quick.rows] == ["Raw", "Default", "Improved"]
    curate = quick.nodes[quick.rows[1].nodes["curate"]].settings.model_dump()
    assert curate["safety"] < 600
    assert curate["accept"]["safe"] is True


def test_the_command_line_wins_over_the_recipe() -> None:
    graph = build(read_recipe(DEMO), {"train": {"epochs": 1}}, seeds=[0], quick=False)
    trains = [graph.nodes[name] for name in stages(graph, "train")]
    assert {node.settings.model_dump()["epochs"] for node in trains} == {1}
    assert {node.origins["epochs"] for node in trains} == {"--set"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "schema: 1\nname: x\ngrid: {rows: {a: {tran: {}}}}\nevaluate: {model: m, suites: [lab]}\n",
            "unknown sections",
        ),
        ("schema: 1\nname: x\nevaluat: {}\n", "evaluat"),
        ("schema: 2\nname: x\n", "schema"),
        ("schema: 1\nname: x\n", "evaluate"),
        ("schema: 1\nname: x\nevaluate: {model: m, suites: [lab]}\n", "max_tokens"),
        ("- a list\n", "mapping"),
        ("a: [", "YAML"),
    ],
    ids=[
        "misspelt section in a row",
        "misspelt section",
        "other schema",
        "no evaluate",
        "no lengths",
        "a list",
        "damaged",
    ],
)
def test_a_wrong_recipe_is_refused_before_anything_runs(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ResoluteError) as caught:
        plan(read_recipe(path), {})
    assert said in str(caught.value)
