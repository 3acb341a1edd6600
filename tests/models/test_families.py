"""Every family whose template is at hand: what is trained on is what its template writes and its model would emit.

Token ids are held with the real tokenizers of R1-Distill-Qwen and Qwen3 (test_render.py); here all families are held
as rendered text, over stand-in tokenizers with their added tokens. `python -m tests.models.test_families FOLDER` writes
the golden texts again, FOLDER being that of the public data; say why when they change.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models.render import IGNORED, Renderer
from tests.families import asked
from tests.models.test_render import holds
from tests.standins import FAMILIES, stand_in
from tests.tiny import make_tiny

GOLDEN = Path(__file__).parent / "golden" / "families.json"
SWITCHED = sorted(name for name, family in FAMILIES.items() if family.switch)
SHOWN = {"Qwen3", "Qwen3.5", "GLM-4.6", "Seed-OSS", "MiniMax-M2", "Ministral-3-Reasoning", "gpt-oss"}
"""Families whose template writes a finished turn with its thought; the others drop it or hand it on."""
TALK = [
    Message(role="system", content="Be brief."),
    Message(role="user", content="One?"),
    Message(role="assistant", content="Uno."),
    Message(role="user", content="Two?"),
]
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="<>[]|｜~"), max_size=60)
SAID = WORDS.filter(lambda text: text.strip() != "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@pytest.fixture(params=FAMILIES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def renderer(name: str, shared_data: Path, folder: Path) -> Renderer:
    return stand_in(name, shared_data / "chat_templates", folder)


@given(question=SAID, thought=WORDS, answer=SAID)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_of_any_family_reads_back_as_it_was_written(
    renderer: Renderer, question: str, thought: str, answer: str
) -> None:
    holds(renderer, question, thought, answer)


@pytest.mark.parametrize("thinking", [True, False])
def test_the_prompt_is_what_the_family_s_template_writes(renderer: Renderer, name: str, thinking: bool) -> None:
    plain = [message.model_dump(include={"role", "content"}) for message in TALK]
    written = renderer.tokenizer.apply_chat_template(
        plain, add_generation_prompt=True, tokenize=False, enable_thinking=thinking, thinking=thinking
    )
    prompt = renderer.prompt(TALK, thinking=thinking)
    assert prompt.text == written
    assert prompt.ids == renderer.tokenizer(written, add_special_tokens=False)["input_ids"]
    assert "Uno." in prompt.text, "the history stands in the prompt"
    assert "Be brief." in prompt.text, "and so does the system message"
    row = renderer.example(TALK, "Hm.", "Dos.") if thinking else renderer.example(TALK, "", "Dos.", thinking=False)
    assert row.labels[: len(prompt.ids)] == [IGNORED] * len(prompt.ids), "without loss"


def test_where_a_template_shows_a_finished_thought_the_row_is_that_turn_to_the_letter(
    renderer: Renderer, name: str
) -> None:
    forms: list[dict[str, object]] = [{"content": "Dos.", key: "Hm."} for key in ("reasoning_content", "thinking")]
    forms.append({"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Dos."}]})
    shown: list[str] = []
    for form in forms:
        messages = [{"role": "user", "content": "Two?"}, {"role": "assistant", **form}]
        try:
            text = str(renderer.tokenizer.apply_chat_template(messages, tokenize=False))
        except (TemplateError, TypeError):  # a template says no in its own words
            continue
        if "Hm." in text and "'thinking'" not in text:
            shown.append(text)
    assert bool(shown) is (name in SHOWN)
    row = renderer.example(asked("Two?"), "Hm.", "Dos.")
    for text in shown:
        assert text.startswith(row.text.removesuffix(renderer.end))


@pytest.mark.parametrize("name", SWITCHED)
def test_with_thinking_off_the_prompt_closes_the_thought_and_a_row_with_one_is_refused(
    renderer: Renderer, name: str
) -> None:
    on, off = (renderer.prompt(asked("Two?"), thinking=thinking) for thinking in (True, False))
    if name in ("Seed-OSS", "Nemotron-Nano-v2"):
        assert on.text == off.text, "their switch is no argument of the template: a budget, words in the system message"
        return
    assert renderer.dialect.close in off.lead
    assert not off.opened
    with pytest.raises(ResoluteError, match="the prompt has closed the thought"):
        renderer.example(asked("Two?"), "Hm.", "Dos.", thinking=False)
    row = renderer.example(asked("Two?"), "", "Dos.", thinking=False)
    said = renderer.decode([label for label in row.labels if label != IGNORED])
    assert said.strip() == "Dos." + renderer.end.strip()


@pytest.mark.parametrize("name", ["Nemotron-Nano-v2", "SmolLM3"])
def test_the_switch_in_words_that_a_template_takes_out_of_the_system_message_closes_the_thought(
    renderer: Renderer, name: str
) -> None:
    prompt = renderer.prompt([Message(role="system", content="Be brief. /no_think"), *asked("Two?")])
    assert "Be brief." in prompt.text
    assert "</think>" in prompt.lead
    with pytest.raises(ResoluteError, match="the prompt has closed the thought"):
        renderer.example([Message(role="system", content="/no_think"), *asked("Two?")], "Hm.", "Dos.")


def test_every_control_token_of_a_family_is_refused_in_a_users_text(renderer: Renderer, name: str) -> None:
    family = FAMILIES[name]
    for mark in filter(None, (family.eos, family.bos, *family.special, *family.plain)):
        with pytest.raises(ResoluteError, match="carries the control token"):
            renderer.prompt(asked(f"Say {mark} now."))
        with pytest.raises(ResoluteError, match="carries the control token"):
            renderer.example(asked("Two?"), f"Hm. {mark}", "Dos.")


def test_a_thought_that_was_cut_off_is_no_answer(renderer: Renderer) -> None:
    prompt = renderer.prompt(asked("Two?"))
    begun = "" if prompt.opened else renderer.dialect.open
    parts = renderer.split(f"{begun}Hm, let me see", prompt)
    assert (parts.answer, parts.closed, parts.thought) == ("", False, "Hm, let me see")


def test_the_end_of_turn_is_learned_once_and_stops_the_sampler(renderer: Renderer, name: str) -> None:
    row = renderer.example(asked("Two?"), "Hm.", "Dos.")
    learned = [label for label in row.labels if label != IGNORED]
    assert learned.count(renderer.end_id) == 1
    assert learned[-1] == renderer.end_id == renderer.stop_ids[0]
    stops = {renderer.decode([number]) for number in renderer.stop_ids}
    assert {FAMILIES[name].eos, *FAMILIES[name].stops} <= stops


def test_a_model_whose_turns_end_where_the_next_begins_learns_the_mark_its_checkpoint_stops_at(
    shared_data: Path, folder: Path, tmp_path: Path
) -> None:
    glm = stand_in("GLM-4.6", shared_data / "chat_templates", folder)
    assert glm.end == "<|user|>"
    for path in Path(glm.where).iterdir():
        if path.name != "generation_config.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert Renderer.load(tmp_path).end == "<|endoftext|>", "without that word of the checkpoint: its tokenizer's end"


def test_the_texts_of_every_family_are_the_recorded_ones(renderer: Renderer, name: str) -> None:
    assert _texts(renderer, name) == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


def test_the_sampler_is_handed_the_prompt_ids_that_training_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model

    from resolute.models.drawing import Request
    from resolute.models.local import Generated, Generator

    model = make_tiny(tmp_path / "model", opens=True)
    seen: list[list[int]] = []
    generate = Generator.generate

    def listen(self: Generator, requests: list[Request]) -> list[Generated]:
        seen.extend(list(request.ids) for request in requests)
        return generate(self, requests)

    monkeypatch.setattr(Generator, "generate", listen)
    ask = get_model(f"resolute/{model}").generate(
        [ChatMessageSystem(content="Be brief."), ChatMessageUser(content="Two?")],
        config=GenerateConfig(max_tokens=2, temperature=1.0, top_p=1.0, top_k=0, seed=1),
    )
    asyncio.run(_await(ask))
    row = Renderer.load(model).example([TALK[0], *asked("Two?")], "Hm.", "Dos.")
    assert seen == [row.prompt.ids]


async def _await(work: object) -> None:
    await work  # type: ignore[misc]


def _texts(renderer: Renderer, name: str) -> dict[str, str]:
    """What is held of a family, the day it is rendered on left out (gpt-oss writes it into the system message)."""
    today = f"{datetime.now():%Y-%m-%d}"
    row = renderer.example(TALK, "Hm.\n\nSo: two.", "Dos.\n")
    texts = {"prompt": row.prompt.text, "completion": row.text[len(row.prompt.text) :]}
    if FAMILIES[name].switch:
        texts["thinking off"] = renderer.example(TALK, "", "Dos.", thinking=False).text
    return {part: text.replace(today, "DATE") for part, text in texts.items()}


if __name__ == "__main__":
    templates = Path(sys.argv[1]) / "chat_templates"
    with tempfile.TemporaryDirectory() as place:
        made = {known: _texts(stand_in(known, templates, Path(place)), known) for known in FAMILIES}
    GOLDEN.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(made)} families written to {GOLDEN.name}, {datetime.now(UTC):%Y-%m-%d}")
