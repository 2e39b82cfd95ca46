"""State that survives a killed server, for MiniStack 1.5.33.

MiniStack writes its state when it shuts down and not before. This seam makes a stop at any moment,
SIGKILL included, an ordinary one:

- DynamoDB items, executions with their histories, and Batch jobs are records written before a
  request is answered (`local.records`); they are left out of MiniStack's own state files.
- S3 objects are files that MiniStack itself writes at once (``S3_PERSIST``).
- Every other service is saved in the background, soon after a request changed it, into MiniStack's
  state file by way of a temporary file. A service whose state takes long to write is saved less
  often, so that saving takes about a twentieth of a processor at most.
- What a stack operation made is saved before a client can learn that it is complete.
- A stack that was being deployed when the process ended is marked as rolled back.

Replaces the entries of ``ministack.app.SERVICE_HANDLERS``,
``ministack.app._load_persisted_state`` and the ``get_state`` of four services.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from ministack import app as ministack_app
from ministack.core import persistence as ministack_persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import batch, cloudformation, cloudwatch_logs, dynamodb, stepfunctions

from local.dynamodb_items import ItemRecords
from local.records import RecordStore

_LOGS = "cloudwatch_logs"
_SAVING_SHARE = 20
_LONGEST_PAUSE_S = 5.0

_READ_ACTION = re.compile(
    r"(?:Batch)?(?:Get|Describe|List|Query|Scan|Head|Filter|Search)[A-Z]|Query|Scan"
)
_READ_FORM = re.compile(rb"(?:^|&)Action=(?:Get|Describe|List)")
_READ_PATH = re.compile(r"/v1/(?:describe|list)")
_INVOKE_PATH = re.compile(r"/functions/[^/]+/invocations")
# Changes of items are records already.
_ITEM_ACTIONS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")

# The stores of `get_state` that stay in MiniStack's state files.
_STORES: dict[str, tuple[str, ...]] = {
    "dynamodb": (
        "tags",
        "ttl_settings",
        "pitr_settings",
        "kinesis_destinations",
        "contributor_insights",
        "backups",
        "resource_policies",
        "exports",
        "imports",
    ),
    "batch": ("compute_envs", "job_queues", "job_definitions"),
    "stepfunctions": (
        "state_machines",
        "tags",
        "activities",
        "state_machine_versions",
        "state_machine_aliases",
        "map_runs",
    ),
    "cloudwatch_logs": (
        "log_groups",
        "destinations",
        "resource_policies",
        "log_group_policies",
        "metric_filters",
        "queries",
        "log_records",
        "delivery_sources",
        "delivery_destinations",
        "deliveries",
    ),
}

# What CloudFormation leaves behind when an operation fails, by the operation's own status.
_INTERRUPTED_STATUS = {
    "CREATE_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}

logger = logging.getLogger("local.persistence")

ServiceHandler = Callable[..., Awaitable[Any]]


class Autosave:
    """Saves changed services in the background.

    Parameters
    ----------
    interval_s
        Time between two looks for changes.
    before_save
        Called at each look; writes what is kept as records.

    Attributes
    ----------
    restorers
        Called once when the server starts, after MiniStack has loaded its state files.
    """

    def __init__(self, interval_s: float, before_save: Callable[[], None]) -> None:
        self._interval_s = interval_s
        self._before_save = before_save
        self.restorers: list[Callable[[], None]] = []
        self._changed: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._written: dict[str, int] = {}
        self._was_deploying = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start looking for changes."""
        threading.Thread(target=self._loop, name="autosave", daemon=True).start()

    @property
    def pending(self) -> bool:
        """Whether a change may not be on disk yet."""
        return bool(self._changed) or self._was_deploying

    def mark(self, *keys: str) -> None:
        """Note that services changed, by the names of their state files."""
        self._changed.update(keys)

    def mark_all(self) -> None:
        """Note that any service may have changed."""
        self.mark(*ministack_app._build_persistence_save_dict())

    def mark_logs(self) -> None:
        """Note that log events were added."""
        self.mark(_LOGS)

    def save_changed(self, *, now: bool = False) -> None:
        """Write the services that changed.

        Parameters
        ----------
        now
            Write also those that were written a moment ago.
        """
        with self._lock:
            self._before_save()
            deploying = _deploying()
            if deploying or self._was_deploying:  # the end of an operation is a change too
                self.mark_all()
            self._was_deploying = deploying
            states = ministack_app._build_persistence_save_dict()
            for key in list(self._changed):
                if not now and time.monotonic() < self._not_before.get(key, 0.0):
                    continue
                self._changed.discard(key)
                if key not in states:
                    continue
                started = time.thread_time()
                try:
                    self._write(key, states[key]())
                except RuntimeError:  # a dictionary grew while it was read: next time
                    self._changed.add(key)
                spent_s = time.thread_time() - started
                pause_s = min(_SAVING_SHARE * spent_s, _LONGEST_PAUSE_S)
                self._not_before[key] = time.monotonic() + pause_s

    def _write(self, key: str, state: Any) -> None:
        if state is None:
            return
        text = json.dumps(
            {
                "__ministack_format__": ministack_persistence._state_format_version(key),
                "payload": state,
            },
            default=ministack_persistence._json_default,
        )
        if self._written.get(key) == hash(text):
            return
        path = Path(ministack_persistence.STATE_DIR, f"{key}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
        self._written[key] = hash(text)

    def _loop(self) -> None:
        while True:
            time.sleep(self._interval_s)
            try:
                self.save_changed()
            except (OSError, TypeError, ValueError):
                logger.exception("The state could not be saved")


def _deploying() -> bool:
    return any(
        stack.get("StackStatus") in _INTERRUPTED_STATUS
        for stack in list(cloudformation._stacks._data.values())
    )


def _watched(service: str, handler: ServiceHandler, autosave: Autosave) -> ServiceHandler:
    """Mark a service as changed after every request that may change it."""
    config = ministack_app.SERVICE_REGISTRY[service]
    keys = (config.get("state_key", config["module"]), *config.get("sub_modules", ()))

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        response = await handler(method, path, headers, body, query)
        action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        reads = (
            method in ("GET", "HEAD", "OPTIONS")
            or _READ_ACTION.match(action)
            or _READ_PATH.match(path)
            or (isinstance(body, bytes) and _READ_FORM.search(body[:4096]))
        )
        if service == "cloudformation":
            if not reads:
                autosave.mark_all()
            if autosave.pending and not _deploying():
                # What a stack made is on disk before anyone is told that it is complete.
                await asyncio.to_thread(autosave.save_changed, now=True)
        elif _INVOKE_PATH.search(path):
            autosave.mark_logs()
        elif not reads and action not in _ITEM_ACTIONS:
            autosave.mark(*keys)
        return response

    return handle


# -- States without records ----------------------------------------------------------------


def _stores(module: Any) -> dict[str, Any]:
    """Return the stores themselves: the C encoder reads them faster than they can be copied."""
    names = _STORES[module.__name__.rsplit(".", 1)[-1]]
    return {name: getattr(module, f"_{name}") for name in names}


def _dynamodb_state() -> dict[str, Any]:
    tables = AccountRegionScopedDict()
    for (account_id, region, name), table in dynamodb._tables.all_items():
        left_out = ("items", dynamodb._INDEX_MEMBERS)
        settings = {key: value for key, value in table.items() if key not in left_out}
        tables.set_scoped(account_id, region, name, {**settings, "items": {}})
    return {"tables": tables, **_stores(dynamodb)}


def _end_interrupted_deployments() -> None:
    for stack in cloudformation._stacks._data.values():
        if after := _INTERRUPTED_STATUS.get(stack.get("StackStatus", "")):
            stack["StackStatus"] = after
            stack["StackStatusReason"] = "The one-machine cloud was stopped during the operation"


def install(
    records: RecordStore,
    interval_s: float,
    save_running: Callable[[], None],
) -> Autosave:
    """Save state while the server runs and load it when it starts.

    Parameters
    ----------
    records
        Where items, executions and jobs are kept.
    interval_s
        Time between two looks for changed services.
    save_running
        Writes the new history events of running executions.
    """
    autosave = Autosave(interval_s, save_running)
    for service, handler in ministack_app.SERVICE_HANDLERS.items():
        ministack_app.SERVICE_HANDLERS[service] = _watched(service, handler, autosave)
    items = ItemRecords(records)
    items.install()
    dynamodb.get_state = _dynamodb_state
    for module in (batch, cloudwatch_logs, stepfunctions):
        module.get_state = partial(_stores, module)
    load_state_files = ministack_app._load_persisted_state

    def load() -> None:
        load_state_files()
        items.restore()
        for restore in autosave.restorers:
            restore()
        _end_interrupted_deployments()
        autosave.mark_all()
        autosave.start()

    ministack_app._load_persisted_state = load
    return autosave
