"""What the dashboard is told."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from codec_lab import documents, keys
from codec_lab.campaign import CampaignChanges, Champion, Control, ControlChanges
from codec_lab.candidate import Candidate
from codec_lab.charge import Charge, Reserved, Service, Statement
from codec_lab.clip import ClipRole
from codec_lab.dashboard.cost import cost
from codec_lab.dashboard.diffs import file_diffs
from codec_lab.dashboard.experiment_views import SortOrder
from codec_lab.dashboard.frame_metrics import read_arrays
from codec_lab.dashboard.lineage import MAX_ANCESTORS, MAX_CHILDREN, lineage
from codec_lab.dashboard.listed_experiment import ListedExperiment
from codec_lab.dashboard.mean_bd_rates import mean_bd_rates
from codec_lab.dashboard.progress import MAX_POINTS, progress
from codec_lab.dashboard.roster import Roster
from codec_lab.dashboard.table import Wanted, experiment_page
from codec_lab.errors import ConfigurationError, UnknownRecordError
from codec_lab.experiment import Evaluation, ExperimentChanges, HumanReason
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.prompts import KeptPrompts
from codec_lab.proposal import Mind, Proposal
from codec_lab.state_visit import StateVisit
from codec_lab.verdict import Metric
from tests.unit.builders import NOON, clip_result, experiment, opened

SEED = "f" * 64


def sha(number: int) -> str:
    return f"{number:064x}"


def row(number: int, parent: int | None = None, **changes: Any) -> ListedExperiment:
    return ListedExperiment.model_validate(
        {
            "experiment_id": f"default-{number:04}",
            "run": 1,
            "status": Status.COMPLETED,
            "phase": Phase.DESIGN_NEXT,
            "updated_at": NOON + timedelta(minutes=number),
            "candidate_sha256": sha(number),
            "parent_sha256": SEED if parent is None else sha(parent),
            **changes,
        }
    )


def ids(page: Any) -> list[int]:
    return [item.number for item in page.items]


def test_the_table_is_sorted_and_what_is_missing_comes_last() -> None:
    rows = [
        row(1, bd_rate_percent=5.0),
        row(2),
        row(3, bd_rate_percent=-4.0),
        row(4, bd_rate_percent=0.0),
    ]
    assert ids(experiment_page(Roster(rows), Wanted())) == [4, 3, 2, 1]
    assert ids(experiment_page(Roster(rows), Wanted(sort=SortOrder.BD_RATE))) == [3, 4, 1, 2]
    assert ids(experiment_page(Roster(rows), Wanted(sort=SortOrder.BD_RATE_DOWN))) == [1, 4, 3, 2]
    assert ids(experiment_page(Roster(rows), Wanted(sort=SortOrder.NUMBER))) == [1, 2, 3, 4]


def test_pages_have_true_totals_and_an_end() -> None:
    rows = [row(number) for number in range(1, 121)]
    first = experiment_page(Roster(rows), Wanted(sort=SortOrder.NUMBER))
    last = experiment_page(Roster(rows), Wanted(sort=SortOrder.NUMBER, skip=100))
    assert (len(first.items), first.total, first.next_cursor) == (50, 120, "50")
    assert (ids(last), last.next_cursor) == (list(range(101, 121)), None)


def test_filters_join() -> None:
    rows = [
        row(1, status=Status.NEEDS_HUMAN, phase=Phase.VALIDATION, change="Wider Deblocking."),
        row(2, status=Status.NEEDS_HUMAN, phase=Phase.EXECUTION),
        row(3, status=Status.RUNNING, phase=Phase.VALIDATION),
    ]
    page = experiment_page(Roster(rows), Wanted(status=Status.NEEDS_HUMAN, phase=Phase.VALIDATION))
    assert (ids(page), page.total, page.needs_human) == ([1], 1, 2)
    assert ids(experiment_page(Roster(rows), Wanted(text="deBLOCK"))) == [1]
    assert ids(experiment_page(Roster(rows), Wanted(text="-0003"))) == [3]
    assert experiment_page(Roster(rows), Wanted(text="nothing")).total == 0


def test_progress_keeps_every_best_of_many() -> None:
    rows = [
        row(number, bd_rate_percent=-number / 7 if number % 7 == 0 else 50.0)
        for number in range(1, 10_001)
    ]
    view = progress(rows)
    assert view.total == 10_000
    best = {point.number for point in view.best}
    assert best == {1} | set(range(7, 10_001, 7))
    assert best <= {point.number for point in view.points}
    assert len(view.points) <= MAX_POINTS + len(best)


def test_progress_of_many_shows_where_experiments_stopped() -> None:
    rows = [
        row(number, status=Status.NEEDS_HUMAN if number % 50 == 0 else Status.COMPLETED)
        for number in range(1, 10_001)
    ]
    points = progress(rows).points
    stopped = [point.number for point in points if point.status is Status.NEEDS_HUMAN]
    assert stopped == list(range(50, 10_001, 50))
    others = [point.number for point in points if point.status is Status.COMPLETED]
    assert len(others) == MAX_POINTS // 2
    assert len(progress(rows[:MAX_POINTS]).points) == MAX_POINTS


def test_progress_adds_up_the_cost() -> None:
    rows = [row(2, model_cost_usd=Decimal("0.2")), row(1, model_cost_usd=Decimal("0.1"))]
    assert [point.spent_usd for point in progress(rows).points] == [0.1, 0.3]


def test_lineage_goes_up_to_the_seed_and_down_to_the_best_children() -> None:
    rows = [
        row(1),
        row(2, 1, bd_rate_percent=-1.0),
        row(3, 2),
        row(4, 2, bd_rate_percent=-9.0),
        row(5, 3),
        row(6, bd_rate_percent=1.0),
    ]
    view = lineage(Roster(rows), "default-0002", SEED)
    nodes = {node.node_id: node for node in view.nodes}
    assert list(nodes) == [
        SEED[:12],
        "default-0001",
        "default-0002",
        "default-0004",
        "default-0006",
        "default-0003",
    ]
    assert nodes[SEED[:12]].ghost
    assert nodes[SEED[:12]].name == "The seed"
    assert nodes["default-0002"].parent_id == "default-0001"
    assert nodes["default-0001"].parent_id == nodes["default-0006"].parent_id == SEED[:12]
    assert [node.node_id for node in view.nodes if node.on_path] == [
        SEED[:12],
        "default-0001",
        "default-0002",
    ]


def test_lineage_of_nothing_asked_is_that_of_the_best() -> None:
    rows = [row(1, bd_rate_percent=2.0), row(2, bd_rate_percent=-2.0)]
    assert lineage(Roster(rows), None, None).root_id == "default-0002"
    assert lineage(Roster(), None, None).nodes == ()
    with pytest.raises(UnknownRecordError, match="no experiment 'default-0009'"):
        lineage(Roster(rows), "default-0009", None)


def test_a_parent_without_a_record_is_a_ghost() -> None:
    (ghost, node) = lineage(Roster([row(2, 1)]), None, SEED).nodes
    assert (ghost.ghost, ghost.name) == (True, "A candidate without a record")
    assert node.parent_id == ghost.node_id


def test_a_later_experiment_is_nobodys_parent() -> None:
    rows = [row(1, bd_rate_percent=-1.0), row(2, 1, candidate_sha256=SEED)]
    view = lineage(Roster(rows), None, SEED)
    assert [node.node_id for node in view.nodes] == [SEED[:12], "default-0001", "default-0002"]


def test_of_many_ancestors_the_nearest_are_shown() -> None:
    rows = [row(1), *(row(number, number - 1) for number in range(2, 101))]
    view = lineage(Roster(rows), "default-0100", SEED)
    assert [node.number for node in view.nodes] == list(range(100 - MAX_ANCESTORS, 101))
    assert view.hidden_ancestors == 100 - 1 - MAX_ANCESTORS
    assert view.nodes[0].parent_id == f"default-{100 - MAX_ANCESTORS - 1:04}"
    older = lineage(Roster(rows), view.nodes[0].node_id, SEED)
    assert older.nodes[0].ghost
    assert older.hidden_ancestors == 0


def test_of_many_children_the_best_are_shown() -> None:
    rows = [row(1, bd_rate_percent=-99.0), *(row(n, 1) for n in range(2, 502))]
    view = lineage(Roster(rows), None, None)
    assert len(view.nodes) == 2 + MAX_CHILDREN
    assert view.hidden_children == 500 - MAX_CHILDREN


def test_cost_in_parts(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.update_control("default", ControlChanges(budget_usd=Decimal(10)))
    for number, usd, percent in ((1, 3, 10.0), (2, 1, 2.0)):
        api.records.create_experiment(
            experiment(number, model_cost_usd=Decimal(usd), bd_rate_percent=percent)
        )
    monday, tuesday = date(2026, 1, 5), date(2026, 1, 6)
    control = api.records.control("default")
    for name, day, purpose, usd in (
        ("a", monday, "design", "2.5"),
        ("b", tuesday, "design", "0.5"),
        ("c", tuesday, "fix", "1"),
    ):
        reserved = Reserved(name, Decimal(3), day)
        assert api.ledger.reserve("default", reserved, control)
        tokens = {"input_tokens": 10, "cache_read_tokens": 900, "output_tokens": 20}
        charge = Charge(
            service=Service.CLAUDE,
            purpose=purpose,
            model="claude-opus-5-5",
            usd=Decimal(usd),
            amounts=tokens,
        )
        assert api.ledger.settle("default", reserved, [charge])
    assert api.ledger.reserve("default", Reserved("lost", Decimal("1.5"), tuesday), control)
    view = api.ask("/api/campaigns/default/cost").data
    assert (view["total_usd"], view["reserved_usd"], view["budget_usd"]) == (4.0, 1.5, 10.0)
    assert (view["model_usd"], view["aws_usd"]) == (4.0, None)
    assert view["aws_reason"].startswith("Everything runs on this machine")
    assert view["by_model"] == [
        {
            "role": role,
            "model": "claude-opus-5-5",
            "calls": calls,
            "input_tokens": 10 * calls,
            "cache_write_tokens": 0,
            "cache_read_tokens": 900 * calls,
            "output_tokens": 20 * calls,
            "usd": usd,
        }
        for role, calls, usd in (("design", 2, 3.0), ("fix", 1, 1.0))
    ]
    assert [(one["label"], one["usd"]) for one in view["by_phase"]] == [("design", 3), ("fix", 1)]
    assert [(one["label"], one["usd"]) for one in view["by_day"]] == [
        ("2026-01-05", 2.5),
        ("2026-01-06", 3.0),
    ]
    assert [(one["experiment_id"], one["usd"]) for one in view["dearest"]] == [
        ("default-0001", 3.0),
        ("default-0002", 1.0),
    ]
    assert [(one["label"], one["usd"], one["count"]) for one in view["by_status"]] == [
        ("queued", 4.0, 2)
    ]
    # 4 of 10 dollars are gone and 1.50 may be: at 2 each the rest is enough for two more.
    assert (view["usd_per_experiment"], view["experiments_left"]) == (2.0, 2)
    assert view["usd_per_percent_saved"] == 0.5
    assert api.ask("/api/campaigns/other/cost").status == 404


def test_a_campaign_spends_on_models_and_on_aws(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    for number in (1, 2):
        one = experiment(number)
        api.records.create_experiment(one)
        api.records.add_model_cost(one, Decimal("0.5"))
    api.records.add_aws_cost(one, Decimal("0.25"), "call")
    assert api.ask("/api/campaigns/default").data["spent_usd"] == 1.25
    rows = api.ask("/api/campaigns/default/experiments?sort=number").data["items"]
    assert [row["cost_usd"] for row in rows] == [0.5, 0.75]


def test_the_cost_of_aws_by_service() -> None:
    charges = (
        Charge(
            service=Service.BATCH,
            purpose="validation",
            usd=Decimal("0.02"),
            amounts={"machine_s": 600},
        ),
        Charge(
            service=Service.BATCH,
            purpose="execution",
            usd=Decimal("0.04"),
            amounts={"machine_s": 1200},
        ),
    )
    view = cost(Statement(charges=charges), Control(experiment_limit=1), Roster(), on_aws=True)
    assert (view.model_usd, view.aws_usd, view.aws_reason) == (0.0, 0.06, None)
    (batch,) = view.by_service
    assert (batch.service, batch.count, batch.amounts) == ("batch", 2, {"machine_s": 1800})


def test_a_diff_numbers_the_lines_of_both_sides() -> None:
    old = {"codec.py": "\n".join(f"line {n}" for n in range(1, 21)), "gone.py": "x = 1\n"}
    new = {"codec.py": old["codec.py"].replace("line 10\n", "line ten\n")}
    changed, gone = file_diffs(old, new)
    assert (changed.added, changed.removed) == (1, 1)
    assert [
        (line.kind, line.old, line.new) for line in changed.lines if line.kind != "context"
    ] == [
        ("gap", None, None),
        ("removed", 10, None),
        ("added", None, 10),
    ]
    assert (gone.path, gone.removed) == ("gone.py", 1)
    assert file_diffs(new, new) == ()


def test_frame_metrics_are_read_without_numpy() -> None:
    buffer = io.BytesIO()
    rng = np.random.default_rng(1)
    psnr, ssim = rng.uniform(20, 40, (5, 3)), rng.uniform(0, 1, 5)
    np.savez_compressed(buffer, psnr_db=psnr, ssim_y=ssim)
    arrays = read_arrays(buffer.getvalue())
    assert np.array_equal(np.transpose(arrays["psnr_db"]), psnr)
    assert np.array_equal(arrays["ssim_y"][0], ssim)


def test_what_are_no_frame_metrics_is_refused() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, psnr_db=np.zeros(3, np.float32))
    for data in (b"nothing", buffer.getvalue()):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read_arrays(data)


@pytest.fixture
def measured(api: Any) -> Any:
    """An experiment with a proposal, two clips, and evidence of one rate point."""
    opened(api.records, api.objects, api.clock)
    one = experiment(
        status=Status.COMPLETED,
        phase=Phase.DESIGN_NEXT,
        proposal_key=keys.proposal("default-0001", 1, 1),
        parent_proposal_key=keys.seed("default"),
        candidate_sha256=sha(1),
        bundle_sha256=sha(2),
        execution_arn="arn:aws:states:eu-west-1:123456789012:execution:Experiment:default-0001-1",
        verdict_key="experiments/default-0001/run-1/execute-1/verdict.json",
    )
    api.records.create_experiment(one)
    proposal = Proposal(
        candidate=Candidate(files={"codec.py": "x = 1\n"}),
        limits=Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="Less.",
        hypothesis="Better.",
        hint="Mind the row.",
    )
    documents.save(api.objects, one.proposal_key or "", proposal)
    stem = "experiments/default-0001/run-1/points/b/hall-4f-q40"
    buffer = io.BytesIO()
    np.savez_compressed(buffer, psnr_db=np.full((4, 3), 30.12345), ssim_y=np.full(4, 0.9))
    api.objects.data |= {
        f"{stem}.bin": b"12345",
        f"{stem}.npz": buffer.getvalue(),
        keys.decoded_picture(stem, 3): b"\x89PNG decoded",
        keys.bundle(sha(2)): b"zip",
        one.verdict_key or "": b"{}",
    }
    result = clip_result("hall", {"x265-medium": -3.0})
    points = tuple(
        point.model_copy(update={"bitstream_key": f"{stem}.bin"}) if point.quality == 40 else point
        for point in result.points
    )
    result = result.model_copy(update={"points": points})
    api.objects.data[keys.source_picture(result.clip_sha256, 3)] = b"\x89PNG source"
    api.records.put_evaluation(
        Evaluation(
            experiment_id="default-0001",
            run=1,
            candidate_sha256=sha(1),
            bundle_sha256=sha(2),
            at=NOON,
            result=result,
        )
    )
    return api


def test_the_files_of_an_experiment(measured: Any) -> None:
    files = measured.ask("/api/experiments/default-0001/files").data["files"]
    assert [(file["name"], file["kind"], file["size_bytes"]) for file in files] == [
        ("hall-4f-q40.bin", "bitstream", 5),
        ("hall-4f-q40.npz", "frame_metrics", files[1]["size_bytes"]),
        ("decoder.zip", "decoder", 3),
        ("verdict.json", "verdict", 2),
    ]


def test_an_address_is_signed_for_a_file_of_the_list_alone(measured: Any) -> None:
    path = "/api/experiments/default-0001/files"
    signed = measured.ask(f"{path}/decoder.zip/url").data
    assert signed["url"] == f"https://signed/bundles/{sha(2)}.zip?as=default-0001-decoder.zip"
    assert measured.ask(f"{path}/plan.json/url").status == 404


def test_frames_and_their_pictures(measured: Any) -> None:
    (clip,) = measured.ask("/api/experiments/default-0001/frames").data["clips"]
    assert (clip["picture_quality"], clip["picture_frames"]) == (40, [3])
    (metrics,) = clip["metrics"]
    assert metrics["psnr_y_db"] == [30.123] * 4
    path = "/api/experiments/default-0001/frames/hall/3"
    for side in ("source", "decoded"):
        answered = measured.ask(f"{path}/{side}")
        assert answered.headers["Content-Type"] == "image/png"
        assert answered.raw == b"\x89PNG " + side.encode()
    assert measured.ask("/api/experiments/default-0001/frames/hall/2/source").status == 404
    assert measured.ask("/api/experiments/default-0001/frames/hall/x/source").status == 422


def test_source_diff_and_prompt(measured: Any) -> None:
    source = measured.ask("/api/experiments/default-0001/source").data
    assert source["files"] == {"codec.py": "x = 1\n"}
    diff = measured.ask("/api/experiments/default-0001/diff").data
    assert diff["files"][0]["added"] == 1
    (entry,) = measured.ask("/api/experiments/default-0001/prompt").data["entries"]
    assert (entry["run"], entry["number"], entry["hint"]) == (1, 1, "Mind the row.")
    assert entry["prompt"] is None
    assert entry["prompt_reason"].startswith("The offline mind")


def test_what_a_model_was_told_is_shown_beside_what_it_answered(measured: Any) -> None:
    prompts = KeptPrompts(
        "default-0001", 1, "design", objects=measured.objects, clock=measured.clock
    )
    key = prompts.keep("[user]\nA hint: mind the row.")
    later = prompts.keep("[user]\nAgain.")
    first = keys.proposal("default-0001", 1, 1)
    proposal = documents.load(measured.objects, first, Proposal)
    by_claude = proposal.model_copy(update={"mind": Mind.CLAUDE, "prompt_key": key})
    documents.save(measured.objects, first, by_claude)
    view = measured.ask("/api/experiments/default-0001/prompt").data
    assert [(entry["prompt"], entry["prompt_reason"]) for entry in view["entries"]] == [
        ("[user]\nA hint: mind the row.", None)
    ]
    assert [(other["run"], other["purpose"], other["prompt"]) for other in view["others"]] == [
        (1, "design", "[user]\nAgain.")
    ]
    del measured.objects.data[key], measured.objects.data[later]
    view = measured.ask("/api/experiments/default-0001/prompt").data
    assert view["entries"][0]["prompt_reason"] == "It is no longer kept."
    assert view["others"] == []


def test_why_an_experiment_was_screened_out_is_in_table_and_detail(api: Any) -> None:
    opened(api.records, api.objects, api.clock)
    api.records.create_experiment(experiment(stop_reason="9 points worse."))
    api.records.create_experiment(experiment(2, bd_rate_percent=-55.0, tier="50 % below HEVC"))
    items = api.ask("/api/campaigns/default/experiments?sort=number").data["items"]
    assert [(item["stop_reason"], item["tier"]) for item in items] == [
        ("9 points worse.", None),
        (None, "50 % below HEVC"),
    ]
    detail = api.ask("/api/experiments/default-0001").data
    assert detail["summary"]["stop_reason"] == "9 points worse."


def test_results_carry_the_mean_against_every_anchor(measured: Any) -> None:
    view = measured.ask("/api/experiments/default-0001/results").data
    assert view["results"][0]["clip"] == "hall"
    means = {(mean["anchor"], mean["metric"]): mean for mean in view["means"]}
    mean = means["x265-medium", "psnr_y_db"]
    assert (mean["role"], mean["percent"]) == ("development", -3.0)
    assert (mean["low_percent"], mean["interval_reason"]) == (None, "fewer than 3 clips")


def test_means_keep_development_and_hidden_clips_apart() -> None:
    rates = {"hall": -10.0, "park": -20.0, "city": -30.0, "sea": 4.0, "sky": None}
    results = [
        clip_result(name, {"x265-medium": rate}).model_copy(
            update={"role": ClipRole.HIDDEN if name in ("sea", "sky") else ClipRole.DEVELOPMENT}
        )
        for name, rate in rates.items()
    ]
    shown, hidden = (mean for mean in mean_bd_rates(results) if mean.metric is Metric.PSNR_Y)
    assert (shown.role, shown.percent, shown.interval_reason) == ("development", -20.0, None)
    # Three clips: all ten resamples are known, and 1 in 27 is thrice the lowest.
    assert (shown.low_percent, shown.high_percent) == (-30.0, -10.0)
    assert (hidden.role, hidden.percent) == ("hidden", None)
    assert hidden.interval_reason == "not known on 1 of 2 clips"


def test_a_campaign_names_its_champion_and_why(measured: Any) -> None:
    assert measured.ask("/api/campaigns/default").data["champion"] is None
    champion = Champion(experiment_id="default-0001", candidate_sha256=sha(1), reason="The first.")
    measured.records.update_campaign("default", CampaignChanges(champion=champion))
    assert measured.ask("/api/campaigns/default").data["champion"] == champion.model_dump()


def test_the_history_counts_stays_and_marks_failures(measured: Any) -> None:
    arn = measured.records.experiment("default-0001").execution_arn
    later = NOON + timedelta(seconds=9)
    measured.runs.visited[arn] = (
        StateVisit("Validate", NOON, later, None, ("RoundTripError: no",)),
        StateVisit("FixValidation", later, later, "{}"),
        StateVisit("Validate", later),
    )
    view = measured.ask("/api/experiments/default-0001/history").data
    seen = [(v["state"], v["attempt"], v["progress"], v["phase"]) for v in view["visits"]]
    assert seen == [
        ("Validate", 1, "failed", "validation"),
        ("FixValidation", 1, "succeeded", "validation"),
        ("Validate", 2, "running", "validation"),
    ]
    assert view["execution_url"].startswith("https://eu-west-1.console.aws.amazon.com/states/")


def test_the_states_that_ask_a_person_are_no_failures_of_their_own(measured: Any) -> None:
    arn = measured.records.experiment("default-0001").execution_arn
    later = NOON + timedelta(seconds=9)
    asking = (
        StateVisit("FlagHuman", NOON, later, "{}"),
        StateVisit("NotifyHuman", NOON, later, "{}"),
        StateVisit("NeedsHuman", NOON, later),
    )

    def progress(*visits: StateVisit) -> list[str]:
        measured.runs.visited[arn] = visits
        view = measured.ask("/api/experiments/default-0001/history").data
        return [visit["progress"] for visit in view["visits"]]

    assert progress(*asking) == ["succeeded"] * 3
    lost = StateVisit("FlagHuman", NOON, later, None, ("DynamoDB.ThrottlingException: no",))
    assert progress(lost) == ["failed"]


def test_a_campaign_says_which_bounds_it_has_reached(measured: Any) -> None:
    def reached(**bounds: Any) -> dict[str, str]:
        measured.records.update_control("default", ControlChanges.model_validate(bounds))
        view = measured.ask("/api/campaigns/default").data
        assert {name: view[name] for name in bounds} == bounds
        return {one["bound"]: one["reason"] for one in view["bounds_reached"]}

    measured.records.update_experiment(
        "default-0001", ExperimentChanges(updated_at=NOON, bd_rate_percent=-12.6)
    )
    today = Reserved("r-1", Decimal(2), measured.clock.now().date())
    measured.ledger.reserve("default", today, Control(experiment_limit=0))
    assert reached(experiment_limit=3) == {}
    assert reached(target_bd_rate_percent=-12.7, budget_usd=5, wall_time_limit_s=10**6) == {}
    assert reached(daily_budget_usd=2) == {
        "daily_budget_usd": "The budget of a day of 2 USD is spent."
    }
    assert reached(daily_budget_usd=None, budget_usd=1) == {
        "budget_usd": "The budget of 1 USD is spent."
    }
    assert reached(experiment_limit=0, target_bd_rate_percent=-12.5, wall_time_limit_s=0) == {
        "experiment_limit": "All 0 experiments have been run.",
        "wall_time_limit_s": "The campaign's 0 s are over.",
        "target_bd_rate_percent": (
            "default-0001 has reached the target: BD-rate -12.6 %, -12.5 % was asked for."
        ),
        "budget_usd": "The budget of 1 USD is spent.",
    }


def test_logs_are_asked_from_the_tail(measured: Any) -> None:
    measured.ask("/api/experiments/default-0001/logs?level=ERROR&limit=7&cursor=1767268800000")
    (request,) = measured.logs.asked
    assert (request.containing, request.level, request.limit) == ("default-0001", "ERROR", 7)
    assert request.before == NOON


def test_logs_of_an_ended_experiment_are_read_from_its_end(measured: Any) -> None:
    later = timedelta(days=80)
    measured.clock.time = NOON + later
    reason = HumanReason(
        phase=Phase.EXECUTION,
        reason="All 5 execution attempts failed.",
        error_type="BenchError",
        message="no",
        attempts=5,
        asked_at=NOON + timedelta(hours=2),
        execution_arn="arn:x",
    )
    update = measured.records.update_experiment

    def tail() -> timedelta:
        measured.ask("/api/experiments/default-0001/logs")
        before: datetime = measured.logs.asked[-1].before
        return before - NOON

    assert tail() == timedelta(minutes=5)
    for status in (Status.QUEUED, Status.RUNNING):
        update("default-0001", ExperimentChanges(updated_at=NOON, status=status))
        assert tail() > later
    measured.records.flag_human(measured.records.experiment("default-0001"), reason)
    assert tail() == timedelta(hours=2, minutes=5)
    update("default-0001", ExperimentChanges(updated_at=NOON + later, status=Status.ABANDONED))
    assert tail() == timedelta(hours=2, minutes=5)


def test_what_has_not_changed_is_304(measured: Any) -> None:
    first = measured.ask("/api/campaigns/default/experiments")
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    packed = measured.ask(
        "/api/campaigns/default/experiments", headers={"accept-encoding": "gzip, br"}
    )
    assert packed.headers["ETag"] == etag
    again = measured.ask("/api/campaigns/default/experiments", headers={"if-none-match": etag})
    assert (again.status, again.raw) == (304, b"")
    measured.records.create_experiment(experiment(2))
    new = measured.ask("/api/campaigns/default/experiments", headers={"if-none-match": etag})
    assert (new.status, new.data["total"]) == (200, 2)


def test_a_full_page_is_small(measured: Any) -> None:
    for number in range(2, 60):
        change = f"Changes parameter {number} from {number / 7} to {number / 3} in the deblocking."
        measured.records.create_experiment(
            experiment(number, change=change, bd_rate_percent=number / 7, psnr_y_db=number / 3)
        )
    page = measured.ask(
        "/api/campaigns/default/experiments?limit=50", headers={"accept-encoding": "gzip"}
    )
    assert page.headers["Content-Encoding"] == "gzip"
    assert len(page.data["items"]) == 50
    assert len(page.raw) < 10_000


def test_what_a_model_wrote_is_text_in_json(measured: Any) -> None:
    script = "</script><script>alert(1)</script>"
    measured.records.create_experiment(experiment(2, change=script))
    answered = measured.ask("/api/experiments/default-0002")
    assert answered.data["change"] == script
    assert answered.headers["Content-Type"] == "application/json"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    ["status=lost", "sort=name", "limit=0", "limit=101", "cursor=-1", "cursor=x", "q=" + "x" * 101],
)
def test_a_question_that_makes_no_sense_is_refused(measured: Any, query: str) -> None:
    answered = measured.ask(f"/api/campaigns/default/experiments?{query}")
    assert (answered.status, answered.data["error"]) == (422, "invalid")


def test_health_counts_where_experiments_stop(measured: Any) -> None:
    measured.records.create_experiment(
        experiment(2, status=Status.ABANDONED, phase=Phase.VALIDATION)
    )
    view = measured.ask("/api/campaigns/default/health").data
    phases = {one["phase"]: (one["experiments"], one["stopped"]) for one in view["phases"]}
    assert phases["validation"] == (2, 1)
    assert phases["execution"] == (1, 0)
    assert (view["jobs_waiting"], view["jobs_running"]) == (1, 2)
