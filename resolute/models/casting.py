"""Who plays in an evaluation, with the sizes of their models: what `fitting` reckons with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from resolute.core.settings import Evaluate
from resolute.models.evaluating import Plan
from resolute.models.fitting import Player, Runs, Who
from resolute.models.identity import Model
from resolute.models.instruments.named import named
from resolute.models.training.memory import shape

_CHARACTERS = 2
"""Characters of a prompt that are reckoned as one token: few tokenizers need more tokens than that."""


def players(settings: Evaluate, plan: Plan, target: Model, judges: Sequence[str]) -> list[Player]:
    """The target, whoever attacks with it, and the final judges that ask a model."""
    written = max((task.budget.sampling.max_tokens for task in plan.tasks), default=0)
    longest = max((len(prompt.text) for task in plan.tasks for prompt in task.prompts), default=0) // _CHARACTERS
    found = [player("target", target, longest + written, settings)]
    cast, guided = plan.cast, bool(plan.attacks)
    if cast.attacker is not None and cast.attacker_sampling is not None and guided:
        shown = settings.pair.remembered * (settings.pair.shown // _CHARACTERS + cast.attacker_sampling.max_tokens)
        found.append(player("attacker", cast.attacker, longest + shown + cast.attacker_sampling.max_tokens))
    if cast.stop is not None and cast.stop.model is not None and guided:
        judge = player("stop judge", cast.stop.model, longest + written + cast.stop.instrument.max_tokens)
        found.append(replace(judge, name=cast.stop.spec))
    for spec in judges:
        one = named(spec, "judges", "asked")
        if one.model is not None:
            judge = player("final judge", one.model, longest + written + one.instrument.max_tokens)
            found.append(replace(judge, name=spec))
    return found


def player(who: Who, model: Model, tokens: int, settings: Evaluate | None = None) -> Player:
    """One role. `settings` only of the target, which alone can be run by vLLM. Raises `ResoluteError` for a model whose
    configuration cannot be read."""
    if model.path is None:
        return Player(who, model.name, "elsewhere", _endpoint(model))
    config = _text_config(model.path)
    tokens = min(tokens, int(getattr(config, "max_position_embeddings", None) or tokens))
    token = float(token_bytes(config))
    plain = 2.0 * shape(model.path).parameters
    if settings is None or settings.engine != "vllm":
        runs: Runs = "here"
        return Player(who, model.name, runs, "in this process", plain, token, tokens)
    how = settings.serving
    return Player(
        who,
        model.name,
        "vllm",
        "vLLM, started by us",
        min(plain, _stored(model.path) or plain),
        token,
        tokens,
        split=how.tensor_parallel,
        copies=how.data_parallel,
        share=how.memory,
    )


def token_bytes(config: Any) -> int:
    """Keys and values of one token in all layers, in 16 bits: the most where some layers keep only a window."""
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * 2 * int(config.num_hidden_layers) * int(heads) * int(width)


def _text_config(folder: Path) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).get_text_config()


def _stored(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.glob("*.safetensors")))


def _endpoint(model: Model) -> str:
    if model.scripted is not None:
        return "a function"
    provider, _, rest = model.name.partition("/")
    service = rest.partition("/")[0] if provider.startswith("openai-api") else provider
    variable = f"{service.upper().replace('-', '_')}_BASE_URL"
    if address := os.environ.get(variable, ""):
        return f"at {address}"
    return f"at {service}'s own address" if provider == service else f"nowhere yet: {variable} is not set"
