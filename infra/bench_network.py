"""The network that workers run in."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.log_group import retention
from infra.settings import InfraSettings


class BenchNetwork(Construct):
    """A VPC of public subnets: nothing in it costs money while no worker runs.

    Workers need the registry of images, the logs and S3. A NAT gateway or interface endpoints
    would cost more in a month than the workers of a small campaign; so a worker has a public
    address, a security group without any inbound rule, and the free gateway endpoint for S3.
    Candidates have no network at all: the sandbox refuses them sockets.

    Parameters
    ----------
    scope, construct_id
        Place in the construct tree.
    settings : InfraSettings
        Of the deployment.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: InfraSettings) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Worker", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=True
                )
            ],
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
        )
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self.vpc,
            description="Workers of Codec Lab: nothing comes in",
            allow_all_outbound=False,
        )
        self.security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3, the registry of images and the logs"
        )
        if settings.one_machine:
            acknowledge(
                self.vpc, {"AwsSolutions-VPC7": "The one-machine cloud has no network to log."}
            )
            return
        log_group = logs.LogGroup(
            self,
            "FlowLog",
            retention=retention(settings.log_retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.vpc.add_flow_log(
            "Flow",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
