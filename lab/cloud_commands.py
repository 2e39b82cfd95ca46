"""The commands that start, deploy and stop: ``up``, ``deploy``, ``down``."""

import time
from typing import Annotated

import typer

from codec_lab.errors import ConfigurationError
from lab import aws, one_machine
from lab.options import Port, Profile, Region, StateDir, WaitScale
from lab.settings import (
    DEFAULT_PORT,
    DEFAULT_STATE_DIR,
    DEFAULT_WAIT_SCALE,
    CloudOptions,
    read_settings,
)
from lab.target import Target
from lab.terminal import console
from lab.wording import wait_scale as in_words
from local.cdk import check_cli
from local.cloud import OneMachineCloud

_LOOK_S = 1.0


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Leave it running in the background.")
    ] = False,
    port: Port = DEFAULT_PORT,
    wait_scale: WaitScale = DEFAULT_WAIT_SCALE,
    profile: Profile = None,
    region: Region = None,
    state_dir: StateDir = DEFAULT_STATE_DIR,
) -> None:
    """Start the one-machine cloud with the lab in it; of AWS show the addresses."""
    if profile is not None:
        print_addresses(Target.aws(profile, region))
        return
    options = read_settings(CloudOptions, port=port, wait_scale=wait_scale)
    cloud = one_machine.cloud_at(state_dir, options)
    if cloud.is_running:
        print_addresses(one_machine.target_of(cloud), cloud)
        console.print("It was running already; `lab down` stops it.")
        return
    check_cli()
    if detach:
        cloud.start(detached=True)
        try:
            deploy_changes(cloud)
        except BaseException:
            one_machine.stop(cloud)
            raise
        print_addresses(one_machine.target_of(cloud), cloud)
        console.print(f"It runs in the background, {in_words(wait_scale)}; `lab down` stops it.")
        return
    cloud.start()
    try:
        deploy_changes(cloud)
        serve(cloud)
    finally:
        one_machine.stop(cloud)


def deploy(
    profile: Profile = None, region: Region = None, state_dir: StateDir = DEFAULT_STATE_DIR
) -> None:
    """Deploy the lab with the CDK CLI."""
    if profile is not None:
        aws.deploy(profile, region)
        print_addresses(Target.aws(profile, region))
        return
    cloud = one_machine.cloud_at(state_dir)
    target = one_machine.target_of(cloud)
    _deploy(cloud)
    print_addresses(target, cloud)


def down(
    profile: Profile = None, region: Region = None, state_dir: StateDir = DEFAULT_STATE_DIR
) -> None:
    """Stop the one-machine cloud, whose state stays; on AWS delete the stacks."""
    if profile is not None:
        aws.destroy(profile, region)
        return
    cloud = one_machine.cloud_at(state_dir)
    if cloud.is_running:
        one_machine.stop(cloud)
        console.print("The one-machine cloud is stopped; its state stays.")
    else:
        console.print("The one-machine cloud does not run.")


def deploy_changes(cloud: OneMachineCloud) -> None:
    """Deploy to a running cloud, unless it has what the sources make."""
    if not one_machine.is_up_to_date(cloud):
        _deploy(cloud)


def _deploy(cloud: OneMachineCloud) -> None:
    console.print("Deploying with the CDK CLI (about a minute the first time)")
    one_machine.deploy(cloud)


def print_addresses(target: Target, cloud: OneMachineCloud | None = None) -> None:
    """Say where the deployment answers; on one machine with the token that opens the dashboard."""
    address = target.outputs.dashboard_url if cloud is None else cloud.dashboard_url
    console.print(f"Dashboard        {address}", soft_wrap=True)
    if target.endpoint_url is not None:
        console.print(f"Step Functions   {target.endpoint_url}  (account 000000000000, us-east-1)")
    console.print(f"State machine    {target.outputs.campaign_state_machine_arn}", soft_wrap=True)


def serve(cloud: OneMachineCloud) -> None:
    """Keep the cloud up until Ctrl-C.

    Raises
    ------
    ConfigurationError
        If it ends by itself.
    """
    print_addresses(one_machine.target_of(cloud), cloud)
    console.print("Serving until Ctrl-C; the state stays and the next `lab run` continues.")
    try:
        while cloud.is_running:
            time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        return
    raise ConfigurationError(f"The one-machine cloud has ended; see {cloud.settings.log_path}.")
