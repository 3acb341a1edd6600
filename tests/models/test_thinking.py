"""Thinking is off where somebody said so: by the template's switch, by a closed thought, or it is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, prepare
from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.core.settings import Evaluate
from resolute.models import thinking
from resolute.models.beginning import rendered
from resolute.models.identity import Model, resolve
from resolute.models.render import Renderer
from resolute.models.thinking import off, unheard
from tests.standins import FAMILIES, stand_in
from tests.tiny import make_tiny

ASK = [Message(role="user", content="How is it done?")]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_answers_at_once_with_thinking_off(family: str, shared_data: Path, place: Path) -> None:
    renderer = stand_in(family, shared_data / "chat_templates", place)
    assert renderer.switch <= FAMILIES[family].switch  # some switch by a word or a budget, which is not ours to write
    prompt = rendered(renderer, ASK, thinking=False)
    parts = renderer.split("It is easy.", prompt)
    assert (parts.thought, parts.answer) == ("", "It is easy.") and not prompt.opened
    assert renderer.decode(prompt.ids) == prompt.text != rendered(renderer, ASK, thinking=True).text


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_takes_the_safety_instruction_as_its_system_prompt(
    family: str, shared_data: Path, place: Path
) -> None:
    from resolute.models.evaluating import system_prompt

    renderer = stand_in(family, shared_data / "chat_templates", place)
    words = system_prompt("safety-instruction")
    for switched in (True, False):
        prompt = rendered(renderer, [Message(role="system", content=words), *ASK], thinking=switched)
        assert words in prompt.text and renderer.decode(prompt.ids) == prompt.text


def test_a_closed_thought_is_part_of_the_key_and_a_switch_is_in_the_settings(tmp_path: Path) -> None:
    def identity(model: str) -> dict[str, object]:
        drawn = {"temperature": 1.0, "max_tokens": 8, "thinking": False}
        settings = Evaluate.model_validate({"model": model, "suites": ["lab/safety:2"], "sampling": drawn})
        return prepare(Job("evaluate", settings), tmp_path)[1].identity

    plain = str(make_tiny(tmp_path / "tiny"))
    assert off(resolve(plain)) == "closed" and identity(plain)["thinking_off"] == "closed"
    assert off(resolve("lab/base")) == "switch" and "thinking_off" not in identity("lab/base")


@pytest.mark.parametrize("name", ["lab/turning", "anthropic/some-model", "openai-api/transformers/m"])
def test_what_can_neither_be_switched_nor_closed_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(ResoluteError, match=name):
        off(resolve(name))


def test_outputs_that_think_on_are_counted_aloud() -> None:
    def one(thought: str) -> Trace:
        return Trace(
            id=thought, prompt=Prompt(text="q", goal="q"), sent=ASK, model="m", identity="i", reasoning=thought,
            answer="a", ending=Ending(where="answer", why="end of turn"),
        )  # fmt: skip

    assert unheard([one(""), one(" ")]) is None
    said = unheard([one(""), one("hm")])
    assert said is not None and "1 of 2 outputs hold a thought" in said


def test_what_was_found_of_a_checkpoint_is_not_looked_for_again_and_rubbish_in_its_place_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = resolve(str(make_tiny(tmp_path / "model")))
    other = resolve(str(make_tiny(tmp_path / "other", seed=1)))
    load, loaded = Renderer.load, list[str]()

    def counted(path: Path) -> Renderer:
        loaded.append(Path(path).name)
        return load(path)

    monkeypatch.setattr(Renderer, "load", counted)

    def look(at: Model) -> str:
        thinking._of.cache_clear()  # as another process would
        return thinking.off(at)

    assert look(model) == look(model) == "closed"
    assert loaded == ["model"]
    look(other)
    assert loaded == ["model", "other"]
    for kept in (tmp_path / "cache").rglob("thinking-off/*"):
        kept.write_bytes(b"\xff switch")
    assert look(model) == "closed"
    assert loaded == ["model", "other", "model"]
