"""Autobahn's cases against an echo on the hub's WebSocket transport: `cases.py ECHO`, by kosoku, which runs them as they
were published. All but those of compression, which the hub does not offer."""

import asyncio
import subprocess
import sys
from collections import Counter

from kosoku import FailureError, run_fuzzingclient

COMPRESSION = ["12.*", "13.*"]
# So many there are: a selection that misses is no success.
CASES = 301
PATIENCE = 240


async def judge(url):
    try:
        return await asyncio.wait_for(run_fuzzingclient(url, exclude_cases=COMPRESSION), PATIENCE)
    except FailureError as failure:
        return failure.results


def main(echo):
    with subprocess.Popen([echo], stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().removeprefix("Listening: ").strip()
            results = asyncio.run(judge(f"ws://{address}"))
        finally:
            server.terminate()
    print(f"{len(results)} of Autobahn's cases")
    for what, verdicts in [
        ("messages", Counter(result.behavior.value for result in results)),
        ("closing", Counter(result.behavior_close.value for result in results)),
    ]:
        print(f"  {what}:", ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    for result in results:
        if not result.passed:
            print(f"  {result.case_id}: {result.behavior.value}, closing {result.behavior_close.value}")
            print(f"    {result.result} {result.result_close}")
    sys.exit(0 if len(results) == CASES and all(result.passed for result in results) else 1)


if __name__ == "__main__":
    main(sys.argv[1])
