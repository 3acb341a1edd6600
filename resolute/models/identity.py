"""What a model's name stands for, found without importing torch: a checkpoint, a function, or a model behind an API.

In this order: a name of the catalogue, a folder, `org/name@commit` of the hub (downloaded already), and
`provider/model` of Inspect AI (`openai-api/SERVICE/MODEL`, `vllm/...`).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from resolute.core.catalogue import entries, find
from resolute.core.digests import content_digest
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.keys import key
from resolute.core.parts import Scripted
from resolute.core.remembered import once

_WHAT_SAMPLING_SEES = (
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "chat_template*",
    "*.safetensors",
    "*.safetensors.index.json",
)
"""Files of a checkpoint folder that can change an output; optimizer states, logs and cards cannot."""


@dataclass(frozen=True)
class Model:
    """A model that can be asked. `identity` is what keys and records carry; the name is for people."""

    name: str
    kind: Literal["local", "scripted", "inspect"]
    identity: str
    path: Path | None = None
    """Folder of the checkpoint, for `local`."""
    scripted: Scripted | None = None
    """The function, for `scripted`."""


def resolve(name: str) -> Model:
    """What `name` stands for; an unknown or unusable one is a `ResoluteError` that says what would be."""
    if name in entries("models"):
        return _from_catalogue(name)
    if (Path(name) / "config.json").is_file():
        return _local(name, Path(name))
    if Path(name).is_dir():
        raise _no_checkpoint(Path(name))
    repository, at, commit = name.partition("@")
    if at and repository.count("/") == 1:
        folder = _downloaded(repository, commit)
        return _local(name, folder, f"{repository}@{folder.name}")
    if "/" in name and name.split("/", 1)[0] in providers():
        return Model(name, "inspect", name)
    raise _unknown(name)


def folder_identity(folder: Path) -> str:
    """Key over everything in a checkpoint folder that sampling sees: names and contents, never where it lies.

    Raises `ResoluteError` without weights.
    """
    names = sorted({path.name for form in _WHAT_SAMPLING_SEES for path in folder.glob(form) if path.is_file()})
    if not any(name.endswith(".safetensors") for name in names):
        mend = "save the weights with safetensors: other formats can run code when they are opened"
        raise ResoluteError("the checkpoint has no safetensors weights", where=str(folder), mend=mend)
    return key(["checkpoint", {name: _digest(folder / name) for name in names}])


def providers() -> frozenset[str]:
    """Names of the providers Inspect AI knows, those of installed packages included."""
    from importlib import import_module
    from importlib.metadata import entry_points

    from inspect_ai._util.registry import registry_find, registry_info

    import_module("inspect_ai.model")  # registers them
    known = registry_find(lambda item: item.type == "modelapi")
    packages = {point.name for point in entry_points(group="inspect_ai")}
    return frozenset(registry_info(item).name.removeprefix("inspect_ai/") for item in known) | packages


def _from_catalogue(name: str) -> Model:
    found: Any = find("models", name)
    if isinstance(found, Path):
        if not (found / "config.json").is_file():
            raise _no_checkpoint(found)
        return _local(name, found)
    return Model(name, "scripted", key(["scripted", found.identity]), scripted=found)


def _local(name: str, folder: Path, identity: str = "") -> Model:
    path = folder.resolve()
    known = identity or once(("checkpoint", path), lambda: folder_identity(path))
    return Model(name, "local", known, path=path)


def _digest(path: Path) -> str:
    try:
        return content_digest(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _downloaded(repository: str, commit: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    mend = f"download it once: hf download {repository} --revision {commit}"
    try:
        folder = Path(snapshot_download(repository, revision=commit, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ResoluteError(f"{repository}@{commit} is not on this machine", mend=mend) from error
    if not commit or not folder.name.startswith(commit):
        mend = f"name the commit: {repository}@{folder.name}"
        raise ResoluteError(f"{commit!r} is a moving name, not a commit", where=repository, mend=mend)
    if not (folder / "config.json").is_file():
        raise ResoluteError(f"the download of {repository}@{commit} is not complete", where=str(folder), mend=mend)
    return folder


def _no_checkpoint(folder: Path) -> ResoluteError:
    what, mend = "the folder holds no config.json", "name a folder in Hugging Face format (config, tokenizer, weights)"
    if (folder / "adapter_config.json").is_file():
        what, mend = "the folder holds an adapter only", "merge it into its base model and save that"
    elif not folder.is_dir():
        what, mend = "the folder of this model is missing", "install the package again, or build the model"
    return ResoluteError(what, where=str(folder), mend=mend)


def _unknown(name: str) -> ResoluteError:
    near = difflib.get_close_matches(name, entries("models"), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    forms = "a folder with a checkpoint, org/name@commit of the hub, or provider/model (openai-api/SERVICE/MODEL)"
    named = ", ".join(sorted(entries("models")))
    return ResoluteError(
        f"unknown model: {name!r}", mend=f"{hint}use {forms}" + (f", or one of: {named}" if named else "")
    )
