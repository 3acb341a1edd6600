"""Rows of a study for what words alone do: the untouched model with an instruction, and with thinking off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core.jobs import Job, prepare
from resolute.core.recipe import read_recipe
from resolute.study.graph import build
from tests.tiny import make_tiny

ROWS = """
schema: 1
name: baselines
train: {model: MODEL, learning_rate: 1.0e-4, max_length: 256}
evaluate:
  model: MODEL
  suites: ["lab/safety:2"]
  sampling: {temperature: 0.7, max_tokens: 16}
grid:
  rows:
    Raw: {train: null}
    Raw, safety instruction: {train: null, evaluate: {system: safety-instruction}}
    Raw, thinking off: {train: null, evaluate: {sampling: {thinking: false}}}
"""


@pytest.mark.parametrize(("model", "way"), [("lab/base", None), ("tiny", "closed")], ids=["switch", "no switch"])
def test_each_baseline_is_a_row_with_a_key_of_its_own_that_differs_in_one_thing(
    model: str, way: str | None, tmp_path: Path
) -> None:
    name = str(make_tiny(tmp_path / "tiny")) if model == "tiny" else model
    (tmp_path / "rows.yaml").write_text(ROWS.replace("MODEL", name))
    graph = build(read_recipe(tmp_path / "rows.yaml"), {}, seeds=[0, 1], quick=False)
    assert [(row.label, row.kind) for row in graph.rows] == [
        ("Raw", "raw"), ("Raw, safety instruction", "raw"), ("Raw, thinking off", "raw"),
    ]  # fmt: skip
    made: list[Any] = []
    for row in graph.rows:
        node = graph.nodes[row.nodes["evaluate"]]
        assert not node.feeds
        made.append(prepare(Job("evaluate", node.settings), tmp_path)[1])
    raw, told, off = made
    assert len({one.key for one in made}) == 3 and len({one.identity["model"] for one in made}) == 1
    assert told.identity["tasks"] == raw.identity["tasks"] and told.identity["system"] != raw.identity["system"]
    (drawn,) = (task["sampling"] for task in off.identity["tasks"].values())
    assert drawn["thinking"] is False and drawn["max_tokens"] == 16 and off.identity.get("thinking_off") == way
