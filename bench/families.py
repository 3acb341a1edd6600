"""Which family keeps its thought under loss, in whose hands: TRL's defaults on messages, its other forms, and ours.

The templates lie in the folder that `RESOLUTE_DATA` names. Tokenizers are stand-ins with each family's added tokens,
but for R1-Distill-Qwen and Qwen3. `python -m bench.families` prints the table of docs/families.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.core.trace import join
from resolute.models.render import Renderer
from resolute.models.training.foreign import audit_foreign
from resolute.peers import trl
from tests.families import example
from tests.standins import FAMILIES, stand_in

ROW = example("r", "How are you today?", "A friendly question, so I greet back.", "Fine, thank you.")
WAYS: dict[str, dict[str, Any]] = {
    "messages": {},
    "messages, assistant_only_loss": {"assistant_only_loss": True},
    "messages, reasoning_content": {},
    "prompt and completion": {},
}
"""Form of the rows handed to TRL, and its settings that are not its defaults."""


def row_for(way: str, renderer: Renderer) -> dict[str, Any]:
    """The row in the form people store it in."""
    asked = [{"role": "user", "content": ROW.goal}]
    if way == "messages, reasoning_content":
        said = {"role": "assistant", "content": ROW.answer, "reasoning_content": ROW.reasoning}
    else:
        said = {"role": "assistant", "content": join(ROW.reasoning, ROW.answer, renderer.dialect)}
    return {"prompt": asked, "completion": [said]} if way.startswith("prompt") else {"messages": [*asked, said]}


def kept(way: str, renderer: Renderer) -> str:
    """What TRL would learn of the row, in a word or two."""
    try:
        # Stand-ins spell texts in bytes, which TRL's default of 1,024 tokens would cut.
        prepared = trl.rows([row_for(way, renderer)], renderer.tokenizer, {"max_length": None, **WAYS[way]})
    except ResoluteError:
        return "refused"
    found = audit_foreign(prepared, [ROW], renderer)
    if not found.thought:
        return "**lost**"
    faults = [
        word
        for word, faulty in (
            ("no closing mark", not found.close),
            ("no answer", not found.answer),
            ("no end of turn", not found.end),
            ("loss on the prompt", found.prompt),
            ("not after the prompt that is sampled", not found.as_sampled),
        )
        if faulty
    ]
    return f"kept, but {', '.join(faults)}" if faults else "kept"


def ours(renderer: Renderer) -> str:
    """The same question to our renderer."""
    row = renderer.example([Message(role="user", content=ROW.goal)], ROW.reasoning, ROW.answer)
    found = audit_foreign([row], [ROW], renderer)
    return "kept" if found.reasoning_kept and not found.prompt else "**lost**"


def table(data: Path, folder: Path) -> dict[str, list[str]]:
    """Family -> what each way makes of its thought; ours last."""
    found: dict[str, list[str]] = {}
    for name, family in FAMILIES.items():
        real = data / "tokenizers" / family.real if family.real else None
        renderer = Renderer.load(real) if real else stand_in(name, data / "chat_templates", folder)
        found[name] = [*(kept(way, renderer) for way in WAYS), ours(renderer)]
    return found


def main() -> int:
    data = Path(os.environ.get("RESOLUTE_DATA", ""))
    if not (data / "chat_templates").is_dir():
        print("RESOLUTE_DATA names no folder with chat templates", file=sys.stderr)
        return 1
    print("One row, one turn; TRL's defaults but for its limit of 1,024 tokens, which is lifted.\n")
    print(f"| family | {' | '.join(f'TRL, {way}' for way in WAYS)} | Resolute |")
    print("|---" * (len(WAYS) + 2) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for name, cells in table(data, Path(folder)).items():
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
