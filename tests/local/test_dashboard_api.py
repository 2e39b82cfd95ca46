"""The dashboard as it is deployed: pages, tokens, the API's authorizer, signed addresses."""

from __future__ import annotations

import base64
import http.client
import json
import re
import stat
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from codec_lab.campaign import Campaign, Control
from codec_lab.experiment import HumanReason
from codec_lab.limits import Limits
from codec_lab.phase import Phase, Status
from codec_lab.proposal import Mind
from lab import one_machine
from local.cloud import OneMachineCloud
from local.settings import CloudSettings
from tests import routes
from tests.local.deployed_lab import until
from tests.routes import filled
from tests.unit.builders import NOON, experiment

PASSWORD = "A1b2c3d4e5f6!"
LOOKS = [filled(path) for path in routes.LOOKS]
ORDERS = [filled(path) for path in routes.ORDERS]
ORDER = b'{"version": 0}'


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class Dashboard:
    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.cloud = OneMachineCloud(CloudSettings(state_dir=state_dir, port=0, wait_scale=0.01))

    def start(self) -> None:
        self.cloud.start()
        one_machine.deploy(self.cloud)
        self.target = one_machine.target_of(self.cloud)
        self.tokens = json.loads((self.state_dir / "tokens.json").read_text())
        self.cognito: Any = boto3.client(
            "cognito-idp",
            endpoint_url=self.cloud.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.pool = self.cognito.list_user_pools(MaxResults=1)["UserPools"][0]["Id"]
        clients = self.cognito.list_user_pool_clients(UserPoolId=self.pool)
        self.client = clients["UserPoolClients"][0]["ClientId"]

    def ask(
        self, path: str, token: str | None = None, body: bytes | None = None, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.settings.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent |= {"Content-Type": "application/json", "Idempotency-Key": "key-00000001"}
        connection.request("GET" if body is None else "POST", path, body, sent)
        answer = connection.getresponse()
        lowered = {name.lower(): value for name, value in answer.getheaders()}
        found = Answer(answer.status, lowered, answer.read())
        connection.close()
        return found

    def person(self, name: str, group: str, client: str | None = None) -> str:
        """Invite a person and sign in: give the access token."""
        token: str = self.sign_in(name, group, client)["AccessToken"]
        return token

    def sign_in(self, name: str, group: str, client: str | None = None) -> dict[str, Any]:
        """Invite a person and sign in: give the tokens."""
        user = {"UserPoolId": self.pool, "Username": name}
        email = {"Name": "email", "Value": f"{name}@lab.example"}
        self.cognito.admin_create_user(**user, UserAttributes=[email], MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        self.cognito.admin_add_user_to_group(**user, GroupName=group)
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=client or self.client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user["Username"], "PASSWORD": PASSWORD},
        )
        tokens: dict[str, Any] = answer["AuthenticationResult"]
        return tokens


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    made = Dashboard(tmp_path_factory.mktemp("dashboard"))
    try:
        made.start()
        yield made
    finally:
        made.cloud.stop()


def test_the_printed_address_carries_the_operators_token(dashboard: Dashboard) -> None:
    address = urllib.parse.urlsplit(dashboard.cloud.dashboard_url)
    assert (address.path, address.query) == ("/admin/", "")
    token = address.fragment.removeprefix("token=")
    assert len(token) >= 40
    assert dashboard.ask("/api/session", token).data == {"user": "operator", "role": "operator"}
    mode = (dashboard.state_dir / "tokens.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_pages_need_no_token_and_bear_the_headers(dashboard: Dashboard) -> None:
    page = dashboard.ask("/admin/experiments/default-0001?tab=rd")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    assert dashboard.ask("/admin/config.json").data == {"sign_in": "token"}


def test_files_named_by_their_content_are_kept_by_browsers(dashboard: Dashboard) -> None:
    page = dashboard.ask("/admin/")
    assert "immutable" not in page.headers.get("cache-control", "")
    (script,) = re.findall(r'src="(/admin/assets/[^"]+\.js)"', page.body.decode())
    kept = dashboard.ask(script)
    assert kept.status == 200
    assert kept.headers["content-type"].startswith("text/javascript")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("content-security-policy", "x-content-type-options", "strict-transport-security"):
        assert kept.headers[name] == page.headers[name]
    assert "immutable" not in dashboard.ask("/admin/config.json").headers.get("cache-control", "")


@pytest.mark.parametrize("path", [*LOOKS, "/api/nothing"])
def test_nobody_asks_without_a_token_of_his_own(dashboard: Dashboard, path: str) -> None:
    for token in (None, "", "x" * 43, dashboard.tokens["operator"][:-1], "a.b.c"):
        assert dashboard.ask(path, token).status == 401
    assert dashboard.ask(path, Cookie=f"token={dashboard.tokens['operator']}").status == 401
    assert dashboard.ask(f"{path}?token={dashboard.tokens['operator']}").status == 401


@pytest.mark.parametrize("path", ORDERS)
def test_nobody_orders_without_a_token_of_his_own(dashboard: Dashboard, path: str) -> None:
    for token in (None, "", "x" * 43, dashboard.tokens["operator"][:-1], "a.b.c"):
        assert dashboard.ask(path, token, ORDER).status == 401
    cookie = f"token={dashboard.tokens['operator']}"
    assert dashboard.ask(path, None, ORDER, Cookie=cookie).status == 401
    assert dashboard.ask(f"{path}?{cookie}", None, ORDER).status == 401


def everywhere(dashboard: Dashboard, token: str) -> set[int]:
    """Ask and order with a token wherever one can: give the answers' statuses."""
    return {
        *(dashboard.ask(path, token).status for path in LOOKS),
        *(dashboard.ask(path, token, ORDER).status for path in ORDERS),
    }


def test_a_token_of_the_pool_is_verified(dashboard: Dashboard) -> None:
    token = dashboard.person("ada", "viewer")
    assert dashboard.ask("/api/session", token).data["role"] == "viewer"
    head, claims, signature = token.split(".")
    forged = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged["cognito:groups"] = ["operator"]
    text = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for wrong in (
        f"{head}.{text}.{signature}",
        f"{head}.{claims}.{signature[:-6]}AAAAAA",
        f"{unsigned}.{text}.",
    ):
        assert everywhere(dashboard, wrong) == {401}


def test_a_viewer_looks_everywhere_and_orders_nowhere(dashboard: Dashboard) -> None:
    token = dashboard.person("vera", "viewer")
    for one in (token, dashboard.tokens["viewer"]):
        assert {dashboard.ask(path, one).status for path in LOOKS} <= {200, 404}
        assert {dashboard.ask(path, one, ORDER).status for path in ORDERS} == {403}


def test_a_token_that_says_who_but_not_what_for_is_refused(dashboard: Dashboard) -> None:
    answer = dashboard.sign_in("ida", "operator")
    assert dashboard.ask("/api/session", answer["AccessToken"]).status == 200
    for name in ("IdToken", "RefreshToken"):
        assert everywhere(dashboard, answer[name]) == {401}


def test_a_token_of_another_client_is_refused(dashboard: Dashboard) -> None:
    other = dashboard.cognito.create_user_pool_client(UserPoolId=dashboard.pool, ClientName="other")
    client = other["UserPoolClient"]["ClientId"]
    token = dashboard.person("eve", "operator", client)
    assert everywhere(dashboard, token) == {401}


def test_an_expired_token_is_refused(dashboard: Dashboard) -> None:
    dashboard.cognito.update_user_pool_client(
        UserPoolId=dashboard.pool,
        ClientId=dashboard.client,
        AccessTokenValidity=1,
        TokenValidityUnits={"AccessToken": "seconds"},
    )
    token = dashboard.person("bob", "viewer")
    until(lambda: dashboard.ask("/api/session", token).status == 401, timeout_s=10)
    assert everywhere(dashboard, token) == {401}


def test_a_person_without_a_group_sees_nothing(dashboard: Dashboard) -> None:
    dashboard.cognito.create_group(UserPoolId=dashboard.pool, GroupName="guests")
    dashboard.cognito.update_user_pool_client(
        UserPoolId=dashboard.pool,
        ClientId=dashboard.client,
        AccessTokenValidity=1,
        TokenValidityUnits={"AccessToken": "hours"},
    )
    answer = dashboard.ask("/api/campaigns", dashboard.person("gus", "guests"))
    assert (answer.status, answer.data["error"]) == (403, "forbidden")


def test_an_answer_takes_effect_and_viewers_and_strangers_give_none(dashboard: Dashboard) -> None:
    records = dashboard.target.records
    records.create_campaign(
        Campaign(
            campaign_id="default",
            goal="Less.",
            mind=Mind.OFFLINE,
            limits=Limits(),
            hard_limits=Limits(),
            created_at=NOON,
        ),
        Control(experiment_limit=1),
    )
    one = experiment(status=Status.RUNNING)
    records.create_experiment(one)
    reason = HumanReason(
        phase=Phase.DESIGN,
        reason="All 5 design attempts failed.",
        error_type="DesignRejectedError",
        message="<img src=x onerror=alert(1)>",
        attempts=5,
        asked_at=NOON,
        execution_arn="arn:x",
    )
    records.flag_human(one, reason)
    path = "/api/experiments/default-0001/answer"
    body = b'{"version": 1, "action": "abandon"}'
    assert dashboard.ask(path, dashboard.tokens["viewer"], body).status == 403
    operator = dashboard.tokens["operator"]
    assert dashboard.ask(path, operator, body, Origin="http://evil.example").status == 403
    assert records.experiment("default-0001").status is Status.NEEDS_HUMAN
    done = dashboard.ask(path, operator, body, Origin=dashboard.cloud.endpoint_url)
    assert done.data["summary"]["status"] == "abandoned"
    assert done.data["reasons"][0]["message"] == "<img src=x onerror=alert(1)>"
    assert records.experiment("default-0001").status is Status.ABANDONED


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example:4566"},
    ],
)
def test_no_foreign_page_reaches_the_endpoint_of_aws(
    dashboard: Dashboard, headers: dict[str, str]
) -> None:
    for path, body in (("/2015-03-31/functions", None), ("/2015-03-31/functions", b"{}")):
        answer = dashboard.ask(path, None, body, **headers)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    assert dashboard.ask("/2015-03-31/functions").status == 200


@pytest.mark.parametrize("path", ORDERS)
def test_five_megabytes_are_refused(dashboard: Dashboard, path: str) -> None:
    answer = dashboard.ask(path, dashboard.tokens["operator"], b"x" * 5_000_000)
    assert answer.status == 413


@pytest.mark.parametrize("name", ["..%2f..%2fetc", "%2e%2e", "..;", "%00", "%3Cscript%3E"])
def test_no_address_leads_out_of_what_it_names(dashboard: Dashboard, name: str) -> None:
    operator = dashboard.tokens["operator"]
    for path in (
        f"/api/campaigns/{name}",
        f"/api/experiments/{name}",
        f"/api/experiments/default-0001/files/{name}/url",
        f"/api/experiments/default-0001/frames/{name}/0/source",
        f"/api/{name}/{name}/tokens.json",
    ):
        answer = dashboard.ask(path, operator)
        assert answer.status in {404, 422}, path
        assert set(answer.data) == {"error", "message", "current"}
    for path in (f"/admin/{name}", f"/admin/{name}/tokens.json", "/admin/../tokens.json"):
        page = dashboard.ask(path)
        assert operator.encode() not in page.body
        assert page.status in {400, 403, 404} or b'<div id="root">' in page.body, path


def test_an_address_expires_and_is_of_one_file(dashboard: Dashboard) -> None:
    objects = dashboard.target.objects
    objects.put("bundles/a.zip", b"decoder")
    objects.put("bundles/b.zip", b"another")
    signed = objects.signed_url("bundles/a.zip", "decoder.zip", lifetime_s=600).url
    with urllib.request.urlopen(signed) as answer:
        assert answer.read() == b"decoder"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="decoder.zip"'
    assert fetched(signed.replace("a.zip", "b.zip"))[0] == 403
    short = objects.signed_url("bundles/a.zip", "decoder.zip", lifetime_s=1).url
    until(lambda: fetched(short)[0] != 200, timeout_s=10)
    status, said = fetched(short)
    assert status == 403
    assert b"Request has expired" in said


def fetched(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_no_token_is_logged(dashboard: Dashboard) -> None:
    logs = [(dashboard.state_dir / "server.log").read_text()]
    client = dashboard.target.logs
    for group in client.describe_log_groups()["logGroups"]:
        events = client.filter_log_events(logGroupName=group["logGroupName"])["events"]
        logs += [event["message"] for event in events]
    assert any("/api/session: 200" in text for text in logs)
    for token in dashboard.tokens.values():
        assert not [text for text in logs if token in text]
