#!/usr/bin/env python3
"""What a service manager hears of a node: READY=1 when it serves, WATCHDOG=1 while its threads live, STOPPING=1 at its
end; and what `troupe healthcheck` says meanwhile.

    notify.py BINARY
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

binary = sys.argv[1]


def main():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.settimeout(20)
        manager.bind(path)
        environment = {**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
        settings = ["server.port=0", "admin.port=0", "storage.engine=memory"]
        node = subprocess.Popen([binary, "serve", *(f"--set={each}" for each in settings)], env=environment,
                                stdout=subprocess.PIPE, text=True)
        try:
            told = [manager.recv(1000).decode() for _ in range(4)]
            assert told == ["READY=1"] + ["WATCHDOG=1"] * 3, told
            printed = ""
            while "admin pages on" not in printed:
                printed += node.stdout.readline()
            port = re.search(r"admin pages on http://127.0.0.1:(\d+)", printed)[1]
            by_settings = [binary, "healthcheck", f"--set=admin.port={port}"]
            assert subprocess.run(by_settings, capture_output=True, check=True).stdout == b"ok\n"
            by_url = [binary, "healthcheck", "--ready", "--url", f"http://127.0.0.1:{port}"]
            subprocess.run(by_url, check=True, stdout=subprocess.DEVNULL)
            node.send_signal(signal.SIGTERM)
            while (last := manager.recv(1000).decode()) == "WATCHDOG=1":
                pass
            assert last == "STOPPING=1", last
            assert node.wait(timeout=20) == 0
            gone = subprocess.run(by_settings, capture_output=True, text=True, check=False)
            assert gone.returncode == 1 and "healthz" in gone.stderr, gone
        finally:
            node.kill()
            node.wait()
    print("the service manager was told what happens")


if __name__ == "__main__":
    main()
