"""The card says data, settings, audit and evaluation, and names from other people's files do nothing in it."""

from __future__ import annotations

import yaml

from resolute.core.settings import Train
from resolute.models.training.cards import UNEVALUATED, Made, base_name, evaluated, plain, written
from resolute.models.training.mask_audit import MaskAudit, Share
from tests.families import example

HOSTILE = "x](javascript:1) | <img src=a> `code`\n---\nlicense: stolen\x1b[2J"
REPORT = MaskAudit(
    rows=3, kept=2, with_thought=1, covered={"thought": 1}, tokens=9, loss_tokens={"thought": 4},
    by_kind={"harmful": Share(rows=2, loss_tokens=4)}, longest=9, max_length=8, overlong=("a",), faults={},
)  # fmt: skip
EXAMPLES = [
    example("a", "q", "t", "a").model_copy(update={"source": HOSTILE}),
    example("b", "q", "t", "a").model_copy(update={"source": "xstest"}),
]
MADE = Made("1 x H100 (79 GiB)", 120.0)


def card(model: str = "org/R1-7B@0a1b2c", made: Made | None = MADE) -> str:
    settings = Train(model=model, learning_rate=5e-6, max_length=8, launch="ddp", processes=2)
    return written(settings, {"learning_rate": "recipe"}, REPORT, EXAMPLES, steps=7, made=made)


def test_the_head_names_the_base_model_and_is_yaml_whatever_the_names() -> None:
    for model, base in (("org/R1-7B@0a1b2c", "org/R1-7B"), ("models/R1-7B", "R1-7B"), (HOSTILE, base_name(HOSTILE))):
        _, head, _ = card(model).split("---\n", 2)
        assert yaml.safe_load(head)["base_model"] == base
        assert set(yaml.safe_load(head)) == {"library_name", "base_model", "tags"}


def test_names_from_data_are_shown_and_do_nothing() -> None:
    text = card()
    assert "<img" not in text and "\x1b" not in text and "](javascript" not in text
    (line,) = (line for line in text.splitlines() if "javascript" in line)
    assert line.count(" | ") == 2, "three cells: the bar in the name is none of the table's"
    assert plain("a_b") == "a\\_b"


def test_data_settings_audit_hardware_and_time_are_said() -> None:
    text = card()
    said = (
        "2 of 3 rows (2 harmful)",
        "1 left out as too long",
        "| xstest | 1 | CC-BY-4.0 |",
        "not known here",
        "7 optimizer steps",
        UNEVALUATED,
        "H100",
        "2.0 min",
        "| thought | 1 | 4 |",
    )
    for words in said:
        assert words in text, words
    assert "| learning_rate | 5e\\-06 | recipe |" in text


def test_the_card_in_a_checkpoint_is_the_same_wherever_it_was_made() -> None:
    text = card(made=None)
    assert "recipe" not in text and "min" not in text.split("## Training")[1]
    assert "launch" not in text and "processes" not in text


def test_an_evaluation_takes_the_place_of_none() -> None:
    text = evaluated(card(), [("advbench: refused", "50.0 of 50")])
    assert UNEVALUATED not in text and "50.0 of 50" in text.replace("\\", "")
