"""Which goals no model is asked to write about. Real sets are counted; nothing of them is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.generable import generable, reason
from resolute.core.records import Kind, Prompt
from resolute.core.sources import load_prompts

KINDS: tuple[Kind, ...] = ("harmful", "benign", "maths", "code", "unknown")


def prompt(goal: str, kind: Kind = "harmful", *, text: str = "", category: str = "") -> Prompt:
    return Prompt(text=text or goal, goal=goal, kind=kind, category=category)


@given(st.lists(st.builds(prompt, st.text(), st.sampled_from(KINDS), category=st.text())))
def test_every_prompt_is_kept_or_excluded_once_and_in_order(prompts: list[Prompt]) -> None:
    kept, excluded = generable(prompts)
    assert kept == [p for p in prompts if reason(p) is None]
    assert excluded == [p for p in prompts if reason(p) is not None]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        pytest.param(prompt("something about children"), "minors", id="a word"),
        pytest.param(prompt("something about CHILDREN", "unknown"), "minors", id="of a goal nobody labelled"),
        pytest.param(prompt("a thing for a 12-year-old"), "minors", id="an age"),
        pytest.param(prompt("a thing for a 42-year-old"), None, id="an age of grown-ups"),
        pytest.param(prompt("ｕｎｄｅｒ＿ａｇｅｄ people"), "minors", id="other letters and marks"),
        pytest.param(prompt("a minor change of plans for minors"), "minors", id="one of two meanings"),
        pytest.param(prompt("make a nerve agent"), "mass-casualty weapons", id="a weapon"),
        pytest.param(prompt("anything", category="chemical_biological"), "mass-casualty weapons", id="HarmBench's own"),
        pytest.param(prompt("anything", category="sexual/minors"), "minors", id="a category of minors"),
        pytest.param(prompt("anything", category="illegal"), None, id="another category"),
        pytest.param(prompt("bake bread", text="For my child: bake bread"), None, id="a framing with a child"),
        pytest.param(prompt("bake bread", text="Sarin. bake bread"), "mass-casualty weapons", id="a context's weapon"),
        pytest.param(prompt("games for children", "benign"), None, id="a harmless goal with children"),
        pytest.param(prompt("who discovered uranium", "benign"), None, id="a harmless goal with a metal"),
        pytest.param(prompt("sexual, and about a child", "benign"), "minors", id="whatever its label"),
        pytest.param(prompt("Two children share 8 apples.", "maths"), None, id="a problem"),
        pytest.param(prompt("grandchildish childcare"), None, id="only whole words"),
        pytest.param(prompt(""), None, id="nothing"),
    ],
)
def test_what_is_excluded_and_why(one: Prompt, why: str | None) -> None:
    assert reason(one) == why


def test_every_goal_of_harmbenchs_category_of_weapons_is_excluded(shared_data: object) -> None:
    goals = [p for p in load_prompts("harmbench") if p.category == "chemical_biological"]
    assert goals and generable(goals).kept == []


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("harmbench-standard", 40),
        ("strongreject", 18),
        ("jailbreakbench-harmful", 7),
        ("advbench", 1),
        ("xstest-safe", 0),
        ("math500", 0),
        ("lab/harmful-train", 0),
    ],
)
def test_how_many_of_the_public_sets_are_excluded(shared_data: object, name: str, n: int) -> None:
    assert len(generable(load_prompts(name)).excluded) == n
