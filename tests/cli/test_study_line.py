"""`resolute study` at its end: what a script sees of a study whose cells are done but for some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, perform
from resolute.core.runs import MANIFEST, Artifact
from resolute.models.isolation import sandbox
from resolute.study.graph import Node
from resolute.study.needs import Need
from tests.cli.conftest import Shell
from tests.study.small import silent

RECIPE = """
schema: 1
name: one row
evaluate: {model: lab/base, suites: ["lab/safety:2"], sampling: {temperature: 0.7, max_tokens: 16}}
judge: {judges: [lab/strict]}
grid: {rows: {Raw: {train: null}}}
"""


class Leaving:
    """Makes cells in this process; the server of the judge's goes away in the middle, the first time."""

    came_back = False

    def __init__(self, slots: object, store: Path) -> None:
        self.store = store

    def fit(self, nodes: Sequence[Node]) -> str:
        return ""

    def lacking(self, needed: Sequence[Need]) -> Mapping[Need, ResoluteError]:
        return {}

    def start(self, node: Node, job: Job) -> Future[Artifact]:
        made = perform(job, self.store, silent)
        if node.stage == "judge" and not Leaving.came_back:
            partly = made.manifest.model_copy(update={"failed_rows": 3})
            (made.folder / MANIFEST).write_text(partly.model_dump_json(), encoding="utf-8")
        done = Future[Artifact]()
        done.set_result(made)
        return done

    def ended(self, node: Node, *, broken: bool) -> None: ...

    def told(self) -> Mapping[str, tuple[str, str, int, int]]:
        return {}

    def close(self, *, kill: bool) -> None: ...


def test_a_study_with_failed_rows_says_so_and_exits_3_until_the_same_command_has_asked_again(
    resolute: Shell, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolute.study.execute.Workers", Leaving)
    (here / "one.yaml").write_text(RECIPE)
    first = resolute("study", "one.yaml", "--out", "runs/one")
    assert first.code == 3, first.err
    assert "3 failed rows: judge of Raw" in first.err and "the same command" in first.err
    assert (here / "runs/one/report.html").exists()
    monkeypatch.setattr(Leaving, "came_back", True)
    second = resolute("study", "one.yaml", "--out", "runs/one")
    assert second.code == 0 and "failed rows" not in second.err


@pytest.mark.parametrize(("suite", "said"), [("livecodebench:4", True), ("lab/safety:2", False)])
def test_a_plan_says_where_code_has_no_sandbox(
    suite: str, said: bool, resolute: Shell, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "one.yaml").write_text(RECIPE.replace("lab/safety:2", suite))
    monkeypatch.setenv("PATH", str(here))
    sandbox._look.cache_clear()
    try:
        plan = resolute("study", "one.yaml", "--plan")
    finally:
        sandbox._look.cache_clear()
    assert plan.code == 0, plan.err
    assert ("a sandbox for code (bubblewrap)" in plan.out) is said
