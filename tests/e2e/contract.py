"""Fuzz the HTTP contract: what is sent is made of the OpenAPI document, what is answered is held against it.

    python3 -m venv /tmp/st && /tmp/st/bin/pip install 'schemathesis>=4,<5'
    python -m tests.e2e.contract --st /tmp/st/bin/st --examples 100 --seeds 1 2 3 4 5

Prints what each seed found, and ends with 1 where anything was. What the document cannot say is in the file
`schemathesis.toml` beside this one. The feed has its own: `tests/e2e/websocket.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path

from tests.e2e.daemon import DaemonProcess

CONFIG = Path(__file__).with_name("schemathesis.toml")
# Feeds do not end, a backup is no JSON, a what-if is a process of its own; by its own token the fuzzer would lock
# itself out.
LEFT_OUT = r"^/v1/(feed|feed\.sse|changes|backup|whatif|tokens/.*)$"
UNSEEN = "missing_required_header"  # past so many a minute it is 429; `ignored_auth` sees that nobody gets in
UNBOUNDED = ("--set", "commands_per_minute=100000", "--set", "failed_logins_per_minute=1000")


async def run(scratch: Path, *, st: Path, examples: int, seeds: list[int]) -> int:
    """Run the fuzzer once a seed, each on a fresh daemon; return how many found something."""
    failed = 0
    for seed in seeds:
        daemon = DaemonProcess(scratch / f"data-{seed}", UNBOUNDED)
        url = await daemon.start()
        fuzzing = await asyncio.create_subprocess_exec(
            *(str(st), "--config-file", str(CONFIG), "--no-color", "run", f"{url}/openapi.json"),
            *("--checks", "all", "--exclude-checks", UNSEEN, "--workers", "1", "--request-timeout", "60"),
            *("--max-examples", str(examples), "--seed", str(seed), "--exclude-path-regex", LEFT_OUT),
            *("--header", f"Authorization: Bearer {daemon.token('admin')}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=scratch,
        )
        said = (await fuzzing.communicate())[0].decode()
        failed += fuzzing.returncode != 0
        assert await daemon.stop() == 0
        print(said if fuzzing.returncode else _summary(said))  # noqa: T201 - its output
    return failed


def _summary(said: str) -> str:
    """Return the end of what the fuzzer says, from its summary on."""
    return re.split(r"=+ SUMMARY =+", said)[-1].strip()


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--st", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return int(asyncio.run(run(Path(scratch), st=asked.st, examples=asked.examples, seeds=asked.seeds)) > 0)


if __name__ == "__main__":
    sys.exit(main())
