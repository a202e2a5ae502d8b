"""One run of a program, and what several runs have in common."""

import os
import signal
import statistics
import subprocess
import threading
from dataclasses import dataclass, field


@dataclass
class Run:
    result: str = ""
    seconds: float = 0
    megabytes: float = 0  # peak of the whole process
    problem: str = ""


def read_line(output, word):
    for line in output.splitlines():
        if line.startswith(word + " "):
            return line[len(word) + 1:].strip()
    return None


def start(argv, env, limit):
    """Returns exit status (None: the time was over), output and errors."""
    child = subprocess.Popen(argv, env={**os.environ, **env}, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    over = threading.Event()

    def stop():
        over.set()
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(limit, stop)
    timer.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(child.stderr.read()))
    reader.start()
    output = child.stdout.read()
    reader.join()
    child.wait()
    timer.cancel()
    child.stdout.close()
    child.stderr.close()
    return None if over.is_set() else child.returncode, output, errors[0]


def run_once(argv, env, limit):
    status, output, errors = start(argv, env, limit)
    if status is None:
        return Run(problem=f"over {limit:g} s")
    result, seconds = read_line(output, "result"), read_line(output, "seconds")
    kilobytes = read_line(output, "memory") or "0"
    if status != 0 or result is None or seconds is None:
        words = errors.strip().splitlines() or [f"exit status {status}"]
        return Run(problem=words[0])
    return Run(result, float(seconds), int(kilobytes) / 1024)


@dataclass
class Series:
    """The runs of one program on one workload."""

    runs: list = field(default_factory=list)
    estimate: bool = False  # no run: a figure known from elsewhere

    @property
    def problem(self):
        return next((r.problem for r in self.runs if r.problem), "")

    @property
    def result(self):
        return self.runs[0].result if self.runs else ""

    @property
    def seconds(self):
        return statistics.median(r.seconds for r in self.runs)

    @property
    def megabytes(self):
        return statistics.median(r.megabytes for r in self.runs)
