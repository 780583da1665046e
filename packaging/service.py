#!/usr/bin/env python3
"""Runs a service of a directory tree as systemd would, where no systemd runs: reads the unit, changes the root, becomes
its user, and listens on a notification socket. For test_package.sh.

    with Service(root, "troupe.service") as service:      # returns once it has said READY=1
        service.kill()
"""
import os
import pathlib
import resource
import select
import shlex
import signal
import socket
import subprocess
import time


def read_unit(path):
    """Section and key to the list of values."""
    values, section = {}, ""
    for line in pathlib.Path(path).read_text().splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and line[0] not in "#;":
            key, _, value = line.partition("=")
            values.setdefault(f"{section}.{key}", []).append(value)
    return values


def seconds(text):
    return float(text)


def files_limit(wanted):
    """The unit's limit of descriptors, or the one of this machine where nobody may raise it (CAP_SYS_RESOURCE)."""
    if subprocess.run(["prlimit", f"--nofile={wanted}", "true"], capture_output=True, check=False).returncode == 0:
        return wanted
    here = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    print(f"the service runs with {here} descriptors: this machine does not let the limit be raised to {wanted}", flush=True)
    return here


class Service:
    def __init__(self, root, unit, watchdog_seconds=None):
        self.root = pathlib.Path(root)
        self.unit = read_unit(self.root / "lib/systemd/system" / unit)
        assert self.one("Type") == "notify"
        # What was told, and when it started.
        self.heard = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify = self.root / "run/notify-test"
        self.notify.unlink(missing_ok=True)
        self.socket.bind(str(self.notify))
        self.notify.chmod(0o666)
        self.watchdog = watchdog_seconds or seconds(self.one("WatchdogSec"))

    def one(self, key):
        return self.unit[f"Service.{key}"][-1]

    def command(self, line):
        user, group = self.one("User"), self.one("Group")
        return ["chroot", f"--userspec={user}:{group}", str(self.root), "/usr/bin/env", "-i",
                "-C", self.one("WorkingDirectory"), "PATH=/usr/bin:/bin", "NOTIFY_SOCKET=/run/notify-test",
                f"WATCHDOG_USEC={int(self.watchdog * 1e6)}", *shlex.split(line)]

    def __enter__(self):
        for line in self.unit.get("Service.ExecStartPre", []):
            subprocess.run(self.command(line), check=True)
        limit = files_limit(int(self.one("LimitNOFILE")))
        self.process = subprocess.Popen(["prlimit", f"--nofile={limit}", *self.command(self.one("ExecStart"))])
        try:
            self.wait_for("READY=1", seconds(self.one("TimeoutStartSec")))
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.socket.close()
        self.notify.unlink(missing_ok=True)

    def wait_for(self, line, timeout):
        """Waits until the service tells a line; raises if it does not in time, or ends."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if select.select([self.socket], [], [], 0.2)[0]:
                told = self.socket.recv(4096).decode().splitlines()
                self.heard += told
                if line in told:
                    return
            elif self.process.poll() is not None:
                break
        raise AssertionError(f"the service did not tell {line}; exit code {self.process.poll()}, told {self.heard}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As systemctl stop: SIGTERM, and an end in time. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        self.wait_for("STOPPING=1", 5)
        return self.process.wait(timeout=seconds(self.one("TimeoutStopSec")))


if __name__ == "__main__":
    raise SystemExit(f"{os.path.basename(__file__)} is used by test_package.py")
