"""Every recipe we ship is whole: read, resolved section by section and row by row, and run as far as possible here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from resolute.cli.app import run
from resolute.core.layers import resolve
from resolute.core.recipe import read_recipe
from resolute.core.settings import SECTIONS, Train
from resolute.models.training.memory import device_batch
from resolute.study.graph import build
from resolute.study.grid import combinations

FOLDER = Path(__file__).parents[2] / "recipes"
RECIPES = sorted(FOLDER.rglob("*.yaml"))
NAMES = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in RECIPES]


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_every_section_of_a_recipe_resolves(path: Path) -> None:
    recipe = read_recipe(path)
    found = {stage: section for stage in SECTIONS if (section := getattr(recipe, stage)) is not None}
    assert "train" in found
    for stage, section in found.items():
        if recipe.grid and stage == "distill":
            continue  # its rows say the rest, which `build` resolves
        resolve(SECTIONS[stage], [("recipe", section)])
    if recipe.grid:
        graph = build(recipe, {}, seeds=[0], quick=False)
        assert [row.label for row in graph.rows] == [each.label for each in combinations(recipe, quick=False)]
        assert build(recipe, {}, seeds=[0], quick=True).rows


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_line_one_says_what_it_is_and_line_two_is_its_command(path: Path) -> None:
    first, second, *_ = path.read_text().splitlines()
    assert first.startswith("# ") and len(first) > 40
    if second != "# make lab-study":  # which runs this recipe after the bases it needs
        assert second.startswith("# resolute ")
        assert path.relative_to(FOLDER.parent).as_posix() in second


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_models_of_the_hub_are_pinned_to_a_commit(path: Path) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if (
                    name == "model"
                    and isinstance(inner, str)
                    and inner.count("/") == 1
                    and not inner.startswith(("lab/", "openai/", "google/", "anthropic/"))
                ):
                    assert len(inner.partition("@")[2]) == 40, inner
                walk(inner)

    walk(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_a_batch_is_so_many_whole_passes_of_every_process(path: Path) -> None:
    train, _ = resolve(Train, [("recipe", read_recipe(path).train or {})])
    assert train.batch_size % (device_batch(train, train.processes or 1) * (train.processes or 1)) == 0


def test_released_traces_become_training_rows_unchanged(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    from resolute.core.files import read_records
    from resolute.core.records import Example
    from resolute.core.runs import Run

    monkeypatch.chdir(tmp_path)
    safety = shared_data / "traces" / "sft_train_nocot.json"
    maths = tmp_path / "sft_train_math.json"
    made = [{"prompt": f"{n} + 1?", "response": f"<think>\nIt is {n + 1}.\n</think>\n\n{n + 1}"} for n in range(4000)]
    maths.write_text(json.dumps(made))
    line = ["curate", safety, maths, "--recipe", root / "recipes" / "released-v1.yaml", "--out", "runs/released-v1"]
    assert run([str(word) for word in line]) == 0
    examples = read_records(Run(Path("runs/released-v1")).latest("curate").output("examples.parquet"), Example)
    assert [sum(e.kind == kind for e in examples) for kind in ("harmful", "maths")] == [1000, 4000]
    prompts = {row["prompt"] for row in json.loads(safety.read_text(encoding="utf-8"))}
    assert {e.messages[-1].content for e in examples if e.kind == "harmful"} == prompts


def test_star1_becomes_the_rows_of_the_one_gpu_recipe(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    from resolute.core.runs import Run

    monkeypatch.chdir(tmp_path)
    line = ["curate", shared_data / "traces" / "STAR-1.json", "--recipe", root / "recipes" / "r1-qwen-7b.yaml"]
    assert run([*map(str, line), "--out", "runs/r1-qwen-7b"]) == 0
    assert Run(Path("runs/r1-qwen-7b")).latest("curate").manifest.counts["kept"] > 900
