"""Lengths are counted with the tokenizer that was named, whole, or in words and said so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.lengths import counter, spread, tokenizer_identity


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_percentiles_are_values_that_occur_and_rise(lengths: list[int]) -> None:
    found = spread(lengths)
    assert {found.median, found.p90, found.p99, found.max} <= set(lengths)
    assert found.median <= found.p90 <= found.p99 <= found.max == max(lengths)
    assert found == spread(reversed(lengths))


def test_the_spread_of_a_hundred_numbers_and_of_none() -> None:
    found = spread(range(1, 101))
    assert (found.mean, found.median, found.p90, found.p99, found.max) == (50.5, 50, 90, 99, 100)
    assert spread([]).n == 0


def test_without_a_tokenizer_words_are_counted_and_said() -> None:
    words = counter(None)
    assert words.unit == "words" and words.count(["a  b\nc", ""]) == [3, 0]
    assert tokenizer_identity(None) == "words"


def test_real_tokenizers_count_without_special_tokens_or_cuts(shared_data: Path) -> None:
    known = (
        (shared_data / "tokenizers" / "ggml-vocab-deepseek-r1-qwen.gguf.inp")
        .read_text()
        .split("\n__ggml_vocab_test__\n")
    )
    ids = (shared_data / "tokenizers" / "ggml-vocab-deepseek-r1-qwen.gguf.out").read_text().split("\n")
    found = counter(str(shared_data / "tokenizers" / "r1-distill-qwen")).count(known[:-1])
    assert found == [len(line.split()) for line in ids[: len(found)]] and len(found) >= 45


def test_a_tokenizers_identity_is_its_contents_not_its_place(shared_data: Path, tmp_path: Path) -> None:
    from shutil import copytree

    source = shared_data / "tokenizers" / "r1-distill-qwen"
    copytree(source, tmp_path / "elsewhere")
    assert tokenizer_identity(str(source)) == tokenizer_identity(str(tmp_path / "elsewhere"))
    assert tokenizer_identity(str(source)) != tokenizer_identity(str(shared_data / "tokenizers" / "qwen3"))


def test_a_folder_without_a_tokenizer_and_a_damaged_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="no tokenizer"):
        tokenizer_identity(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ResoluteError, match="cannot load"):
        counter(str(tmp_path))


def test_a_name_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(ResoluteError, match="not on the hub"):
        tokenizer_identity("nobody/no-such-tokenizer")
