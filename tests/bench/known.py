"""The known implementation: its program, or what is known of it.

Its program loads a file and then reads expressions; it cannot tell the time of one of them. So a file with
`(run SIZE)` at its end is run as a whole, and the time that the same file takes without that is subtracted.
"""

import os
import shutil

from measure import Run, Series
from peers import HERE, Absent

LUA_FIB = 0.105  # seconds of Lua for fib 32 on the machine of the figures in workloads.py


def estimate(seconds, lua_fib):
    return Series([Run(seconds=seconds * lua_fib / LUA_FIB)], estimate=True)


class Known:
    name = "known"

    def __init__(self, args, work):
        self.program = os.path.abspath(args.known)
        self.env = {}
        if not os.access(self.program, os.X_OK):
            raise Absent(f"there is no program {self.program}")
        self.work = os.path.join(work, self.name)
        shutil.copytree(args.known_sire, os.path.join(self.work, "sire"))

    def has(self, program):
        return os.path.exists(os.path.join(HERE, program + ".sire"))

    def command(self, program):
        shutil.copy(os.path.join(HERE, program + ".sire"), os.path.join(self.work, "sire"))
        return ["python3", os.path.join(HERE, "known_run.py"), self.program, self.work, program]
