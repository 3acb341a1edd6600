"""A tiny random Llama with a byte-level tokenizer, made on the spot: any text in, all kinds of endings out."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% if opens is defined and opens %}<think>{% endif %}{% endif %}"
    "{# <think></think> #}"
)


def make_tiny(folder: Path, *, opens: bool = False, context: int = 512, seed: int = 0) -> Path:
    """A checkpoint folder; `opens`: the generation prompt opens the thought, as R1-Distill's does."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"])
    inner.add_tokens(["<think>", "</think>"])
    begin = inner.token_to_id("<s>")
    inner.post_processor = processors.TemplateProcessing("<s> $A", None, [("<s>", begin)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        eos_token="<|end|>",
        pad_token="<|end|>",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = TEMPLATE.replace("opens is defined and opens", "true" if opens else "false")
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=begin,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    # What a checkpoint ships as its defaults must never reach a request: these would change every draw.
    model.generation_config.update(do_sample=True, top_k=2, repetition_penalty=1.7)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
