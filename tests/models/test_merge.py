"""`resolute merge`: the logits of base and adapter in one checkpoint; another base is refused, nothing is made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run
from resolute.core.errors import ResoluteError
from resolute.models.training.adapters import plain_name, read_adapter, require_base
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("base") / "tiny-base")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter whose matrices are both random, so that it changes every layer."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    model: Any = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    folder = tmp_path_factory.mktemp("adapter")
    model.save_pretrained(folder)
    return folder


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(input_ids=torch.arange(40)[None]).logits


def merged(adapter: Path, base: Path, out: Path, *more: str) -> int:
    return run(["merge", str(adapter), "--base", str(base), "--out", str(out), *more])


def test_merged_logits_are_those_of_base_and_adapter(tmp_path: Path, base: Path, adapter: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    assert merged(adapter, base, tmp_path / "deep" / "out") == 0
    attached = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter).eval()
    whole = logits(AutoModelForCausalLM.from_pretrained(tmp_path / "deep" / "out").eval())
    assert (whole - logits(attached)).abs().max() < 1e-4
    assert (whole - logits(AutoModelForCausalLM.from_pretrained(base).eval())).abs().max() > 1e-2
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"], "no scratch stays"


def test_tokenizer_and_template_are_the_bases_to_the_byte(tmp_path: Path, base: Path, adapter: Path) -> None:
    assert merged(adapter, base, tmp_path / "out") == 0
    for path in base.glob("tokenizer*"):
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    assert list((tmp_path / "out").glob("chat_template*"))
    ends = json.loads((tmp_path / "out" / "generation_config.json").read_text())["eos_token_id"]
    assert isinstance(ends, list) and ends
    assert not list((tmp_path / "out").glob("*.bin")) and list((tmp_path / "out").glob("*.safetensors"))


def changed(folder: Path, place: Path, **values: Any) -> Path:
    shutil.copytree(folder, place)
    config = json.loads((place / "adapter_config.json").read_text())
    (place / "adapter_config.json").write_text(json.dumps(config | values))
    return place


def test_an_adapter_of_another_base_is_refused_before_anything_is_made(
    tmp_path: Path, base: Path, adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = changed(adapter, tmp_path / "a", base_model_name_or_path="deepseek-ai/Another-7B")
    assert merged(other, base, tmp_path / "out") == 1
    assert "Another-7B" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert merged(other, base, tmp_path / "out", "--renamed") == 0, "modules and shapes do fit"


def test_shapes_and_modules_must_be_the_bases_whatever_the_name(tmp_path: Path, base: Path, adapter: Path) -> None:
    found = read_adapter(adapter)
    for change, words in (({"hidden_size": 32}, "shape"), ({"num_hidden_layers": 1}, "has no model.layers.1")):
        place = tmp_path / words.replace(" ", "-")
        place.mkdir()
        config = json.loads((base / "config.json").read_text())
        (place / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(ResoluteError) as caught:
            require_base(found, place, name=str(base), renamed=True)
        assert words in caught.value.what


@pytest.mark.parametrize("what", ["none", "damaged", "of another type"])
def test_what_is_no_adapter_is_refused(tmp_path: Path, adapter: Path, what: str) -> None:
    place = changed(adapter, tmp_path / "a", **({"peft_type": "IA3"} if what == "of another type" else {}))
    if what == "none":
        (place / "adapter_model.safetensors").unlink()
    if what == "damaged":
        (place / "adapter_model.safetensors").write_bytes(b"\x10\0\0\0")
    with pytest.raises(ResoluteError):
        read_adapter(place)


def test_a_folder_that_stands_or_cannot_be_written_is_left_as_it_is(
    tmp_path: Path, base: Path, adapter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    assert merged(adapter, base, tmp_path / "out") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    assert merged(adapter, base, tmp_path / "out" / "mine" / "below") == 1
    assert "mend: " in capsys.readouterr().err


def test_a_merge_that_breaks_off_leaves_nothing(
    tmp_path: Path, base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resolute.stages.train.keep_tokenizer", full)
    assert merged(adapter, base, tmp_path / "deep" / "out") == 1
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_name_is_compared_without_folders_revisions_and_caches() -> None:
    names = ("R1", "org/R1", "org/R1@abc", "/x/models--org--R1/snapshots/0a1b", "models/R1/")
    assert {plain_name(name) for name in names} == {"R1"}
