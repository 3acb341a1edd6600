"""Any model of Inspect's with our splitter between its provider and everybody else.

What comes back has its thought apart from its text, so solvers and scorers of any task see the answer alone, and a
thought that never ended leaves an empty one. Each call's seed is its own: the same question asked twice is two draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from inspect_ai.model import ChatMessage, ContentReasoning, ContentText, Model, ModelOutput

from resolute.core.ask import Reply, as_unfinished
from resolute.core.keys import derive, key
from resolute.core.trace import Parts
from resolute.models.provider import PARTS
from resolute.models.reply import read_output


@dataclass
class Splitter:
    """What was seen of one model's outputs."""

    seed: int = 0
    opened: bool = False
    """Outputs start inside the thought: known from the first that closes one it never opened."""
    unmarked: int = 0
    """Outputs without any mark that were passed on before that was known."""
    unclosed: int = 0
    """Outputs that never left the thought."""
    outputs: int = 0
    _asked: Counter[str] = field(default_factory=Counter[str])

    def over(self, model: Model) -> Model:
        """The same model; everything it says passes here first."""
        inner: Any = model.api.generate

        async def generate(input: list[ChatMessage], tools: Any, tool_choice: Any, config: Any) -> Any:
            config = config.model_copy(update={"seed": self._seed(input)})
            made = await inner(input, tools, tool_choice, config)
            if isinstance(made, tuple):
                output, call = made
                return (self.apart(output) if isinstance(output, ModelOutput) else output, call)
            return self.apart(made)

        setattr(model.api, "generate", generate)  # noqa: B010  (the instance's own: no other model is touched)
        return model

    def apart(self, output: ModelOutput) -> ModelOutput:
        """The output with its thought apart. Outputs that call tools are left as they are."""
        if output.empty or output.message.tool_calls:
            return output
        reply = read_output(output)
        self.opened = self.opened or reply.began_inside
        if self.opened and not reply.began_inside:
            reply = as_unfinished(reply)
        elif not reply.had_thought and not self.opened:
            self.unmarked += 1
        self.outputs += 1
        self.unclosed += reply.ending.where == "thought"
        choice = output.choices[0]
        text = ContentText(text=reply.answer)
        thought = [ContentReasoning(reasoning=reply.reasoning)] if reply.reasoning else []
        message = choice.message.model_copy(update={"content": [*thought, text]})
        changed = [choice.model_copy(update={"message": message}), *output.choices[1:]]
        parts = asdict(parts_of(reply))
        said = {**(output.metadata or {}), PARTS: parts}
        # `completion` is kept beside the choices, so a copy would still hold the whole text.
        return output.model_copy(update={"choices": changed, "completion": reply.answer, "metadata": said})

    def _seed(self, asked: Sequence[ChatMessage]) -> int:
        name = key(["asked", [[one.role, one.text] for one in asked]])
        self._asked[name] += 1
        return derive(self.seed, name, self._asked[name])


def parts_of(reply: Reply) -> Parts:
    """A reply as the splitter had it."""
    closed = not reply.had_thought or reply.ending.where != "thought"
    return Parts(reply.reasoning, reply.answer, closed, reply.had_thought, reply.extra_closes)
