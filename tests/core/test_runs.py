"""Laws of artifacts: checked before use, held by one process, pointed to by runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json
from resolute.core.runs import MANIFEST, Artifact, Manifest, Run, working


def made(folder: Path, stage: str = "audit", key: str = "k1", text: str = "made") -> Artifact:
    artifact = Artifact(stage, key, folder / stage / key)
    with working(artifact, Manifest(stage=stage, stage_version=1, key=key, settings={})):
        (artifact.folder / "out.txt").write_text(text)
        (artifact.folder / "logs").mkdir()
        (artifact.folder / "logs" / "x.log").write_text("log")
    return artifact


def test_an_artifact_is_done_when_its_outputs_stand_and_its_manifest_lists_them_without_logs(tmp_path: Path) -> None:
    artifact = made(tmp_path)
    assert artifact.done
    assert list(artifact.manifest.outputs) == ["out.txt"]
    assert artifact.manifest.versions["python"]
    assert artifact.output("out.txt").read_text() == "made"


def test_an_edited_output_is_refused(tmp_path: Path) -> None:
    artifact = made(tmp_path)
    (artifact.folder / "out.txt").write_text("edited")
    with pytest.raises(ResoluteError, match="changed after it was made") as caught:
        artifact.output("out.txt")
    assert "delete" in caught.value.mend


def test_a_missing_output_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match=r"has no other\.txt"):
        made(tmp_path).output("other.txt")


def test_what_raised_is_failed_and_not_done(tmp_path: Path) -> None:
    artifact = Artifact("audit", "k", tmp_path / "k")
    with (
        pytest.raises(KeyboardInterrupt),
        working(artifact, Manifest(stage="a", stage_version=1, key="k", settings={})),
    ):
        raise KeyboardInterrupt
    assert not artifact.done
    assert artifact.manifest.state == "failed"


def test_a_key_that_another_process_makes_is_refused_at_once(tmp_path: Path) -> None:
    artifact = Artifact("audit", "k", tmp_path / "k")
    code = (
        "import sys\nfrom pathlib import Path\nfrom resolute.core.runs import Artifact, Manifest, working\n"
        "a = Artifact('audit', 'k', Path(sys.argv[1]))\n"
        "with working(a, Manifest(stage='audit', stage_version=1, key='k', settings={})):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(artifact.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(ResoluteError, match="is being made"),
            working(artifact, Manifest(stage="audit", stage_version=1, key="k", settings={})),
        ):
            pytest.fail("two processes hold one key")
        other.communicate("")
    assert artifact.done


def test_a_killed_maker_leaves_a_key_that_can_be_made_again(tmp_path: Path) -> None:
    artifact = Artifact("audit", "k1", tmp_path / "audit" / "k1")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom resolute.core.runs import Artifact, Manifest, working\n"
        "a = Artifact('audit', 'k1', Path(sys.argv[1]))\n"
        "with working(a, Manifest(stage='audit', stage_version=1, key='k1', settings={})):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(artifact.folder)], check=False)
    assert artifact.manifest.state == "running"
    assert not artifact.done
    assert made(tmp_path).done


def test_a_run_points_to_artifacts_of_the_store_beside_it(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "one")
    first, second = made(run.store, key="k1"), made(run.store, key="k2")
    run.point("audit", first)
    run.point("other", second)
    assert run.latest("audit") == second
    run.point("audit", first)
    assert run.latest("audit") == first
    assert Run(tmp_path / "runs" / "one").entries() == {"other": second, "audit": first}
    assert "/" not in str(read_json(run.path / "run.json")), "a run folder can be moved with its store"


def test_a_run_without_a_stage_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError) as caught:
        Run(tmp_path).latest("distill")
    assert "resolute distill" in caught.value.mend


@pytest.mark.parametrize("content", ['{"schema": 1}', "[]", '{"entries": {"a": 1}}', '{"entries": []}'])
def test_a_damaged_run_file_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ResoluteError, match="damaged run file"):
        Run(tmp_path).entries()


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    artifact = made(tmp_path)
    (artifact.folder / MANIFEST).write_text('{"stage": 3}')
    with pytest.raises(ResoluteError, match="damaged manifest"):
        assert artifact.done


def test_a_store_is_kept_out_of_git(tmp_path: Path) -> None:
    artifact = Artifact("audit", "k", tmp_path / ".store" / "audit" / "k")
    with working(artifact, Manifest(stage="audit", stage_version=1, key="k", settings={})):
        pass
    assert (tmp_path / ".store" / ".gitignore").read_text() == "*\n"
