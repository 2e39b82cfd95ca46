"""The table of experiments and the evidence of one."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.browser.deployed_lab import DeployedLab, Visit, until


def test_the_filter_stands_in_the_address_and_survives_a_reload(visit: Visit) -> None:
    page = visit("/experiments?campaign=good")
    rows = page.get_by_role("grid", name="Experiments").get_by_role("row")
    expect(rows).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("good-0002")
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile("q=good-0002"))
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_label("Filter experiments").fill("nothing of that name")
    page.get_by_role("button", name="Clear filters").click()
    expect(rows).to_have_count(3)


def test_matches_are_counted_once_they_are_known(visit: Visit) -> None:
    page = visit("/experiments?campaign=good")
    expect(page.get_by_text("good-0002")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("q=good-0002"), hold)
    with page.expect_request(re.compile("q=good-0002")):
        page.get_by_label("Filter experiments").fill("good-0002")
    count = page.locator("[data-filter]").get_by_text(re.compile(r"\d+ match"))
    expect(page).to_have_url(re.compile("q=good-0002"))
    expect(count).to_have_count(0)
    for route in held:
        route.continue_()
    expect(count.first).to_have_text("1 match")


def test_the_log_of_an_ended_experiment_is_read_once(visit: Visit) -> None:
    page = visit("/progress?campaign=good")
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page = visit("/experiments/good-0001?tab=logs")
    expect(page.get_by_text("PHASE 6: DESIGN NEXT")).to_be_visible()
    with page.expect_request(re.compile("/experiments/good-0001$")):
        page.clock.fast_forward(15_000)
    assert sum("/experiments/good-0001/logs" in url for url in asked) == 1


def test_an_experiment_advances_phase_by_phase(lab: DeployedLab, visit: Visit) -> None:
    lab.open("watched", experiments=0)
    page = visit("/campaign?campaign=watched")
    page.get_by_role("button", name="Run one now").click()
    [one] = until(lambda: lab.target.records.experiments("watched"))
    page.goto(f"{lab.cloud.endpoint_url}/admin/experiments/{one.experiment_id}")
    phases = page.locator("[data-phase]")
    expect(phases).to_have_count(6)
    seen: list[list[str]] = []
    while not seen or set(seen[-1]) != {"succeeded"}:
        shown = phases.evaluate_all("all => all.map((one) => one.dataset.progress)")
        assert "failed" not in shown
        if not seen or shown != seen[-1]:
            seen.append(shown)
        page.wait_for_timeout(100)
    assert len(seen) > 1
    # What has succeeded stays so: the run only goes forward.
    done = [shown.count("succeeded") for shown in seen]
    assert done == sorted(done)
    expect(page.get_by_text("Completed").first).to_be_visible()


def test_curves_and_figures_are_those_of_the_record(
    lab: DeployedLab, visit: Visit, tmp_path: Path
) -> None:
    page = visit("/experiments/good-0001?campaign=good&tab=rd")
    expect(page.get_by_role("img", name=re.compile("against bitrate on moving"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["codec"] == "good-0001"]
    [evaluation] = lab.target.records.evaluations("good-0001")
    assert [(int(row["size_bytes"]), float(row["psnr_y_db"])) for row in rows] == [
        (point.size_bytes, point.psnr_y_db) for point in evaluation.result.points
    ]
    experiment = lab.target.records.experiment("good-0001")
    if experiment.bd_rate_percent is not None:
        shown = f"{experiment.bd_rate_percent:+.2f} %".replace("-", "\u2212")
        expect(page.get_by_text(shown).first).to_be_visible()


def test_frames_are_shown_beside_their_source(visit: Visit) -> None:
    page = visit("/experiments/good-0001?campaign=good&tab=frames")
    page.get_by_text("Side by side").click()
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 64, 48).data]"
    source, decoded = (
        page.get_by_role("img", name=f"{side}, frame 0").evaluate(pixels)
        for side in ("Source", "Decoded")
    )
    differences = [abs(one - other) for one, other in zip(source, decoded, strict=True)]
    assert len(set(source)) > 50, "a flat picture"
    assert 0 < sum(differences) / len(differences) < 20
    page.get_by_text("PSNR map").click()
    expect(page.get_by_role("img", name="PSNR map of frame 0")).to_be_visible()


def test_a_link_to_an_experiment_finds_its_campaign(visit: Visit) -> None:
    page = visit("/experiments/stuck-0001")
    expect(page).to_have_url(re.compile("campaign=stuck"))
    expect(page.get_by_role("region", name="Campaign")).to_contain_text("stuck")


def test_two_experiments_are_compared(visit: Visit) -> None:
    page = visit("/experiments?campaign=good")
    page.get_by_role("checkbox", name="Select good-0001").check(force=True)
    page.get_by_role("checkbox", name="Select good-0002").check(force=True)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("img", name=re.compile("good-0001, good-0002"))).to_be_visible()
    table = page.get_by_role("table", name="Figures")
    expect(table.get_by_role("columnheader")).to_have_count(3)


def test_what_matters_first_is_in_sight(visit: Visit) -> None:
    page = visit("/experiments?campaign=good")
    table = page.get_by_role("grid", name="Experiments")
    for width, headers in (
        (1440, ("BD-rate", "Status", "Human", "Change", "Cost", "Updated")),
        (390, ("Experiment", "BD-rate")),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        for name in headers:
            expect(table.get_by_role("columnheader", name=name)).to_be_in_viewport(ratio=1)


def test_single_figures_say_where_they_hold(visit: Visit) -> None:
    said = re.compile("eans over the development clips at the second lowest quality")
    for path in ("/experiments", "/experiments/good-0001", "/compare?ids=good-0001,good-0002"):
        page = visit(path + ("&" if "?" in path else "?") + "campaign=good")
        expect(page.get_by_text(said)).to_be_visible()


def test_a_completed_experiment_runs_again(lab: DeployedLab, visit: Visit) -> None:
    page = visit("/experiments/good-0002?campaign=good")
    before = lab.target.records.experiment("good-0002")
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("heading", name=f"Phases of run {before.run + 1}")).to_be_visible()
    until(lambda: lab.target.records.experiment("good-0002").status.value == "completed")
    again = lab.target.records.experiment("good-0002")
    assert (again.run, again.candidate_sha256) == (before.run + 1, before.candidate_sha256)
