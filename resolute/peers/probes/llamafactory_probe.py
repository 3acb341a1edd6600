"""Prepare rows as LLaMA-Factory would: `python llamafactory_probe.py REQUEST RESULT`, in an environment that has it.

REQUEST is JSON: `settings` (its own names), among them where model, dataset and dataset_info.json are. RESULT gets one
JSON line a prepared row: `ids`, `labels`.
"""

# pyright: reportMissingImports=false

import json
import sys
from pathlib import Path


def main() -> None:
    with Path(sys.argv[1]).open(encoding="utf-8") as stream:
        settings = json.load(stream)["settings"]
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer

    model_args, data_args, training_args, _, _ = get_train_args(settings)
    module = load_tokenizer(model_args)
    template = get_template_and_fix_tokenizer(module["tokenizer"], data_args)
    prepared = get_dataset(template, model_args, data_args, training_args, stage="sft", **module)
    with Path(sys.argv[2]).open("w", encoding="utf-8") as stream:
        for row in prepared["train_dataset"]:
            stream.write(json.dumps({"ids": row["input_ids"], "labels": row["labels"]}) + "\n")


if __name__ == "__main__":
    main()
