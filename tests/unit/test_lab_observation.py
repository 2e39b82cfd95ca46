"""What is shown of a campaign follows from its histories and records."""

from datetime import UTC, datetime, timedelta

from adapters.campaign_executions import ExecutionEnd
from adapters.execution_history import state_visits
from codec_lab import keys
from codec_lab.events import DeployResult
from codec_lab.job import JobKind, JobSpec
from codec_lab.phase import Phase, Status
from codec_lab.state_visit import StateVisit
from codec_lab.verdict import Progress
from lab.observation import PROGRESS, Observer, PhaseState, phase_views
from tests.fakes import ManualClock, MemoryObjects, MemoryRecords
from tests.unit.builders import experiment, rate_point
from tests.unit.histories import HistoryBuilder

NOW = datetime(2026, 1, 1, 13, tzinfo=UTC)
SHA = "a" * 64


def job(kind: JobKind, attempt: int = 1) -> JobSpec:
    return JobSpec(
        kind=kind,
        experiment_id="default-0001",
        run=1,
        attempt=attempt,
        candidate_sha256=SHA,
        bundle_sha256=SHA,
        bundle_key="b",
        plan_key="p",
        output_prefix=keys.job("default-0001", 1, kind, attempt),
        points_prefix=keys.points("default-0001", 1, "0" * 64),
    )


def shards(attempt: int = 1) -> tuple[JobSpec, JobSpec]:
    whole = job(JobKind.EXECUTE, attempt)
    first, second = (
        whole.model_copy(update={"output_prefix": keys.shard(whole.output_prefix, number)})
        for number in (1, 2)
    )
    return first, second


def deployed(validation: int = 1, execution: int = 1) -> object:
    result = DeployResult(
        validation=job(JobKind.VALIDATE, validation),
        execution=job(JobKind.EXECUTE, execution),
        shards=shards(execution),
    )
    return result.model_dump(mode="json")


def up_to_validation(attempt: int = 1) -> HistoryBuilder:
    history = HistoryBuilder().visit("Begin").visit("ResumeFrom").visit("Design")
    for number in range(1, attempt):
        history.visit("Deploy", deployed(number)).visit("Validate").enter("JudgeValidation")
        history.fail("ContractError").exit("JudgeValidation")
        history.visit("ValidationAttemptsLeft").visit("FixValidation")
    return history.visit("Deploy", deployed(attempt)).enter("Validate")


def states(history: HistoryBuilder) -> list[PhaseState]:
    return [view.state for view in phase_views(state_visits(history.events), NOW)]


def test_nothing_has_begun_before_the_first_state() -> None:
    assert set(states(HistoryBuilder())) == {PhaseState.WAITING}


def test_phases_before_the_current_are_done_and_later_ones_wait() -> None:
    done, running, waiting = PhaseState.DONE, PhaseState.RUNNING, PhaseState.WAITING
    assert states(up_to_validation()) == [done, done, running, waiting, waiting, waiting]


def test_every_phase_is_done_at_the_end() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation").visit("Execute")
    history.visit("JudgeExecution").visit("Analyze").visit("DesignNext")
    history.visit("Completed", kind="Succeed").end()
    assert set(states(history)) == {PhaseState.DONE}


def test_a_flagged_run_failed_where_it_stopped() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation")
    history.visit("FlagHuman").visit("NotifyHuman").enter("NeedsHuman").end("ExecutionFailed")
    assert states(history)[2:4] == [PhaseState.FAILED, PhaseState.WAITING]


def test_attempts_are_those_of_the_deployed_job() -> None:
    views = phase_views(state_visits(up_to_validation(attempt=3).events), NOW)
    assert views[Phase.VALIDATION.number - 1].attempt == 3


def test_a_retried_design_counts_its_tries() -> None:
    history = HistoryBuilder().enter("Design").fail("DesignRejectedError").fail("States.Timeout")
    views = phase_views(state_visits(history.events), NOW)
    assert views[Phase.DESIGN.number - 1].attempt == 3
    views = phase_views(state_visits(history.exit("Design", {"change": "x"}).events), NOW)
    assert views[Phase.DESIGN.number - 1].attempt == 3


def test_a_design_that_gave_up_has_no_further_try() -> None:
    history = HistoryBuilder().enter("Design").fail("ModelRefusedError").exit("Design")
    views = phase_views(state_visits(history.visit("FlagHuman").events), NOW)
    assert views[Phase.DESIGN.number - 1].attempt == 1


def test_times_of_a_phase_add_up_over_its_visits() -> None:
    views = phase_views(state_visits(up_to_validation(attempt=2).exit("Validate").events), NOW)
    # Validate, ValidationAttemptsLeft, FixValidation, Validate: 1 s each; JudgeValidation 2 s.
    assert views[Phase.VALIDATION.number - 1].elapsed_s == 6


class KnownExecutions:
    def __init__(self, histories: dict[str, HistoryBuilder], status: str = "RUNNING") -> None:
        self.histories, self.status = histories, status

    def end(self, execution_arn: str) -> ExecutionEnd:
        return ExecutionEnd(self.status, execution_arn)

    def visits(self, execution_arn: str) -> tuple[StateVisit, ...]:
        return state_visits(self.histories[execution_arn].events)


def choice(number: int, run: int = 1) -> object:
    experiment_id = f"default-{number:04}"
    return {"action": "run", "experiment_id": experiment_id, "run": run, "reason": ""}


def observer(
    campaign: HistoryBuilder, *runs: HistoryBuilder, objects: MemoryObjects | None = None
) -> Observer:
    records = MemoryRecords()
    histories = {"campaign": campaign}
    for number, history in enumerate(runs, start=1):
        arn = f"run-{number}"
        records.create_experiment(experiment(number, status=Status.RUNNING, execution_arn=arn))
        histories[arn] = history
    executions = KnownExecutions(histories)
    return Observer(records, objects or MemoryObjects(), executions, ManualClock(), "campaign")


def test_a_running_job_shows_what_it_has_measured() -> None:
    objects = MemoryObjects()
    progress = Progress(
        done_points=2, total_points=12, at=NOW, clip="hall", point=rate_point(40, 90, 31)
    )
    objects.put(job(JobKind.VALIDATE).progress_key, PROGRESS.dump_json((progress,)))
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).enter("RunExperiment")
    [view] = observer(campaign, up_to_validation(), objects=objects).look().experiments
    assert view.progress == ((progress,),)
    assert view.current_progress == (progress,)
    assert not view.asks_human


def measured_at(at: datetime, size_bytes: int) -> Progress:
    point = rate_point(40, size_bytes, 31)
    return Progress(done_points=1, total_points=1, at=at, clip="hall", point=point)


def test_each_attempt_keeps_what_it_measured_after_its_end() -> None:
    objects = MemoryObjects()
    history = up_to_validation(attempt=2).exit("Validate").enter("JudgeValidation")
    first, second = (
        measured_at(visit.entered_at, size_bytes)
        for visit, size_bytes in zip(validations(history), (90, 80), strict=True)
    )
    for attempt, step in ((1, first), (2, second)):
        objects.put(job(JobKind.VALIDATE, attempt).progress_key, PROGRESS.dump_json((step,)))
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).enter("RunExperiment")
    [view] = observer(campaign, history, objects=objects).look().experiments
    assert view.progress == ((first,), (second,))
    assert view.current_progress == ()


def test_a_validation_that_runs_again_has_measured_nothing_yet() -> None:
    objects = MemoryObjects()
    history = up_to_validation().exit("Validate").visit("JudgeValidation").visit("Execute")
    history.visit("JudgeExecution").visit("FixExecution").visit("Deploy", deployed(1, 2))
    history.enter("Validate")
    [before, again] = validations(history)
    first = measured_at(before.entered_at, 90)
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).enter("RunExperiment")
    key = job(JobKind.VALIDATE).progress_key

    objects.put(key, PROGRESS.dump_json((first,)))
    [view] = observer(campaign, history, objects=objects).look().experiments
    assert view.progress == ((first,), (), ())

    second = measured_at(again.entered_at, 80)
    objects.put(key, PROGRESS.dump_json((second,)))
    [view] = observer(campaign, history, objects=objects).look().experiments
    assert view.progress == ((), (), (second,))


def validations(history: HistoryBuilder) -> list[StateVisit]:
    return [visit for visit in state_visits(history.events) if visit.state == "Validate"]


def test_shards_that_run_side_by_side_are_counted_as_one() -> None:
    objects = MemoryObjects()
    started, later, last = (NOW + timedelta(seconds=number) for number in range(3))
    for shard, clip, moments in zip(
        shards(), ("hall", "park"), ((started, last), (later,)), strict=True
    ):
        steps = [Progress(done_points=0, total_points=4, at=NOW)]
        steps += [
            Progress(
                done_points=number,
                total_points=4,
                at=at,
                clip=clip,
                point=rate_point(20 + 10 * number, 90 * number, 31),
            )
            for number, at in enumerate(moments, start=1)
        ]
        objects.put(shard.progress_key, PROGRESS.dump_json(tuple(steps)))
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).enter("RunExperiment")
    history = up_to_validation().exit("Validate").visit("JudgeValidation").enter("Execute", "Map")
    history.enter("ExecuteShard").enter("ExecuteShard")
    [view] = observer(campaign, history, objects=objects).look().experiments
    assert [step.done_points for step in view.current_progress] == [0, 1, 2, 3]
    assert {step.total_points for step in view.current_progress} == {8}
    assert [step.clip for step in view.current_progress] == [None, "hall", "park", "hall"]


def test_a_job_without_measurements_has_no_progress() -> None:
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).enter("RunExperiment")
    [view] = observer(campaign, up_to_validation()).look().experiments
    assert view.progress == ((),)


def test_experiments_come_in_the_order_they_were_chosen() -> None:
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).visit("RunExperiment")
    campaign.visit("RecordOutcome", {"pause_s": 10, "failures_in_a_row": 0})
    campaign.visit("ChooseExperiment", choice(2)).enter("RunExperiment")
    done = up_to_validation().exit("Validate")
    view = observer(campaign, done, HistoryBuilder()).look()
    assert [one.experiment.number for one in view.experiments] == [1, 2]


def test_a_stop_is_no_experiment() -> None:
    campaign = HistoryBuilder().visit("ChooseExperiment", {"action": "stop", "reason": "paused"})
    assert observer(campaign).look().experiments == ()


def test_the_pause_has_its_real_length() -> None:
    campaign = HistoryBuilder().visit("ChooseExperiment", choice(1)).visit("RunExperiment")
    campaign.visit("RecordOutcome", {"pause_s": 30, "failures_in_a_row": 1}).enter("Pause", "Wait")
    pause = observer(campaign, HistoryBuilder()).look().pause
    assert pause is not None
    assert pause.pause_s == 30
