"""What a worker is: image, command, limits and permissions."""

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Size
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.definition import Definition
from infra.lab_bucket import LabBucket
from infra.log_group import retention
from infra.paths import REPOSITORY_ROOT, only
from infra.settings import InfraSettings

VCPUS = 2
MEMORY = Size.gibibytes(7)
"""What a machine of 8 GiB has left for a job."""

READS = ("anchors/*", "bundles/*", "campaigns/*", "clips/*", "experiments/*")
WRITES = ("anchors/*", "experiments/*")
IMAGE_SOURCES = ("adapters", "codec_lab", "codec_worker", "requirements.txt")
"""What the image's build sees of the repository."""

_CACHE = "/var/cache/codec-lab"


class BenchJob(Construct):
    """The job definition of ``python -m codec_worker``.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    evidence : LabBucket
        What a worker reads and writes.
    definition : Definition
        The experiment's, which says how long a job may take.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        evidence: LabBucket,
        definition: Definition,
        settings: InfraSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.log_group = logs.LogGroup(
            self,
            "Log",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = self._make_job_role(evidence)
        image = self._make_image()
        environment = {"CODEC_LAB_BUCKET": evidence.bucket.bucket_name}
        if not settings.one_machine:  # there a job's paths are the user's own, and it has no image
            environment |= {"CODEC_LAB_CACHE": _CACHE, "CODEC_LAB_IMAGE": image.image_uri}
        self.definition = batch.EcsJobDefinition(
            self,
            "Definition",
            container=self._make_container(image, role, environment),
            # The state machine's definition names every job's own.
            parameters={"kind": "validate", "spec": "{}"},
            retry_attempts=1,  # the state machine retries, and counts
            timeout=Duration.seconds(definition.timeout_s("ExecuteShard")),
        )

    def _make_image(self) -> ecr_assets.DockerImageAsset:
        """Build the image, whose tag is the hash of its sources."""
        return ecr_assets.DockerImageAsset(
            self,
            "Image",
            directory=str(REPOSITORY_ROOT),
            file="codec_worker/Dockerfile",
            exclude=only(*IMAGE_SOURCES),
            ignore_mode=IgnoreMode.GIT,
            platform=ecr_assets.Platform.LINUX_AMD64,
        )

    def _make_container(
        self, image: ecr_assets.DockerImageAsset, role: iam.Role, environment: dict[str, str]
    ) -> batch.EcsEc2ContainerDefinition:
        return batch.EcsEc2ContainerDefinition(
            self,
            "Container",
            image=ecs.ContainerImage.from_docker_image_asset(image),
            command=["Ref::kind", "Ref::spec"],
            cpu=VCPUS,
            memory=MEMORY,
            environment=environment,
            job_role=role,
            execution_role=self._make_execution_role(),
            logging=ecs.LogDriver.aws_logs(stream_prefix="worker", log_group=self.log_group),
            # Candidates can leave nothing behind: the scratch folder goes with its container, and
            # of what is kept between jobs every clip is hashed before it is used.
            readonly_root_filesystem=True,
            volumes=[
                batch.EcsVolume.host(name="scratch", container_path="/tmp"),  # noqa: S108
                batch.EcsVolume.host(name="cache", host_path=_CACHE, container_path=_CACHE),
            ],
        )

    def _make_job_role(self, evidence: LabBucket) -> iam.Role:
        role = iam.Role(
            self,
            "JobRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description="Codec Lab: what a worker may do",
        )
        evidence.grant_read(role, *READS)
        evidence.grant_write(role, *WRITES)
        return role

    def _make_execution_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "ExecutionRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description="Codec Lab: pulls the worker's image and writes its log",
        )
        acknowledge(
            role,
            {"AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken knows no resource."},
        )
        return role
