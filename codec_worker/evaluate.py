"""The bench alone: judge a codec module on clips, without a cloud."""

import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from codec_lab import keys
from codec_lab.bundle import Bundle, Manifest
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError
from codec_lab.job import JobKind, JobSpec
from codec_lab.limits import Limits
from codec_lab.model import refusal
from codec_lab.plan import DEFAULT_ANCHORS, DEFAULT_QUALITIES, EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.verdict import Verdict
from codec_worker.clips import FrozenClip
from codec_worker.job import Job

NAME = "bench"
"""Stands for experiment and campaign where there is none."""


class Terms(NamedTuple):
    """Under which terms a module is judged.

    Attributes
    ----------
    run : int
        Number of the evaluation in its store; what an earlier one measured is not taken over.
    """

    qualities: tuple[int, ...] = DEFAULT_QUALITIES
    anchors: tuple[str, ...] = DEFAULT_ANCHORS
    limits: Limits = Limits()
    run: int = 1


def evaluate_module(
    path: Path, clips: Iterable[FrozenClip], store: ObjectStore, cache_folder: Path, terms: Terms
) -> Verdict:
    """Validate a codec module and, if it holds, measure it in full.

    It takes the same way as a job of the lab: a bundle and a plan in the store, the same checks,
    sandboxes, anchors and evidence.

    Parameters
    ----------
    path : Path
        A Python file with ``encode`` and ``decode``, or a folder with such a ``codec.py``.
    clips : iterable of FrozenClip
        What to measure on, e.g. ``clips.default_clips()``.
    store : ObjectStore
        Gets everything; a ``DirectoryStore`` keeps anchors' curves for the next time.
    cache_folder : Path
        Where copies of clips stay.
    terms : Terms
        Rate points, anchors and limits.

    Returns
    -------
    Verdict
        Of the validation if the candidate failed it, of the execution otherwise.

    Raises
    ------
    ConfigurationError
        If the module or a clip cannot be used.
    BenchError
        If the bench could not measure.
    """
    candidate = read_candidate(path)
    manifest = Manifest(
        candidate_sha256=candidate.sha256,
        packages=tuple(sorted(candidate.packages)),
        limits=terms.limits,
    )
    bundle = Bundle(manifest=manifest, candidate=candidate)
    sources = tuple(_stored(frozen, store) for frozen in clips)
    try:
        plan = EvaluationPlan(
            clips=sources,
            qualities=terms.qualities,
            anchors=terms.anchors,
            screen=None,
            secret=secrets.token_hex(16),
        )
    except ValidationError as error:
        raise ConfigurationError(f"This cannot be measured: {refusal(error)}.") from error
    bundle_key = keys.bundle(manifest.bundle_sha256)
    store.put(bundle_key, bundle.to_zip())
    store.put(keys.plan(NAME), plan.model_dump_json().encode())
    logger = Logger(service="worker", level="WARNING", stream=sys.stderr)
    for kind in (JobKind.VALIDATE, JobKind.EXECUTE):
        spec = JobSpec(
            kind=kind,
            experiment_id=NAME,
            run=terms.run,
            attempt=1,
            candidate_sha256=candidate.sha256,
            bundle_sha256=manifest.bundle_sha256,
            bundle_key=bundle_key,
            plan_key=keys.plan(NAME),
            output_prefix=keys.job(NAME, terms.run, kind, 1),
            points_prefix=keys.points(NAME, terms.run, manifest.bundle_sha256),
        )
        verdict = Job(spec, store, cache_folder, logger).run()
        if not verdict.passed:
            break
    return verdict


def read_candidate(path: Path) -> Candidate:
    """Read a candidate from a Python file, or from a folder that holds ``codec.py``.

    Every Python file in the folder and below belongs to it. As for Python, a byte order mark at
    a file's beginning is none of its text.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it is no candidate.
    """
    try:
        if path.is_dir():
            files = {
                file.relative_to(path).as_posix(): file.read_text("utf-8-sig")
                for file in sorted(path.rglob("*.py"))
            }
            if ENTRY_FILE not in files:
                raise ConfigurationError(f"{path} holds no {ENTRY_FILE}.")
        else:
            files = {ENTRY_FILE: path.read_text("utf-8-sig")}
        return Candidate(files=files)
    except FileNotFoundError as error:
        raise ConfigurationError(f"There is no codec module {path}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no Python source: it is not UTF-8 text.") from error
    except ValidationError as error:
        raise ConfigurationError(f"{path} is no candidate: {refusal(error)}.") from error


def _stored(frozen: FrozenClip, store: ObjectStore) -> SourceClip:
    if not store.exists(frozen.source.key):
        store.put(frozen.source.key, frozen.data)
    return frozen.source
