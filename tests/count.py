"""Prints "passed failed" for a testlog.json of meson.

A libcheck suite says how many checks it ran, and counts as that many; any other test counts as one. A
skipped test is named and counts as nothing.
"""
import json
import re
import sys

SUITE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.MULTILINE)


def count(test):
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    suites = SUITE.findall(test.get("stdout") or "")
    if test["result"] == "SKIP":
        said = ((test.get("stdout") or "") + (test.get("stderr") or "")).strip().splitlines()
        print(f"skipped: {test['name']}: {said[-1] if said else 'no reason given'}", file=sys.stderr)
        return 0, 0
    if not suites:
        return (1, 0) if good else (0, 1)
    failed = sum(int(fails) + int(errors) for _, fails, errors in suites)
    passed = sum(int(checks) for checks, _, _ in suites) - failed
    # Ended badly although every check passed: a leak, a crash at exit, a time-out.
    return passed, failed if good or failed else 1


def main(path):
    with open(path, encoding="utf-8") as lines:
        counts = [count(json.loads(line)) for line in lines if line.strip()]
    print(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


main(sys.argv[1])
