"""The process's surroundings, settled before anything heavy is imported. What the user set wins."""

from __future__ import annotations

import os

_DEFAULTS = {
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin while another process computes: up to 200 times slower
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def settle() -> None:
    """No telemetry, ours or a library's, and no threads that fight."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
