"""Batch jobs: what they see, how they end, and that nothing of them is left."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from adapters.execution_history import state_visits
from infra.definition import Definition


def submit(aws, action: str, argument: str, **fields: Any) -> str:
    return aws.batch.submit_job(
        jobName="job",
        jobQueue="jobs",
        jobDefinition="work",
        parameters={"action": action, "argument": argument},
        **fields,
    )["jobId"]


def submit_state(action: str, argument: str, **fields: Any) -> dict[str, Any]:
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "B",
        "States": {
            "B": {
                "Type": "Task",
                "Resource": "arn:aws:states:::batch:submitJob.sync",
                "Arguments": {
                    "JobName": "job",
                    "JobQueue": "jobs",
                    "JobDefinition": "work",
                    "Parameters": {"action": action, "argument": argument},
                },
                "Output": "{% $states.result.Status %}",
                "End": True,
                **fields,
            },
            "Z": {"Type": "Pass", "Output": {"caught": "{% $states.input %}"}, "End": True},
        },
    }


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def job_processes(cloud) -> list[psutil.Process]:
    """Return the processes of the running jobs: the children of the fork server."""
    note = json.loads((cloud.settings.state_dir / "server.json").read_text())
    return [
        job
        for child in psutil.Process(note["pid"]).children()
        if "local.worker_forkserver" in child.cmdline()
        for job in child.children()
    ]


@pytest.mark.parametrize(
    ("command", "status", "exit_code", "lines"),
    [
        (("say", "hello"), "SUCCEEDED", 0, ["say hello"]),
        (("exit", "3"), "FAILED", 3, ["exit 3"]),
        (("kill", "me"), "FAILED", 137, ["kill me"]),
        (("environment", "COLOUR"), "SUCCEEDED", 0, ["environment COLOUR", "COLOUR=blue"]),
        (
            ("environment", "ANTHROPIC_API_KEY"),
            "SUCCEEDED",
            0,
            ["environment ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY=None"],
        ),
    ],
)
def test_how_a_job_ends(aws, command, status, exit_code, lines):
    job = aws.job(submit(aws, *command))
    assert (job["status"], job["container"]["exitCode"]) == (status, exit_code)
    assert job["statusReason"] == "Essential container in task exited"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [exit_code]
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    assert aws.job_log(job["jobId"]) == lines


def test_a_crash_leaves_its_traceback_in_the_log(aws):
    job = aws.job(submit(aws, "crash", "boom"))
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 1)
    assert aws.job_log(job["jobId"])[-1] == "RuntimeError: boom"


def test_client_environment_reaches_the_cloud(aws):
    job = aws.job(submit(aws, "environment", "AWS_ENDPOINT_URL"))
    assert aws.job_log(job["jobId"])[-1] == f"AWS_ENDPOINT_URL={aws.cloud.endpoint_url}"


def test_overrides(aws):
    job = aws.job(
        submit(
            aws,
            "say",
            "x",
            containerOverrides={
                "command": ["environment", "COLOUR"],
                "environment": [{"name": "COLOUR", "value": "red"}],
            },
        )
    )
    assert aws.job_log(job["jobId"])[-1] == "COLOUR=red"


def test_log_lines_come_while_the_job_runs(aws, tmp_path):
    gate = tmp_path / "gate"
    job_id = submit(aws, "wait-for", str(gate))
    aws.until(lambda: aws.job_log(job_id) == [f"wait-for {gate}"])
    assert aws.batch.describe_jobs(jobs=[job_id])["jobs"][0]["status"] == "RUNNING"
    gate.touch()
    assert aws.job(job_id)["status"] == "SUCCEEDED"
    assert aws.job_log(job_id) == [f"wait-for {gate}", "found"]


def test_jobs_share_no_random_state(aws):
    jobs = [aws.job(submit(aws, "random", "x")) for _ in range(2)]
    assert aws.job_log(jobs[0]["jobId"])[-1] != aws.job_log(jobs[1]["jobId"])[-1]


def test_time_out_kills_the_whole_family(aws):
    job_id = submit(aws, "child", "600", timeout={"attemptDurationSeconds": 2})
    job = aws.job(job_id)
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "Job attempt duration exceeded timeout"
    assert job["container"]["exitCode"] == 137
    child = int(aws.job_log(job_id)[-1].split()[1])
    aws.until(lambda: gone(child))


def test_a_jobs_leftovers_end_with_it(aws):
    job = aws.job(submit(aws, "child", "0"))
    assert job["status"] == "SUCCEEDED"
    child = int(aws.job_log(job["jobId"])[-1].split()[1])
    aws.until(lambda: gone(child))


def test_retries(aws):
    job = aws.job(submit(aws, "fail-until", "3", retryStrategy={"attempts": 3}))
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [75, 75, 0]


def test_evaluate_on_exit_ends_the_retries(aws):
    strategy = {
        "attempts": 5,
        "evaluateOnExit": [
            {"onExitCode": "75", "action": "RETRY"},
            {"onReason": "*", "action": "EXIT"},
        ],
    }
    job = aws.job(submit(aws, "exit", "3", retryStrategy=strategy))
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [3]
    job = aws.job(submit(aws, "fail-until", "2", retryStrategy=strategy))
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [75, 0]


def test_terminate(aws):
    job_id = submit(aws, "sleep", "600")
    aws.until(lambda: aws.job_log(job_id) == ["sleep 600"])
    aws.batch.terminate_job(jobId=job_id, reason="enough")
    job = aws.job(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "enough")
    assert job["container"]["exitCode"] == 143


def test_slots_and_cancel(aws):
    busy = [submit(aws, "sleep", "600") for _ in range(2)]  # two slots
    waiting = submit(aws, "say", "later")
    cancelled = submit(aws, "say", "never")
    aws.until(lambda: len(job_processes(aws.cloud)) == 2)
    states = [job["status"] for job in aws.batch.describe_jobs(jobs=[*busy, waiting])["jobs"]]
    assert states == ["RUNNING", "RUNNING", "RUNNABLE"]
    aws.batch.cancel_job(jobId=cancelled, reason="not needed")
    aws.batch.terminate_job(jobId=busy[0], reason="make room")
    assert aws.job(waiting)["status"] == "SUCCEEDED"
    done = aws.job(cancelled)
    assert (done["status"], done["statusReason"]) == ("FAILED", "not needed")
    assert done["attempts"] == []
    aws.batch.terminate_job(jobId=busy[1], reason="end")
    aws.job(busy[1])


@pytest.mark.parametrize("field", ["jobQueue", "jobDefinition"])
def test_unknown_names_are_refused(aws, field):
    names = {"jobQueue": "jobs", "jobDefinition": "work", field: "nope"}
    with pytest.raises(ClientError, match="nope does not exist"):
        aws.batch.submit_job(jobName="job", **names)


# -- submitJob.sync --------------------------------------------------------------------------


def test_sync_task_waits_for_the_job(aws):
    done = aws.run(submit_state("say", "hello"))
    assert done["result"] == "SUCCEEDED"
    assert "TaskSubmitted" in [event["type"] for event in aws.history(done["executionArn"])]


def test_sync_task_fails_with_the_job_as_cause(aws):
    done = aws.run(
        submit_state(
            "exit",
            "75",
            Catch=[
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "Output": "{% $parse($states.errorOutput.Cause).Container.ExitCode %}",
                    "Next": "Z",
                }
            ],
        )
    )
    assert done["result"] == {"caught": 75}


def test_sync_task_of_a_missing_queue(aws):
    definition = submit_state("say", "x")
    definition["States"]["B"]["Arguments"]["JobQueue"] = "nope"
    assert aws.run(definition)["error"] == "Batch.ClientException"


@pytest.mark.parametrize("how", ["stop", "time out"])
def test_a_stopped_or_late_task_takes_its_job_with_it(aws, how):
    limit = {"TimeoutSeconds": 1} if how == "time out" else {}
    execution = aws.start(aws.state_machine(submit_state("sleep", "600", **limit)))
    submitted = aws.until(
        lambda: [
            json.loads(event["taskSubmittedEventDetails"]["output"])
            for event in aws.history(execution)
            if event["type"] == "TaskSubmitted"
        ]
    )
    if how == "stop":
        aws.stepfunctions.stop_execution(executionArn=execution)
    else:
        assert aws.finished(execution)["error"] == "States.Timeout"
    job = aws.job(submitted[0]["JobId"])
    assert job["status"] == "FAILED"
    assert "was stopped" in job["statusReason"]


def test_a_killed_worker_is_retried(aws, tmp_path):
    """The worker's process is killed from outside, as the kernel does when memory runs out."""
    gate = tmp_path / "gate"
    execution = aws.start(
        aws.state_machine(
            submit_state(
                "wait-for",
                str(gate),
                Retry=[{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}],
            )
        )
    )
    first = aws.until(
        lambda: [
            json.loads(event["taskSubmittedEventDetails"]["output"])["JobId"]
            for event in aws.history(execution)
            if event["type"] == "TaskSubmitted"
        ]
    )[0]
    [process] = aws.until(lambda: job_processes(aws.cloud))
    process.kill()
    assert aws.job(first)["container"]["exitCode"] == 137
    gate.touch()
    assert aws.finished(execution)["result"] == "SUCCEEDED"


def test_a_killed_fork_server_is_replaced(tmp_path, make_cloud, make_aws):
    with make_cloud(tmp_path) as cloud:
        aws = make_aws(cloud)
        aws.deploy_batch()
        lost = submit(aws, "sleep", "600")
        [job] = aws.until(lambda: job_processes(cloud))
        job.parent().kill()
        done = aws.job(lost)
        assert (done["status"], done["container"]["exitCode"]) == ("FAILED", 137)
        aws.until(lambda: gone(job.pid))
        assert aws.job(submit(aws, "say", "again"))["status"] == "SUCCEEDED"


def sharded() -> dict[str, Any]:
    """The experiment's own state ``Execute`` over other jobs."""
    text = Definition("experiment").text
    states = json.loads(
        text.replace("${WorkerJobDefinitionArn}", "work").replace("${WorkerJobQueueArn}", "jobs")
    )["States"]
    execute = states["Execute"]
    job = execute["ItemProcessor"]["States"]["ExecuteShard"]["Arguments"]
    job["Parameters"] = "{% $states.input.job %}"
    shards = states["Deploy"]["Assign"]["execution_shards"].replace("result.Payload", "input")
    known = {
        "experiment_id": "e",
        "run": 1,
        "execution_attempt": 2,
        "execution_refusals": 0,
        "execution_shards": shards,
    }
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Deploy",
        "States": {
            "Deploy": {"Type": "Pass", "Assign": known, "Next": "Execute"},
            "Execute": execute,
            "JudgeExecution": {"Type": "Pass", "End": True},
            "FlagHuman": {"Type": "Pass", "Output": "{% $flag %}", "End": True},
        },
    }


@pytest.mark.parametrize("count", [1, 2])
def test_the_shards_of_an_execution_run_side_by_side(aws, count: int) -> None:
    jobs = [{"action": "sleep", "argument": "1"} for _ in range(count)]
    execution = aws.start(aws.state_machine(sharded()), {"shards": jobs})
    assert aws.until(lambda: len(job_processes(aws.cloud)) == count)
    done = aws.finished(execution)
    assert done["status"] == "SUCCEEDED"
    assert len({one["job_id"] for one in done["result"]}) == count
    visits = state_visits(aws.history(execution))
    assert [visit.state for visit in visits] == ["Deploy", "Execute", "JudgeExecution"]


def test_a_shard_is_retried_alone_and_its_failure_ends_the_execution(aws) -> None:
    jobs = [{"action": "say", "argument": "fine"}, {"action": "exit", "argument": "1"}]
    execution = aws.start(aws.state_machine(sharded()), {"shards": jobs})
    done = aws.finished(execution, timeout_s=60)
    assert done["status"] == "SUCCEEDED"
    assert (done["result"]["phase"], done["result"]["attempts"]) == ("execution", 2)
    assert done["result"]["error"]["Error"] == "States.TaskFailed"
    visits = state_visits(aws.history(execution))
    assert [visit.state for visit in visits] == ["Deploy", "Execute", "FlagHuman"]
    assert len(visits[1].failures) == 5
    assert all("States.TaskFailed" in failure for failure in visits[1].failures)


def test_stopping_an_execution_stops_its_shards(aws) -> None:
    jobs = [{"action": "sleep", "argument": "600"} for _ in range(2)]
    execution = aws.start(aws.state_machine(sharded()), {"shards": jobs})
    running = aws.until(lambda: len(found := job_processes(aws.cloud)) == 2 and found)
    aws.stepfunctions.stop_execution(executionArn=execution)
    assert aws.finished(execution)["status"] == "ABORTED"
    assert not aws.left_running(running, within_s=10)
