"""One experiment in full: its record, every state of its run, attempts, fixes, measurements."""

from datetime import datetime
from typing import Protocol, Self

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from codec_lab.experiment import Attempt, Evaluation, Experiment, HumanReason
from codec_lab.fixing import FRAMEWORK_TOOLS
from codec_lab.measurements import results_of
from codec_lab.model import Model
from codec_lab.ports import Records
from codec_lab.state_visit import StateVisit
from lab.results import experiment_result, metric_table, rate_point_table
from lab.wording import percent, short


class Histories(Protocol):
    """Tells what an execution did."""

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        """Give every state visited so far."""


class Visit(Model):
    """A stay in a state of the experiment's state machine."""

    state: str
    entered_at: datetime
    exited_at: datetime | None
    output: str | None
    failures: tuple[str, ...]


class ExperimentReport(Model):
    """Everything that is known of an experiment.

    Attributes
    ----------
    visits : tuple of Visit
        The states of its current run.
    """

    experiment: Experiment
    visits: tuple[Visit, ...]
    attempts: tuple[Attempt, ...]
    evaluations: tuple[Evaluation, ...]

    @classmethod
    def read(cls, records: Records, histories: Histories, experiment_id: str) -> Self:
        """Read an experiment.

        Raises
        ------
        ConfigurationError
            If there is no such experiment.
        """
        experiment = records.experiment(experiment_id)
        arn = experiment.execution_arn
        visits = histories.visits(arn) if arn is not None else ()
        return cls(
            experiment=experiment,
            visits=tuple(Visit.model_validate(visit._asdict()) for visit in visits),
            attempts=tuple(records.attempts(experiment_id)),
            evaluations=tuple(records.evaluations(experiment_id)),
        )

    def render(self) -> RenderableType:
        """Make the picture for a terminal."""
        results = results_of(self.evaluations, self.experiment.candidate_sha256)
        parts: list[RenderableType] = [experiment_result(self.experiment, results)]
        if self.experiment.screen_bd_rate_percent is not None:
            screen = percent(self.experiment.screen_bd_rate_percent)
            parts.append(Text(f"  BD-rate on the screen: {screen}"))
        if self.experiment.framework_version:
            version = self.experiment.framework_version
            parts.append(Text(f"  framework: version {version}; lab framework tells of it"))
        if self.experiment.hypothesis:
            parts.append(Text(f"  hypothesis: {self.experiment.hypothesis}"))
        if self.experiment.analysis and not self.experiment.stop_reason:
            parts.append(Text(f"  analysis: {self.experiment.analysis}"))
        parts += [rate_point_table(result) for result in results]
        if results:
            parts.append(metric_table(results))
        if self.visits:
            parts.append(self._state_table())
        if self.attempts:
            parts.append(self._attempt_table())
        parts += [_question(reason) for reason in self.experiment.human_intervention_reasons]
        return Group(*parts)

    def _state_table(self) -> Table:
        table = Table(
            title=f"States of run {self.experiment.run}, {self.experiment.execution_arn}",
            title_justify="left",
            title_style="dim",
        )
        for name in ("state", "entered", "seconds", "failed tries"):
            table.add_column(name, overflow="fold")
        for visit in self.visits:
            end = visit.exited_at
            seconds = f"{(end - visit.entered_at).total_seconds():.2f}" if end else "under way"
            entered = f"{visit.entered_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(visit.state, entered, seconds, "\n".join(visit.failures))
        return table

    def _attempt_table(self) -> Table:
        table = Table(title="Attempts", title_justify="left", title_style="dim")
        for name in ("run", "phase", "attempt", "bundle", "outcome", "fix"):
            table.add_column(name, overflow="fold")
        for attempt in self.attempts:
            fault = attempt.fault
            outcome = "passed" if attempt.passed else "failed"
            if fault is not None:
                outcome = f"{fault.error_type}: {fault.message}"
            table.add_row(
                str(attempt.run),
                attempt.phase,
                str(attempt.attempt),
                short(attempt.bundle_sha256),
                outcome,
                _fix(attempt),
            )
        return table


def _fix(attempt: Attempt) -> str:
    lines = [attempt.fix_reason or ""]
    if attempt.fix_tool in FRAMEWORK_TOOLS:
        lines = [f"{attempt.fix_tool}: {lines[0]}", attempt.fix_outcome or "It is being replayed."]
        lines.append(attempt.fix_diff or "")
    refused = (f"refused: {why}" for why in attempt.rejected_fixes)
    return "\n".join(filter(None, (*refused, *lines)))


def _question(reason: HumanReason) -> RenderableType:
    asked_at = f"{reason.asked_at:%Y-%m-%d %H:%M:%S}"
    lines = [
        f"A person was asked in {reason.phase}, {asked_at}: {reason.reason}",
        f"  {reason.error_type}: {reason.message}",
        *(f"  fix {fix.attempt} ({fix.tool}): {fix.reason}" for fix in reason.fixes),
    ]
    return Text("\n".join(lines))
