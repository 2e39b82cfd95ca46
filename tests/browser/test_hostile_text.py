"""What a model, a candidate or a person wrote is shown as it was written, and does nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from codec_lab.campaign import Campaign, Control
from codec_lab.experiment import Attempt, Experiment, HumanReason
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Mind
from codec_lab.verdict import Fault
from lab import one_machine
from lab.target import Target
from local.cloud import OneMachineCloud
from local.settings import CloudSettings

MARKUP = """<img src=x onerror="hostile=1"><script>hostile=1</script>'"${hostile}{{hostile}}"""
NAME = "default-0001"
DETAIL = f"/experiments/{NAME}"
PAGES = {
    "/progress": True,  # the goal
    "/experiments": True,  # the name
    f"{DETAIL}?tab=run": True,
    f"{DETAIL}?tab=code": False,
    f"{DETAIL}?tab=rd": False,
    f"{DETAIL}?tab=frames": False,
    f"{DETAIL}?tab=logs": True,
    f"/compare?ids={NAME}": False,
    "/lineage": False,
    "/campaign": False,
    "/cost": False,
    "/health": False,
}
"""Every page, and whether it must show something hostile."""


def write(target: Target) -> None:
    """Write hostile words wherever words are kept."""
    now = datetime.now(UTC)
    target.records.create_campaign(
        Campaign(
            campaign_id="default",
            goal=MARKUP,
            mind=Mind.CLAUDE,
            limits=Limits(),
            hard_limits=Limits(),
            created_at=now,
            experiment_count=1,
        ),
        Control(experiment_limit=1),
    )
    one = Experiment(
        experiment_id=NAME,
        campaign_id="default",
        number=1,
        status=Status.RUNNING,
        phase=Phase.VALIDATION,
        created_at=now,
        updated_at=now,
        mind=Mind.CLAUDE,
        change=MARKUP,
        hypothesis=MARKUP,
        analysis=MARKUP,
        hint=MARKUP,
        bd_rate_percent=-1.0,
    )
    target.records.create_experiment(one)
    target.records.put_attempt(
        Attempt(
            experiment_id=NAME,
            run=1,
            phase=Phase.VALIDATION,
            attempt=1,
            at=now,
            passed=False,
            fault=Fault(error_type="RoundTripError", message=MARKUP),
        )
    )
    target.records.flag_human(
        one,
        HumanReason(
            phase=Phase.VALIDATION,
            reason=MARKUP,
            error_type="RoundTripError",
            message=MARKUP,
            attempts=5,
            asked_at=now,
            execution_arn="arn:x",
        ),
    )
    groups = target.logs.describe_log_groups()["logGroups"]
    group = next(one["logGroupName"] for one in groups if "DesignLog" in one["logGroupName"])
    line = {"level": "ERROR", "message": f"{NAME} {MARKUP}"}
    target.logs.create_log_stream(logGroupName=group, logStreamName="hostile")
    target.logs.put_log_events(
        logGroupName=group,
        logStreamName="hostile",
        logEvents=[{"timestamp": int(1000 * time.time()), "message": json.dumps(line)}],
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneMachineCloud]:
    settings = CloudSettings(state_dir=tmp_path_factory.mktemp("hostile"), port=0)
    with OneMachineCloud(settings) as made:
        one_machine.deploy(made)
        write(one_machine.target_of(made))
        yield made


@pytest.fixture(scope="module")
def page(cloud: OneMachineCloud, browser: Browser) -> Page:
    signed_in = browser.new_page(viewport={"width": 1440, "height": 900})
    signed_in.set_default_timeout(20_000)
    signed_in.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    signed_in.goto(cloud.dashboard_url)
    signed_in.get_by_role("heading", level=1).wait_for()
    return signed_in


def check_that_it_is_text(page: Page) -> None:
    assert page.evaluate("typeof hostile") == "undefined"
    assert page.locator("img[src='x'], script:not([src])").count() == 0


@pytest.mark.parametrize("path", PAGES)
def test_hostile_words_are_words(cloud: OneMachineCloud, page: Page, path: str) -> None:
    page.goto(f"{cloud.endpoint_url}/admin{path}")
    page.get_by_role("heading", level=1).wait_for()
    if PAGES[path]:
        expect(page.get_by_text("<script>hostile=1</script>").first).to_be_visible(timeout=20_000)
    else:
        page.wait_for_load_state("networkidle")
    check_that_it_is_text(page)


def test_a_question_to_a_person_is_words(cloud: OneMachineCloud, page: Page) -> None:
    page.goto(f"{cloud.endpoint_url}/admin/experiments")
    page.get_by_role("button", name=f"Human needed: {NAME}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("<script>hostile=1</script>").first).to_be_visible(timeout=20_000)
    dialog.get_by_label("Hint for the mind").fill(MARKUP)
    page.reload()
    page.get_by_role("heading", level=1).wait_for()
    check_that_it_is_text(page)
