"""``taizhang dev``: Dagster's own interface over the same definitions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from orchestration.manifest import ensure_manifest
from orchestration.settings import Settings


def dev(settings: Settings, port: int) -> int:
    """Run ``dagster dev`` until it is stopped; its exit code."""
    settings.prepare()
    ensure_manifest(settings)
    print(f"Dagster 界面：http://127.0.0.1:{port}（按 Ctrl+C 结束）")
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-m", "orchestration.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    try:
        return subprocess.run(command, env=os.environ, check=False).returncode
    except KeyboardInterrupt:
        return 0
