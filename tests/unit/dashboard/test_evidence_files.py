"""What an experiment left, file by file."""

from codec_lab.dashboard.evidence_files import evidence_files
from codec_lab.dashboard.evidence_views import FileKind
from tests.unit.builders import experiment


class Sizes:
    """The sizes of stored objects."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def sizes(self, prefix: str) -> dict[str, int]:
        return {key: len(key) for key in self._keys if key.startswith(prefix)}


def test_an_execution_in_shards_has_one_verdict_and_a_log_each() -> None:
    folder = "experiments/default-0001/run-1/execute-1"
    names = ("verdict.json", "shard-1/verdict.json", "shard-1/log.txt", "shard-2/log.txt")
    stored = Sizes(*(f"{folder}/{name}" for name in names))
    one = experiment(verdict_key=f"{folder}/verdict.json")
    found = evidence_files(one, (), stored)  # type: ignore[arg-type]
    assert [(kept.file.name, kept.file.kind) for kept in found] == [
        ("verdict.json", FileKind.VERDICT),
        ("shard-1-log.txt", FileKind.LOG),
        ("shard-2-log.txt", FileKind.LOG),
    ]
    assert found[1].key == f"{folder}/shard-1/log.txt"
