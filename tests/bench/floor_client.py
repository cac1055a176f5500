"""The least that such work can take: a process that connects to all hosts at once, and lets each look at the resources.

    python floor_client.py observe|true JOB.json

It has no engine and renders nothing. It is a process of its own so that the start of Python and the imports count, and
imports nothing of the bench for the same reason. It ends with 1 and a reason if a host is not as the job says.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import asyncssh


async def ask(node: dict[str, Any], job: dict[str, Any], command: str, script: str | None) -> str:
    """One host; gives back what is wrong, or ""."""
    login = {"username": "root", "client_keys": [job["key"]], "known_hosts": job["known_hosts"], "config": None}
    async with asyncssh.connect(node["address"], node.get("port", 22), **login) as connection:
        done = await connection.run(command, input=script, check=True)
    if script is None:
        return ""
    found = json.loads(str(done.stdout))
    wrong = [key for key, value in node["expected"].items() if found[key] != value]
    return f"{node['name']}: {', '.join(wrong)}" if wrong else ""


async def main(mode: str, job: dict[str, Any]) -> int:
    """All hosts at once."""
    command, script = "true", None
    if mode == "observe":
        command = f"python3 -I -S - '{json.dumps(job['ask'])}'"
        script = Path(__file__).with_name("floor_host.py").read_text()
    wrong = await asyncio.gather(*(ask(node, job, command, script) for node in job["nodes"]))
    print("\n".join(filter(None, wrong)) or "as expected")
    return int(any(wrong))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))))
