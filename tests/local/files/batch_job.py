"""The worker of the conformance tests: does what its two arguments ask for."""

# ruff: noqa: T201 - its output is what the tests read

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

action, argument = sys.argv[1:3]
print(f"{action} {argument}")
if action == "exit":
    sys.exit(int(argument))
elif action == "crash":
    raise RuntimeError(argument)
elif action == "sleep":
    time.sleep(float(argument))
elif action == "wait-for":
    while not Path(argument).exists():
        time.sleep(0.02)
    print("found")
elif action == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
elif action == "child":
    # A child in a session of its own that outlives its parent unless it is looked after.
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    print(f"child {child.pid}")
    time.sleep(float(argument))
elif action == "environment":
    print(f"{argument}={os.environ.get(argument)}")
elif action == "fail-until":
    attempt = int(os.environ["AWS_BATCH_JOB_ATTEMPT"])
    sys.exit(0 if attempt >= int(argument) else 75)
elif action == "random":
    print(f"random {random.random()}")
