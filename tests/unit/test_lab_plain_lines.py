"""The lines of a running campaign are those that operators search for, each once."""

from datetime import timedelta

from adapters.campaign_executions import ExecutionEnd
from adapters.execution_history import state_visits
from codec_lab.experiment import Experiment, HumanReason
from codec_lab.phase import Phase, Status
from codec_lab.verdict import Progress
from lab.observation import JOB_STATES, CampaignView, ExperimentView, PauseView, phase_views
from lab.plain_lines import PlainLines
from tests.unit.builders import experiment, rate_point
from tests.unit.histories import BEGIN, HistoryBuilder
from tests.unit.test_lab_observation import deployed, up_to_validation


def view_of(
    history: HistoryBuilder,
    record: Experiment | None = None,
    progress: tuple[tuple[Progress, ...], ...] | None = None,
    pause: PauseView | None = None,
) -> CampaignView:
    visits = state_visits(history.events)
    jobs = sum(visit.state in JOB_STATES for visit in visits)
    now = BEGIN + timedelta(seconds=90)
    one = ExperimentView(
        record or experiment(),
        visits,
        phase_views(visits, now),
        asks_human=False,
        progress=((),) * jobs if progress is None else progress,
    )
    return CampaignView(ExecutionEnd("RUNNING", ""), (one,), pause, now)


def written(*views: CampaignView, wait_scale: float = 0.1) -> list[str]:
    lines: list[str] = []
    with PlainLines(lines.append, BEGIN, wait_scale) as display:
        for view in views:
            display.show(view)
    return lines


def texts(lines: list[str]) -> list[str]:
    return [line.rpartition("  ")[2] for line in lines]


def test_a_whole_run_has_every_phase_line() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation").visit("Execute")
    history.visit("JudgeExecution").visit("Analyze").visit("DesignNext")
    history.visit("Completed", kind="Succeed").end()
    assert texts(written(view_of(history))) == [
        "PHASE 1: DESIGN",
        "PHASE 2: DEPLOY",
        "PHASE 3: VALIDATION",
        "Validation attempt 1/5",
        "PHASE 4: EXECUTION",
        "Execution attempt 1/5",
        "PHASE 5: ANALYSIS",
        "PHASE 6: DESIGN NEXT",
        "EXPERIMENT COMPLETED SUCCESSFULLY",
    ]


def test_lines_begin_with_time_and_name() -> None:
    lines = written(view_of(HistoryBuilder().visit("Begin").enter("Design")))
    assert lines == ["[   0:03] default-0001  PHASE 1: DESIGN"]


def test_a_line_is_written_once() -> None:
    history = up_to_validation()
    first = view_of(history)
    later = view_of(history.exit("Validate").visit("JudgeValidation"))
    assert written(first, later) == written(later)


def test_a_fixed_attempt_is_counted() -> None:
    history = up_to_validation(attempt=2)
    assert texts(written(view_of(history)))[4:] == [
        "JudgeValidation failed: ContractError",
        "FixValidation",
        "Validation attempt 2/5",
    ]


def test_the_replay_of_a_framework_change_is_told() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation")
    history.visit("FixValidation").visit("FrameworkTouched").enter("ReplayFramework")
    assert texts(written(view_of(history)))[-2:] == ["FixValidation", "ReplayFramework"]


def test_a_validation_after_a_fixed_execution_keeps_its_number() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation").visit("Execute")
    history.visit("JudgeExecution").visit("FixExecution").visit("Deploy", deployed(1, 2))
    history.visit("Validate").visit("JudgeValidation").enter("Execute")
    assert texts(written(view_of(history)))[-2:] == [
        "Validation attempt 1/5",
        "Execution attempt 2/5",
    ]


def test_a_question_names_its_reason() -> None:
    reason = HumanReason(
        phase=Phase.VALIDATION,
        reason="All 5 validation attempts failed.",
        error_type="ContractError",
        message="wrong shape",
        attempts=5,
        asked_at=BEGIN,
        execution_arn="arn",
    )
    record = experiment(status=Status.NEEDS_HUMAN, human_intervention_reasons=[reason])
    history = HistoryBuilder().visit("FlagHuman").visit("NotifyHuman").enter("NeedsHuman", "Fail")
    assert texts(written(view_of(history, record))) == [
        "HUMAN INTERVENTION REQUIRED:",
        "- validation: All 5 validation attempts failed.",
    ]


def measured(*points: tuple[int, int, float]) -> tuple[Progress, ...]:
    """Make the progress of a job of 2 points of (quality, bytes, PSNR)."""
    return Progress(done_points=0, total_points=2, at=BEGIN), *(
        Progress(
            done_points=number, total_points=2, at=BEGIN, clip="hall", point=rate_point(*point)
        )
        for number, point in enumerate(points, start=1)
    )


LOW, HIGH = (30, 90, 31.5), (40, 120, 33.5)
LOW_LINE = "rate point 1/2: hall at quality 30: 90 bytes, 4.5 kb/s, PSNR-Y 31.50 dB, SSIM 0.9000"
HIGH_LINE = "rate point 2/2: hall at quality 40: 120 bytes, 6.0 kb/s, PSNR-Y 33.50 dB, SSIM 0.9000"


def test_each_rate_point_is_written_once() -> None:
    history = HistoryBuilder().enter("Execute")
    steps = ((), (LOW,), (LOW,), (LOW, HIGH))
    views = [view_of(history, progress=(measured(*points),)) for points in steps]
    lines = [line for line in texts(written(*views)) if line.startswith("rate point")]
    assert lines == [LOW_LINE, HIGH_LINE]


def test_points_measured_since_the_last_look_come_before_what_followed() -> None:
    history = up_to_validation()
    seen = view_of(history, progress=(measured(LOW),))
    history.exit("Validate").visit("JudgeValidation").visit("ScreenPassed").enter("Execute")
    later = view_of(history, progress=(measured(LOW, HIGH), measured(LOW)))
    assert texts(written(seen, later))[-6:] == [
        "Validation attempt 1/5",
        LOW_LINE,
        HIGH_LINE,
        "PHASE 4: EXECUTION",
        "Execution attempt 1/5",
        LOW_LINE,
    ]


def test_a_pause_names_its_real_and_its_scaled_length() -> None:
    view = view_of(HistoryBuilder(), pause=PauseView(30, BEGIN))
    assert texts(written(view, view)) == ["pause of 30 s (waits 3 s)"]


def test_an_experiment_that_the_screen_stopped_says_why() -> None:
    history = up_to_validation().exit("Validate").visit("JudgeValidation").visit("ScreenPassed")
    history.visit("Analyze").visit("DesignNext").visit("Completed", kind="Succeed").end()
    record = experiment(stop_reason="Stopped after the screen: too bad.")
    lines = texts(written(view_of(history, record)))
    assert not any("EXECUTION" in line for line in lines)
    assert lines[-2:] == [
        "Stopped after the screen: too bad.",
        "EXPERIMENT COMPLETED SUCCESSFULLY",
    ]
