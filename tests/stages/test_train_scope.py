"""What of a row is learned: the completion, the whole sequence, or a primer of safety."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.files import read_json
from resolute.models.render import IGNORED, Renderer
from resolute.models.training.mask_audit import audit, show
from tests.families import REAL, example, family
from tests.stages.test_train import losses, train
from tests.tiny import make_tiny

THOUGHT = "This asks for harm. I will not help with it, whatever the framing says."
N = 8


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, shared_data: Path) -> Renderer:
    return family(shared_data / "tokenizers" / request.param)


def test_a_primer_row_teaches_the_first_tokens_after_the_opening_mark_and_nothing_else(real: Renderer) -> None:
    harmful = example("a", "Why?", THOUGHT, "No.")
    benign = harmful.model_copy(update={"id": "b", "kind": "benign"})
    found = audit([harmful, benign], real, max_length=500, loss="primer", primer_tokens=N)
    found.report.require(overlong="error", where="here")
    primer, whole = found.lean()
    learned = [number for number in primer.labels if number != IGNORED]
    opened = real.prompt(harmful.messages).opened
    text = real.decode(learned)
    assert text.removeprefix("<think>\n").startswith("This asks for harm.")
    assert len(learned) == N + (
        0 if opened else len(real.tokenizer("<think>\n", add_special_tokens=False)["input_ids"])
    )
    assert primer.labels[-1] != IGNORED, "tokens behind the primer cost time and teach nothing: they are left out"
    assert real.decode(whole.labels[len(whole.ids) - 3 :]).endswith(real.end), "other rows teach their whole completion"
    assert found.report.covered["thought"] == 1
    assert found.report.loss == "primer"


def test_the_whole_sequence_is_under_loss_prompt_included(real: Renderer) -> None:
    found = audit([example("a", "Why?", THOUGHT, "No.")], real, max_length=500, loss="sequence")
    found.report.require(overlong="error", where="here")
    (row,) = found.lean()
    assert row.labels == row.ids
    assert found.report.loss_tokens["prompt"] > 0
    assert found.report.covered["prompt"] == 1


def test_what_is_shown_is_what_would_be_learned(real: Renderer) -> None:
    (row,) = show([example("a", "Why?", THOUGHT, "No.")], real, 1, loss="primer", primer_tokens=3)
    said = "".join(token.text for token in row.tokens if token.in_loss)
    assert said.removeprefix("<think>\n") == "This asks for"


def test_each_scope_teaches_something_else_and_a_primer_nothing_of_the_answer(tmp_path: Path) -> None:
    model = make_tiny(tmp_path / "model")
    completion, sequence, primer = (
        train(tmp_path / loss, model, loss=loss, primer_tokens=4) for loss in ("completion", "sequence", "primer")
    )
    first = [losses(made)[0] for made in (completion, sequence, primer)]
    assert len(set(first)) == 3
    kept = read_json(primer.folder / "mask_audit.json")
    assert kept["loss_tokens"]["answer"] == 0
    assert kept["loss_tokens"]["thought"] == 8 * (2 + 4), "the mark, its newline and the primer"
