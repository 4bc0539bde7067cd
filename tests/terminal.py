"""A command as it runs on a terminal, and in the process of the tests."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from stancewire.cli import main as command


def stancewire(*words: object) -> Result:
    """The command, in this process: torch takes seconds to start."""
    return CliRunner().invoke(command, list(map(str, words)))


def on_terminal(*words: object, columns: int) -> bytes:
    """What `stancewire` prints on a terminal so wide; it must end well."""
    if sys.platform == "win32":
        pytest.skip("no pseudo-terminals")
    import pty

    main, end = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "stancewire", *map(str, words)],
        stdout=end, env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(end)
    shown = b""
    while True:
        try:
            chunk = os.read(main, 4096)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    assert done.wait() == 0
    return shown
