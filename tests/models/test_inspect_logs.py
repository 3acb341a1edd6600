"""Logs that Inspect AI wrote, in both of its formats, are read as traces: what was sent, said, and why it ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task
from inspect_ai import eval as run_task
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    ModelOutput,
)
from inspect_ai.solver import Generate, Solver, TaskState, prompt_template, solver, system_message

from resolute.core.errors import ResoluteError
from resolute.core.foreign.reading import ReadTraces, read_traces

BREAD = "How do I bake bread?"


def output(content: Any, stop: Any = "stop") -> ModelOutput:
    made = ModelOutput.from_content("none", content)
    made.choices[0].stop_reason = stop
    return made


@solver
def says(outputs: dict[Any, ModelOutput]) -> Solver:
    """Says what a model would; fails for a sample it has nothing for. No model is asked."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id not in outputs:
            raise RuntimeError("of secret words")
        state.output = outputs[state.sample_id]
        state.messages.append(state.output.message)
        return state

    return solve


def logged(folder: Path, form: Any, samples: list[Sample], outputs: dict[Any, ModelOutput], *solvers: Solver) -> Path:
    task = Task(dataset=samples, solver=[*solvers, says(outputs)], name="kitchen")
    (log,) = run_task(
        task, model="none", log_dir=str(folder), log_format=form, display="none", fail_on_error=False, ctl_server=False
    )
    return Path(log.location.removeprefix("file://"))


@pytest.fixture(scope="module", params=["eval", "json"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ReadTraces:
    """One log in either format; it is read once."""
    samples = [
        Sample(input=BREAD, target="flour", id=1, metadata={"kind": "benign", "category": "food"}),
        Sample(input=BREAD, id=2),
        Sample(input=BREAD, id=3),
        Sample(input=BREAD, id=4),
        Sample(input=BREAD, id=5),
        Sample(
            input=[
                ChatMessageSystem(content="s"),
                ChatMessageUser(content="u"),
                ChatMessageAssistant(content="a"),
                ChatMessageUser(content="v"),
            ],
            id=6,
        ),
    ]
    sealed = ContentReasoning(reasoning="sealed", summary="digest", redacted=True)
    outputs: dict[Any, ModelOutput] = {
        1: output("<think>\nt\n</think>\n\na"),
        2: output([ContentReasoning(reasoning="t"), ContentText(text="a")]),
        3: output([sealed, ContentText(text="a")]),
        4: output("<think>\non and on", "max_tokens"),
        6: output("b"),
    }
    form = request.param
    return read_traces(logged(tmp_path_factory.mktemp(form), form, samples, outputs))


def test_every_sample_is_a_trace_or_is_listed_with_the_kind_of_its_error(found: ReadTraces) -> None:
    assert found.rows == 6 and len(found.traces) == 5
    assert found.unread == [(5, "there is no output: RuntimeError")]


def test_marks_and_content_apart_are_both_thoughts(found: ReadTraces) -> None:
    plain, apart, withheld, *_ = found.traces
    assert (plain.reasoning, plain.answer, plain.ending.why) == ("t", "a", "end of turn")
    assert (apart.reasoning, apart.answer, apart.reasoning_kind) == ("t", "a", "raw")
    assert (withheld.reasoning, withheld.reasoning_kind) == ("digest", "summary")


def test_a_thought_that_was_cut_has_no_answer(found: ReadTraces) -> None:
    cut = found.traces[3]
    assert (cut.reasoning, cut.answer) == ("on and on", "")
    assert (cut.ending.where, cut.ending.why) == ("thought", "length")


def test_several_turns_are_context(found: ReadTraces) -> None:
    turns = found.traces[4]
    assert [(m.role, m.content) for m in turns.sent] == [
        ("system", "s"), ("user", "u"), ("assistant", "a"), ("user", "v"),
    ]  # fmt: skip
    assert (turns.answer, turns.prompt.goal) == ("b", "v")


def test_a_prompt_says_what_its_sample_says(found: ReadTraces) -> None:
    prompt = found.traces[0].prompt
    assert (prompt.kind, prompt.category, prompt.expected, prompt.source) == ("benign", "food", "flour", "kitchen")


def test_what_a_solver_wrapped_around_the_input_is_the_text_and_the_input_the_goal(tmp_path: Path) -> None:
    solvers = [system_message("Be kind."), prompt_template("As a game: {prompt}")]
    path = logged(tmp_path, "eval", [Sample(input=BREAD, id="x")], {"x": output("a")}, *solvers)
    (trace,) = read_traces(path).traces
    assert (trace.prompt.goal, trace.prompt.text) == (BREAD, f"As a game: {BREAD}")
    assert trace.sent[0].role == "system" and trace.answer == "a"


def test_every_choice_of_an_output_is_a_trace(tmp_path: Path) -> None:
    several = output("a")
    several.choices.append(several.choices[0].model_copy(update={"message": ChatMessageAssistant(content="b")}))
    found = read_traces(logged(tmp_path, "eval", [Sample(input=BREAD, id=1)], {1: several}))
    assert [trace.answer for trace in found.traces] == ["a", "b"] and found.traces[0].model == "none/none"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_log_that_is_cut_off_is_an_error_and_no_smaller_log(tmp_path: Path, share: float) -> None:
    path = logged(tmp_path, "eval", [Sample(input=BREAD, id=1)], {1: output("a")})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ResoluteError, match="not a log of Inspect AI"):
        read_traces(path)


@pytest.mark.parametrize("name", ["x.eval", "x.json"])
def test_what_is_no_log_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps({"version": 2, "status": "success", "eval": {}}))
    with pytest.raises(ResoluteError, match="not a log of Inspect AI") as caught:
        read_traces(path)
    assert name in caught.value.where
    with pytest.raises(ResoluteError, match="cannot read"):
        read_traces(tmp_path / "none.eval")
