"""One run of a program of ours by the known implementation: known_run.py PROGRAM FOLDER NAME SIZE."""

import os
import subprocess
import sys
import time


def children_seconds():
    t = os.times()
    return t.children_user + t.children_system


def run(program, folder, name, extra):
    """Runs a copy of sire/NAME.sire with a line added; returns what it prints and its processor time."""
    copy = f"{name}_{os.getpid()}"
    path = os.path.join(folder, "sire", copy + ".sire")
    with open(os.path.join(folder, "sire", name + ".sire")) as source:
        text = source.read().replace(f"#### {name} ", f"#### {copy} ", 1)
    with open(path, "w") as file:
        file.write(text + "\n" + extra + "\n")
    from_ = children_seconds()
    done = subprocess.run([program, "sire", path], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    seconds = children_seconds() - from_
    os.unlink(path)
    if done.returncode != 0:
        raise SystemExit(f"{program}: {done.stdout.strip().splitlines()[-1:]}")
    return done.stdout, seconds


def main():
    program, folder, name, size = sys.argv[1:5]
    without, base = run(program, folder, name, "12345678901")
    output, seconds = run(program, folder, name, f"(run {size})")
    lines = [line.strip() for line in output.splitlines()]
    numbers = [line for line in lines if line.isdigit()]
    if not numbers or "12345678901" not in without:
        raise SystemExit("its output shows no number")
    print(f"result {numbers[-1]}\nseconds {max(seconds - base, 0):.6f}")


main()
