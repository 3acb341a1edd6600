"""A checkpoint with its card and its data card to the Hugging Face hub, and nothing else.

Only files of `checkpoint/` that a model needs are sent, each named here by its form: traces, rows, verdicts and logs of
a run are never among them. The token is the hub client's own (`hf auth login` or HF_TOKEN) and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from resolute.core.errors import ResoluteError

FORMS = (
    "config.json",
    "generation_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.tiktoken",
    "chat_template*",
)
"""What of a checkpoint is sent."""
CARD, DATA_CARD = "README.md", "DATA.md"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def files(checkpoint: Path) -> list[Path]:
    """The checkpoint's files that are sent, by name; a link out of the folder is none. Raises without weights."""
    found = sorted({path for form in FORMS for path in checkpoint.glob(form) if path.is_file()})
    found = [path for path in found if path.resolve().parent == checkpoint.resolve()]
    if not any(path.suffix == ".safetensors" for path in found):
        raise ResoluteError("no checkpoint to push", where=str(checkpoint), mend="train with --method full or lora")
    return found


def check_name(name: str) -> None:
    """Raise `ResoluteError` unless `name` is ORG/NAME; called before training, which would else be for nothing."""
    if not _NAME.fullmatch(name) or ".." in name or "--" in name:
        raise ResoluteError(f"no name of a repository: {name!r}", where="--push", mend="write ORG/NAME")


def check_token() -> None:
    """Raise `ResoluteError` where the hub's client has no token."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise ResoluteError("the hub needs a token", where="--push", mend="run `hf auth login`, or set HF_TOKEN")


def push(checkpoint: Path, name: str, *, cards: Mapping[str, str], public: bool) -> str:
    """Send the checkpoint and `cards` (name -> text) in one commit to the repository `name`; returns its address.

    The repository is made where it is missing, private unless `public`; one that stands keeps who may see it. Raises
    `ResoluteError` with the hub's own words where it refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    sent = files(checkpoint)
    check_name(name)
    check_token()
    operations = [CommitOperationAdd(path.name, path) for path in sent]
    operations += [CommitOperationAdd(place, text.encode()) for place, text in cards.items()]
    api = HfApi()
    try:
        repository = api.create_repo(name, private=not public, exist_ok=True)
        api.create_commit(name, operations, commit_message="Model trained by Resolute")
    except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
        what = f"the hub refused: {type(error).__name__}: {_first_line(error)}"
        mend = "check the token's rights and the name, unset HF_HUB_OFFLINE, then run the same command again"
        raise ResoluteError(what, where=name, mend=mend) from error
    return str(repository)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:300]
