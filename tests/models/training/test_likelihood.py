"""A likelihood is the model's own mean log-probability of the tokens training would learn, however it is batched."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.records import Example, Message
from resolute.models.render import IGNORED, Renderer
from resolute.models.training.likelihood import likelihoods
from tests.tiny import make_tiny

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module", params=[False, True], ids=["the model opens its thought", "the template opens it"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"), context=400, opens=request.param)


def row(number: int, *, thought: str = "so it is", answer: str = "done") -> Example:
    return Example(
        id=f"row{number}",
        messages=[Message(role="user", content=f"paint fence {number}")],
        reasoning=thought,
        answer=answer,
        kind="harmful",
        goal="g",
        prompt="p",
        trace="t",
    )


ROWS = [row(n, thought="step by step " * (n % 5), answer=f"done {'again ' * (n % 3)}{n}") for n in range(8)]


def quiet(*_: object) -> None:
    return


def by_hand(folder: Path, examples: list[Example]) -> list[tuple[int, float]]:
    """Row by row: one plain forward pass, and the log-softmax at each token that carries loss."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    renderer, found = Renderer.load(folder), []
    for example in examples:
        rendered = renderer.example(example.messages, example.reasoning, example.answer)
        with torch.no_grad():
            chances = torch.log_softmax(model(torch.tensor([rendered.ids])).logits[0].double(), dim=-1)
        places = [place for place, label in enumerate(rendered.labels) if label != IGNORED]
        total = sum(float(chances[place - 1, rendered.ids[place]]) for place in places)
        found.append((len(places), total / len(places)))
    return found


def test_it_is_the_mean_log_probability_of_the_loss_tokens(folder: Path) -> None:
    found = likelihoods(ROWS, folder, quiet)
    assert not found.unread
    for example, (tokens, mean) in zip(ROWS, by_hand(folder, ROWS), strict=True):
        assert found.rows[example.id].tokens == tokens
        assert found.rows[example.id].mean == pytest.approx(mean, abs=2e-5)


def test_it_is_that_of_the_lab_model_too() -> None:
    from resolute.lab.build import CHECKPOINT
    from resolute.lab.sources import benign_test

    asked = benign_test()[0]  # its words are the lab's whole language
    lab = row(1, thought=asked.goal, answer=asked.text).model_copy(
        update={"messages": [Message(role="user", content=asked.text)]}
    )
    ((tokens, mean),) = by_hand(CHECKPOINT, [lab])
    found = likelihoods([lab], CHECKPOINT, quiet).rows["row1"]
    assert (found.tokens, found.mean) == (tokens, pytest.approx(mean, abs=2e-5))


@pytest.mark.parametrize("room", [4 * 300 * 7, 4 * 300 * 60, 4 * 300 * 250], ids=["pieces", "both", "pairs"])
def test_neither_batching_nor_reading_in_pieces_changes_it(folder: Path, room: int) -> None:
    whole = likelihoods(ROWS, folder, quiet)
    parts = likelihoods(ROWS[::-1], folder, quiet, logits=room)
    assert parts.rows.keys() == whole.rows.keys()
    for name, said in parts.rows.items():
        assert said.mean == pytest.approx(whole.rows[name].mean, abs=2e-5)
        assert said.tokens == whole.rows[name].tokens


def test_the_prompt_is_no_part_of_it_but_what_follows_depends_on_it(folder: Path) -> None:
    one, other = row(1), row(1).model_copy(update={"messages": [Message(role="user", content="sell a horse")]})
    found = [likelihoods([each], folder, quiet).rows["row1"] for each in (one, other)]
    assert found[0].tokens == found[1].tokens
    assert found[0].mean != found[1].mean


def test_rows_the_student_cannot_read_are_named_and_never_scored(folder: Path) -> None:
    long, marked = row(1, answer="word " * 200), row(2, answer="a </think> b")
    found = likelihoods([long, marked, row(3)], folder, quiet)
    assert set(found.rows) == {"row3"}
    assert found.unread["row1"] == "longer than the student's context of 400 tokens"
    assert "</think>" in found.unread["row2"]


def test_a_folder_without_a_model_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError) as caught:
        likelihoods([row(1)], tmp_path, quiet)
    assert str(tmp_path) in caught.value.where
