"""How thinking is switched off, by what a model's template and server know: found out before anything is asked.

A template with a switch is told. One without would think on in silence, so a checkpoint of ours is handed a thought
that is closed and empty, in the marks of its family. What only a server knows is told to it, and its outputs show
whether it heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from resolute.core import trace
from resolute.core.errors import ResoluteError
from resolute.core.kept import keep, recall
from resolute.core.keys import file_digest
from resolute.core.records import Message, Trace
from resolute.models import render, template
from resolute.models.identity import Model
from resolute.models.render import RenderedPrompt, Renderer
from resolute.models.servers import kind

Off = Literal["switch", "closed", "asked"]
"""switch: the template's own; closed: a closed and empty thought; asked: its server is told, and may not hear."""
_PROBE = (Message(role="user", content="two words"),)


def off(model: Model) -> Off:
    """How this model's thinking is switched off. Raises `ResoluteError` where neither template nor server can."""
    if model.path is not None:
        return _of(model.path, model.identity)
    if model.scripted is not None:
        what = "a model that is a function has neither a thinking switch nor a thought to close"
        raise ResoluteError(what, where=model.name, mend="leave thinking on, or evaluate a checkpoint")
    if kind(model.name) in ("native", "transformers"):
        mend = "serve it by vLLM (openai-api/vllm/MODEL), or evaluate a folder with its weights"
        raise ResoluteError("this server is told of no thinking switch", where=model.name, mend=mend)
    return "asked"


def closed(renderer: Renderer, messages: Sequence[Message]) -> RenderedPrompt:
    """What generation sees with thinking off: by the template's switch, else with an empty closed thought begun."""
    prompt = renderer.prompt(messages, thinking=False)
    if renderer.switch:
        return prompt
    return renderer.begun(prompt, "", "")


def unheard(traces: Sequence[Trace]) -> str | None:
    """A sentence where outputs hold a thought though thinking was off, else None."""
    there = [trace for trace in traces if trace.ending.why != "error"]
    thought = sum(bool(trace.reasoning.strip()) for trace in there)
    if not thought:
        return None
    return (
        f"thinking was off, and {thought} of {len(there)} outputs hold a thought: the model or its server did not heed"
    )


@cache
def _of(path: Path, identity: str) -> Off:
    """`identity`: a folder whose contents changed is looked at again.

    What was found is kept for other processes, since looking takes a tokenizer and its library: a study whose rows all
    stand must not load them to see that they do.
    """
    about = _looked_at(identity)
    known = recall("thinking-off", about)
    if known in ("switch", "closed"):
        return known
    renderer = Renderer.load(path)
    found: Off = "switch" if renderer.switch else "closed"
    if found == "closed":
        closed(renderer, _PROBE)
    keep("thinking-off", about, found)
    return found


def _looked_at(identity: str) -> list[str]:
    """The contents of the checkpoint, and everything that looks at it: our files and the library's version."""
    ours = [Path(module.__file__ or "") for module in (render, template, trace)]
    return [identity, version("transformers"), *map(file_digest, [Path(__file__), *ours])]
