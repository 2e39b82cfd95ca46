"""What ``lab evaluate`` decides before it measures."""

from pathlib import Path

import pytest

from lab.evaluate_command import next_run_number


@pytest.mark.parametrize(
    ("kept", "number"),
    [
        ((), 1),
        (("run-1",), 2),
        (("run-2",), 3),  # run-1 was deleted
        (("run-9", "run-10"), 11),
        (("run-1", "run-1 (copy)", "run-"), 2),
    ],
)
def test_an_evaluation_joins_none_that_is_kept(
    kept: tuple[str, ...], number: int, tmp_path: Path
) -> None:
    for name in kept:
        (tmp_path / "experiments" / "bench" / name).mkdir(parents=True)
    assert next_run_number(tmp_path) == number
