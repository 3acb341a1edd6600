"""What is remembered is remembered within a body and nowhere else."""

from resolute.core.remembered import once, remembering


def test_within_the_body_a_thing_is_made_once_and_outside_each_time() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert (once("a", make), once("a", make)) == (1, 2)
    with remembering():
        assert (once("a", make), once("a", make), once("b", make)) == (3, 3, 4)
    with remembering():
        assert once("a", make) == 5
    assert once("a", make) == 6
