"""Processes as a bench sees them: what they took of the clock, of the cores and of memory."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")
KB = 1024


@dataclass
class Cost:
    """What a process has taken: seconds of the clock and of the cores, and the most memory at one time in bytes."""

    wall_s: float
    cpu_s: float
    rss_bytes: int


def run(command, env, cwd):
    """Runs `command` to its end; raises where that is not 0."""
    began = time.monotonic()
    with open(pathlib.Path(cwd) / "log.txt", "ab") as log:
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = (pathlib.Path(cwd) / "log.txt").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))} has ended with {process.returncode}: {tail}")
    return Cost(time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KB)


def cpu_s(pid):
    """Seconds of the cores that a process has taken."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Role:
    """A process that serves until it is stopped."""

    def __init__(self, command, env, cwd):
        command = [str(word) for word in command]
        program = pathlib.Path(command[0]).name
        self.name = command[1] if program.startswith("ombud") else program
        self.log = open(pathlib.Path(cwd) / f"{self.name}.txt", "ab")
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=cwd, stdout=self.log, stderr=self.log)

    def cost(self):
        """What it has taken until now."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended with {self.process.returncode}: see {self.log.name}")
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        peak = next(line for line in status if line.startswith("VmHWM"))
        return Cost(time.monotonic() - self.began, cpu_s(self.process.pid), int(peak.split()[1]) * KB)

    def stop(self):
        """Asks it to stop, and kills it where it has not within a minute."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.log.close()


@contextlib.contextmanager
def roles(*commands, env, cwd):
    """Starts them all; stops them all."""
    started = []
    try:
        for command in commands:
            started.append(Role(command, env, cwd))
        yield started
    finally:
        for role in started:
            role.stop()


def wait_until(what, done, timeout_s, pause_s=0.05):
    """Waits until `done()`; gives when that was, and says what it waited for where that did not come."""
    until = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come within {timeout_s} s")
        time.sleep(pause_s)
    return time.monotonic()
