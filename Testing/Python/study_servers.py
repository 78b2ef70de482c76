"""A real PostgreSQL on loopback for tests, in a temporary folder, with a password."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "study"
PASSWORD = "only-for-this-test"
PROGRAMS = ("initdb", "postgres", "createdb")


def postgres_programs() -> Path | None:
    """The folder of the newest PostgreSQL programs of Debian, or of the search path; None where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next((one for one in folders if all((one / name).is_file() for name in PROGRAMS)), None)


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root: then its programs run as the user that Debian makes for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running_postgres(programs: Path, folder: Path) -> Iterator[str]:
    """A server that asks for a password; gives its address without a database: ``postgresql://study@127.0.0.1:5433``.

    Parameters
    ----------
    programs : Path
    folder : Path
        Exists already; everything is written there.
    """
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    # The fastest safe way to hand over a password without the command line.
    password_file = folder / "password"
    password_file.write_text(PASSWORD)
    password_file.chmod(0o644)
    data, port = folder / "data", free_port()
    common = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    make = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "scram-sha-256",
        f"--pwfile={password_file}",
        "--no-sync",
    ]
    subprocess.run([*_as_postgres(), *make], **common)
    options = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off",
        "log_min_messages": "fatal",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen([*_as_postgres(), programs / "postgres", "-D", data, *words], cwd=folder)
    try:
        _wait_for(port, server)
        yield f"postgresql://{USER}@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError(f"PostgreSQL ended with {server.returncode}") from None
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")
