"""How to repeat a job, written beside its verdict for a person who has nothing else."""

import shlex
from collections.abc import Mapping

from codec_lab.job import JobSpec
from codec_lab.packages import AVAILABLE


def instructions(spec: JobSpec, conditions: Mapping[str, str]) -> str:
    """Write the commands that repeat a job, and the conditions under which it ran.

    Parameters
    ----------
    spec : JobSpec
        The job.
    conditions : mapping of str to str
        The environment as a verdict describes it.

    Returns
    -------
    str
        Plain text. The job that it gives measures into a folder of its own, where it finds no
        rate point that it could take over, and no time limit of money.
    """
    again = spec.model_copy(
        update={
            "output_prefix": f"{spec.output_prefix}again/",
            "points_prefix": f"{spec.output_prefix}again/points/",
            "reserved": None,
            "deadline": None,
        }
    )
    packages = [
        f"{name}=={conditions[name]}"
        for name in sorted(AVAILABLE)
        if conditions.get(name, "absent") != "absent"
    ]
    lines = [
        f"The job {spec.kind}, attempt {spec.attempt} in run {spec.run} of {spec.experiment_id}",
        f"  candidate {spec.candidate_sha256}",
        f"  source, packages and limits {spec.bundle_key}",
        f"  clips, rate points and anchors {spec.plan_key}",
        "",
        "It was measured under",
        *(f"  {name}: {value}" for name, value in conditions.items()),
        "",
        "To measure an experiment of a lab again elsewhere and to compare every point:",
        f"  lab reproduce {spec.experiment_id}",
        "",
        "To repeat this job alone, with CODEC_LAB_BUCKET naming the bucket:",
        f"  python -m pip install {shlex.join(packages)}",
        f"  python -m codec_worker {spec.kind} {shlex.quote(again.model_dump_json())}",
    ]
    return "".join(f"{line}\n" for line in lines)
