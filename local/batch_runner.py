"""Seam C: Batch jobs that run, for MiniStack 1.5.33.

Replaces the job handlers in ``ministack.services.batch._DISPATCH``; MiniStack marks a submitted
job SUCCEEDED at once.

A job is the definition's command, with ``Ref::`` parameters filled in, behind the entry command of
the settings, which stands for the image's ENTRYPOINT. It sees the definition's and the overrides'
environment, the variables AWS Batch sets, and those that point an SDK at the cloud; nothing else
of the host. Its output goes to its log stream line by line. Slots are the only resource: vCPU and
memory requirements are not enforced. Every change of a job's status is on disk before it can be
seen.
"""

from __future__ import annotations

import contextvars
import fnmatch
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import batch

from local import batch_definitions
from local.batch_definitions import find_definition
from local.batch_log import DEFAULT_GROUP, JobLog
from local.batch_processes import JobProcess, JobProcesses
from local.completions import COMPLETIONS
from local.records import RecordStore
from local.settings import CloudSettings, client_environment, host_environment

_JOB = "batch-job"
_ENDED = ("SUCCEEDED", "FAILED")
_TERMINATE_GRACE_S = 5.0
_KILL_GRACE_S = 10.0
_CANNOT_START = 127

_REASON_EXITED = "Essential container in task exited"
_REASON_TIMEOUT = "Job attempt duration exceeded timeout"
_REASON_NOT_STARTED = "Task failed to start"
_REASON_INTERRUPTED = "The one-machine cloud was stopped while this job was running"

Record = dict[str, Any]


def _filled_in(command: list[str], parameters: Mapping[str, str]) -> list[str]:
    def fill(argument: str) -> str:
        match = re.fullmatch(r"Ref::(\w+)", argument)
        return parameters.get(match[1], argument) if match else argument

    return [fill(argument) for argument in command]


def _retries(strategy: Record, attempt: Record) -> bool:
    """Say whether ``evaluateOnExit`` of a retry strategy wants another attempt."""
    container = attempt["container"]
    seen = {
        "onStatusReason": attempt["statusReason"],
        "onReason": container.get("reason", ""),
        "onExitCode": str(container.get("exitCode", "")),
    }
    for rule in strategy.get("evaluateOnExit") or []:
        patterns = {name: rule[name] for name in seen if name in rule}
        if all(fnmatch.fnmatchcase(seen[name], pattern) for name, pattern in patterns.items()):
            return str(rule["action"]).upper() == "RETRY"
    return True


class BatchRunner:
    """Queues jobs, runs them on a fixed number of slots and records how they end.

    Parameters
    ----------
    settings
        Entry command, working directory and slots.
    records
        Where jobs are kept.
    logs_changed
        Called when log events were added.
    """

    def __init__(
        self, settings: CloudSettings, records: RecordStore, logs_changed: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._records = records
        self._logs_changed = logs_changed
        self._environment = {
            **host_environment(),
            **client_environment(settings.endpoint_url),
            "TMPDIR": str(settings.temporary_dir),
            "PYTHONUNBUFFERED": "1",
        }
        self._processes = JobProcesses(settings.worker_preload, self._environment)
        self._slots = ThreadPoolExecutor(settings.batch_slots, thread_name_prefix="batch-slot")
        self._running: dict[str, JobProcess] = {}
        self._lock = threading.Lock()

    # -- handlers ---------------------------------------------------------------------------

    def submit(self, request: Record) -> Any:
        """SubmitJob."""
        definition = find_definition(request.get("jobDefinition", ""))
        queue_name = request.get("jobQueue", "").rsplit("/", 1)[-1]
        if not request.get("jobName"):
            return _client_error("jobName is required")
        if definition is None:
            return _client_error(f"JobDefinition {request.get('jobDefinition')} does not exist")
        if queue_name not in batch._job_queues:
            return _client_error(f"JobQueue {queue_name} does not exist")
        job = self._new_job(request, definition, queue_name)
        batch._jobs[job["jobId"]] = job
        self._save(job)
        self._slots.submit(contextvars.copy_context().run, self._run, job)
        answer = {name: job[name] for name in ("jobId", "jobName", "jobArn")}
        return batch._json(200, answer)

    def describe(self, request: Record) -> Any:
        """DescribeJobs."""
        jobs = [batch._jobs[name] for name in request.get("jobs", []) if name in batch._jobs]
        return batch._json(200, {"jobs": [_public(job) for job in jobs]})

    def terminate(self, request: Record) -> Any:
        """TerminateJob: end the job in whatever state it is."""
        return self._end(request, running_too=True)

    def cancel(self, request: Record) -> Any:
        """CancelJob: end the job unless it has started."""
        return self._end(request, running_too=False)

    def _end(self, request: Record, *, running_too: bool) -> Any:
        job = batch._jobs.get(request.get("jobId"))
        with self._lock:
            if job is None or job["status"] in _ENDED:
                return batch._json(200, {})
            process = self._running.get(job["jobId"])
            if process and not running_too:
                return batch._json(200, {})
            job["_ended_by"] = request.get("reason") or "Terminated by user"
        if process:
            process.terminate()
            threading.Timer(_TERMINATE_GRACE_S, process.kill).start()
        return batch._json(200, {})

    # -- running ---------------------------------------------------------------------------

    def _new_job(self, request: Record, definition: Record, queue_name: str) -> Record:
        container = definition.get("containerProperties") or {}
        overrides = request.get("containerOverrides") or {}
        parameters = {**(definition.get("parameters") or {}), **(request.get("parameters") or {})}
        environment = [*container.get("environment", []), *overrides.get("environment", [])]
        job_id = str(uuid.uuid4())
        return {
            "jobId": job_id,
            "jobArn": batch._job_arn(job_id),
            "jobName": request["jobName"],
            "jobQueue": batch._jq_arn(queue_name),
            "jobDefinition": definition["jobDefinitionArn"],
            "status": "RUNNABLE",
            "createdAt": batch._now_ms(),
            "attempts": [],
            "dependsOn": [],
            "parameters": parameters,
            "retryStrategy": {
                "attempts": 1,
                **(definition.get("retryStrategy") or {}),
                **(request.get("retryStrategy") or {}),
            },
            "timeout": request.get("timeout") or definition.get("timeout") or {},
            "tags": request.get("tags", {}),
            "container": {
                "image": container.get("image"),
                "command": _filled_in(
                    overrides.get("command") or container.get("command") or [], parameters
                ),
                "environment": [
                    {"name": name, "value": value}
                    for name, value in {
                        entry["name"]: entry.get("value", "") for entry in environment
                    }.items()
                ],
                "logConfiguration": container.get("logConfiguration") or {},
            },
        }

    def _run(self, job: Record) -> None:
        try:
            for number in range(1, int(job["retryStrategy"]["attempts"]) + 1):
                if "_ended_by" in job:
                    break
                attempt = self._attempt(job, number)
                job["attempts"].append(attempt)
                job["container"].update(attempt["container"])
                job["statusReason"] = attempt["statusReason"]
                if attempt["container"].get("exitCode") == 0:
                    break
                if not _retries(job["retryStrategy"], attempt):
                    break
        finally:
            succeeded = job["container"].get("exitCode") == 0 and "_ended_by" not in job
            outcome = {
                "status": "SUCCEEDED" if succeeded else "FAILED",
                "statusReason": job.get("_ended_by") or job.get("statusReason"),
                "stoppedAt": batch._now_ms(),
            }
            self._save({**job, **outcome})  # before anyone can see it
            job.update(outcome)
            COMPLETIONS.ring()

    def _attempt(self, job: Record, number: int) -> Record:
        options = job["container"]["logConfiguration"].get("options") or {}
        definition_name = job["jobDefinition"].rsplit("/", 1)[-1].split(":")[0]
        prefix = options.get("awslogs-stream-prefix") or definition_name
        stream = f"{prefix}/default/{uuid.uuid4().hex}"
        log = JobLog(options.get("awslogs-group") or DEFAULT_GROUP, stream)
        job["container"]["logStreamName"] = stream
        job["startedAt"] = batch._now_ms()
        job["status"] = "RUNNING"
        self._save(job)
        container: Record = {"logStreamName": stream}
        try:
            exit_code, reason = self._run_process(job, number, log)
        except OSError as error:
            exit_code, reason = _CANNOT_START, _REASON_NOT_STARTED
            container["reason"] = f"CannotStartContainerError: {error}"
        container["exitCode"] = exit_code
        self._logs_changed()
        return {
            "container": container,
            "startedAt": job["startedAt"],
            "stoppedAt": batch._now_ms(),
            "statusReason": reason,
        }

    def _run_process(self, job: Record, number: int, log: JobLog) -> tuple[int, str]:
        environment = {
            **self._environment,
            "AWS_ACCESS_KEY_ID": get_account_id(),
            "AWS_REGION": get_region(),
            "AWS_DEFAULT_REGION": get_region(),
            "AWS_BATCH_JOB_ID": job["jobId"],
            "AWS_BATCH_JOB_ATTEMPT": str(number),
            "AWS_BATCH_JQ_NAME": job["jobQueue"].rsplit("/", 1)[-1],
            **{entry["name"]: entry["value"] for entry in job["container"]["environment"]},
        }
        timeout_s = job["timeout"].get("attemptDurationSeconds")
        reason = _REASON_EXITED

        def log_lines(lines: list[str]) -> None:
            log.append(lines)
            self._logs_changed()

        with self._lock:
            process = self._processes.start(
                f"{job['jobId']}/{number}",
                [*self._settings.worker_entry, *job["container"]["command"]],
                environment,
                self._settings.worker_dir,
            )
            self._running[job["jobId"]] = process
        try:
            if "_ended_by" in job:
                process.kill()
            exit_code = process.wait(log_lines, timeout_s and float(timeout_s))
            if exit_code is None:
                reason = _REASON_TIMEOUT
                process.kill()
                exit_code = process.wait(log_lines, _KILL_GRACE_S)
        finally:
            with self._lock:
                del self._running[job["jobId"]]
            process.close()
        return (_CANNOT_START if exit_code is None else exit_code), reason

    # -- records ---------------------------------------------------------------------------

    def _save(self, job: Record) -> None:
        self._records.put(_JOB, job["jobId"], job["jobArn"], _public(job))

    def restore(self) -> None:
        """Load every job; those that had not ended when the process did have failed."""
        for _, arn, job in self._records.read(_JOB):
            if job["status"] not in _ENDED:
                job.update(
                    status="FAILED",
                    statusReason=_REASON_INTERRUPTED,
                    stoppedAt=batch._now_ms(),
                )
                self._save(job)
            batch._jobs.set_scoped(arn.split(":")[4], arn.split(":")[3], job["jobId"], job)

    def stop(self) -> None:
        """Kill every running job."""
        self._processes.stop()


def _client_error(message: str) -> Any:
    return batch.error_response_json("ClientException", message, 400)


def _public(job: Record) -> Record:
    return {name: value for name, value in job.items() if not name.startswith("_")}


def install(
    settings: CloudSettings, records: RecordStore, logs_changed: Callable[[], None]
) -> BatchRunner:
    """Run submitted jobs as processes.

    Parameters
    ----------
    settings
        Entry command, working directory and slots.
    records
        Where jobs are kept.
    logs_changed
        Called when log events were added.
    """
    batch_definitions.install()
    runner = BatchRunner(settings, records, logs_changed)
    batch._DISPATCH.update(
        {
            "/v1/submitjob": runner.submit,
            "/v1/describejobs": runner.describe,
            "/v1/terminatejob": runner.terminate,
            "/v1/canceljob": runner.cancel,
        }
    )
    return runner
