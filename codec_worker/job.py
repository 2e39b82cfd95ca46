"""A job of the bench: from its specification to a verdict in the object store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from aws_lambda_powertools import Logger
from pydantic import TypeAdapter, ValidationError

from codec_lab.bundle import Bundle
from codec_lab.clip import SourceClip
from codec_lab.errors import AttestationError, ConfigurationError
from codec_lab.job import JobKind, JobSpec
from codec_lab.model import located_refusal
from codec_lab.phase import MAX_ATTEMPTS, Phase
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore
from codec_lab.stored_evidence import MOST_LOG_BYTES
from codec_lab.verdict import ClipResult, Fault, Progress, RatePoint, Verdict
from codec_worker import environment, protocol
from codec_worker.clip_cache import ClipCache
from codec_worker.execution import Execution, LoadedClip, first_frames
from codec_worker.failure import CandidateFailedError
from codec_worker.installed import sandboxes
from codec_worker.instructions import instructions
from codec_worker.runner import Runner
from codec_worker.screen import screen
from codec_worker.variants import Variants

PHASES = {JobKind.VALIDATE: Phase.VALIDATION, JobKind.EXECUTE: Phase.EXECUTION}

_PROGRESS = TypeAdapter(list[Progress])


class Job:
    """One job.

    Parameters
    ----------
    spec : JobSpec
        What to do.
    store : ObjectStore
        Holds bundle, plan and clips; gets the verdict and the evidence.
    cache_folder : Path
        Where copies of clips stay on this machine.
    logger : Logger
        Writes the lines that operators search for.
    """

    def __init__(
        self, spec: JobSpec, store: ObjectStore, cache_folder: Path, logger: Logger
    ) -> None:
        self._spec = spec
        self._store = store
        self._clips = ClipCache(store, cache_folder)
        self._logger = logger
        self._progress: list[Progress] = []
        self._log: list[str] = []

    def run(self) -> Verdict:
        """Judge the candidate and store the verdict.

        Raises
        ------
        AttestationError
            If the bundle is not the one that the job names.
        ConfigurationError
            If the plan, a clip or the bundle is missing or damaged.
        BenchError
            If the bench could not measure.
        StoreUnavailableError
            If the object store is away.
        """
        spec, phase = self._spec, PHASES[self._spec.kind]
        self._logger.info(phase.headline)
        self._logger.info("%s attempt %d/%d", phase.capitalize(), spec.attempt, MAX_ATTEMPTS)
        started_at = _now()
        bundle = self._bundle()
        plan = self._plan()
        fault: Fault | None = None
        measured: tuple[ClipResult, ...] = ()
        try:
            screen(bundle.candidate, bundle.toolbox)
            if spec.kind is JobKind.VALIDATE:
                self._smoke(bundle, plan)
                measured = self._screen(bundle, plan)
            else:
                clips = [self._load(source) for source in self._clips_of(plan)]
                measured = self._measure(bundle, plan, clips, plan.qualities, plan.anchors)
        except CandidateFailedError as error:
            fault = error.fault
        verdict = Verdict(
            kind=spec.kind,
            experiment_id=spec.experiment_id,
            run=spec.run,
            attempt=spec.attempt,
            candidate_sha256=bundle.candidate.sha256,
            bundle_sha256=bundle.manifest.bundle_sha256,
            fault=fault,
            results=measured if spec.kind is JobKind.EXECUTE else (),
            screen=measured if spec.kind is JobKind.VALIDATE else (),
            started_at=started_at,
            ended_at=_now(),
            environment=environment.describe(bundle.manifest.limits) | _packages(bundle),
        )
        text = instructions(spec, verdict.environment)
        self._store.put(f"{spec.output_prefix}reproduce.txt", text.encode())
        self._store.put(spec.verdict_key, verdict.model_dump_json().encode())
        self._log_end(verdict)
        return verdict

    def _bundle(self) -> Bundle:
        spec = self._spec
        bundle = Bundle.from_zip(self._store.get(spec.bundle_key), spec.bundle_sha256)
        if bundle.candidate.sha256 != spec.candidate_sha256:
            raise AttestationError(
                f"The bundle holds candidate {bundle.candidate.sha256}, "
                f"the job asks for {spec.candidate_sha256}."
            )
        return bundle

    def _plan(self) -> EvaluationPlan:
        try:
            return EvaluationPlan.model_validate_json(self._store.get(self._spec.plan_key))
        except ValidationError as error:
            raise ConfigurationError(
                f"The evaluation plan {self._spec.plan_key} cannot be read: "
                f"{located_refusal(error)}."
            ) from error

    def _clips_of(self, plan: EvaluationPlan) -> Sequence[SourceClip]:
        asked = self._spec.clips or tuple(clip.name for clip in plan.clips)
        unknown = set(asked) - {clip.name for clip in plan.clips}
        if unknown:
            raise ConfigurationError(
                f"The evaluation plan {self._spec.plan_key} has no clip "
                f"{', '.join(sorted(unknown))}."
            )
        return [clip for clip in plan.clips if clip.name in asked]

    def _load(self, source: SourceClip) -> LoadedClip:
        return LoadedClip(source, self._clips.load(source))

    def _smoke(self, bundle: Bundle, plan: EvaluationPlan) -> None:
        source, frames = first_frames(self._load(plan.smoke_clip), plan.smoke_frames)
        with sandboxes(bundle) as make_box:
            candidate, limits = bundle.candidate, bundle.manifest.limits
            runner = Runner(candidate, limits, make_box, toolbox=bundle.toolbox)
            try:
                with runner:
                    variants = Variants(plan.secret, bundle.manifest.bundle_sha256)
                    protocol.validate(runner, frames, plan.qualities, source.name, variants)
            finally:
                self._log += runner.log
                self._put_log()

    def _screen(self, bundle: Bundle, plan: EvaluationPlan) -> tuple[ClipResult, ...]:
        if plan.screen is None or not plan.screen_clips:
            return ()
        clips = [first_frames(self._load(one), plan.screen.frames) for one in plan.screen_clips]
        return self._measure(bundle, plan, clips, plan.screen_qualities, (plan.screen_anchor,))

    def _measure(
        self,
        bundle: Bundle,
        plan: EvaluationPlan,
        clips: Sequence[LoadedClip],
        qualities: Sequence[int],
        anchors: Sequence[str],
    ) -> tuple[ClipResult, ...]:
        self._progress = [
            Progress(done_points=0, total_points=len(clips) * len(qualities), at=_now())
        ]
        self._put_progress()
        execution = Execution(bundle, plan, self._store, self._spec.points_prefix, self._note_point)
        try:
            return execution.run(clips, qualities, anchors)
        finally:
            self._log += execution.log
            self._put_log()

    def _note_point(self, source: SourceClip, point: RatePoint) -> None:
        last = self._progress[-1]
        done_points = last.done_points + 1
        self._progress.append(
            last.model_copy(
                update={
                    "done_points": done_points,
                    "clip": source.name,
                    "point": point,
                    "at": _now(),
                }
            )
        )
        self._put_progress()
        self._logger.info(
            "%s at quality %d: %.1f kb/s, PSNR-Y %.2f dB, SSIM %.4f (%d/%d)",
            source.name,
            point.quality,
            point.bitrate_bps / 1000,
            point.psnr_y_db,
            point.ssim_y,
            done_points,
            last.total_points,
            clip=source.name,
            point=point.model_dump(mode="json", exclude_none=True),
        )

    def _put_progress(self) -> None:
        self._store.put(self._spec.progress_key, _PROGRESS.dump_json(self._progress))

    def _put_log(self) -> None:
        if self._log:
            text = "".join(self._log).encode()[-MOST_LOG_BYTES:]
            self._store.put(f"{self._spec.output_prefix}log.txt", text)

    def _log_end(self, verdict: Verdict) -> None:
        phase, fault = PHASES[verdict.kind].capitalize(), verdict.fault
        if fault is None:
            self._logger.info("%s passed", phase)
        else:
            self._logger.info(
                "%s failed: %s: %s",
                phase,
                fault.error_type,
                fault.message,
                fault=fault.model_dump(mode="json", exclude_none=True),
            )


def _packages(bundle: Bundle) -> dict[str, str]:
    return {f"package {wheel.name}": wheel.requirement for wheel in bundle.manifest.wheels}


def _now() -> datetime:
    return datetime.now(UTC)
