"""In the report a refusal that should happen is no over-refusal, and every public set goes by its own name."""

from __future__ import annotations

import pytest

from resolute.stages.pages.columns import WANTED, Column, attack_order


@pytest.mark.parametrize(
    ("task", "attack", "event", "name", "better"),
    [
        ("paper/none", "none", "refused", f"{WANTED}: advbench", "high"),
        ("paper/none", "none", "unsafe", "Attack success: advbench", "low"),
        ("paper/pap", "none", "unsafe", "Attack success: pap-advbench", "low"),
        ("advbench/safety", "pair", "unsafe", "Attack success: advbench, pair", "low"),
        ("xstest/over-refusal", "none", "refused", "Over-refusal: xstest-eval", "low"),
        ("xstest-contrast/refusal", "none", "refused", f"{WANTED}: xstest-unsafe", "high"),
        ("or-bench/over-refusal", "none", "refused", "Over-refusal: or-bench-hard", "low"),
        ("math500/maths", "none", "correct", "Accuracy: math500", "high"),
        ("lab/safety", "none", "unsafe", "Attack success: no attack", "low"),
        ("lab/over-refusal", "none", "refused", "Over-refusal", "low"),
        ("gone/task", "none", "correct", "Accuracy: task", "high"),
    ],
)
def test_a_column_says_what_it_measures_and_which_way_is_better(
    task: str, attack: str, event: str, name: str, better: str
) -> None:
    column = Column(task, attack, event, "answer", "j")  # pyright: ignore[reportArgumentType]
    assert (column.name, column.better) == (name, better)


def test_a_task_of_a_plug_in_that_is_gone_has_no_order_of_attacks() -> None:
    assert attack_order("gone/task") == ()
