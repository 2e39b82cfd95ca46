"""The dashboard: how it is served, and what its page makes of values."""

import json
import re
import subprocess
from typing import Any

import pytest

from infra.paths import REPOSITORY_ROOT
from tests.infrastructure.templates import Assembly, flat

PAGE = REPOSITORY_ROOT / "dashboard" / "status"
PATHS = (REPOSITORY_ROOT / "infra" / "admin_paths.js").read_text()


def node(script: str) -> Any:
    """Run a module that prints JSON."""
    finished = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(finished.stdout)


def formatted(*expressions: str) -> list[Any]:
    """Evaluate expressions with what ``format.js`` exports."""
    address = (PAGE / "format.js").as_uri()
    return list(
        node(
            f"const f = await import('{address}').catch(() => null);"
            f"console.log(JSON.stringify([{', '.join(expressions)}]));"
        )
    )


def behavior(assembly: Assembly) -> dict[str, Any]:
    distribution = assembly.one("AWS::CloudFront::Distribution")
    found: dict[str, Any] = distribution["DistributionConfig"]["DefaultCacheBehavior"]
    return found


def test_the_site_is_read_by_origin_access_control(aws: Assembly) -> None:
    config = aws.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    origin, _ = config["Origins"]
    assert flat(origin["OriginAccessControlId"]).startswith("<Distribution")
    control = aws.one("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (control["SigningBehavior"], control["SigningProtocol"]) == ("always", "sigv4")


def test_https_is_forced_on_aws_and_impossible_on_one_machine(
    aws: Assembly, one_machine: Assembly
) -> None:
    assert behavior(aws)["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behavior(one_machine)["ViewerProtocolPolicy"] == "allow-all"


def test_every_answer_has_the_security_headers(aws: Assembly) -> None:
    policy = aws.one("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    headers = policy["SecurityHeadersConfig"]
    directives = flat(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]).split("; ")
    assert set(directives) == {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        (
            "connect-src 'self' https://cognito-idp.<AWS::Region>.amazonaws.com "
            "https://codec-lab-<AWS::AccountId>.auth.<AWS::Region>.amazoncognito.com"
        ),
    }
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000
    assert headers["ContentTypeOptions"] == {"Override": True}
    assert flat(behavior(aws)["ResponseHeadersPolicyId"]).startswith("<Headers")


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/admin/index.html"),
        ("/admin", "/admin/index.html"),
        ("/admin/", "/admin/index.html"),
        ("/admin/experiments/default-0001", "/admin/index.html"),
        ("/admin/app.js", "/admin/app.js"),
        ("/admin/status.json", "/admin/status.json"),
        ("/administrators", "/administrators"),
        ("/other", "/other"),
    ],
)
def test_pages_are_index_html_and_files_are_files(asked: str, served: str) -> None:
    script = f"{PATHS}\nconsole.log(JSON.stringify(handler({{request: {{uri: '{asked}'}}}})));"
    assert node(script) == {"uri": served}


def test_the_deployed_function_is_the_file(aws: Assembly) -> None:
    function = aws.one("AWS::CloudFront::Function")
    assert function["FunctionCode"] == PATHS
    (association,) = behavior(aws)["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"


def test_files_are_uploaded_on_aws_and_status_json_is_left(
    aws: Assembly, one_machine: Assembly
) -> None:
    upload = aws.one("Custom::CDKBucketDeployment")
    assert (upload["DestinationBucketKeyPrefix"], upload["Prune"]) == ("admin", False)
    assert not one_machine.resources("Custom::CDKBucketDeployment")
    (folder,) = [
        path
        for path in aws.asset("CodecLab-Dashboard", "zip")
        if path.is_dir() and (path / "index.html").is_file()
    ]
    assert {path.name for path in folder.iterdir()} == {path.name for path in PAGE.iterdir()}


def test_the_address_of_the_dashboard(aws: Assembly, one_machine: Assembly) -> None:
    outputs = aws.outputs("CodecLab-Dashboard")
    assert set(outputs) == {"DashboardUrl", "DistributionId"}
    address = flat(outputs["DashboardUrl"]["Value"])
    assert re.fullmatch(r"https://<Distribution\w+\.DomainName>/admin/", address)
    local = one_machine.outputs("CodecLab-Dashboard")["DashboardUrl"]["Value"]
    assert local == "http://127.0.0.1:4999/admin/"


def test_the_page_keeps_the_content_security_policy() -> None:
    page = (PAGE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    for address in re.findall(r"(?:src|href)=\"([^\"]*)\"", page):
        assert address.startswith("/admin/")
        assert (PAGE / address.removeprefix("/admin/")).is_file()


def test_what_a_model_wrote_stays_text() -> None:
    script = (PAGE / "app.js").read_text()
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\.style\b"
    assert not re.search(markup, script)


def test_the_badge_stands_still_for_those_who_ask() -> None:
    style = (PAGE / "style.css").read_text()
    assert re.search(r"prefers-reduced-motion: reduce\) \{ \.badge \{ animation: none", style)


def test_what_is_missing_is_a_dash_and_never_zero() -> None:
    assert formatted(
        "f.percent(null)", "f.percent(undefined)", "f.text('')", "f.attempts({})", "f.age(null, 0)"
    ) == ["–", "–", "–", "– / –", "–"]


def test_numbers_read_as_they_are() -> None:
    assert formatted(
        "f.percent(-3.204)",
        "f.percent(12.3456)",
        "f.percent(0)",
        "f.percentWithin(-24, -31.2, -12.44)",
        "f.percentWithin(-24, null, undefined)",
        "f.attempts({validation_attempts: 2, execution_attempts: 0})",
        "f.words('design_next')",
    ) == [
        "\u22123.20\u00a0%",
        "+12.35\u00a0%",
        "0.00\u00a0%",
        "\u221224.00\u00a0% [\u221231.20, \u221212.44]",
        "\u221224.00\u00a0%",
        "2 / 0",
        "design next",
    ]


def test_ages() -> None:
    now = "Date.parse('2026-01-02T00:00:00Z')"
    assert formatted(
        f"f.age('2026-01-01T23:59:58Z', {now})",
        f"f.age('2026-01-01T23:59:18Z', {now})",
        f"f.age('2026-01-01T23:18:00Z', {now})",
        f"f.age('2026-01-01T00:00:00Z', {now})",
    ) == ["now", "42 s ago", "42 min ago", "1 d ago"]


def test_the_summary_counts_and_finds_the_best() -> None:
    experiments = json.dumps(
        [
            {"status": "running", "needs_human": False, "bd_rate_percent": None},
            {"status": "completed", "needs_human": False, "bd_rate_percent": -3.5},
            {"status": "completed", "needs_human": False, "bd_rate_percent": 4},
            {"status": "needs_human", "needs_human": True},
        ]
    )
    assert formatted(
        f"f.summary({experiments})",
        "f.summary([]).best",
        f"f.campaignState(false, {experiments})",
        f"f.campaignState(true, {experiments})",
        "f.campaignState(false, [])",
    ) == [
        {"experiments": 4, "running": 1, "completed": 2, "human": 1, "best": -3.5},
        None,
        "Running",
        "Paused",
        "Idle",
    ]


@pytest.mark.parametrize("status", ["queued", "running", "completed", "needs_human", "abandoned"])
def test_a_status_is_an_icon_and_a_word(status: str) -> None:
    (mark,) = formatted(f"f.status('{status}')")
    assert len(mark["icon"].rstrip("\ufe0e")) == 1
    assert mark["word"].isprintable()
    assert mark["word"] != status
