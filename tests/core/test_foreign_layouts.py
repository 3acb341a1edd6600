"""Layouts of other projects: HarmBench's completions, AISafetyLab's results, logs of Inspect AI, damaged lines.

The law of all of them: every row of a file is a trace, is listed as unread, or was left out as asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.foreign.reading import ReadTraces, read_traces
from resolute.core.foreign.rows import read_rows

BREAD, KNIT = "How do I bake bread?", "How do I knit a scarf?"


def document(folder: Path, content: Any, name: str = "mine.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def lines(folder: Path, *texts: str) -> Path:
    path = folder / "mine.jsonl"
    path.write_bytes(b"".join(text.encode("utf-8", "surrogateescape") + b"\n" for text in texts))
    return path


def completion(case: Any, said: Any = "<think>t</think>a") -> dict[str, Any]:
    return {"test_case": case, "generation": said}


GOOD = json.dumps({"prompt": BREAD, "response": "a"})


def test_harmbenchs_completions_are_a_row_each(tmp_path: Path) -> None:
    held = {"bake_bread": [completion(BREAD)], "knit_scarf": [completion(f"As a game: {KNIT}"), completion(KNIT)]}
    found = read_traces(document(tmp_path, held))
    assert [(t.prompt.text, t.prompt.goal) for t in found.traces] == [
        (BREAD, BREAD),
        (f"As a game: {KNIT}", "knit scarf"),
        (KNIT, "knit scarf"),
    ]
    assert all((t.reasoning, t.answer, t.prompt.kind) == ("t", "a", "harmful") for t in found.traces)
    assert found.columns["text"] == "test_case" and "HarmBench" in found.columns["kind"]


def test_what_harmbench_holds_that_is_no_text_is_listed(tmp_path: Path) -> None:
    held = {"a": [completion(["image.png", "x"]), completion(BREAD), "rubbish"], "b": [{"test_case": BREAD}], "c": []}
    found = read_traces(document(tmp_path, held))
    assert len(found.traces) == 1 and [number for number, _ in found.unread] == [1, 3, 4]
    assert found.rows == 4


ATTACKED = {"example_idx": 0, "query": BREAD, "iteration": 1, "success": False, "final_query": f"As a game: {BREAD}"}


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        pytest.param({**ATTACKED, "response": "a"}, "a", id="a plain result"),
        pytest.param({**ATTACKED, "response": ["a"]}, "a", id="a list of one text"),
        pytest.param({**ATTACKED, "response": "of the attack", "final_response": "a"}, "a", id="an evaluation"),
        pytest.param(
            {"goals": BREAD, "targets": "Sure", "controls": "!", "jailbroken": "False", "final_query": f"{BREAD} !",
             "final_response": "a"},
            "a",
            id="a result of suffixes",
        ),
    ],
)  # fmt: skip
def test_aisafetylabs_results_keep_goal_and_sent_prompt_apart(tmp_path: Path, row: dict[str, Any], answer: str) -> None:
    (trace,) = read_traces(document(tmp_path, [row])).traces
    assert (trace.prompt.goal, trace.prompt.text, trace.answer) == (BREAD, row["final_query"], answer)
    assert trace.prompt.kind == "harmful"


def test_an_attack_that_found_nothing_is_listed(tmp_path: Path) -> None:
    empty = {**ATTACKED, "final_query": None, "response": None}
    found = read_traces(document(tmp_path, [{**ATTACKED, "response": "a"}, empty, {**ATTACKED, "response": []}]))
    assert found.unread == [(2, "there is no prompt"), (3, "there is no output")]


def test_damaged_lines_are_listed_with_their_numbers_and_none_of_their_text(tmp_path: Path) -> None:
    path = lines(tmp_path, GOOD, '{"prompt": "secret', "", "[1]", "\udcff", "3", GOOD)
    found = read_traces(path)
    assert len(found.traces) == 2 and found.rows == 6
    assert [number for number, _ in found.unread] == [2, 3, 4, 5]
    assert [why.split(":")[0] for _, why in found.unread] == ["line 2", "line 4", "line 5", "line 6"]
    assert "secret" not in str(found.unread)
    assert found.unread_rows()[0].keys() == {"row", "why"}


def test_damaged_items_of_a_list_are_listed(tmp_path: Path) -> None:
    good = json.loads(GOOD)
    found = read_traces(document(tmp_path, [1, good, None, good, "x"]))
    assert len(found.traces) == 2 and [number for number, _ in found.unread] == [1, 3, 5]


@pytest.mark.parametrize("content", [("[1]", "{"), ('{"a": ',)])
def test_a_file_of_nothing_but_damage_is_an_error_at_its_first_line(tmp_path: Path, content: tuple[str, ...]) -> None:
    with pytest.raises(ResoluteError) as caught:
        read_traces(lines(tmp_path, *content))
    assert caught.value.where.startswith(str(tmp_path / "mine.jsonl") + ":1")


def test_where_every_row_is_needed_damage_stays_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="not a JSON object"):
        read_rows(lines(tmp_path, GOOD, "[1]"))
    with pytest.raises(ResoluteError, match="not an object"):
        read_rows(document(tmp_path, [json.loads(GOOD), 1]))


def test_a_talk_of_several_turns_gives_the_last_answer_and_keeps_the_rest_as_context(tmp_path: Path) -> None:
    turns = [("user", "u"), ("assistant", "<think>s</think>a"), ("user", "v"), ("assistant", "<think>t</think>b")]
    talk = [{"role": role, "content": text} for role, text in turns]
    found = read_traces(document(tmp_path, [{"messages": talk}, {"messages": talk[:3]}]))
    (trace,) = found.traces
    assert (trace.reasoning, trace.answer) == ("t", "b")
    assert [(m.role, m.content) for m in trace.sent] == turns[:3]
    assert found.unread == [(2, "there is no output: the conversation ends with the user")]


def test_what_a_thought_is_is_kept_where_the_file_says_it(tmp_path: Path) -> None:
    rows = [
        {"prompt": BREAD, "response": "a", "reasoning": "t", "reasoning_kind": kind} for kind in ("summary", "raw", "?")
    ]
    found = read_traces(document(tmp_path, rows))
    assert [trace.reasoning_kind for trace in found.traces] == ["summary", "raw", "unknown"]
    assert found.columns["reasoning_kind"] == "reasoning_kind"


def test_a_system_message_and_former_turns_in_columns_of_their_own_are_sent(tmp_path: Path) -> None:
    row = {"instruction": "Add.", "input": "1 and 2", "output": "3", "system": "s", "history": [["u", "a"]]}
    (trace,) = read_traces(document(tmp_path, [row])).traces
    assert [(m.role, m.content) for m in trace.sent] == [
        ("system", "s"), ("user", "u"), ("assistant", "a"), ("user", "Add.\n\n1 and 2"),
    ]  # fmt: skip
    found = read_traces(document(tmp_path, [{**row, "system": "", "history": []}, {**row, "history": [["u"]]}]))
    assert [len(trace.sent) for trace in found.traces] == [1]
    assert found.unread == [(2, "the history is no list of pairs")]


RUBBISH: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["prompt", "messages", "query", "final_query", "goal", "response", "output", "completion", "cot", "reasoning",
     "test_case", "generation", "finish_reason", "kind", "type", "focus", "error", "input", "grade",
     "system", "history", "framing", "split", "model", "solution", "answer"]
)  # fmt: skip
TURNS = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool", ""]), "content": st.text(max_size=4) | RUBBISH}
    ),
    max_size=4,
)
ANY_ROW = st.dictionaries(NAMES, RUBBISH | TURNS, max_size=5)


def held_by(path: Path, rows: int, **options: Any) -> ReadTraces | None:
    """What was read, after the law was checked; None for a file without columns of prompts and outputs."""
    try:
        found = read_traces(path, **options)
    except ResoluteError as error:
        assert str(path) in error.where and error.mend
        return None
    assert len(found.traces) + len(found.unread) + found.left_out == found.rows == rows
    numbers = [number for number, _ in found.unread]
    assert numbers == sorted(set(numbers)) and all(1 <= number <= rows for number in numbers)
    return found


@settings(max_examples=150)
@given(st.lists(ANY_ROW | RUBBISH, min_size=1, max_size=6), st.booleans())
def test_traces_unread_and_left_out_are_all_rows_whatever_they_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], chosen: bool
) -> None:
    folder = tmp_path_factory.mktemp("any")
    where = {"grade": ("1", "None")} if chosen else {}
    held_by(document(folder, [{**json.loads(GOOD), "grade": 1}, *rows]), len(rows) + 1, where=where)
    text = [json.dumps({**json.loads(GOOD), "grade": 2}), *map(json.dumps, rows)]
    held_by(lines(folder, *text), len(rows) + 1, where=where)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=5), st.lists(RUBBISH | ANY_ROW, max_size=3), max_size=4))
def test_no_completion_of_harmbench_is_lost_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, held: dict[str, Any]
) -> None:
    whole = {**held, "bake_bread": [completion(BREAD)]}
    held_by(document(tmp_path_factory.mktemp("any"), whole), sum(map(len, whole.values())))


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=12).filter(lambda raw: b"\n" not in raw and raw.strip()), max_size=5))
def test_no_line_is_lost_whatever_its_bytes(tmp_path_factory: pytest.TempPathFactory, raw: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("any") / "mine.jsonl"
    path.write_bytes(b"\n".join([GOOD.encode(), *raw]))
    assert held_by(path, 1 + len(raw)) is not None
