"""Where a person looks: the dashboard under ``/admin/``."""

from typing import cast

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from adapters.dashboard_address import PARAMETER
from infra.acknowledgements import acknowledge, exported_name
from infra.dashboard_api import DashboardApi
from infra.data_stack import DataStack
from infra.paths import REPOSITORY_ROOT, built_dashboard
from infra.people import DOMAIN_PREFIX, People
from infra.pipeline_stack import PipelineStack
from infra.settings import InfraSettings

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # the plots set styles of their marks
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
}
"""What a page may load; ``connect-src`` names the sign-in beside the page's own origin."""

_NAMED_BY_CONTENT = "public, max-age=31536000, immutable"
"""What a browser is told of files whose names carry the hash of what they hold."""

_BASIC_EXECUTION = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_UPLOAD_ACTIONS = ("Abort", "DeleteObject", "GetBucket", "GetObject", "List")
_YEAR = Duration.days(365)


class DashboardStack(Stack):
    """A distribution in front of the site's private bucket.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    data : DataStack
        The site's files, whose bucket lets the account's distributions read ``admin/``, and what
        the API reads and writes.
    pipeline : PipelineStack
        What the API starts and shows.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        data: DataStack,
        pipeline: PipelineStack,
        settings: InfraSettings,
    ) -> None:
        super().__init__(scope, construct_id, description="Codec Lab: the dashboard")
        site = data.site
        api = DashboardApi(self, "DashboardApi", settings=settings)
        # By name: the policy of the data stack's bucket must not name this stack's distribution.
        bucket = s3.Bucket.from_bucket_name(self, "Site", site.bucket.bucket_name)
        headers = self._make_headers("Headers")
        pages = origins.S3BucketOrigin.with_origin_access_control(bucket)
        viewer_protocol = (
            cloudfront.ViewerProtocolPolicy.ALLOW_ALL
            if settings.one_machine
            else cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Codec Lab",
            default_root_object="admin/index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=pages,
                viewer_protocol_policy=viewer_protocol,
                # Small, and new with every deployment.
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                response_headers_policy=headers,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST,
                        function=self._make_paths(),
                    )
                ],
            ),
            additional_behaviors={
                # Most of what a browser loads: compressed, and never asked for again.
                "/admin/assets/*": cloudfront.BehaviorOptions(
                    origin=pages,
                    viewer_protocol_policy=viewer_protocol,
                    cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                    response_headers_policy=self._make_headers(
                        "AssetHeaders", cache_control=_NAMED_BY_CONTENT
                    ),
                ),
                "/api/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(api.domain),
                    viewer_protocol_policy=viewer_protocol,
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                    # The API knows itself by its own host alone.
                    origin_request_policy=(
                        cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                    ),
                    response_headers_policy=headers,
                ),
            },
        )
        people = People(self, "People", address=self._address(settings), settings=settings)
        api.serve(
            data=data,
            pipeline=pipeline,
            people=people,
            origin=self._address(settings).removesuffix("/admin/"),
        )
        self._explain_what_is_left_out(settings)
        if not settings.one_machine:
            self._upload(bucket, exported_name(site.bucket.bucket_name, Stack.of(site)), people)

        ssm.StringParameter(
            self,
            "DashboardUrlParameter",
            parameter_name=PARAMETER,
            string_value=self._address(settings),
            description="Where messages to a person lead",
        )
        CfnOutput(self, "DashboardUrl", value=self._address(settings))
        CfnOutput(self, "DistributionId", value=self.distribution.distribution_id)

    def _address(self, settings: InfraSettings) -> str:
        domain = self.distribution.distribution_domain_name
        if settings.one_machine:
            return f"http://127.0.0.1:{settings.endpoint_port}/admin/"
        return f"https://{domain}/admin/"

    def _make_paths(self) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            "AdminPaths",
            comment="Pages under /admin/ are index.html",
            code=cloudfront.FunctionCode.from_file(
                file_path=str(REPOSITORY_ROOT / "infra" / "admin_paths.js")
            ),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )

    def _content_security_policy(self) -> str:
        # The pool's own address is not known before the distribution's.
        sign_in = (
            f"https://cognito-idp.{Aws.REGION}.amazonaws.com "
            f"https://{DOMAIN_PREFIX}.auth.{Aws.REGION}.amazoncognito.com"
        )
        directives = {**CONTENT_SECURITY_POLICY, "connect-src": f"'self' {sign_in}"}
        return "; ".join(f"{name} {sources}" for name, sources in directives.items())

    def _make_headers(
        self, construct_id: str, *, cache_control: str | None = None
    ) -> cloudfront.ResponseHeadersPolicy:
        behavior = cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=self._content_security_policy(), override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=_YEAR, include_subdomains=True, override=True
            ),
        )
        custom = None
        if cache_control is not None:
            header = cloudfront.ResponseCustomHeader(
                header="Cache-Control", value=cache_control, override=True
            )
            custom = cloudfront.ResponseCustomHeadersBehavior(custom_headers=[header])
        return cloudfront.ResponseHeadersPolicy(
            self,
            construct_id,
            security_headers_behavior=behavior,
            custom_headers_behavior=custom,
        )

    def _explain_what_is_left_out(self, settings: InfraSettings) -> None:
        reasons = {
            "AwsSolutions-CFR1": "Operators may sit in any country.",
            "AwsSolutions-CFR2": "Static files alone: there is nothing for a firewall to protect.",
            "AwsSolutions-CFR3": "The site's bucket logs who reads it; what is cached is public.",
            "AwsSolutions-CFR4": (
                "CloudFront's own domain fixes its TLS policy; a domain of one's own with a "
                "certificate would raise it."
            ),
        }
        if settings.one_machine:
            reasons["AwsSolutions-CFR4"] = "The one-machine cloud answers on 127.0.0.1 by HTTP."
        reasons["Annotation::@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac"] = (
            "The data stack writes the bucket's policy."
        )
        acknowledge(self.distribution, reasons)

    def _upload(self, bucket: s3.IBucket, bucket_finding: str, people: People) -> None:
        config = {
            "sign_in": "oidc",
            "authority": people.issuer,
            "client_id": people.client.user_pool_client_id,
            "sign_in_domain": people.hosted_address,
        }
        upload = deployment.BucketDeployment(
            self,
            "Upload",
            sources=[
                deployment.Source.asset(str(built_dashboard())),
                deployment.Source.json_data("config.json", config),
            ],
            destination_bucket=bucket,
            destination_key_prefix="admin",
            prune=False,  # a page that is open still asks for the files it began with
            memory_limit=256,
        )
        handler = cast("Construct", upload.handler_role.node.scope)
        ours = "The CDK's own upload: these are its function, its runtime and its permissions."
        objects = ("cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>", bucket_finding)
        wildcards = (
            *(f"Action::s3:{start}*" for start in _UPLOAD_ACTIONS),
            *(f"Resource::arn:<AWS::Partition>:s3:::{name}/*" for name in objects),
        )
        acknowledge(
            handler,
            {
                "AwsSolutions-L1": ours,
                f"AwsSolutions-IAM4[Policy::{_BASIC_EXECUTION}]": ours,
                **{f"AwsSolutions-IAM5[{wildcard}]": ours for wildcard in wildcards},
            },
        )
