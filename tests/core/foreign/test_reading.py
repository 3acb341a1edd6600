"""Other people's traces: every row becomes a trace or is listed with a reason, and guesses are said aloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.files import write_records
from resolute.core.foreign.reading import ReadTraces, read_traces
from resolute.core.records import Trace
from resolute.core.trace import DIALECTS, join


def read(folder: Path, *rows: dict[str, Any], **options: Any) -> ReadTraces:
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_traces(path, **options)


def only(folder: Path, row: dict[str, Any], **options: Any) -> Trace:
    (trace,) = read(folder, row, **options).traces
    return trace


@pytest.mark.parametrize("name", ["messages", "prompt", "question", "instruction", "query", "final_query", "goal"])
def test_prompts_are_found_by_many_names(tmp_path: Path, name: str) -> None:
    value = [{"role": "user", "content": "hi"}] if name == "messages" else "hi"
    assert only(tmp_path, {name: value, "response": "yo"}).prompt.text == "hi"


@pytest.mark.parametrize("name", ["response", "output", "completion", "generation"])
def test_outputs_are_found_by_many_names(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, {"prompt": "hi", name: "<think>\na\n</think>\n\nb"})
    assert (found.traces[0].reasoning, found.traces[0].answer) == ("a", "b")
    assert found.columns["response"] == name


@pytest.mark.parametrize("name", ["reasoning", "cot", "thinking", "reasoning_content"])
def test_a_thought_in_its_own_column_is_the_thought(tmp_path: Path, name: str) -> None:
    trace = only(tmp_path, {"prompt": "hi", "response": "b", name: "a"})
    assert (trace.reasoning, trace.answer, trace.ending.where) == ("a", "b", "answer")


def test_a_thought_in_its_own_column_without_an_answer_stopped_in_the_thought(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "hi", "response": "", "reasoning": "a"})
    assert (trace.reasoning, trace.answer, trace.ending.where) == ("a", "", "thought")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_dialect_is_taken_apart(tmp_path: Path, dialect: Any) -> None:
    trace = only(tmp_path, {"prompt": "hi", "response": join("a thought", "an answer", dialect)})
    assert (trace.reasoning, trace.answer) == ("a thought", "an answer")


def test_a_final_channel_without_a_thought_is_the_answer(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "hi", "response": "<|channel|>final<|message|>an answer<|return|>"})
    assert (trace.reasoning, trace.answer, trace.ending.why) == ("", "an answer", "end of turn")


def test_a_turn_of_another_family_that_ends_with_harmonys_mark_is_no_thought(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "hi", "response": "an answer<|end|>"})
    assert trace.reasoning == "" and trace.answer.startswith("an answer")


def test_where_outputs_start_inside_the_thought_one_that_never_closes_has_no_answer(tmp_path: Path) -> None:
    rows = [{"prompt": f"p{n}", "response": f"t{n}\n</think>\n\na{n}"} for n in range(3)]
    found = read(tmp_path, *rows, {"prompt": "p", "response": "on and on"})
    assert found.opened
    assert [(t.reasoning, t.answer, t.ending.where) for t in found.traces[2:]] == [
        ("t2", "a2", "answer"),
        ("on and on", "", "thought"),
    ]


def test_where_outputs_mark_their_thoughts_one_without_a_mark_is_an_answer(tmp_path: Path) -> None:
    rows = [{"prompt": f"p{n}", "response": f"<think>t</think>a{n}"} for n in range(3)]
    found = read(tmp_path, *rows, {"prompt": "p", "response": "plain"})
    assert not found.opened and found.traces[-1].answer == "plain"
    assert read(tmp_path, {"prompt": "p", "response": "plain"}, opening="opened").traces[0].ending.where == "thought"


def test_a_thought_that_is_opened_and_never_closed_has_no_answer(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "p", "response": "<think>\non and on"})
    assert (trace.reasoning, trace.answer, trace.ending.where) == ("on and on", "", "thought")


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("finish_reason", "stop", "end of turn"),
        ("finish_reason", "length", "length"),
        ("stop_reason", "max_tokens", "length"),
        ("stop_reason", "end_turn", "end of turn"),
        ("finish_reason", "content_filter", "content filter"),
        ("finish_reason", "", "unknown"),
        ("finish_reason", "what?", "unknown"),
    ],
)
def test_why_an_output_ended_is_what_the_file_says(tmp_path: Path, column: str, value: str, why: str) -> None:
    assert only(tmp_path, {"prompt": "p", "response": "a", column: value}).ending.why == why


def test_an_end_of_turn_mark_says_why_and_is_no_part_of_the_answer(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "p", "response": "<think>t</think>a<｜end▁of▁sentence｜>"})
    assert (trace.answer, trace.ending.why) == ("a", "end of turn")


def test_a_conversation_keeps_what_was_sent_and_gives_the_last_answer(tmp_path: Path) -> None:
    talk = [("system", "s"), ("user", "u"), ("assistant", "a"), ("user", "v"), ("assistant", "<think>t</think>b")]
    trace = only(tmp_path, {"messages": [{"role": role, "content": text} for role, text in talk]})
    assert [message.role for message in trace.sent] == ["system", "user", "assistant", "user"]
    assert (trace.prompt.text, trace.reasoning, trace.answer) == ("v", "t", "b")


def test_the_forms_people_store_conversations_in(tmp_path: Path) -> None:
    sharegpt = [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]
    parts = [{"role": "user", "content": [{"type": "text", "text": "u"}]}]
    said = {"role": "assistant", "content": "a", "reasoning_content": "t"}
    assert only(tmp_path, {"conversations": sharegpt}).answer == "a"
    assert only(tmp_path, {"messages": [*parts, said]}).reasoning == "t"
    assert only(tmp_path, {"prompt": parts, "completion": [said]}).prompt.text == "u"
    assert only(tmp_path, {"messages": json.dumps([*parts, said])}).answer == "a"
    table = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([{"messages": [{"role": "user", "content": "u"}], "output": "a"}]), table)
    assert read_traces(table).traces[0].prompt.text == "u"


def test_an_instruction_with_an_input_is_both(tmp_path: Path) -> None:
    row = {"instruction": "Add.", "input": "1 and 2", "output": "3"}
    assert only(tmp_path, row).sent[0].content == "Add.\n\n1 and 2"


def test_missing_values_of_data_frames_are_missing_not_words(tmp_path: Path) -> None:
    table = tmp_path / "a.parquet"
    rows = [{"prompt": "p", "response": "a", "reasoning": None}, {"prompt": "q", "response": None, "reasoning": "t"}]
    pq.write_table(pa.Table.from_pylist(rows), table)
    found = read_traces(table)
    assert [(trace.reasoning, trace.answer) for trace in found.traces] == [("", "a"), ("t", "")]
    nan = read(tmp_path, {"prompt": "p", "response": "a", "reasoning": float("nan")}, {"prompt": "q", "response": "b"})
    assert nan.traces[0].reasoning == ""


def test_a_thought_without_any_output_was_cut_inside_it(tmp_path: Path) -> None:
    trace = only(tmp_path, {"prompt": "p", "response": None, "reasoning": "t", "finish_reason": "length"})
    assert (trace.reasoning, trace.answer, trace.ending.where, trace.ending.why) == ("t", "", "thought", "length")


@pytest.mark.parametrize(
    ("output", "thought"),
    [
        ("<think>\n\n</think>\n\nb", "a  thought"),
        ("<think>\na thought\n</think>\n\nb", "a thought"),
        ("<think>\nmore\n</think>\n\nb", "a  thought\nmore"),
        ("b", "a  thought"),
    ],
)
def test_a_thought_beside_an_output_with_marks_is_neither_lost_nor_doubled(
    tmp_path: Path, output: str, thought: str
) -> None:
    trace = only(tmp_path, {"prompt": "p", "response": output, "reasoning": "a  thought"})
    assert (trace.reasoning, trace.answer) == (thought, "b")


def test_who_answered_is_kept_where_the_file_says_it(tmp_path: Path) -> None:
    found = read(tmp_path, {"prompt": "p", "response": "a", "model": "org/m", "split": "train"})
    assert (found.traces[0].model, found.traces[0].prompt.split) == ("org/m", "train")
    assert only(tmp_path, {"prompt": "p", "response": "a"}).model == "mine"


def test_a_thought_stored_as_steps_is_their_lines(tmp_path: Path) -> None:
    assert only(tmp_path, {"prompt": "p", "response": "a", "cot": ["one", "two"]}).reasoning == "one\ntwo"


def test_the_goal_stays_apart_from_the_framed_text(tmp_path: Path) -> None:
    prompt = only(tmp_path, {"query": "the goal", "final_query": "dear expert, the goal", "response": "a"}).prompt
    assert (prompt.goal, prompt.text) == ("the goal", "dear expert, the goal")


def test_kinds_come_from_the_user_then_the_column_then_the_layout(tmp_path: Path) -> None:
    row = {"prompt": "p", "response": "a"}
    assert only(tmp_path, row).prompt.kind == "unknown"
    assert only(tmp_path, {**row, "label": "unsafe"}).prompt.kind == "harmful"
    assert only(tmp_path, {**row, "kind": "math"}).prompt.kind == "maths"
    assert only(tmp_path, {**row, "label": "unsafe"}, kind="benign").prompt.kind == "benign"
    assert only(tmp_path, {"forbidden_prompt": "p", "response": "a"}).prompt.kind == "harmful"
    assert "forbidden_prompt" in read(tmp_path, {"forbidden_prompt": "p", "response": "a"}).columns["kind"]


def test_rows_are_chosen_by_the_values_of_a_column(tmp_path: Path) -> None:
    rows = [{"prompt": f"p{n}", "response": "a", "grade": n} for n in range(4)]
    found = read(tmp_path, *rows, where={"grade": ("1", "3")})
    assert [trace.prompt.text for trace in found.traces] == ["p1", "p3"] and found.left_out == 2
    with pytest.raises(ResoluteError, match="missing column"):
        read(tmp_path, *rows, where={"colour": ("red",)})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "", "response": "a"}, "the prompt is empty"),
        ({"prompt": None, "response": "a"}, "there is no prompt"),
        ({"prompt": 3, "response": "a"}, "the prompt is not text but int"),
        ({"prompt": "p", "response": None}, "there is no output"),
        ({"prompt": "p", "response": {"a": 1}}, "not text but dict"),
        ({"prompt": "p", "response": ["a", "b"]}, "a list of 2 texts"),
        ({"prompt": "p", "response": ["a", {}]}, "not of messages"),
        ({"prompt": "p", "response": None, "error": "TimeoutError"}, "there is no output: TimeoutError"),
        ({"prompt": [{"role": "tool", "content": "x"}], "response": "a"}, "a message is a tool's"),
        ({"prompt": ["x.png", "x"], "response": "a"}, "the prompt is a list, but not of messages"),
        ({"prompt": [{"role": "judge", "content": "x"}], "response": "a"}, "no role"),
    ],
)
def test_a_row_without_a_trace_is_listed_with_the_reason(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    found = read(tmp_path, {"prompt": "p", "response": "a"}, row)
    assert len(found.traces) == 1
    assert found.unread[0][0] == 2 and reason in found.unread[0][1]


def test_a_file_of_which_nothing_can_be_read_is_an_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="the prompt is empty"):
        read(tmp_path, {"prompt": "", "response": "a"})


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError) as caught:
        read(tmp_path, {"colour": "red", "prompt": "p"})
    assert "'colour'" in caught.value.what and "response" in caught.value.what
    assert "mine.jsonl" in caught.value.where and "completion" in caught.value.mend


def test_what_cannot_be_stored_is_replaced_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, {"prompt": "a\ud800b", "response": "\x00c\x00"})
    assert found.replaced == 3
    assert found.traces[0].prompt.text == "a\ufffdb" and found.traces[0].answer == "\ufffdc\ufffd"


def test_the_same_row_twice_gives_two_traces_and_ids_do_not_depend_on_the_order(tmp_path: Path) -> None:
    one, two = {"prompt": "p", "response": "a"}, {"prompt": "q", "response": "b"}
    ids = {trace.id for trace in read(tmp_path, one, two, one).traces}
    assert len(ids) == 3
    assert {trace.id for trace in read(tmp_path, one, one, two).traces} == ids


def test_our_own_records_are_taken_as_they_stand(tmp_path: Path) -> None:
    traces = read(tmp_path, {"prompt": "p", "response": "a"}).traces
    write_records(tmp_path / "t.parquet", traces, Trace)
    found = read_traces(tmp_path / "t.parquet")
    assert found.traces == traces and not found.foreign
    with pytest.raises(ResoluteError, match="say it themselves"):
        read_traces(tmp_path / "t.parquet", kind="benign")


ANYTHING = st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.text()))
MARKED = st.lists(
    st.sampled_from(["<think>", "</think>", "[THINK]", "[/THINK]", "<|channel|>final<|message|>", "</s>", "\n", "a b"])
).map("".join)


@given(st.lists(st.tuples(st.one_of(MARKED, ANYTHING), st.one_of(MARKED, ANYTHING)), min_size=1))
def test_no_row_is_lost_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[Any, Any]]
) -> None:
    rows = [{"prompt": prompt, "response": response} for prompt, response in pairs]
    folder = tmp_path_factory.mktemp("any")
    first = {"prompt": "p", "response": "a"}
    found = read(folder, first, *rows)
    assert len(found.traces) + len(found.unread) == len(rows) + 1
    assert len({trace.id for trace in found.traces}) == len(found.traces)
    write_records(folder / "t.parquet", found.traces, Trace)


def test_all_real_r1_traces_are_read_with_thought_and_answer(shared_data: Path) -> None:
    found = read_traces(shared_data / "traces" / "STAR-1.json")
    assert (len(found.traces), found.unread, found.opened) == (1000, [], False)
    assert all(t.reasoning and t.answer and t.prompt.kind == "harmful" for t in found.traces)
    rows = json.loads((shared_data / "traces" / "STAR-1.json").read_text())
    for row, trace in zip(rows, found.traces, strict=True):  # nothing but marks and white space around them is lost
        assert row["response"].split() == f"<think> {trace.reasoning}\n</think> {trace.answer}".split()


@pytest.mark.parametrize(("name", "n", "unclosed"), [("cautious", 81, 0), ("alpaca", 100, 1)])
def test_real_traces_that_open_inside_the_thought(shared_data: Path, name: str, n: int, unclosed: int) -> None:
    found = read_traces(shared_data / "traces" / f"r1_distill_llama_8b_{name}.csv")
    assert (len(found.traces), found.unread, found.opened) == (n, [], True)
    assert sum(trace.ending.where == "thought" and not trace.answer for trace in found.traces) == unclosed
    assert all(trace.reasoning for trace in found.traces)


def test_the_studys_own_set_without_thoughts(shared_data: Path) -> None:
    found = read_traces(shared_data / "traces" / "sft_train_nocot.json")
    assert len(found.traces) == 1000
    assert all(t.had_thought and not t.reasoning and t.answer and t.prompt.kind == "harmful" for t in found.traces)


def test_xstests_labelled_completions_have_answers_and_no_thought(shared_data: Path) -> None:
    found = read_traces(
        shared_data / "human_labels" / "xstest_v2_completions_gpt4.csv", where={"final_label": ("1_full_compliance",)}
    )
    assert len(found.traces) == 230 and found.left_out == 220
    assert not any(trace.had_thought or trace.reasoning for trace in found.traces)
