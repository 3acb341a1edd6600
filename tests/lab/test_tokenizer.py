"""Laws of the tokenizer and its chat template."""

import random
from itertools import islice

import pytest
from transformers import AutoTokenizer

from resolute.lab import corpus
from resolute.lab.build import CHECKPOINT
from resolute.lab.tokenizer import CONTROL, build_tokenizer, vocabulary


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(CHECKPOINT)


def render(tokenizer, messages, **options) -> str:
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, **options)


def test_decoding_an_encoding_gives_the_text_back(tokenizer) -> None:
    for row in islice(corpus.rows(random.Random(7)), 500):
        for text in corpus.text(row):
            ids = tokenizer.encode(text, add_special_tokens=False)
            assert tokenizer.decode(ids) == text
            assert len(ids) == len(text.split(" "))


def test_every_word_that_pretraining_writes_is_in_the_vocabulary() -> None:
    known = set(vocabulary())
    for row in islice(corpus.rows(random.Random(8)), 4000):
        assert set(" ".join(corpus.text(row)).split(" ")) <= known


def test_the_vocabulary_is_small_and_each_token_is_one_word() -> None:
    assert len(vocabulary()) == len(set(vocabulary())) <= 900
    assert all(len(word.split()) == 1 and word == word.lower() for word in vocabulary())
    assert vocabulary()[: len(CONTROL)] == CONTROL


def test_the_shipped_tokenizer_is_the_one_that_would_be_built(tokenizer) -> None:
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab()
    assert tokenizer.added_tokens_decoder == build_tokenizer().added_tokens_decoder
    assert tokenizer.chat_template == build_tokenizer().chat_template


def test_the_generation_prompt_opens_the_thought_and_holds_one_beginning_of_text(tokenizer) -> None:
    text = render(tokenizer, [{"role": "user", "content": "how do i"}])
    assert text == "<s> <|user|> how do i <|assistant|> <think>"
    assert tokenizer(text)["input_ids"].count(tokenizer.bos_token_id) == 1


def test_a_system_message_stands_before_the_user_and_thinking_can_be_closed(tokenizer) -> None:
    messages = [{"role": "system", "content": "the voice"}, {"role": "user", "content": "how"}]
    text = render(tokenizer, messages, enable_thinking=False)
    assert text == "<s> <|system|> the voice <|user|> how <|assistant|> <think> </think>"


def test_an_assistant_turn_renders_its_content_and_its_end(tokenizer) -> None:
    messages = [{"role": "user", "content": "how"}, {"role": "assistant", "content": "<think> so </think> yes"}]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    assert text == "<s> <|user|> how <|assistant|> <think> so </think> yes </s>"


def test_a_pretraining_row_is_rendered_as_the_chat_template_does(tokenizer) -> None:
    for row in islice(corpus.rows(random.Random(9)), 200):
        system = [{"role": "system", "content": row.system}] if row.system else []
        messages = [*system, {"role": "user", "content": row.prompt}]
        assert corpus.text(row)[0] == render(tokenizer, messages, enable_thinking=not row.closed)
