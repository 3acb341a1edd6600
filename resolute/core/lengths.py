"""How long texts are: counted with a tokenizer, or in words where there is none, and said which."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from resolute.core.catalogue import entries, find
from resolute.core.digests import files_digest
from resolute.core.errors import ResoluteError
from resolute.core.keys import key

_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "added_tokens.json", "tokenizer.model")
_BATCH = 256


@dataclass(frozen=True)
class Spread:
    """Lengths of `n` texts. Percentiles are values that occur (nearest rank); all are 0 where there is no text."""

    n: int
    mean: float
    median: int
    p90: int
    p99: int
    max: int

    def plain(self) -> dict[str, float]:
        return asdict(self)


def spread(lengths: Iterable[int]) -> Spread:
    """The spread of some lengths."""
    ranked = sorted(lengths)
    if not ranked:
        return Spread(0, 0.0, 0, 0, 0, 0)

    def at(share: float) -> int:
        return ranked[max(math.ceil(share * len(ranked)) - 1, 0)]

    return Spread(len(ranked), round(sum(ranked) / len(ranked), 1), at(0.5), at(0.9), at(0.99), ranked[-1])


@dataclass(frozen=True)
class Counter:
    """Counts what `unit` names, text by text."""

    unit: str
    count: Callable[[Sequence[str]], list[int]]


def counter(tokenizer: str | None) -> Counter:
    """A counter by the tokenizer of a folder or of the hub (`name` or `name@commit`); None counts words.

    Needs no torch. Raises `ResoluteError` where the tokenizer cannot be loaded.
    """
    if tokenizer is None:
        return Counter("words", lambda texts: [len(text.split()) for text in texts])
    encode = _encoder(tokenizer)

    def count(texts: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for start in range(0, len(texts), _BATCH):
            counts += encode(list(texts[start : start + _BATCH]))
        return counts

    return Counter(f"tokens of {Path(tokenizer).name}", count)


def tokenizer_identity(tokenizer: str | None) -> str:
    """What a tokenizer's name stands for: the hash of its contents; "words" for none."""
    if tokenizer is None:
        return "words"
    folder = _folder(tokenizer)
    if folder.is_dir():
        names = [name for name in _FILES if (folder / name).is_file()]
        if not names:
            raise ResoluteError(
                "no tokenizer in the folder", where=tokenizer, mend=f"it needs one of {', '.join(_FILES)}"
            )
        return files_digest(folder, names)[:16]
    return key(["tokenizer", _from_hub(tokenizer).to_str()])


def _encoder(tokenizer: str) -> Callable[[list[str]], list[int]]:
    backend = _backend(tokenizer)
    backend.no_truncation()  # a stored limit would cut what is counted
    backend.no_padding()
    return lambda texts: [len(item) for item in backend.encode_batch_fast(texts, add_special_tokens=False)]


def _backend(tokenizer: str) -> Any:
    from tokenizers import Tokenizer

    folder = _folder(tokenizer)
    if not folder.is_dir():
        return _from_hub(tokenizer)
    try:
        if (folder / "tokenizer.json").is_file():
            return Tokenizer.from_file(str(folder / "tokenizer.json"))
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(folder, use_fast=True).backend_tokenizer
    except Exception as error:  # the libraries raise bare Exception
        raise ResoluteError(
            f"cannot load the tokenizer: {_first(error)}", where=tokenizer, mend="check its files"
        ) from error


def _folder(tokenizer: str) -> Path:
    """The folder that is named, or that of a plug-in's checkpoint."""
    found = find("models", tokenizer) if tokenizer in entries("models") else tokenizer
    return found if isinstance(found, Path) else Path(tokenizer)


def _from_hub(name: str) -> Any:
    from tokenizers import Tokenizer

    repository, _, revision = name.partition("@")
    try:
        return Tokenizer.from_pretrained(repository, revision=revision or "main")
    except Exception as error:  # the libraries raise bare Exception
        mend = "name a folder that has tokenizer.json, or a hub name while the network is there"
        raise ResoluteError(f"no such folder, and not on the hub: {_first(error)}", where=name, mend=mend) from error


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
