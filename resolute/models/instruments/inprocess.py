"""Questions to a checkpoint in this process: sorted by length, in large batches, few forward passes.

A batch holds as many rows as the keys and values of its tokens leave room for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.judging.instruments import Question, Said
from resolute.core.keys import derive
from resolute.core.trace import DIALECTS, THINK, split
from resolute.models.batches import runs
from resolute.models.drawing import Request
from resolute.models.identity import Model
from resolute.models.instruments.heard import Heard, note
from resolute.models.instruments.manner import Manner
from resolute.models.ledger import Ledger
from resolute.models.local import Generated, Generator
from resolute.models.running import Tally

ROWS = 512
"""Most rows of a batch."""
ROOMY = 1.5
"""Times its weights that a checkpoint wants free on a GPU."""
SHARE = 0.25
"""Of the memory that is free, what keys and values may take."""


def ask_checkpoint(
    questions: Mapping[str, Question], model: Model, manner: Manner, kept: Ledger[Heard], tally: Tally
) -> None:
    """Put the questions, by name, and note what is heard. Raises `ResoluteError` where it cannot be loaded."""
    if model.path is None:
        raise ResoluteError(f"{model.name} is no checkpoint", mend="name a folder with a checkpoint")
    _make_room(model.path)
    generator = Generator(model.path, stop_ids=stops(model.path), batch=ROWS)
    try:
        for name, said in _asked(questions, generator, manner):
            note(kept, name, said)
            tally.finish()
    finally:
        generator.close()


def _make_room(folder: Path) -> None:
    """Answer, swap, judge: on a GPU without room for these weights beside the model that answered, that one goes."""
    import torch

    if not torch.cuda.is_available():
        return
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if torch.cuda.mem_get_info()[0] < ROOMY * size:
        from resolute.models.provider import release

        release()


def _asked(questions: Mapping[str, Question], generator: Generator, manner: Manner) -> Iterator[tuple[str, Heard]]:
    prompts = {name: rendered(question, generator.tokenizer, manner) for name, question in questions.items()}
    order = sorted(prompts, key=lambda name: (len(prompts[name][1]), name), reverse=True)
    chances = manner.chances and not manner.thinks
    room, names = int(SHARE * _free(generator) / _per_token(generator.model)), iter(order)
    lengths = [len(prompts[name][1]) for name in order]
    for size in runs(lengths, room=room, more=manner.max_tokens, rows=ROWS):  # what does not fit is met at once
        batch = list(islice(names, size))
        requests = [Request(prompts[name][1], manner.sampling, derive(0, name), chances=chances) for name in batch]
        for name, made in zip(batch, generator.generate(requests), strict=True):
            yield name, heard(made, prompts[name][0])


def _per_token(model: Any) -> int:
    """Bytes of keys and values for one token."""
    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * config.num_hidden_layers * heads * width * model.dtype.itemsize


def _free(generator: Generator) -> int:
    """Bytes that are free where the model lies."""
    if generator.device.type == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4 << 30


def rendered(question: Question, tokenizer: Any, manner: Manner) -> tuple[str, list[int]]:
    """The prompt's text and ids, with the one beginning of sequence the tokenizer wants."""
    text = question.messages[0].content if question.raw else _templated(question, tokenizer, manner.thinks)
    begins = bool(tokenizer.bos_token) and text.startswith(str(tokenizer.bos_token))
    return text, [int(number) for number in tokenizer(text, add_special_tokens=not begins)["input_ids"]]


def _templated(question: Question, tokenizer: Any, thinks: bool) -> str:
    """The prompt by the checkpoint's chat template.

    Some templates (Llama-Guard-3-1B's) read content as typed pieces only and leave plain strings out without a word:
    a guard would judge nothing and call it safe. So every message must stand in the prompt.
    """
    from jinja2 import TemplateError

    contents = [item.content.strip() for item in question.messages]
    refusal = "it leaves out what is to be judged"
    for typed in (False, True):
        messages = [
            {"role": item.role, "content": [{"type": "text", "text": item.content}] if typed else item.content}
            for item in question.messages
        ]
        try:
            text = str(
                tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True, enable_thinking=thinks, thinking=thinks
                )
            )
        except (TemplateError, ValueError, TypeError) as error:
            refusal = str(error)
            continue
        if all(content in text for content in contents):
            return text
    mend = "name the folder of the weights that the instrument was made for, template included"
    raise ResoluteError(f"the chat template cannot carry the instrument's messages: {refusal}", mend=mend)


def heard(made: Generated, prompt: str) -> Heard:
    """What a generated text says, its thought taken off."""
    if made.stop == "prompt too long":
        return Heard(None, "longer than the model's context", made.tokens_in, made.tokens_out)
    dialect = next((one for one in DIALECTS.values() if one.close in made.text or one.open in made.text), THINK)
    opened = prompt.rstrip().endswith(dialect.open)
    parts = split(made.text, dialect, opened=opened)
    ended = made.stop == "end of turn" and parts.closed
    return Heard(
        Said(parts.answer, ended, () if parts.had_thought else made.chances),
        tokens=made.tokens_in,
        tokens_out=made.tokens_out,
    )


def stops(folder: Path) -> list[int]:
    """Tokens that end a reply: what the checkpoint's generation settings and its tokenizer say."""
    from transformers import AutoTokenizer, GenerationConfig

    found: list[Any] = []
    if (folder / "generation_config.json").is_file():
        own = GenerationConfig.from_pretrained(folder).eos_token_id
        found += own if isinstance(own, list) else [own]
    found.append(AutoTokenizer.from_pretrained(folder, local_files_only=True).eos_token_id)
    ends = list(dict.fromkeys(number for number in found if isinstance(number, int)))
    if not ends:
        raise ResoluteError("the checkpoint names no token that ends a turn", where=str(folder))
    return ends
