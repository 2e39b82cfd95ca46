"""The errors of the one-machine cloud.

::

    OneMachineCloudError
    ├── CloudStartError          the server process did not come up
    │   ├── PortInUseError       another program listens on the port
    │   └── StateInUseError      another server holds the state directory
    ├── PinError                 an emulator package has another version than the seams fit
    └── CdkError                 the CDK CLI is missing or ended with an error

The message of each is one sentence that can be shown to a user as it is.
"""

from __future__ import annotations


class OneMachineCloudError(Exception):
    """Root of the errors raised by `local`."""


class CloudStartError(OneMachineCloudError):
    """The server process ended or stayed silent before it answered its health check."""


class PortInUseError(CloudStartError):
    """Another program listens on the port the cloud was asked to use."""


class StateInUseError(CloudStartError):
    """Another server process works on the same state directory."""


class PinError(OneMachineCloudError):
    """An emulator package is installed in a version the seams were not written for."""


class CdkError(OneMachineCloudError):
    """The CDK CLI cannot be started, or ended with an error."""
