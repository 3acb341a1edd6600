"""The small form of `bench.evaluate_coverage`: a model whose rates are known, through the stages and the short way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.evaluate_coverage import measured, promised, same_as_the_stages
from resolute.core.catalogue import entries


@pytest.mark.parametrize(("goals", "samples"), [(12, 1), (8, 3)])
def test_the_stages_find_exactly_what_a_scripted_model_did(
    goals: int, samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = {name: dict(entries(name)) for name in ("models", "suites", "prompts")}
    try:
        same_as_the_stages("before", goals, samples, draw=5)
    finally:
        for name, before in kept.items():
            entries(name).clear()
            entries(name).update(before)


def test_intervals_hold_the_rates_of_the_model_and_not_those_of_another() -> None:
    held = given = others = 0
    for event, cell in measured("after", 60, 4, 25).items():
        if promised(60, cell.true):
            given, held = given + cell.draws, held + cell.held
            other = measured("before", 60, 4, 25, of="after")[event]
            others += other.held
    assert given >= 75 and held >= 0.88 * given, "95 in 100 hold; so few would be seen once in a thousand"
    assert others < 0.6 * given
