"""What a training takes is reckoned from config.json; each part is held against the real thing on a CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.settings import Train
from resolute.models.gpus import GIB, KNOWN, Gpu, Gpus, named
from resolute.models.training import memory

SEVEN = {
    "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
    "num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False,
}  # fmt: skip
SMALL = {
    "hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 2000, "tie_word_embeddings": True,
}  # fmt: skip


def model(folder: Path, sizes: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2", **sizes}))
    return folder


def settings(**values: Any) -> Train:
    return Train(model="m", **({"learning_rate": 1e-5, "max_length": 4096, "device_batch_size": 1} | values))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("small") / "m", SMALL)


@pytest.fixture(scope="module")
def seven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("seven") / "m", SEVEN)


def test_parameters_and_adapters_are_counted_exactly(small: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    found = memory.shape(small)
    real = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(small))
    assert found.parameters == sum(weight.numel() for weight in real.parameters())
    assert found.tied and found.embedding == 2000 * 256 and found.layers == 6
    adapted = get_peft_model(real, LoraConfig(r=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    learned = sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)
    assert 16 * found.rank == learned


def test_a_published_size_is_met_without_weights(seven: Path) -> None:
    assert memory.shape(seven).parameters == 7_615_616_512, "Qwen2.5-7B as its own card counts it"


def test_weights_gradients_and_moments_are_those_of_a_real_optimizer(small: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    real: Any = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(small), dtype=torch.float32)
    optimizer = torch.optim.AdamW(real.parameters())
    real(input_ids=torch.zeros(1, 8, dtype=torch.long)).logits.sum().backward()
    optimizer.step()
    weights = list(real.parameters())
    moments = [t for state in optimizer.state.values() for t in state.values() if t.dim()]
    found = memory.need(settings(bf16=False), small, [8], named("H100"))
    assert found.weights == sum(w.nbytes for w in weights)
    assert found.gradients == sum(w.grad.nbytes for w in weights)
    assert found.optimizer == sum(t.nbytes for t in moments)


@pytest.mark.parametrize(("half", "spare"), [(False, False), (True, False), (True, True)])
def test_what_two_layers_add_is_what_every_layer_adds(small: Path, half: bool, spare: bool) -> None:
    asked = settings()
    whole = memory.trace(small, asked, 2, 1024, half=half, spare=spare, layers=6)
    reckoned = memory.activations(small, asked, 2, 1024, half=half, spare=spare)
    assert reckoned == pytest.approx(max(whole), rel=0.01)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_model_of_few_layers_is_reckoned_too(tmp_path: Path, layers: int) -> None:
    few = model(tmp_path / "few", SMALL | {"num_hidden_layers": layers})
    asked = settings()
    whole = memory.trace(few, asked, 1, 512, half=False, spare=False, layers=layers)
    assert memory.activations(few, asked, 1, 512, half=False, spare=False) == pytest.approx(max(whole), rel=0.01)


STEP = """
import re, sys, torch
from transformers import AutoConfig, AutoModelForCausalLM
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(sys.argv[1]), dtype=torch.float32).train()
def said(name):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
def step(length):
    ids = torch.zeros(2, length, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[0, -3:] = 0
    model.base_model(input_ids=ids, attention_mask=mask, use_cache=False)[0].sum().backward()
step(16)
open("/proc/self/clear_refs", "w").write("5")  # the peak starts again from here
before = said("VmRSS")
step(2048)
print(said("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells and resets a process's peak")
def test_activations_are_those_of_a_real_step_within_a_fifth(small: Path) -> None:
    made = subprocess.run([sys.executable, "-c", STEP, str(small)], capture_output=True, text=True, check=True)
    reckoned = memory.activations(small, settings(), 2, 2048, half=False, spare=False)
    assert reckoned == pytest.approx(int(made.stdout), rel=0.2)


def test_each_way_to_save_memory_saves_it(seven: Path) -> None:
    gpus = named("H100:8")

    def total(**values: Any) -> float:
        return memory.need(settings(**values), seven, [4096], gpus).total / GIB

    assert total() > 100 > 30 > total(method="lora") > total(method="qlora")
    assert total(launch="ddp") > total() > total(launch="fsdp")
    assert total(method="lora", device_batch_size=4) > total(method="lora")
    assert total(launch="fsdp", processes=2) > total(launch="fsdp", processes=8)


def test_too_little_memory_is_said_with_what_would_fit(seven: Path) -> None:
    gpus = named("A100-40")
    asked = settings(method="lora", device_batch_size=None, batch_size=48)
    with pytest.raises(ResoluteError) as caught:
        memory.require_memory(asked, seven, [900, 2000], gpus)
    assert "too little GPU memory" in caught.value.what
    assert "train.device_batch_size: 4" in caught.value.mend and "device_batch_size: 24" not in caught.value.mend
    fitting = asked.model_copy(update={"device_batch_size": 4})
    assert memory.require_memory(fitting, seven, [900, 2000], gpus).total < 39.4 * GIB
    with pytest.raises(ResoluteError) as caught:
        memory.require_memory(settings(), seven, [2000], gpus)
    assert "lora" in caught.value.mend


def test_nothing_is_refused_under_settings_of_the_users_own(seven: Path) -> None:
    asked = settings(launch="deepspeed.yaml", processes=2)
    assert memory.require_memory(asked, seven, [2000], named("T4:2")).total > 14.6 * GIB


def test_time_grows_with_the_tokens_and_shrinks_with_the_processes(seven: Path) -> None:
    one = memory.seconds(settings(batch_size=8), seven, [1000] * 80, named("H100"), steps=10)
    longer = memory.seconds(settings(batch_size=8), seven, [2000] * 80, named("H100"), steps=10)
    shared = memory.seconds(settings(batch_size=8, launch="ddp"), seven, [1000] * 80, named("H100:4"), steps=10)
    assert one is not None and longer is not None and shared is not None
    assert longer > 2 * one == pytest.approx(8 * shared)
    floor = 6 * (7_615_616_512 - 152064 * 3584) * 80_000 / (989e12 * memory.ASSUMED_USE)
    assert floor < one < 1.1 * floor
    assert memory.seconds(settings(), seven, [9], Gpus(Gpu("unheard of", 9.0, 0.0), 1), steps=1) is None


def test_gpus_are_known_by_name_and_count() -> None:
    assert named("rtx4090:2") == Gpus(KNOWN["RTX 4090"], 2)
    assert named("a100-80").count == 1
    for spec in ("H1000", "H100:0", "H100:x", ""):
        with pytest.raises(ResoluteError) as caught:
            named(spec)
        assert "A100-80" in caught.value.mend


def test_a_need_is_the_sum_of_its_parts(small: Path) -> None:
    found = memory.need(settings(), small, [64], named("T4"))
    assert found.total == sum(asdict(found).values())
