"""Prepare rows as Axolotl would: `python axolotl_probe.py REQUEST RESULT`, in an environment that has it.

REQUEST is JSON: `settings` (its own names, one data set) and `rows`. RESULT gets one JSON line a row: `place`, `ids`,
`labels`; rows that its length limit drops are missing.
"""

# pyright: reportMissingImports=false

import json
import sys
from pathlib import Path


def main() -> None:
    with Path(sys.argv[1]).open(encoding="utf-8") as stream:
        request = json.load(stream)
    from axolotl.loaders import load_tokenizer
    from axolotl.prompt_strategies import load
    from axolotl.utils.data.utils import handle_long_seq_in_dataset
    from axolotl.utils.dict import DictDefault
    from datasets import Dataset

    settings = DictDefault(request["settings"])
    tokenizer = load_tokenizer(settings)
    described = settings.datasets[0]
    strategy = load(described.type, tokenizer, settings, described)
    prepared = []
    for place, row in enumerate(request["rows"]):
        made = strategy.tokenize_prompt(row)
        # One row may become several (a conversation cut at each turn to train on).
        many = isinstance(made["input_ids"][0], list)
        pairs = zip(made["input_ids"], made["labels"], strict=True) if many else [(made["input_ids"], made["labels"])]
        prepared += [{"place": place, "input_ids": list(ids), "labels": list(labels)} for ids, labels in pairs]
    kept = handle_long_seq_in_dataset(Dataset.from_list(prepared), settings.sequence_len, settings)
    with Path(sys.argv[2]).open("w", encoding="utf-8") as stream:
        for row in kept:
            said = {"place": row["place"], "ids": row["input_ids"], "labels": row["labels"]}
            stream.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
