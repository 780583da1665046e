#!/usr/bin/env python3
"""What test_package.sh does inside of a clean Debian: the package is installed there, and this uses and removes it.

    test_package.py ROOT
"""
import json
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

from service import Service

root = pathlib.Path(sys.argv[1])
admin = "http://127.0.0.1:3002"


def in_root(*command):
    done = subprocess.run(["chroot", str(root), *command], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def ask(method, path, body=None):
    token = (root / "var/lib/troupe/data/admin-token").read_text().strip()
    request = urllib.request.Request(admin + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def step(text):
    print(f"--- {text}", flush=True)


def left_over():
    """What is there of the package, and who owns it."""
    found = in_root("/bin/sh", "-c", "find / -xdev \\( -iname '*troupe*' -o -path '*troupe*' \\) "
                    "-not -path '/proc/*' -not -path '/packages*' -printf '%p %u %m\\n' 2>/dev/null; true")
    return sorted(line for line in found.splitlines() if "/dpkg/" not in line and "/apt/" not in line and "/log/" not in line)


def main():
    step("the user and the directory of the documents")
    assert in_root("getent", "passwd", "troupe").split(":")[5:] == ["/var/lib/troupe", "/usr/sbin/nologin\n"]
    assert in_root("stat", "-c", "%U %a", "/var/lib/troupe") == "troupe 750\n"
    assert in_root("stat", "-c", "%U:%G %a", "/etc/troupe/troupe.yaml") == "root:troupe 640\n"
    print(in_root("troupe", "version"), end="")
    libraries = in_root("ldd", "/usr/bin/troupe")
    assert "not found" not in libraries and "caf" not in libraries, libraries

    step("start, write a document, SIGKILL")
    with Service(root, "troupe.service", watchdog_seconds=1) as service:
        ask("POST", "/api/v1/documents/notes", {"edits": [{"op": "setText", "path": "/text", "text": "survives"}]})
        in_root("troupe", "healthcheck", "--config", "/etc/troupe/troupe.yaml", "--ready")
        service.wait_for("WATCHDOG=1", 5)
        service.wait_for("WATCHDOG=1", 5)
        service.kill()

    step("start again: the document is there; stop in order")
    with Service(root, "troupe.service") as service:
        shown = ask("GET", "/api/v1/documents/notes?as=text&root=text")
        assert "survives" in shown, shown
        code = service.stop()
        assert code == 0, code
        assert service.heard[-1] == "STOPPING=1", service.heard
    try:
        in_root("troupe", "healthcheck", "--config", "/etc/troupe/troupe.yaml")
        raise AssertionError("a node that is stopped was well")
    except AssertionError as error:
        assert "healthcheck" in str(error), error

    step("remove: documents and configuration stay")
    in_root("apt-get", "remove", "-y", "troupe")
    left = left_over()
    print("\n".join(left))
    paths = [line.split()[0] for line in left]
    assert "/etc/troupe/troupe.yaml" in paths and "/var/lib/troupe/data/admin-token" in paths, paths
    for path in paths:
        assert path.startswith(("/etc/troupe", "/var/lib/troupe", "/etc/systemd", "/var/lib/systemd")), path

    step("install again: the documents are still there")
    in_root("/bin/sh", "-c", "apt-get install -y --no-install-recommends /packages/troupe_*.deb")
    with Service(root, "troupe.service") as service:
        assert "survives" in ask("GET", "/api/v1/documents/notes?as=text&root=text")
        assert service.stop() == 0

    step("purge: only the documents and their user stay")
    said = in_root("apt-get", "purge", "-y", "troupe")
    assert "the documents stay in /var/lib/troupe" in said, said
    left = left_over()
    print("\n".join(left))
    for line in left:
        assert line.startswith("/var/lib/troupe"), line
    assert in_root("getent", "passwd", "troupe")

    step("purge without documents: nothing stays")
    in_root("rm", "-r", "/var/lib/troupe")
    in_root("/bin/sh", "-c", "apt-get install -y --no-install-recommends /packages/troupe_*.deb")
    in_root("apt-get", "purge", "-y", "troupe")
    assert left_over() == [], left_over()
    assert subprocess.run(["chroot", str(root), "getent", "passwd", "troupe"], check=False).returncode != 0
    print("the package installs, serves, survives a kill and goes")


if __name__ == "__main__":
    main()
