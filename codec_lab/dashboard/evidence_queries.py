"""What is asked about an experiment's evidence: source, prompts, files, frames and logs."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from codec_lab import documents, keys
from codec_lab.clip import ClipRole
from codec_lab.dashboard.diffs import file_diffs
from codec_lab.dashboard.evidence_files import (
    StoredFile,
    evidence_files,
    point_stems,
    sizes_beside,
)
from codec_lab.dashboard.evidence_views import (
    ClipFrames,
    DiffView,
    FileList,
    FrameMetrics,
    FramesView,
    LogLevel,
    LogPage,
    OtherPrompt,
    PictureSide,
    PromptEntry,
    PromptView,
    SignedUrl,
    SourceView,
)
from codec_lab.dashboard.experiment_queries import ExperimentQueries
from codec_lab.dashboard.frame_metrics import read_arrays
from codec_lab.dashboard.ports import Evidence, LogRequest, Logs
from codec_lab.errors import UnknownRecordError
from codec_lab.experiment import Experiment
from codec_lab.measurements import current_results
from codec_lab.phase import STOPPED, Status
from codec_lab.ports import Clock, Records
from codec_lab.prompts import PromptName
from codec_lab.proposal import Mind, Proposal
from codec_lab.source_diffs import unified_diff
from codec_lab.verdict import ClipResult

URL_LIFETIME_S = 300
"""Time enough to begin a download."""

_LOG_DELAY = timedelta(minutes=5)
"""After an experiment's end its last lines have been written."""

_PROPOSAL = re.compile(r"run-(\d+)/proposal-(\d+)\.json$")


class EvidenceQueries:
    """Answers about one experiment's evidence.

    Parameters
    ----------
    records, objects, logs, clock
        Where to look.
    experiments : ExperimentQueries
        Names parents.
    """

    def __init__(
        self,
        *,
        records: Records,
        objects: Evidence,
        logs: Logs,
        clock: Clock,
        experiments: ExperimentQueries,
    ) -> None:
        self._records = records
        self._objects = objects
        self._logs = logs
        self._clock = clock
        self._experiments = experiments

    def source(self, experiment_id: str) -> SourceView:
        """Show the source in force."""
        candidate = self._proposal(self._records.experiment(experiment_id)).candidate
        return SourceView(
            candidate_sha256=candidate.sha256,
            files=candidate.files,
            packages=tuple(candidate.requirements),
        )

    def diff(self, experiment_id: str) -> DiffView:
        """Show the source in force against its parent's."""
        experiment = self._records.experiment(experiment_id)
        new = self._proposal(experiment).candidate.files
        old: dict[str, str] = {}
        if experiment.parent_proposal_key is not None:
            key = experiment.parent_proposal_key
            old = documents.load(self._objects, key, Proposal).candidate.files
        return DiffView(
            parent_id=self._experiments.parent_id(experiment),
            parent_sha256=experiment.parent_sha256,
            files=file_diffs(old, new),
            unified=unified_diff(old, new),
        )

    def prompt(self, experiment_id: str) -> PromptView:
        """Show every answer of a mind, in order."""
        self._records.experiment(experiment_id)
        stored = self._objects.sizes(f"experiments/{experiment_id}/run-")
        proposals = {
            (int(numbers[1]), int(numbers[2])): documents.load(self._objects, key, Proposal)
            for key in stored
            if (numbers := _PROPOSAL.search(key))
        }
        shown = {proposal.prompt_key for proposal in proposals.values()}
        return PromptView(
            entries=tuple(
                self._prompt_entry(run, number, proposal)
                for (run, number), proposal in sorted(proposals.items(), key=lambda one: one[0])
            ),
            others=tuple(
                OtherPrompt(run=name.run, at=name.at, purpose=name.purpose, prompt=self._text(key))
                for key in sorted(stored)
                if key not in shown and (name := PromptName.of(key)) is not None
            ),
        )

    def logs(
        self, experiment_id: str, level: LogLevel, before: datetime | None, limit: int
    ) -> LogPage:
        """Show the latest lines before a moment."""
        experiment = self._records.experiment(experiment_id)
        before = before or self._clock.now() + timedelta(seconds=1)
        if (ended_at := _ended_at(experiment)) is not None:
            # The search walks back, and the end may be months ago.
            before = min(before, ended_at + _LOG_DELAY)
        return self._logs.page(
            LogRequest(
                containing=experiment_id,
                level=level,
                since=experiment.created_at - timedelta(minutes=1),
                before=before,
                limit=limit,
            )
        )

    def files(self, experiment_id: str) -> FileList:
        """List what can be downloaded."""
        return FileList(files=tuple(stored.file for stored in self._stored(experiment_id)))

    def file_url(self, experiment_id: str, name: str) -> SignedUrl:
        """Give the address of a file of the list."""
        for key, file in self._stored(experiment_id):
            if file.name == name:
                return self._objects.signed_url(key, f"{experiment_id}-{name}", URL_LIFETIME_S)
        raise UnknownRecordError(f"{experiment_id} has no file {name!r}.")

    def frames(self, experiment_id: str) -> FramesView:
        """Show the quality of each frame, and of which there are pictures."""
        results = current_results(self._records, self._records.experiment(experiment_id))
        stems = [stem for _, _, stem in point_stems(results)]
        stored = sizes_beside(stems, self._objects).keys()
        return FramesView(clips=tuple(self._clip_frames(result, stored) for result in results))

    def picture(self, experiment_id: str, clip: str, index: int, side: PictureSide) -> bytes:
        """Give a picture as PNG."""
        results = current_results(self._records, self._records.experiment(experiment_id))
        for result, _, stem in point_stems(results):
            decoded = keys.decoded_picture(stem, index)
            if result.clip == clip and self._objects.exists(decoded):
                source = keys.source_picture(result.clip_sha256, index)
                return self._objects.get(source if side is PictureSide.SOURCE else decoded)
        raise UnknownRecordError(f"{experiment_id} has no picture of frame {index} of {clip!r}.")

    def _prompt_entry(self, run: int, number: int, proposal: Proposal) -> PromptEntry:
        key = proposal.prompt_key
        is_kept = key is not None and self._objects.exists(key)
        reason = None
        if proposal.mind is Mind.OFFLINE:
            reason = "The offline mind searches and follows rules: it is told no prompt."
        elif not is_kept:
            reason = "It is no longer kept." if key else "None was kept."
        return PromptEntry(
            run=run,
            number=number,
            mind=proposal.mind,
            model=proposal.model,
            cost_usd=float(proposal.model_cost_usd),
            change=proposal.change,
            hypothesis=proposal.hypothesis,
            hint=proposal.hint,
            prompt=self._text(key) if key is not None and is_kept else None,
            prompt_reason=reason,
        )

    def _text(self, key: str) -> str:
        return self._objects.get(key).decode()

    def _proposal(self, experiment: Experiment) -> Proposal:
        if experiment.proposal_key is None:
            raise UnknownRecordError(f"{experiment.experiment_id} has no source yet.")
        return documents.load(self._objects, experiment.proposal_key, Proposal)

    def _clip_frames(self, result: ClipResult, stored: Collection[str]) -> ClipFrames:
        metrics = []
        pictures: dict[int, tuple[int, ...]] = {}
        for _, quality, stem in point_stems([result]):
            if frames := _pictured(stem, stored):
                pictures[quality] = frames
            if f"{stem}.npz" in stored:
                arrays = read_arrays(self._objects.get(f"{stem}.npz"))
                metrics.append(
                    FrameMetrics(
                        quality=quality,
                        psnr_y_db=_rounded(arrays["psnr_db"][0], 3),
                        ssim_y=_rounded(arrays["ssim_y"][0], 5),
                    )
                )
        shown = next(iter(pictures), None)
        return ClipFrames(
            clip=result.clip,
            hidden=result.role is ClipRole.HIDDEN,
            width=result.width,
            height=result.height,
            frame_count=result.frame_count,
            fps=result.fps,
            metrics=tuple(metrics),
            picture_quality=shown,
            picture_frames=() if shown is None else pictures[shown],
        )

    def _stored(self, experiment_id: str) -> list[StoredFile]:
        experiment = self._records.experiment(experiment_id)
        return evidence_files(experiment, current_results(self._records, experiment), self._objects)


def _ended_at(experiment: Experiment) -> datetime | None:
    """Say when the last run came to its end; None while it goes on."""
    if experiment.status in STOPPED:  # it asked a person; who gave it up perhaps much later
        asked = (reason.asked_at for reason in experiment.human_intervention_reasons)
        return max(asked, default=experiment.updated_at)
    return experiment.updated_at if experiment.status is Status.COMPLETED else None


def _pictured(stem: str, stored: Collection[str]) -> tuple[int, ...]:
    prefix = keys.decoded_picture(stem, None)
    found = (key.removeprefix(prefix) for key in stored if key.startswith(prefix))
    return tuple(sorted(int(name.removesuffix(".png")) for name in found))


def _rounded(values: tuple[float, ...], digits: int) -> tuple[float, ...]:
    return tuple(round(value, digits) for value in values)
