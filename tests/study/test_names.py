"""Every name of a study is looked up in planning: nothing is asked, trained or paid for a word that nobody knows."""

from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run
from resolute.core.errors import ResoluteError
from resolute.core.recipe import Recipe, read_recipe
from resolute.study.run import plan

RECIPES = Path(__file__).parents[2] / "recipes"
STUDIES = [path for path in sorted(RECIPES.rglob("*.yaml")) if path.parent != RECIPES]
DATA: dict[str, Any] = {
    "schema": 1,
    "name": "x",
    "distill": {
        "model": "lab/teacher",
        "strategy": "default",
        "prompts": ["lab/harmful-train"],
        "sampling": {"temperature": 1.0, "max_tokens": 200},
    },
    "audit": {"auditors": ["lab/oracle"]},
    "curate": {"safety": 5},
    "train": {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256},
    "evaluate": {"model": "lab/base", "suites": ["lab:4"], "sampling": {"temperature": 0.7, "max_tokens": 9}},
    "judge": {},
    "grid": {"rows": {"Raw": {"train": None}, "Long": {}}},
}


def told(**sections: Any) -> str:
    """What planning says of the recipe with these settings laid over."""
    asked = {name: {**DATA[name], **more} if isinstance(more, dict) else more for name, more in sections.items()}
    with pytest.raises(ResoluteError) as caught:
        plan(Recipe.model_validate({**DATA, **asked}), {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("sections", "setting", "said"),
    [
        ({"judge": {"judges": ["nobody"]}}, "judge.judges of Raw, from recipe", "unknown instrument: 'nobody'"),
        ({"judge": {"judges": ["llama-guard-3"]}}, "judge.judges of Raw", "asks a model"),
        ({"judge": {"judges": ["refusal@lab/base"]}}, "judge.judges of Raw", "asks no model"),
        ({"judge": {"styles": ["loud"]}}, "judge.styles of Raw", "'loud'"),
        ({"judge": {"judges": ["refusal"], "thresholds": {"exact": 0.5}}}, "judge.thresholds", "'exact'"),
        ({"judge": {"thresholds": {"exact": 0.5}}}, "judge.thresholds", "'exact'"),
        ({"guards": ["lab/gaurd"]}, "judge.judges of Long, from guards", "did you mean 'lab/guard'"),
        ({"audit": {"auditors": ["screne"]}}, "audit.auditors of Long", "did you mean 'screen'"),
        ({"distill": {"strategy": "defualt"}}, "distill.strategy of Long", "did you mean 'default'"),
        ({"distill": {"strategy": "gone.md"}}, "distill.strategy of Long", "gone.md"),
        ({"distill": {"then": ["improvd"]}}, "distill.then of Long", "did you mean 'improved'"),
        ({"distill": {"prompts": ["lab/harmful-trian:5"]}}, "distill.prompts of Long", "'lab/harmful-trian'"),
        ({"distill": {"prompts": ["gone/mine.jsonl"]}}, "distill.prompts of Long", "gone/mine.jsonl"),
        ({"distill": {"framings": ["nowhere"]}}, "distill.framings of Long", "unknown framing: 'nowhere'"),
        ({"distill": {"model": "lab/techer"}}, "distill.model of Long", "did you mean 'lab/teacher'"),
        ({"curate": {"reserve": ["advbnch"]}}, "curate.reserve of Long", "did you mean 'advbench'"),
        ({"train": {"launch": "fdsp"}}, "train.launch of Long", "'fdsp'"),
        ({"evaluate": {"suites": ["lab:4", "xtest"]}}, "evaluate.suites of Raw", "did you mean 'xstest'"),
        ({"evaluate": {"sampling": {}}}, "evaluate.sampling of Raw", "states no max_tokens"),
        ({"evaluate": {"attacks": ["piar"]}}, "evaluate.attacks of Raw", "did you mean 'pair'"),
        ({"evaluate": {"attacks": ["pair"]}}, "evaluate.attacks of Raw", "needs evaluate.attacker"),
        ({"evaluate": {"framings": ["./gone"]}}, "evaluate.framings of Raw", "gone"),
        ({"evaluate": {"stop": "exact"}}, "evaluate.stop of Raw", "no goal is reached by that"),
        ({"evaluate": {"stop": "nobody@lab/base"}}, "evaluate.stop of Raw", "unknown instrument"),
        ({"evaluate": {"system": "strategy-realsaef"}}, "evaluate.system of Raw", "strategy-realsaef"),
    ],
)
def test_a_name_that_nobody_knows_is_said_in_planning_with_its_place(
    sections: dict[str, Any], setting: str, said: str
) -> None:
    found = told(**sections)
    assert setting in found
    assert said in found


def test_the_row_that_says_it_is_named_and_so_is_the_axis() -> None:
    rows = {"Raw": {"train": None}, "Odd": {"distill": {"strategy": "odd"}}}
    axes = {"judged": {"well": {}, "badly": {"judge": {"judges": ["nobody"]}}}}
    assert "distill.strategy of Odd, from row Odd" in told(grid={"rows": rows})
    assert "judge.judges of Raw · badly, from judged badly" in told(grid={"rows": {"Raw": rows["Raw"]}, "axes": axes})


def test_all_wrong_names_are_said_together_each_once() -> None:
    found = told(judge={"judges": ["nobody"]}, evaluate={"suites": ["xtest"], "attacks": ["piar"]})
    assert "3 settings do not hold" in found
    assert all(found.count(name) == 1 for name in ("'nobody'", "'xtest'", "'piar'"))


def test_a_misspelt_name_stops_a_study_and_its_plan_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["study", str(RECIPES / "lab" / "demo.yaml"), "--out", str(tmp_path / "x"), "--set", "judge.judges=[nobody]"]
    for more in ([], ["--plan"], ["--list"], ["--cell", "0"]):
        assert run([*line, *more]) == 1
        assert "unknown instrument: 'nobody'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_name_of_our_recipes_is_known_where_no_data_is(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    assert plan(read_recipe(path), {}).rows


def test_an_attack_whose_data_are_not_here_is_known_and_still_needs_its_attacker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    assert "the attack pap needs evaluate.attacker" in told(evaluate={"attacks": ["pap"]})
    asked = {**DATA, "evaluate": {**DATA["evaluate"], "attacks": ["pap"], "attacker": "openai/x"}}
    assert plan(Recipe.model_validate(asked), {}).rows


def test_files_that_lie_elsewhere_are_not_fetched_in_planning() -> None:
    far = "hub:nobody/nothing@0000000/prompts.jsonl"
    asked = {**DATA, "distill": {**DATA["distill"], "prompts": [far]}}
    assert plan(Recipe.model_validate(asked), {}).rows
