"""The API in front of its function: tokens, routes, limits, logs; and who gets a token."""

import json
import re
from typing import Any

from codec_lab.dashboard.command_models import Role
from tests.infrastructure.templates import Assembly, flat


def api_behavior(assembly: Assembly) -> dict[str, Any]:
    config = assembly.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    (behavior,) = [one for one in config["CacheBehaviors"] if one["PathPattern"] == "/api/*"]
    return dict(behavior)


def test_every_route_asks_for_a_token_of_the_pool(aws: Assembly) -> None:
    authorizer = aws.one("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    (audience,) = authorizer["JwtConfiguration"]["Audience"]
    assert flat(audience).startswith("<PeopleUsersDashboard")
    issuer = flat(authorizer["JwtConfiguration"]["Issuer"])
    assert issuer.startswith("https://cognito-idp.<AWS::Region>.amazonaws.com/<PeopleUsers")
    routes = aws.resources("AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} == {"GET /api/{proxy+}", "POST /api/{proxy+}"}
    for route in routes:
        assert route["AuthorizationType"] == "JWT"
        assert flat(route["AuthorizerId"]).startswith("<DashboardApiHttpApiTokens")


def test_the_function_is_reached_through_the_api_alone(aws: Assembly) -> None:
    (integration,) = aws.resources("AWS::ApiGatewayV2::Integration").values()
    assert integration["PayloadFormatVersion"] == "2.0"
    assert flat(integration["IntegrationUri"]).startswith("<DashboardApi")
    assert not aws.resources("AWS::Lambda::Url")
    allowed = [
        permission
        for permission in aws.resources("AWS::Lambda::Permission").values()
        if flat(permission["FunctionName"]).startswith("<DashboardApi")
    ]
    assert allowed
    for permission in allowed:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert re.search(r"<DashboardApiHttpApi\w*>/\*/\*/api/", flat(permission["SourceArn"]))


def test_the_api_takes_no_other_origin_and_not_too_much(aws: Assembly) -> None:
    assert "CorsConfiguration" not in aws.one("AWS::ApiGatewayV2::Api")
    settings = aws.one("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    assert settings == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}


def test_what_is_logged_of_a_request_holds_no_token(aws: Assembly) -> None:
    settings = aws.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    logged = json.loads(settings["Format"]).values()
    assert not [value for value in logged if "header" in value or "querystring" in value.lower()]
    assert "$context.authorizer.claims.sub" in logged


def test_pages_and_api_share_an_origin(aws: Assembly) -> None:
    behavior = api_behavior(aws)
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    # The managed policies CachingDisabled and AllViewerExceptHostHeader.
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert flat(behavior["ResponseHeadersPolicyId"]).startswith("<Headers")
    assert "FunctionAssociations" not in behavior  # an address of the API is never a page
    config = aws.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    (origin,) = [one for one in config["Origins"] if one["Id"] == behavior["TargetOriginId"]]
    assert ".execute-api." in flat(origin["DomainName"])
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_the_function_knows_the_only_origin_of_orders(aws: Assembly, one_machine: Assembly) -> None:
    for assembly, expected in ((aws, "https://<Distribution"), (one_machine, "http://127.0.0.1:")):
        variables = assembly.one("AWS::Lambda::Function", "DashboardApiFunction")["Environment"]
        origin = flat(variables["Variables"]["CODEC_LAB_ORIGIN"])
        assert origin.startswith(expected)
        assert not origin.endswith("/")


def test_people_are_invited_and_may_have_a_second_factor(aws: Assembly) -> None:
    pool = aws.one("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    assert pool["AliasAttributes"] == ["email"]  # beside a user name, which orders are kept under
    assert pool["Schema"] == [{"Name": "email", "Required": True, "Mutable": True}]
    recovery = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert recovery == [{"Name": "verified_email", "Priority": 1}]
    assert pool["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 12,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "RequireUppercase": True,
        "TemporaryPasswordValidityDays": 3,
    }
    assert pool["DeletionProtection"] == "ACTIVE"
    groups = aws.resources("AWS::Cognito::UserPoolGroup").values()
    assert {group["GroupName"] for group in groups} == set(Role)


def test_a_browser_signs_in_by_code_and_keeps_no_secret(aws: Assembly) -> None:
    client = aws.one("AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    # A code without a secret is a public client's, who proves by PKCE that it began.
    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "email"]
    assert client["SupportedIdentityProviders"] == ["COGNITO"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True
    assert client["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["AccessTokenValidity"] == 60
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"
    for address in (*client["CallbackURLs"], *client["LogoutURLs"]):
        assert flat(address).startswith("https://<Distribution")
        assert flat(address).endswith("/admin/")
