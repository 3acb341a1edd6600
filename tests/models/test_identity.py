"""What a model's name stands for: contents, never places."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.models.identity import folder_identity, resolve
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def test_a_copy_has_the_same_identity_and_files_that_sampling_never_sees_do_not_count(
    folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "README.md").write_text("a card")
    (copy / "optimizer.pt").write_bytes(b"state")
    assert folder_identity(copy) == folder_identity(folder)


@pytest.mark.parametrize(
    "name", ["config.json", "generation_config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"]
)
def test_every_file_that_sampling_sees_counts(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    assert folder_identity(copy) != folder_identity(folder)


def test_a_catalogue_name_an_api_name_and_a_folder_are_told_apart(folder: Path) -> None:
    kinds = [resolve(name).kind for name in (str(folder), "lab/teacher", "openai-api/service/model", "mockllm/model")]
    assert kinds == ["local", "scripted", "inspect", "inspect"]
    assert resolve("openai-api/service/model").identity == "openai-api/service/model"
    assert resolve("lab/base").path is not None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lab/teache", "did you mean 'lab/teacher'"),
        ("nobody/knows", "unknown model"),
        ("org/name@0123456789abcdef0123456789abcdef01234567", "hf download org/name"),
    ],
)
def test_an_unknown_name_says_what_would_be_known(name: str, says: str) -> None:
    with pytest.raises(ResoluteError) as raised:
        resolve(name)
    assert says in str(raised.value)


def test_weights_that_could_run_code_and_folders_without_a_model_are_refused(folder: Path, tmp_path: Path) -> None:
    pickled = Path(shutil.copytree(folder, tmp_path / "pickled"))
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    for path, says in ((pickled, "no safetensors"), (adapter, "adapter only"), (tmp_path, "no config.json")):
        with pytest.raises(ResoluteError, match=says):
            resolve(str(path))


def test_naming_a_folder_imports_neither_torch_nor_inspect(folder: Path) -> None:
    code = (
        "import sys; from resolute.models.identity import resolve; resolve(sys.argv[1]); "
        "print([name for name in ('torch', 'inspect_ai', 'transformers') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
