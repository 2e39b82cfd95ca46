"""The verdicts of an execution's shards become one."""

from collections.abc import Sequence

from codec_lab.errors import AttestationError
from codec_lab.job import JobSpec
from codec_lab.verdict import Verdict


def attest(job: JobSpec, verdict: Verdict) -> None:
    """Refuse a measurement of anything but what the job names.

    Raises
    ------
    AttestationError
        If candidate, bundle, attempt or clips are others.
    """
    for name in ("kind", "experiment_id", "run", "attempt", "candidate_sha256", "bundle_sha256"):
        asked, measured = getattr(job, name), getattr(verdict, name)
        if asked != measured:
            raise AttestationError(
                f"The verdict under {job.verdict_key} has {name} {measured}, the job asked for "
                f"{asked}."
            )
    clips = tuple(result.clip for result in verdict.results)
    if job.clips and clips and clips != job.clips:
        raise AttestationError(
            f"The verdict under {job.verdict_key} is about {', '.join(clips)}, the job asked for "
            f"{', '.join(job.clips)}."
        )


def merge(job: JobSpec, verdicts: Sequence[Verdict]) -> Verdict:
    """Make the verdict of a whole execution.

    Parameters
    ----------
    job : JobSpec
        The whole; names the clips in their order.
    verdicts : sequence of Verdict
        Of its shards, attested.

    Returns
    -------
    Verdict
        With every shard's results, or with the fault of the first shard that has one.

    Raises
    ------
    AttestationError
        If a clip is missing.
    """
    fault = next((verdict.fault for verdict in verdicts if verdict.fault is not None), None)
    of_clip = {result.clip: result for verdict in verdicts for result in verdict.results}
    if fault is None and set(of_clip) != set(job.clips):
        raise AttestationError(
            f"The shards of {job.output_prefix} measured {', '.join(sorted(of_clip))}, the plan "
            f"has {', '.join(sorted(job.clips))}."
        )
    described = [verdict.environment for verdict in verdicts]
    names = dict.fromkeys(name for environment in described for name in environment)
    return Verdict(
        kind=job.kind,
        experiment_id=job.experiment_id,
        run=job.run,
        attempt=job.attempt,
        candidate_sha256=job.candidate_sha256,
        bundle_sha256=job.bundle_sha256,
        fault=fault,
        results=() if fault is not None else tuple(of_clip[name] for name in job.clips),
        started_at=min(verdict.started_at for verdict in verdicts),
        ended_at=max(verdict.ended_at for verdict in verdicts),
        environment={
            name: "; ".join(dict.fromkeys(one[name] for one in described if name in one))
            for name in names
        },
    )
