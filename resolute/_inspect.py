"""Entry points of Inspect AI: once installed, `inspect eval TASK --model resolute/FOLDER` runs our local provider."""

from __future__ import annotations

from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="resolute")
def resolute() -> type[ModelAPI]:
    """The local provider (see `resolute.models.provider`)."""
    from resolute.models.provider import Local

    return Local
