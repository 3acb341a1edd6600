"""Which families of models a name speaks of: models favour text of their own kind (arXiv 2404.13076)."""

from __future__ import annotations

import re

_FAMILIES = {
    "Llama": r"llama|vicuna",
    "Qwen": r"qwen|qwq",
    "DeepSeek": r"deepseek",
    "Mistral": r"mistral|mixtral|ministral|magistral|wildguard",
    "Gemma and Gemini": r"gemma|gemini",
    "GPT": r"gpt|(?<![a-z0-9])o[134](?![a-z0-9])",
    "Claude": r"claude",
    "Phi": r"(?<![a-z])phi(?![a-z])",
    "GLM": r"(?<![a-z])glm",
    "Kimi": r"kimi",
    "Grok": r"grok",
    "MiniMax": r"minimax",
}
_FORMS = {name: re.compile(form) for name, form in _FAMILIES.items()}


def families(name: str) -> frozenset[str]:
    """The families a model's name speaks of; a distillation speaks of two. Empty where none is known."""
    low = name.lower()
    return frozenset(family for family, form in _FORMS.items() if form.search(low))
