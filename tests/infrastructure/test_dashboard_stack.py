"""The dashboard: how its pages are served, and what they may do."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from adapters.dashboard_address import PARAMETER
from codec_lab.errors import ConfigurationError
from infra import paths
from infra.paths import REPOSITORY_ROOT
from tests.infrastructure.templates import Assembly, flat

PAGE = REPOSITORY_ROOT / "dashboard" / "dist"
SOURCE = REPOSITORY_ROOT / "dashboard" / "src"
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


@pytest.mark.parametrize("name", ["Headers", "AssetHeaders"])
def test_every_answer_has_the_security_headers(aws: Assembly, name: str) -> None:
    made = aws.one("AWS::CloudFront::ResponseHeadersPolicy", name)
    policy = dict(made["ResponseHeadersPolicyConfig"])
    custom = policy.pop("CustomHeadersConfig", None)
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
            "https://codec-lab-people-<AWS::AccountId>.auth.<AWS::Region>.amazoncognito.com"
        ),
    }
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    transport = headers["StrictTransportSecurity"]
    assert transport["AccessControlMaxAgeSec"] >= 31_536_000
    assert transport["IncludeSubdomains"] is True
    assert headers["ContentTypeOptions"] == {"Override": True}
    # Whatever the origin says, and without any word about other origins.
    assert {header["Override"] for header in headers.values()} == {True}
    assert set(policy) == {"Name", "SecurityHeadersConfig"}
    if name == "AssetHeaders":
        cached = {"Header": "Cache-Control", "Override": True}
        assert custom == {"Items": [{**cached, "Value": "public, max-age=31536000, immutable"}]}
    else:
        assert custom is None


def test_whatever_is_asked_the_headers_and_https_are_there(aws: Assembly) -> None:
    config = aws.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    for served in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        kept = served.get("PathPattern") == "/admin/assets/*"
        named = "<AssetHeaders" if kept else "<Headers"
        assert flat(served["ResponseHeadersPolicyId"]).startswith(named)
        # The managed policies CachingOptimized and CachingDisabled.
        assert served["CachePolicyId"] == (
            "658327ea-f89d-4fab-a63d-7e88639e58f6"
            if kept
            else "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        )
        assert served["Compress"] is True
        assert served["ViewerProtocolPolicy"] == "redirect-to-https"


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/admin/index.html"),
        ("/admin", "/admin/index.html"),
        ("/admin/", "/admin/index.html"),
        ("/admin/experiments/default-0001", "/admin/index.html"),
        ("/admin/experiments/a.b/frames", "/admin/index.html"),
        ("/admin/app.js", "/admin/app.js"),
        ("/admin/config.json", "/admin/config.json"),
        ("/admin/assets/index-1a2b.js", "/admin/assets/index-1a2b.js"),
        ("/admin/../config", "/admin/index.html"),
        ("/admin/..", "/admin/.."),
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
    assert flat(association["FunctionARN"]).startswith("<AdminPaths")
    assert function["AutoPublish"] is True
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"


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
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert addresses
    for address in addresses:
        assert address.startswith("/admin/")
        assert (PAGE / address.removeprefix("/admin/")).is_file()


def test_what_a_model_wrote_stays_text() -> None:
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b"
    scripts = [*SOURCE.rglob("*.ts"), *SOURCE.rglob("*.tsx")]
    assert scripts
    for script in scripts:
        assert not re.search(markup, script.read_text()), script


def test_pages_that_were_not_built_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "REPOSITORY_ROOT", tmp_path)
    with pytest.raises(ConfigurationError, match="has not been built: run `make setup`"):
        paths.built_dashboard()


def test_the_address_for_messages_is_written_down(aws: Assembly, one_machine: Assembly) -> None:
    parameter = aws.one("AWS::SSM::Parameter")
    assert parameter["Name"] == PARAMETER
    assert re.fullmatch(r"https://<Distribution\w+\.DomainName>/admin/", flat(parameter["Value"]))
    here = one_machine.one("AWS::SSM::Parameter")
    assert here["Value"] == "http://127.0.0.1:4999/admin/"
