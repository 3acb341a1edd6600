"""Whose endpoint is attacked: this machine, a host its user calls their own, or somebody else's.

Attacks measure a model that the user controls. An endpoint that is neither on this machine nor listed in `RESOLUTE_OWN`
is attacked only where somebody says that it is theirs to attack.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Collection
from urllib.parse import urlsplit

from resolute.core.errors import ResoluteError
from resolute.models.identity import Model

PLACE = "RESOLUTE_OWN"
"""Environment variable: hosts that are the user's own, separated by commas or spaces."""
HERE = ("hf", "vllm", "sglang", "ollama", "llama-cpp-python", "mockllm", "none")
"""Inspect's providers that run on this machine unless their `..._BASE_URL` says otherwise."""


def endpoint(model: Model) -> str:
    """The host that a model is asked at, or the name of its provider; "" for one that runs on this machine."""
    if model.kind != "inspect" or model.path is not None:
        return ""
    provider, _, rest = model.name.partition("/")
    service = rest.partition("/")[0] if provider.startswith("openai-api") else provider.removesuffix("-completions")
    url = os.environ.get(f"{service.upper().replace('-', '_')}_BASE_URL", "")
    if not url:
        return "" if service in HERE else service
    host = (urlsplit(url).hostname or urlsplit(f"//{url}").hostname or url).lower()
    return "" if _here(host) else host


def check(model: Model, attacks: Collection[str], *, own: bool) -> None:
    """Raises `ResoluteError` where an endpoint would be attacked that nobody has called their own."""
    host = endpoint(model)
    if not attacks or own or not host or host in _listed():
        return
    what = f"{len(attacks)} attacks would be sent to {host}, which is neither this machine nor listed as yours"
    mend = f"attack only what you are allowed to test; where you are, say --own, or list the host in {PLACE}"
    raise ResoluteError(what, where=model.name, mend=mend)


def _listed() -> set[str]:
    return {host.lower() for host in os.environ.get(PLACE, "").replace(",", " ").split()}


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
