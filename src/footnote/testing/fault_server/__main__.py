"""Serve faults to a client in any language, until Ctrl-C."""

import argparse
import sys
import time

from footnote.testing.fault_server import CASES, FaultServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m footnote.testing.fault_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="orders the words of the answer")
    parser.add_argument("--stall", type=float, default=3600.0, help="seconds of a stall")
    parser.add_argument("--first-token", type=float, default=30.0, help="seconds of a slow first token")
    given = parser.parse_args()
    with FaultServer(
        port=given.port, seed=given.seed, stall=given.stall, first_token=given.first_token
    ) as server:
        width = max(map(len, CASES))
        for case in CASES.values():
            sys.stdout.write(f"{case.name:{width}}  {case.expect:16}  {server.base_url(case.name)}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
