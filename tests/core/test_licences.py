"""What a card says of licences and terms: every source of ours is known, and what is not is said to be unknown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resolute.core.licences import UNKNOWN, licence, terms

PROMPTS = Path(__file__).parents[2] / "resolute" / "prompts"


def test_every_prompt_source_of_ours_has_a_licence() -> None:
    sources = {name for path in PROMPTS.glob("*.py") for name in re.findall(r'source="([^"]+)"', path.read_text())}
    assert {"xstest", "harmbench"} <= sources
    assert not [name for name in sources if licence(name) == UNKNOWN]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("openai-api/deepseek/deepseek-reasoner", ["DeepSeek: MIT"]),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B@abc", ["DeepSeek: MIT", "Llama: Llama community licence"]),
        ("Qwen/Qwen3-14B", ["Qwen: Apache-2.0 for most"]),
        ("openai/gpt-4o", ["GPT: OpenAI's terms restrict"]),
        ("anthropic/claude-opus", ["Claude: Anthropic's terms restrict"]),
        ("google/gemini-2.5-pro", ["Gemma and Gemini: Google's terms restrict"]),
        ("STAR-1", ["DeepSeek: MIT"]),
        ("lab/teacher", ["none: a script"]),
        ("my-model", ["unknown: find the terms"]),
        ("grok-4", ["unknown: find the terms"]),
    ],
)
def test_a_teacher_has_the_terms_of_each_family_its_name_speaks_of(model: str, says: list[str]) -> None:
    told = terms(model)
    assert [line[: len(start)] for line, start in zip(told, says, strict=True)] == says


@pytest.mark.parametrize("source", ["mine", "", "xstest-2", "STAR"])
def test_an_unknown_source_is_said_to_be_unknown(source: str) -> None:
    assert licence(source) == UNKNOWN
