"""The renderer: what is trained on is what will be sampled, to the token."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import example as case
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models.render import IGNORED, Renderer
from tests.families import LAB, REAL, asked, family
from tests.tiny import TEMPLATE, make_tiny

MARKS = ("<think>", "</think>", "<|im_start|>", "<|im_end|>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>")
"""Control tokens of R1-Distill, Qwen3 or both."""
WORDS = ("take", "the", "no", "yes", "plus", "is", "claim")
"""Words of the lab's vocabulary."""


def readable(text: str) -> bool:
    return not any(mark in text for mark in (*MARKS, "<｜begin▁of▁sentence｜>", "<|endoftext|>"))


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(readable)
SAID = TEXT.filter(lambda text: text.strip() != "")
SPACED = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


@pytest.fixture(scope="module", params=REAL)
def real(request: pytest.FixtureRequest, shared_data: Path) -> Renderer:
    return family(shared_data / "tokenizers" / request.param)


@pytest.fixture(scope="module")
def r1(shared_data: Path) -> Renderer:
    return family(shared_data / "tokenizers" / "r1-distill-qwen")


@pytest.fixture(scope="module")
def qwen3(shared_data: Path) -> Renderer:
    return family(shared_data / "tokenizers" / "qwen3")


@pytest.fixture(scope="module")
def lab() -> Renderer:
    return family(LAB)


def holds(renderer: Renderer, question: str, thought: str, answer: str) -> None:
    """The laws of a rendered row."""
    row = renderer.example(asked(question), thought, answer)
    prompt = renderer.prompt(asked(question))
    start = len(prompt.ids)
    assert row.ids[:start] == prompt.ids, "training and sampling see the same prompt"
    assert row.labels == [IGNORED] * start + row.ids[start:], "the labels cover exactly the completion"
    assert len(row.kinds) == len(row.ids)
    assert set(row.kinds[:start]) == {"prompt"}
    assert renderer.decode(row.ids) == row.text
    assert row.ids[-1] == renderer.end_id
    assert row.kinds[-1] == "end"
    parts = renderer.split(renderer.decode(row.ids[start:]), prompt)
    kept = renderer.canonical(thought).strip(), renderer.canonical(answer).strip()
    assert (parts.thought, parts.answer, parts.closed, parts.extra_closes) == (*kept, True, 0)


@given(question=TEXT, thought=TEXT, answer=SAID)
@settings(max_examples=60)
@case(question="Why?", thought="", answer="Because.")
@case(question="e\u0301", thought="\u0338not", answer="\u0301cole")
@case(question="a\r\n\tb", thought="1.\n\n2.", answer="```\n  x\n```")
def test_what_r1_is_trained_on_reads_back_as_the_row_it_came_from(
    r1: Renderer, question: str, thought: str, answer: str
) -> None:
    holds(r1, question, thought, answer)


@given(question=TEXT, thought=TEXT, answer=SAID)
@settings(max_examples=60)
@case(question="Why?", thought="", answer="Because.")
@case(question="e\u0301", thought="\u0338not", answer="\u0301cole")
def test_what_qwen3_is_trained_on_reads_back_as_the_row_it_came_from(
    qwen3: Renderer, question: str, thought: str, answer: str
) -> None:
    holds(qwen3, question, thought, answer)


@given(question=SPACED, thought=st.one_of(st.just(""), SPACED), answer=SPACED)
@settings(max_examples=40)
def test_what_the_lab_is_trained_on_reads_back_as_the_row_it_came_from(
    lab: Renderer, question: str, thought: str, answer: str
) -> None:
    holds(lab, question, thought, answer)


@pytest.mark.parametrize("thinking", [True, False])
def test_the_prompt_is_to_the_token_what_the_template_writes(real: Renderer, thinking: bool) -> None:
    messages = [Message(role="system", content="Be kind."), *asked("What is 2 + 2?")]
    plain = [{"role": message.role, "content": message.content} for message in messages]
    text = real.tokenizer.apply_chat_template(
        plain, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
    )
    prompt = real.prompt(messages, thinking=thinking)
    assert prompt.text == text
    assert prompt.ids == real.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_r1_prompts_carry_one_beginning_where_encoding_their_text_again_gives_two(r1: Renderer) -> None:
    prompt = r1.prompt(asked("Hi"))
    assert prompt.ids.count(151646) == 1
    assert r1.tokenizer(prompt.text)["input_ids"].count(151646) == 2


def test_r1_prompts_open_the_thought_and_qwen3_prompts_leave_it_to_the_model(r1: Renderer, qwen3: Renderer) -> None:
    assert r1.prompt(asked("Hi")).opened
    assert r1.completion("Hm.", "Yes.", r1.prompt(asked("Hi"))).text == "Hm.\n</think>\n\nYes.<｜end▁of▁sentence｜>"
    assert not qwen3.prompt(asked("Hi")).opened
    written = qwen3.completion("Hm.", "Yes.", qwen3.prompt(asked("Hi"))).text
    assert written == "<think>\nHm.\n</think>\n\nYes.<|im_end|>"


def test_a_row_without_a_thought_closes_the_thought_that_r1s_prompt_has_opened(r1: Renderer) -> None:
    row = r1.example(asked("Hi"), "", "No.")
    assert row.text.endswith("<think>\n\n</think>\n\nNo.<｜end▁of▁sentence｜>")
    assert "thought" not in row.kinds
    assert r1.dialect.close in r1.decode([label for label in row.labels if label != IGNORED])


def test_with_thinking_off_qwen3s_template_writes_the_empty_thought_and_the_answer_alone_carries_loss(
    qwen3: Renderer,
) -> None:
    row = qwen3.example(asked("Hi"), "", "No.", thinking=False)
    assert row.prompt.text.endswith("<think>\n\n</think>\n\n")
    assert qwen3.decode([label for label in row.labels if label != IGNORED]) == "No.<|im_end|>"
    with pytest.raises(ResoluteError, match="closed the thought"):
        qwen3.example(asked("Hi"), "A thought.", "No.", thinking=False)


def test_kinds_name_the_part_each_token_belongs_to(real: Renderer) -> None:
    row = real.example(asked("Hi"), "First. Then: so.", "Fine, thanks.")
    texts = {
        kind: real.decode([number for number, its in zip(row.ids, row.kinds, strict=True) if its == kind])
        for kind in ("thought", "close", "answer", "end")
    }
    assert texts["thought"].removeprefix("<think>\n") == "First. Then: so.\n"
    assert texts["close"] == "</think>\n\n"
    assert texts["answer"] == "Fine, thanks."
    assert texts["end"] == real.end


def test_pieces_of_a_text_are_its_tokens_and_together_the_text(real: Renderer, lab: Renderer) -> None:
    for renderer, text in (
        (real, "Hi \U0001f9d1\u200d\U0001f680 there\n\n ok"),
        (lab, "take the yes </think> no </s>"),
    ):
        pieces = renderer.pieces(text)
        assert "".join(pieces) == text
        assert len(pieces) == len(renderer.tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize("place", ["question", "thought", "answer"])
def test_control_tokens_in_a_row_are_refused_by_name_never_tokenised_as_the_real_thing(
    real: Renderer, place: str
) -> None:
    known = real.tokenizer.get_vocab()
    marks = [mark for mark in MARKS if mark in known]
    assert {"<think>", "</think>"} < set(marks)
    for mark in marks:
        row = {"question": "Hi", "thought": "Hm.", "answer": "Yes."} | {place: f"Say {mark} now"}
        with pytest.raises(ResoluteError, match="control token") as caught:
            real.example(asked(row["question"]), row["thought"], row["answer"], where="row 17")
        assert caught.value.where == "row 17"
        assert mark in caught.value.what


def test_marks_of_another_family_are_plain_words(r1: Renderer) -> None:
    holds(r1, "What does <|im_end|> do?", "It is <|im_end|> of ChatML.", "It ends a turn: <|im_end|>")


def test_the_history_stands_in_the_prompt_without_loss(real: Renderer) -> None:
    messages = [*asked("Hi"), Message(role="assistant", content="Hello."), *asked("And?")]
    row = real.example(messages, "Hm.", "So.")
    assert "Hello." in row.prompt.text
    assert "Hello." not in real.decode([label for label in row.labels if label != IGNORED])


def test_a_message_the_template_leaves_out_stops_the_row(r1: Renderer) -> None:
    two = [Message(role="system", content="First rule."), Message(role="system", content="Second rule."), *asked("Hi")]
    with pytest.raises(ResoluteError, match="leaves out the system message"):
        r1.prompt(two, where="row 3")


@pytest.mark.parametrize(
    ("messages", "answer", "what"),
    [
        ([], "Yes.", "ends with the user's turn"),
        ([*asked("Hi"), Message(role="assistant", content="Hello.")], "Yes.", "ends with the user's turn"),
        (asked("Hi"), " \n", "the answer is empty"),
    ],
    ids=["no message", "the last message is the assistant's", "no answer"],
)
def test_rows_that_are_none_are_refused(real: Renderer, messages: list[Message], answer: str, what: str) -> None:
    with pytest.raises(ResoluteError, match=what):
        real.example(messages, "Hm.", answer)


def test_words_the_tokenizer_does_not_know_stop_training_and_are_told_when_sampling(lab: Renderer) -> None:
    assert not lab.prompt(asked("a quixotic gizmo")).exact
    assert lab.prompt(asked("take the")).exact
    with pytest.raises(ResoluteError, match="do not decode"):
        lab.example(asked("take the"), "yes  yes", "no")  # two spaces become one
    with pytest.raises(ResoluteError, match="do not decode"):
        lab.example(asked("a quixotic gizmo"), "yes", "no")


def test_generation_stops_at_the_templates_end_and_at_the_checkpoints(tmp_path: Path, qwen3: Renderer) -> None:
    for path in Path(qwen3.where).iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [151645, 151643]}))
    assert Renderer.load(tmp_path).stop_ids == (151645, 151643)


def test_a_generated_text_is_read_up_to_its_end_of_turn(r1: Renderer, qwen3: Renderer) -> None:
    opened = r1.split("Hm.\n</think>\n\nYes.<｜end▁of▁sentence｜>after", r1.prompt(asked("Hi")))
    assert (opened.thought, opened.answer) == ("Hm.", "Yes.")
    cut = r1.split("Hm, and then", r1.prompt(asked("Hi")))
    assert (cut.closed, cut.answer) == (False, "")
    off = qwen3.split("Yes.<|im_end|>", qwen3.prompt(asked("Hi"), thinking=False))
    assert (off.thought, off.answer, off.closed) == ("", "Yes.", True)


def test_a_template_is_probed_whatever_the_model_is_called(tmp_path: Path) -> None:
    for opens in (False, True):
        renderer = Renderer.load(make_tiny(tmp_path / f"m{opens}", opens=opens))
        assert (renderer.dialect.name, renderer.end) == ("think", "<|end|>")
        assert renderer.prompt(asked("Hi")).opened is opens
        holds(renderer, "Hi", "Hm.", "Yes.")


KEYED = TEMPLATE.replace(
    "<|{{ m['role'] }}|>",
    "<|{{ m['role'] }}|>"
    "{% if m.reasoning_content %}{{ '\\n<think>' + m.reasoning_content + '</think>\\n' }}{% endif %}",
)
"""A template that writes thoughts itself, in its own white space."""


def test_the_white_space_around_the_marks_is_read_off_the_template(tmp_path: Path) -> None:
    (tmp_path / "t.jinja").write_text(KEYED)
    renderer = Renderer.load(make_tiny(tmp_path / "model"), template=str(tmp_path / "t.jinja"))
    row = renderer.example(asked("Hi"), "Hm.", "Yes.")
    assert row.text == "<s><|user|>Hi<|end|><|assistant|>\n<think>Hm.</think>\nYes.<|end|>"
    holds(renderer, "Hi", "Hm.", "Yes.")


BROKEN = {
    "no thought mark": ("{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}", "no mark for thoughts"),
    "another family's marks": (TEMPLATE.replace("<|end|>", "<|im_end|>"), "no token for <|im_end|>"),
    "an end that is no token": (TEMPLATE.replace("<|end|>", "[end]"), "no token of the tokenizer"),
    "two beginnings": (TEMPLATE.replace("{{ bos_token }}", "<s><s>"), "2 beginnings"),
    "no beginning where the tokenizer wants one": (TEMPLATE.replace("{{ bos_token }}", ""), "0 beginnings"),
    "a finished turn unlike the one it begins": (KEYED.replace("'\\n<think>", "'Thought: <think>"), "otherwise than"),
    "not Jinja": ("{% for %}", "refuses"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_template_that_cannot_be_honoured_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    template, what = BROKEN[name]
    folder = make_tiny(tmp_path / "model")
    (tmp_path / "t.jinja").write_text(template)
    with pytest.raises(ResoluteError) as caught:
        Renderer.load(folder, template=str(tmp_path / "t.jinja"))
    assert what in caught.value.what


def test_a_checkpoint_without_template_or_tokenizer_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path / "model")
    with pytest.raises(ResoluteError, match="cannot read the chat template"):
        Renderer.load(folder, template=str(tmp_path / "absent.jinja"))
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(ResoluteError, match="no chat template"):
        Renderer.load(folder)
    with pytest.raises(ResoluteError, match="cannot load the tokenizer"):
        Renderer.load(tmp_path / "absent")


def test_the_ids_of_real_families_are_the_recorded_ones(real: Renderer) -> None:
    """Golden: a change here changes what every model is trained on; say why when it is meant."""
    golden = json.loads((Path(__file__).parent / "golden" / "render.json").read_text(encoding="utf-8"))
    expected = golden["families"][Path(real.where).name]
    assert len(expected) == len(golden["rows"]) >= 3
    for row, ids in zip(golden["rows"], expected, strict=True):
        messages = [Message(**message) for message in row["messages"]]
        made = real.example(messages, row["reasoning"], row["answer"])
        assert {"prompt": made.prompt.ids, "completion": made.ids[len(made.prompt.ids) :]} == ids
