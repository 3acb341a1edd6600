"""Sampling values as each kind of server wants them: a value that is not sent is filled from the server's own defaults.

`openai-api/SERVICE/MODEL` says by its SERVICE what kind answers: a service called `vllm...` or `sglang...` gets their
extra fields, `transformers...` a whole generation config (it takes temperature from nowhere else), any other only the
fields every OpenAI-compatible server knows, and top-k where the settings ask for one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from resolute.core.ask import Sampling

Kind = Literal["vllm", "transformers", "openai", "native", "ours"]
"""ours: the local provider. native: a provider of Inspect with its own fields (Anthropic, Google ...)."""


def kind(name: str) -> Kind:
    """What kind of server an Inspect model name speaks to."""
    provider, _, rest = name.partition("/")
    if provider == "resolute":
        return "ours"
    speaker = rest if provider.startswith("openai-api") else provider
    for known in ("vllm", "sglang"):
        if speaker.startswith(known):
            return "vllm"
    if provider.startswith("openai-api"):
        return "transformers" if speaker.startswith("transformers") else "openai"
    return "openai" if provider == "openai" else "native"


def generation(name: str, sampling: Sampling) -> dict[str, Any]:
    """Arguments of Inspect's `GenerateConfig` that carry every value of `sampling` to this model's server."""
    sent: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    speaks = kind(name)
    if speaks in ("ours", "native") and sampling.top_k > 0:
        sent["top_k"] = sampling.top_k
    body = _body(speaks, sampling)
    return {**sent, "extra_body": body} if body else sent


def by_ids(sampling: Sampling, stops: Sequence[int]) -> dict[str, Any]:
    """Extra fields for a server that is handed token ids: no default of its own, and every token of the text kept."""
    neutral = {"min_p": 0.0, "repetition_penalty": 1.0, "skip_special_tokens": False}
    kept = {"spaces_between_special_tokens": False, "stop_token_ids": list(stops), "add_special_tokens": False}
    return {"top_k": sampling.top_k, **neutral, **kept}


def client(name: str, seconds: int) -> dict[str, Any]:
    """Arguments of the model's HTTP client: retries belong to Inspect alone, long thoughts need long timeouts."""
    return {"client_timeout": float(seconds), "max_retries": 0} if name.startswith("openai-api/") else {}


def _body(speaks: Kind, sampling: Sampling) -> dict[str, Any]:
    switch = {"chat_template_kwargs": {"enable_thinking": sampling.thinking, "thinking": sampling.thinking}}
    if speaks == "vllm":
        neutral = {"min_p": 0.0, "repetition_penalty": 1.0, "skip_special_tokens": False}
        return {"top_k": sampling.top_k, **neutral, **switch}
    if speaks == "transformers":
        config = {
            "do_sample": sampling.temperature > 0,
            "temperature": sampling.temperature or None,
            "top_p": sampling.top_p,
            "top_k": max(sampling.top_k, 0),
            "repetition_penalty": 1.0,
            "max_new_tokens": sampling.max_tokens,
        }
        return {"generation_config": json.dumps({name: value for name, value in config.items() if value is not None})}
    if speaks == "openai":
        return ({"top_k": sampling.top_k} if sampling.top_k > 0 else {}) | ({} if sampling.thinking else switch)
    return switch if speaks == "ours" else {}
