"""From the command to the first answer, and the memory it takes."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.report import Figure, Table
from bench.sources import ROOT

PATIENCE_SECONDS = 60.0
GLANCE_SECONDS = 0.01
OUR_OWN = ("WECOM__", "DINGTALK__", "FEISHU__", "DATABASE_URL", "DATA_KEY")


@dataclass(frozen=True, slots=True)
class Started:
    seconds: float
    peak_mib: float


def measure(*, again: int = 3) -> list[Table]:
    """One start in an empty folder, then several in what it left."""
    with tempfile.TemporaryDirectory() as folder:
        first = start(Path(folder))
        later = [start(Path(folder)) for _ in range(again)]
    seconds = sorted(one.seconds for one in later)[len(later) // 2]
    figures = [
        Figure("first start: makes the demo company", f"{first.seconds:.2f} s", "4 s"),
        Figure("later start", f"{seconds:.2f} s", "3 s"),
        Figure("peak memory, first start", f"{first.peak_mib:.0f} MiB", "200 MiB"),
        Figure("peak memory, later start", f"{later[-1].peak_mib:.0f} MiB", "200 MiB"),
    ]
    note = "From `python main.py run` to 200 of /healthz, with the playground, on SQLite."
    return [Table("Start", figures, note)]


def start(data: Path) -> Started:
    port = free_port()
    command = [sys.executable, "main.py", "run"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(data, port), stdout=subprocess.DEVNULL
    ) as process:
        try:
            _await_answer(f"http://127.0.0.1:{port}/healthz", process)
            return Started(time.perf_counter() - began, _peak_mib(process.pid))
        finally:
            process.terminate()


def environment(data: Path, port: int) -> Mapping[str, str]:
    """Ours without any real platform or database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OUR_OWN)}
    return {**kept, "DATA": str(data), "HOST": "127.0.0.1", "PORT": str(port), "LOG_LEVEL": "error"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await_answer(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(GLANCE_SECONDS)
    raise RuntimeError(f"{url} does not answer: run `python main.py run` to see why")


def _peak_mib(pid: int) -> float:
    """Zero where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else 0.0
