"""`resolute train`: real tokenizers for 20 steps, and the promises about seeds, batches, errors and what is saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_jsonl, read_records, write_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.keys import file_digest
from resolute.core.records import Example
from resolute.core.runs import Artifact
from resolute.core.settings import Train
from resolute.models.render import IGNORED, Renderer
from resolute.models.training.mask_audit import MaskAudit, audit
from tests.families import LAB, REAL, asked, example, family, star1, tiny_qwen
from tests.tiny import make_tiny

Steps = list[tuple[str, int, int]]


def rows(number: int = 8) -> list[Example]:
    return [example(f"r{n}", f"What is {n}?", f"It is {n}. " * (1 + n % 3), f"{n}.") for n in range(number)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


def train(
    folder: Path, model: Path | str, examples: list[Example] | None = None, steps: Steps | None = None, **settings: Any
) -> Artifact:
    source = folder / "examples.parquet"
    write_records(source, rows() if examples is None else examples, Example)
    values = {"learning_rate": 1e-3, "batch_size": 4, "max_length": 400} | settings
    heard = [] if steps is None else steps

    def hear(what: str, done: int, total: int, /, note: str = "") -> None:
        heard.append((what, done, total))

    job = Job("train", Train(model=str(model), **values), {"examples": source})
    return perform(job, folder / ".store", hear)


def losses(artifact: Artifact) -> list[float]:
    return [row["loss"] for row in read_jsonl(artifact.folder / "loss.jsonl")]


def weights(artifact: Artifact) -> str:
    return file_digest(artifact.folder / "checkpoint" / "model.safetensors")


@pytest.mark.parametrize("name", REAL)
def test_twenty_steps_on_real_traces_with_a_real_tokenizer_and_template(
    tmp_path: Path, shared_data: Path, name: str
) -> None:
    source = shared_data / "tokenizers" / name
    model = tiny_qwen(tmp_path / "model", source)
    short = sorted(star1(shared_data), key=lambda row: len(row.goal + row.reasoning + row.answer))[:5]
    heard: Steps = []
    made = train(tmp_path, model, short, heard, batch_size=1, max_steps=20, learning_rate=3e-3)
    checkpoint = made.folder / "checkpoint"
    learned = losses(made)
    assert len(learned) == 20
    assert sum(learned[-3:]) < sum(learned[:3])
    assert [done for what, done, total in heard if what == "training"] == list(range(1, 21))
    report = MaskAudit.model_validate(read_json(made.folder / "mask_audit.json"))
    assert report.covered == {"thought": 5, "close": 5, "answer": 5, "end": 5}
    assert made.manifest.counts["loss_tokens"] == sum(report.loss_tokens.values())
    for file in source.iterdir():
        assert (checkpoint / file.name).read_bytes() == file.read_bytes(), "tokenizer and template are as shipped"
    again = Renderer.load(checkpoint)
    assert again.prompt(asked("Hi")).ids == family(source).prompt(asked("Hi")).ids
    assert again.end_id in read_json(checkpoint / "generation_config.json")["eos_token_id"]


def test_the_checkpoint_loads_and_is_the_models_own_but_for_its_weights(tmp_path: Path, tiny: Path) -> None:
    from transformers import AutoModelForCausalLM

    made = train(tmp_path, tiny)
    checkpoint = made.folder / "checkpoint"
    before, after = read_json(tiny / "config.json"), read_json(checkpoint / "config.json")
    assert {name for name in before | after if before.get(name) != after.get(name)} <= {"dtype", "torch_dtype"}
    own = read_json(tiny / "generation_config.json")
    assert read_json(checkpoint / "generation_config.json") == {**own, "eos_token_id": [Renderer.load(tiny).end_id]}
    old, new = (AutoModelForCausalLM.from_pretrained(path) for path in (tiny, checkpoint))
    assert any(not old.state_dict()[name].equal(value) for name, value in new.state_dict().items())
    kinds = {path.suffix for path in checkpoint.iterdir()}
    assert kinds <= {".safetensors", ".json", ".jinja", ".md"}
    assert sorted(path.name for path in made.folder.iterdir() if not path.name.startswith(".")) == [
        "card.md", "checkpoint", "loss.jsonl", "manifest.json", "mask_audit.json",
    ]  # fmt: skip


def test_the_cards_say_what_was_trained_on_and_hold_no_text_of_it(tmp_path: Path, tiny: Path) -> None:
    made = train(tmp_path, tiny)
    for card in (made.output("checkpoint/README.md").read_text(), made.output("card.md").read_text()):
        assert "8 of 8 rows (8 harmful)" in card
        assert "| learning_rate | 0.001 |" in card
        assert "What is" not in card
        assert str(tiny.parent) not in card


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path, tiny: Path) -> None:
    once, twice, other = (
        train(tmp_path / folder, tiny, seed=seed, epochs=2) for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert once.key == twice.key
    assert losses(once) == losses(twice)
    assert weights(once) == weights(twice)
    assert weights(once) != weights(other)


def test_a_batch_is_so_many_examples_however_it_is_accumulated(tmp_path: Path, tiny: Path) -> None:
    whole = train(tmp_path / "whole", tiny, epochs=2)
    parts = train(tmp_path / "parts", tiny, epochs=2, device_batch_size=1)
    assert len(losses(whole)) == len(losses(parts)) == 4
    assert losses(parts) == pytest.approx(losses(whole), rel=1e-4)


def test_without_a_gpu_a_pass_takes_as_many_rows_as_their_logits_leave_room_for(
    tmp_path: Path, tiny: Path, shared_data: Path
) -> None:
    from transformers import AutoModelForCausalLM

    from resolute.models.training import tune

    large = tiny_qwen(tmp_path / "large", shared_data / "tokenizers" / "qwen3", hidden=8)
    long = [example(f"r{n}", "Why?", "So. " * 300, "Yes.") for n in range(8)]
    for folder, some, wanted in ((tiny, rows(8), 8), (large, long, 1), (large, rows(8), 8)):
        renderer = Renderer.load(folder)
        audited = audit(some, renderer, max_length=4096)
        settings = Train(model=str(folder), learning_rate=1e-3, batch_size=8, max_length=4096)
        model = AutoModelForCausalLM.from_pretrained(folder)
        trainer = tune.trainer_for(settings, model, renderer, audited.lean(), tmp_path / "out", half=False)
        assert trainer.args.per_device_train_batch_size == wanted
        assert trainer.args.per_device_train_batch_size * trainer.args.gradient_accumulation_steps == 8


def test_rows_laid_end_to_end_do_not_see_each_other(tmp_path: Path, tiny: Path) -> None:
    padded = train(tmp_path / "padded", tiny, epochs=2)
    flat = train(tmp_path / "flat", tiny, epochs=2, padding_free=True)
    assert losses(flat) == pytest.approx(losses(padded), rel=1e-4)


def test_the_last_batch_of_an_epoch_holds_the_rest_and_no_row_is_lost(tmp_path: Path, tiny: Path) -> None:
    made = train(tmp_path, tiny, rows(6), epochs=2)
    assert [row["epoch"] for row in read_jsonl(made.folder / "loss.jsonl")] == pytest.approx([0.5, 1, 1.5, 2], abs=0.2)


def test_an_epochs_order_is_shuffled_by_seed_and_sorted_by_length_only_within_a_step() -> None:
    from resolute.models.training.order import StepOrder

    lengths = [(7 * n) % 23 for n in range(50)]
    order = StepOrder(lengths, step=8, seed=0)
    first = list(order)
    order.set_epoch(1)
    second = list(order)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert list(StepOrder(lengths, step=8, seed=0)) == first
    assert list(StepOrder(lengths, step=8, seed=1)) != first
    for start in range(0, 50, 8):
        held = [lengths[row] for row in first[start : start + 8]]
        assert held == sorted(held, reverse=True)
    means = [sum(lengths[row] for row in first[start : start + 8]) / 8 for start in range(0, 48, 8)]
    assert means != sorted(means, reverse=True), "steps are not sorted among themselves"


def test_what_reaches_the_model_is_what_was_audited_and_its_loss_is_trls(tmp_path: Path, tiny: Path) -> None:
    from transformers import AutoModelForCausalLM
    from trl import SFTTrainer

    from resolute.models.training import tune

    renderer = Renderer.load(tiny)
    audited = audit(rows(7), renderer, max_length=400)
    settings = Train(model=str(tiny), learning_rate=1e-3, batch_size=4, device_batch_size=2, max_length=400)
    model = AutoModelForCausalLM.from_pretrained(tiny)
    trainer = tune.trainer_for(settings, model, renderer, audited.lean(), tmp_path, half=False)
    loader = trainer.get_train_dataloader()
    expected = sorted(tuple(row.labels) for _, row in audited.rows)
    assert renderer.pad_id == renderer.end_id, "padded with the end of turn, which must carry loss all the same"
    assert all(labels[-1] == renderer.end_id for labels in expected)
    for epoch in range(2):
        loader.set_epoch(epoch)
        batches = list(loader)
        sent = [
            (ids[seen == 1].tolist(), labels[seen == 1].tolist())
            for batch in batches
            for ids, labels, seen in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True)
        ]
        assert sorted(tuple(labels) for _, labels in sent) == expected
        assert all(
            number == label
            for ids, labels in sent
            for number, label in zip(ids, labels, strict=True)
            if label != IGNORED
        )
    for batch in batches:
        ours = trainer.compute_loss(model, dict(batch))
        theirs = SFTTrainer.compute_loss(trainer, model, dict(batch))
        assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_rows_that_fail_the_gate_stop_the_run_before_any_step(tmp_path: Path, tiny: Path) -> None:
    heard: Steps = []
    bad = [*rows(), example("sly", "Why?", "Hm.", "Say </think> twice.")]
    with pytest.raises(ResoluteError, match=r"1 of 9 rows: the answer carries the control token </think> \(sly\)"):
        train(tmp_path, tiny, bad, heard)
    assert not [step for step in heard if step[0] == "training"]
    (folder,) = (tmp_path / ".store" / "train").iterdir()
    assert read_json(folder / "manifest.json")["state"] == "failed"
    assert read_json(folder / "mask_audit.json")["faults"]
    assert not (folder / "checkpoint").exists()


def test_long_rows_are_an_error_or_dropped_and_told(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="longer than 45 tokens"):
        train(tmp_path / "a", tiny, max_length=45)
    made = train(tmp_path / "b", tiny, max_length=45, overlong="drop")
    assert made.manifest.counts["overlong"] > 0
    assert made.manifest.counts["kept"] == 8 - made.manifest.counts["overlong"]
    assert "left out: longer than 45 tokens" in made.manifest.notes[0]


def test_a_tokenizer_larger_than_the_embedding_is_refused_before_any_step(tmp_path: Path, shared_data: Path) -> None:
    model = tiny_qwen(tmp_path / "model", shared_data / "tokenizers" / "qwen3", vocabulary=500, hidden=8)
    heard: Steps = []
    with pytest.raises(ResoluteError, match=r"the tokenizer has 151\d+ tokens, the model's embedding 500"):
        train(tmp_path, model, None, heard)
    assert not [step for step in heard if step[0] == "training"]


def test_rows_beyond_the_models_positions_are_refused(tmp_path: Path) -> None:
    model = make_tiny(tmp_path / "model", context=48)
    with pytest.raises(ResoluteError, match="the model reaches 48"):
        train(tmp_path, model)


def test_a_loss_that_is_no_number_stops_the_run_and_nothing_is_saved(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="NaN or infinite"):
        train(tmp_path, tiny, learning_rate=1e38, schedule="constant", warmup=0.0, epochs=4)
    (folder,) = (tmp_path / ".store" / "train").iterdir()
    assert not (folder / "checkpoint").exists()
    assert not (folder / "loss.jsonl").exists()


def test_a_full_disk_while_saving_is_an_error_that_says_so(
    tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import PreTrainedModel

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PreTrainedModel, "save_pretrained", full)
    with pytest.raises(ResoluteError, match=r"cannot save the checkpoint: .*No space left"):
        train(tmp_path, tiny)
    monkeypatch.undo()
    assert (train(tmp_path, tiny).folder / "checkpoint").is_dir(), "a second run takes it up"


def test_lora_saves_its_adapter_and_a_checkpoint_with_it_merged_in(tmp_path: Path, tiny: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    made = train(tmp_path, tiny, method="lora", epochs=2, learning_rate=1e-2)
    base, merged = (AutoModelForCausalLM.from_pretrained(path) for path in (tiny, made.folder / "checkpoint"))
    changed = {name for name, value in merged.state_dict().items() if not base.state_dict()[name].equal(value)}
    assert changed
    assert all("proj" in name for name in changed), "only linear layers inside the blocks move"
    adapted = PeftModel.from_pretrained(base, made.folder / "adapter").eval()
    prompt = Renderer.load(tiny).tokenizer("Hi", return_tensors="pt")
    assert adapted(**prompt).logits.allclose(merged.eval()(**prompt).logits, atol=1e-4)
    settings = json.loads((made.folder / "adapter" / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == tiny.name


def test_the_labs_own_model_trains_in_its_own_dialect(tmp_path: Path) -> None:
    spoken = [example(f"r{n}", "take the", "yes no", "no") for n in range(4)]
    made = train(tmp_path, LAB, spoken, learning_rate=1e-4)
    assert Renderer.load(made.folder / "checkpoint").dialect.name == "think-spaced"
    assert read_records(tmp_path / "examples.parquet", Example)[0].answer == "no"


def test_nothing_is_told_to_anyone(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trl.trainer import base_trainer

    told: list[object] = []
    monkeypatch.setattr(base_trainer, "send_telemetry", lambda *args, **values: told.append(args))
    monkeypatch.delenv("CI", raising=False)
    train(tmp_path, tiny)
    assert told == []


def test_what_cannot_be_trained_is_refused_when_it_is_planned(tmp_path: Path, tiny: Path) -> None:
    write_records(tmp_path / "examples.parquet", rows(), Example)
    for values, what in (
        ({"model": "openai-api/somewhere/some-model"}, "no weights"),
        ({"model": str(tiny), "device_batch_size": 3}, "no multiple of device_batch_size"),
        ({"model": str(tmp_path / "absent")}, "absent"),
    ):
        settings = Train(learning_rate=1e-3, batch_size=4, max_length=100, **values)
        with pytest.raises(ResoluteError) as caught:
            prepare(Job("train", settings, {"examples": tmp_path / "examples.parquet"}), tmp_path / ".store")
        assert what in str(caught.value)


def test_a_launch_that_is_neither_a_word_nor_a_file_is_refused_when_it_is_planned(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(ResoluteError, match="no such launch: 'dpp'"):
        train(tmp_path, tiny, launch="dpp")


def test_planning_a_training_imports_no_torch(tmp_path: Path, tiny: Path) -> None:
    write_records(tmp_path / "examples.parquet", rows(), Example)
    plan = (
        "import sys\nfrom pathlib import Path\nfrom resolute.core.jobs import Job, prepare\n"
        "from resolute.core.settings import Train\n"
        f"settings = Train(model={str(tiny)!r}, learning_rate=1e-3, max_length=100)\n"
        f"prepare(Job('train', settings, {{'examples': Path({str(tmp_path / 'examples.parquet')!r})}}), Path('.'))\n"
        "heavy = {'torch', 'transformers', 'trl', 'datasets', 'peft'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", plan], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
