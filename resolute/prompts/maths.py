"""Mathematics with reference answers: MATH (arXiv 2103.03874; MIT) and its MATH-500 (arXiv 2305.20050; MIT), GSM8K
(arXiv 2110.14168; MIT), AIME 2024 (as in QwenLM/QwQ; Apache-2.0) and AIME 2025 (Apache-2.0 on the hub).

Only the final answer of a worked solution is kept, as the reference: a solution is not a trace. Problems for evaluation
are sent with the request for a final box (`core/texts/maths-boxed.md`) that AIME 2024's file carries; their goal is the
problem alone.
"""

from __future__ import annotations

from resolute.core import texts
from resolute.core.answers.solutions import reference
from resolute.core.records import Prompt
from resolute.core.sources import data_rows

SHA256 = {
    "math500": "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132",
    "aime24": "5a7a817807c8c2b6b541631deaa6d8c2eb7f0420e0f2373a25878921e920b6da",
    "gsm8k_train": "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465",
    "gsm8k_test": "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
}
"""Of the published file."""
PROBLEMS = 30
"""In AIME 2025's two contests."""
_QWQ = "https://github.com/QwenLM/QwQ at 620a5eadc89f, eval/data/aime24.jsonl"
_AIME25 = "the hub, math-ai/aime25 (test.jsonl)"
_GSM8K = "https://github.com/openai/grade-school-math (grade_school_math/data)"
_MATH = "the hub, EleutherAI/hendrycks_math (the train files of all subjects in one JSONL)"


def math() -> list[Prompt]:
    """MATH's 7,500 training problems; `category` is the subject, `split` the level from 1 to 5."""
    rows = data_rows("reasoning/math_train.jsonl", ["problem", "solution", "level", "type"], get=_MATH)
    return [
        Prompt(
            text=row["problem"],
            goal=row["problem"],
            kind="maths",
            category=row["type"],
            source="math",
            split=str(row["level"]).removeprefix("Level "),
            expected=reference(row["solution"]),
        )
        for row in rows
    ]


def math500() -> list[Prompt]:
    """500 problems of MATH's test set; `category` is the subject, `split` the level from 1 to 5."""
    needed = ["problem", "answer", "subject", "level"]
    get = "the hub, HuggingFaceH4/MATH-500 (test.jsonl)"
    rows = data_rows("reasoning/math500.jsonl", needed, get=get, sha256=SHA256["math500"])
    return [
        Prompt(
            text=_asked(row["problem"]),
            goal=row["problem"],
            kind="maths",
            category=row["subject"],
            source="math500",
            split=str(row["level"]),
            expected=row["answer"],
        )
        for row in rows
    ]


def math500_bare() -> list[Prompt]:
    """MATH-500 without the request for a box, as the study's released scripts send it."""
    return [_bare(prompt) for prompt in math500()]


def gsm8k() -> list[Prompt]:
    """GSM8K's 7,473 training problems."""
    return [_gsm8k(question, answer, "train", question) for question, answer in _gsm8k_rows("train")]


def gsm8k_test() -> list[Prompt]:
    """GSM8K's 1,319 test problems, kept for evaluation."""
    return [_gsm8k(question, answer, "test", _asked(question)) for question, answer in _gsm8k_rows("test")]


def aime24() -> list[Prompt]:
    """30 problems; each answer is an integer from 0 to 999, written without leading zeros."""
    rows = data_rows("reasoning/aime24.jsonl", ["prompt", "answer"], get=_QWQ, sha256=SHA256["aime24"])
    request = _asked("")
    return [
        _aime(row["prompt"], row["prompt"].strip().removesuffix(request.strip()).strip(), row["answer"], "aime24")
        for row in rows
    ]


def aime24_bare() -> list[Prompt]:
    """AIME 2024 without the request for a box, as the study's released scripts send it."""
    return [_bare(prompt) for prompt in aime24()]


def aime25() -> list[Prompt]:
    """30 problems. No machine of the project had the file, so its rows are counted and its bytes are not known."""
    rows = data_rows("reasoning/aime25.jsonl", ["problem", "answer"], get=_AIME25, size=PROBLEMS)
    return [_aime(_asked(row["problem"]), row["problem"], row["answer"], "aime25") for row in rows]


def _asked(problem: str) -> str:
    return texts.fill(texts.load("maths-boxed"), problem=problem)


def _bare(prompt: Prompt) -> Prompt:
    """The problem alone; a prompt of its own, with its own id."""
    return Prompt.model_validate({**prompt.model_dump(), "id": "", "text": prompt.goal})


def _aime(text: str, problem: str, answer: str | int, source: str) -> Prompt:
    return Prompt(text=text, goal=problem, kind="maths", source=source, expected=str(int(answer)))


def _gsm8k_rows(split: str) -> list[tuple[str, str]]:
    name, get = f"gsm8k_{split}", f"{_GSM8K}/{split}.jsonl"
    rows = data_rows(f"reasoning/{name}.jsonl", ["question", "answer"], get=get, sha256=SHA256[name])
    return [(row["question"], row["answer"]) for row in rows]


def _gsm8k(question: str, answer: str, split: str, text: str) -> Prompt:
    expected = reference(answer)
    return Prompt(text=text, goal=question, kind="maths", source="gsm8k", split=split, expected=expected)
