"""The entry of a worker: ``python -m codec_worker validate|execute SPEC_JSON``.

It exits with 0 whenever it could judge: a candidate that fails is a verdict. Other codes are the
bench's own faults, with one sentence on standard error.
"""

import os
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from codec_lab.errors import CodecLabError
from codec_lab.job import JobKind, JobSpec
from codec_lab.model import located_refusal

TOO_LATE = "The time that was reserved for this deployment's jobs is over."
USAGE = "Usage: python -m codec_worker validate|execute SPEC_JSON"


def main(arguments: list[str]) -> int:
    """Run a job and give the exit code."""
    kinds = [kind.value for kind in JobKind]
    if len(arguments) != 2 or arguments[0] not in kinds:
        return _refuse(USAGE, 2)
    try:
        spec = JobSpec.model_validate_json(arguments[1])
    except ValidationError as error:
        return _refuse(f"SPEC_JSON is no job specification: {located_refusal(error)}.", 2)
    if spec.kind != arguments[0]:
        return _refuse(f"SPEC_JSON asks to {spec.kind}, the command to {arguments[0]}.", 2)
    if spec.deadline is not None:
        left_s = (spec.deadline - datetime.now(UTC)).total_seconds()
        if left_s <= 0:
            return _refuse(TOO_LATE, 1)
        _end_after(left_s)
    try:
        _run(spec)
    except CodecLabError as error:
        return _refuse(f"{type(error).__name__}: {error}", 1)
    return 0


def _end_after(left_s: float) -> None:
    """End this process, and with its container the candidate's, when the money is used up."""

    def end(*_: object) -> None:
        os._exit(_refuse(TOO_LATE, 1))

    signal.signal(signal.SIGALRM, end)  # by default the first process of a container ignores it
    signal.setitimer(signal.ITIMER_REAL, left_s)


def _run(spec: JobSpec) -> None:
    # Imported here, so that a wrong command line is answered at once.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    from adapters.s3 import S3ObjectStore  # noqa: PLC0415
    from codec_worker.job import Job  # noqa: PLC0415

    logger = Logger(service="worker", level="INFO")
    logger.append_keys(
        experiment_id=spec.experiment_id,
        run=spec.run,
        attempt=spec.attempt,
        candidate_sha256=spec.candidate_sha256,
    )
    store = S3ObjectStore.from_environment()
    cache_folder = os.environ.get("CODEC_LAB_CACHE")
    if cache_folder:
        Job(spec, store, Path(cache_folder), logger).run()
        return
    with tempfile.TemporaryDirectory(prefix="codec-lab-") as folder:
        Job(spec, store, Path(folder), logger).run()


def _refuse(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
