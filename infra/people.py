"""Who may use the dashboard: people whom an administrator has invited."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from codec_lab.dashboard.command_models import Role
from infra.acknowledgements import acknowledge
from infra.settings import InfraSettings

DOMAIN_PREFIX = f"codec-lab-people-{Aws.ACCOUNT_ID}"
"""Of the address where people sign in; no two in a region are equal."""


class People(Construct):
    """A Cognito user pool with the groups viewer and operator.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    address : str
        The dashboard's, to which a sign-in and a sign-out return.
    settings : InfraSettings
        Whether the pool is kept.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, address: str, settings: InfraSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.pool = cognito.UserPool(
            self,
            "Users",
            self_sign_up_enabled=False,
            # An access token carries the user name: chosen, it is who ordered; with the address for
            # a name, it would be a random number.
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True)
            ),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            # Cognito's pages let people enrol where a second factor is required, and only there.
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            deletion_protection=settings.keep_data,
            removal_policy=settings.removal_policy if settings.keep_data else RemovalPolicy.DESTROY,
        )
        for role in Role:
            cognito.CfnUserPoolGroup(
                self,
                role.capitalize(),
                user_pool_id=self.pool.user_pool_id,
                group_name=role,
                description=f"Codec Lab: {role}",
            )
        self.domain = self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=DOMAIN_PREFIX),
        )
        self.client = self.pool.add_client(
            "Dashboard",
            generate_secret=False,  # a page in a browser keeps none: PKCE proves who began
            auth_flows=cognito.AuthFlow(user_srp=False),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.EMAIL],
                callback_urls=[address],
                logout_urls=[address],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
        )
        acknowledge(
            self.pool,
            {
                "AwsSolutions-COG3": "Threat protection is a paid plan; the pool has few users.",
                "AwsSolutions-COG8": "The plan without threat protection suffices for few users.",
            },
        )

    @property
    def issuer(self) -> str:
        """Who issues the tokens."""
        return f"https://cognito-idp.{Aws.REGION}.amazonaws.com/{self.pool.user_pool_id}"

    @property
    def hosted_address(self) -> str:
        """Where people sign in."""
        return f"https://{self.domain.domain_name}.auth.{Aws.REGION}.amazoncognito.com"
