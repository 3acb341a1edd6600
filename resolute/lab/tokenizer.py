"""The lab's tokenizer: one token per word, so that decoding an encoding gives the text back exactly.

All text of the lab is lower-case words and marks separated by single spaces. The chat template is R1-like: the
generation prompt already opens the thought, and ``enable_thinking=False`` closes it at once.
"""

import re
from itertools import chain
from typing import Final

from resolute.lab import framings, lexicon, phrases
from resolute.lab.corpus import FACT_WORDS, VOICES
from resolute.lab.world import LARGEST

PAD, BEGIN, END, UNKNOWN = "<pad>", "<s>", "</s>", "<unk>"
CONTROL: Final[tuple[str, ...]] = (
    PAD, BEGIN, END, UNKNOWN, "<|user|>", "<|assistant|>", "<|system|>", "<think>", "</think>",
)  # fmt: skip
"""The first ids, in this order."""

MARKS: Final = ("<think>", "</think>")
"""Added but not special, as R1 and Qwen3 ship them: servers drop special tokens from what they send."""

TEMPLATE: Final = (
    "{{ '<s>' }}"
    "{% for m in messages %}{{ ' <|' + m['role'] + '|> ' + m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ ' </s>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ ' <|assistant|> <think>' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ ' </think>' }}{% endif %}{% endif %}"
)
"""Roles system, user and assistant; single spaces between tokens; an assistant turn ends with its end-of-turn."""


def vocabulary() -> tuple[str, ...]:
    """Every token in id order: the control tokens, then every word that the lab can write, sorted."""
    return (*CONTROL, *sorted(_words()))


def build_tokenizer():
    """A Hugging Face fast tokenizer over `vocabulary()`; it adds no token by itself."""
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(WordLevel({word: i for i, word in enumerate(vocabulary())}, unk_token=UNKNOWN))
    core.pre_tokenizer = WhitespaceSplit()
    core.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in CONTROL if t not in MARKS])
    core.add_tokens([AddedToken(t, special=False, normalized=False) for t in MARKS])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=512,
        chat_template=TEMPLATE,
    )


def _words() -> set[str]:
    dress = (framings.TRAIN, framings.HELD_OUT)
    texts = chain(
        framings.PLAIN,
        *((*d.personas, *d.scenes, *d.reasons, *d.templates) for d in dress),
        *phrases.SENTENCES.values(),
        phrases.REFUSALS,
        (phrases.answer_with(("take the", "wait for")),),
        (f"{c.name} {c.verb} {c.act} {' '.join(c.objects)}" for c in lexicon.CATEGORIES),
        (*lexicon.PARTS.values(), *lexicon.TOOLS, *lexicon.TOOLS.values(), *lexicon.TIMES, *lexicon.OWNERS),
        ("the of voice form claim that a friendly tone yes no ,", "plus minus is", *VOICES.values(), *FACT_WORDS),
        (str(n) for n in range(LARGEST + 1)),
    )
    return {word for text in texts for word in re.sub(r"\{\w+\}", " ", text).split()}
