"""The gate before training: law 2 on real traces, and rows that were tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.records import Example
from resolute.models.render import IGNORED, Rendered, Renderer
from resolute.models.training.mask_audit import MaskAudit, audit, check, show
from tests.families import LAB, REAL, asked, example, family, star1


@pytest.fixture(scope="module")
def r1(shared_data: Path) -> Renderer:
    return family(shared_data / "tokenizers" / "r1-distill-qwen")


@pytest.mark.parametrize("name", REAL)
def test_all_of_star1_keeps_thought_closing_mark_answer_and_end_of_turn_under_loss(
    shared_data: Path, name: str
) -> None:
    examples = star1(shared_data)
    audited = audit(examples, family(shared_data / "tokenizers" / name), max_length=2048)
    report = audited.report
    assert (report.rows, report.kept, report.with_thought, report.faults) == (1000, 1000, 1000, {})
    assert report.covered == {"thought": 1000, "close": 1000, "answer": 1000, "end": 1000}
    assert report.loss_tokens["end"] == 1000
    assert report.by_kind["harmful"].loss_tokens == sum(report.loss_tokens.values())
    for (number, row), source in zip(audited.rows, examples, strict=True):
        learned = [label for label in row.labels if label != IGNORED]
        assert number == source.id
        assert learned == row.ids[len(row.prompt.ids) :], "all of the completion, none of the prompt"


def cut(row: Rendered, length: int) -> Rendered:
    return replace(row, ids=row.ids[:length], labels=row.labels[:length], kinds=row.kinds[:length])


def mask(row: Rendered, kind: str) -> Rendered:
    labels = [IGNORED if its == kind else label for its, label in zip(row.kinds, row.labels, strict=True)]
    return replace(row, labels=labels)


TAMPERED: dict[str, tuple[Callable[[Rendered], Rendered], str]] = {
    "loss on the prompt": (lambda row: replace(row, labels=list(row.ids)), "the prompt carries loss"),
    "the thought masked": (lambda row: mask(row, "thought"), "the thought is not under loss"),
    "the closing mark masked": (lambda row: mask(row, "close"), "the closing mark is not under loss"),
    "the answer masked": (lambda row: mask(row, "answer"), "the answer is not under loss"),
    "the end masked, as where pad is eos": (lambda row: mask(row, "end"), "the end of turn is not under loss"),
    "cut on the right by one token": (lambda row: cut(row, len(row.ids) - 1), "the end of turn is not under loss"),
    "cut inside the thought": (
        lambda row: cut(row, row.kinds.index("thought") + 2),
        "the closing mark is not under loss",
    ),
    "cut on the left": (
        lambda row: replace(row, ids=row.ids[1:], labels=row.labels[1:], kinds=row.kinds[1:]),
        "the prompt is not what sampling would see",
    ),
    "a second beginning": (
        lambda row: replace(
            row, ids=row.ids[:1] + row.ids, labels=[IGNORED, *row.labels], kinds=["prompt", *row.kinds]
        ),
        "not one beginning of sequence",
    ),
    "another token in its place": (
        lambda row: replace(row, labels=[label + 1 if label != IGNORED else label for label in row.labels]),
        "a token after the prompt carries no loss",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_row_that_was_tampered_with_does_not_pass(r1: Renderer, name: str) -> None:
    source = example("row-1", "Why is the sky blue?", "Short waves scatter more.", "Because of the air.")
    row = r1.example(source.messages, source.reasoning, source.answer)
    assert check(source, row, r1) == []
    tamper, what = TAMPERED[name]
    assert what in check(source, tamper(row), r1)


def test_a_thought_that_the_template_deletes_does_not_pass(r1: Renderer) -> None:
    """R1's template keeps what follows the closing mark: rendering the row as a conversation loses its thought."""
    source = example("row-1", "Why?", "Hm.", "So.")
    bare = r1.example(source.messages, "", source.answer)
    assert "the thought is not under loss" in check(source, bare, r1)


def test_the_error_says_how_many_rows_fail_why_and_which(r1: Renderer) -> None:
    good = [example(f"good-{n}", "Why?", "Hm.", "So.") for n in range(3)]
    bad = [example(f"bad-{n}", "Why?", "Hm. </think> So.", "So.") for n in range(7)]
    report = audit([*good, *bad, example("empty", "Why?", "Hm.", " ")], r1, max_length=100).report
    assert (report.rows, report.kept) == (11, 3)
    with pytest.raises(ResoluteError) as caught:
        report.require(overlong="error", where="examples.parquet")
    assert "7 of 11 rows: the thought carries the control token </think> (bad-0, bad-1" in caught.value.what
    assert "and 2 more" in caught.value.what
    assert "1 of 11 rows: the answer is empty (empty)" in caught.value.what


def test_long_rows_stop_the_run_or_are_dropped_and_counted_never_cut(r1: Renderer) -> None:
    rows = [example("short", "Why?", "Hm.", "So."), example("long", "Why?", "Hm. " * 50, "So.")]
    audited = audit(rows, r1, max_length=60)
    assert audited.report.overlong == ("long",)
    assert audited.report.longest > 60
    assert [number for number, _ in audited.rows] == ["short"]
    audited.report.require(overlong="drop", where="here")
    with pytest.raises(ResoluteError, match="1 of 2 rows: longer than 60 tokens") as caught:
        audited.report.require(overlong="error", where="here")
    assert "max_length" in caught.value.mend
    with pytest.raises(ResoluteError, match="no row is left"):
        audit(rows[1:], r1, max_length=60).report.require(overlong="drop", where="here")


def test_rows_without_a_thought_pass_and_are_counted(r1: Renderer) -> None:
    report = audit([example("a", "Why?", "", "No."), example("b", "Why?", "Hm.", "No.")], r1, max_length=60).report
    assert (report.kept, report.with_thought, report.covered["thought"]) == (2, 1, 1)
    assert report.covered["close"] == report.covered["end"] == 2


def test_loss_tokens_are_counted_by_kind_of_example(r1: Renderer) -> None:
    rows = [
        example("a", "Why?", "Hm.", "No."),
        example("b", "1 + 1?", "Two.", "2.").model_copy(update={"kind": "maths"}),
    ]
    report = audit(rows, r1, max_length=60).report
    assert {kind: share.rows for kind, share in report.by_kind.items()} == {"harmful": 1, "maths": 1}
    assert sum(share.loss_tokens for share in report.by_kind.values()) == sum(report.loss_tokens.values())


def test_the_report_survives_its_file(r1: Renderer) -> None:
    report = audit([example("a", "Why?", "Hm.", "No.")], r1, max_length=60).report
    assert MaskAudit.model_validate(report.model_dump(mode="json")) == report


@pytest.mark.parametrize("name", ["r1-distill-qwen", "lab"])
def test_shown_rows_put_together_are_the_text_that_is_trained_on(shared_data: Path, name: str) -> None:
    renderer = family(LAB) if name == "lab" else family(shared_data / "tokenizers" / name)
    rows: list[Example] = [example(f"r{n}", "take the", "yes no", "no") for n in range(3)]
    shown = show(rows, renderer, 2)
    assert [row.id for row in shown] == ["r0", "r1"]
    text = renderer.example(asked("take the"), "yes no", "no").text
    assert "".join(token.text for token in shown[0].tokens) == text
    assert all(token.in_loss == (token.kind != "prompt") for token in shown[0].tokens)
