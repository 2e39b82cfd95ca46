"""The machines that workers run on."""

from collections.abc import Sequence

from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.bench_network import BenchNetwork
from infra.settings import InfraSettings

# One job fills one machine of 2 vCPUs and 8 GiB: no neighbour disturbs its clock, and several
# classes make it likely that Spot has one.
_INSTANCE_TYPES = tuple(
    ec2.InstanceType.of(instance_class, ec2.InstanceSize.LARGE)
    for instance_class in (
        ec2.InstanceClass.M7I,
        ec2.InstanceClass.M7A,
        ec2.InstanceClass.M6I,
        ec2.InstanceClass.M6A,
    )
)
_DISK_GIB = 50


class BenchCompute(Construct):
    """A job queue over two compute environments, Spot first, that are empty while nothing runs.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    network : BenchNetwork
        Where the machines stand.
    settings : InfraSettings
        How many there may be.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: BenchNetwork,
        settings: InfraSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._network = network
        self._settings = settings
        self._instance_role = self._make_instance_role()
        self._launch_template = self._make_launch_template()
        environments = [
            self._environment("Spot", spot=True),
            self._environment("OnDemand", spot=False),
        ]
        self.queue = batch.JobQueue(
            self,
            "Queue",
            compute_environments=[
                batch.OrderedComputeEnvironment(compute_environment=environment, order=order)
                for order, environment in enumerate(environments, start=1)
            ],
        )

    def _environment(self, name: str, *, spot: bool) -> batch.ManagedEc2EcsComputeEnvironment:
        return batch.ManagedEc2EcsComputeEnvironment(
            self,
            name,
            vpc=self._network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            security_groups=[self._network.security_group],
            spot=spot,
            allocation_strategy=_strategy(spot=spot),
            instance_types=list(_INSTANCE_TYPES),
            use_optimal_instance_classes=False,
            minv_cpus=0,
            maxv_cpus=self._settings.max_vcpus,
            images=_al2023(),
            instance_role=self._instance_role,
            launch_template=self._launch_template,
            update_to_latest_image_version=True,
        )

    def _make_instance_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "InstanceRole",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonEC2ContainerServiceforEC2Role"
                )
            ],
            description="Codec Lab: the ECS agent on a worker's machine",
        )
        policy = (
            "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
        )
        acknowledge(
            role,
            {f"AwsSolutions-IAM4[Policy::{policy}]": "The ECS agent's policy is AWS's to keep."},
        )
        return role

    def _make_launch_template(self) -> ec2.LaunchTemplate:
        return ec2.LaunchTemplate(
            self,
            "LaunchTemplate",
            # One hop ends at the machine: a container cannot reach the credentials of its host.
            require_imdsv2=True,
            http_put_response_hop_limit=1,
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        _DISK_GIB, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
                    ),
                )
            ],
        )


def _strategy(*, spot: bool) -> batch.AllocationStrategy:
    if spot:
        return batch.AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
    return batch.AllocationStrategy.BEST_FIT_PROGRESSIVE


def _al2023() -> Sequence[batch.EcsMachineImage]:
    return [batch.EcsMachineImage(image_type=batch.EcsMachineImageType.ECS_AL2023)]
