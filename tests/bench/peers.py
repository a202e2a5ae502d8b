"""The languages that run the same algorithms: which are installed, and how one of their programs is run.

Every program takes SIZE and perhaps the name of an INPUT file, measures the processor time of the work alone,
and prints lines "result R", "seconds S" and "memory K", the peak of the whole process in kB.
"""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Absent(Exception):
    """Why a peer cannot take part."""


def find(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Absent("there is no " + " or ".join(names))


def build(argv, cwd):
    done = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}:\n{done.stdout}")


class Peer:
    """`work` is a folder for what is built. `env` is added to the environment of the programs."""

    name = ext = ""

    def __init__(self, work):
        self.work = os.path.join(work, self.name)
        self.env = {}
        self.prepare()

    def prepare(self):
        """Finds the programs needed, or raises Absent."""

    def source(self, program):
        return os.path.join(HERE, self.name, program + self.ext)

    def has(self, program):
        return os.path.exists(self.source(program))

    def command(self, program):
        """Builds the program where that is needed; returns its argv, to which SIZE and INPUT are added."""
        raise NotImplementedError


class Lua(Peer):
    name, ext = "lua", ".lua"

    def prepare(self):
        self.lua = find("lua5.4")
        self.env = {"LUA_PATH": os.path.join(HERE, self.name, "?.lua")}

    def command(self, program):
        return [self.lua, self.source(program)]


class Guile(Peer):
    """Programs are compiled in the first run, which is not counted (see run)."""

    name, ext = "guile", ".scm"

    def prepare(self):
        self.guile = find("guile-3.0", "guile")
        self.env = {"XDG_CACHE_HOME": self.work, "GUILE_AUTO_COMPILE": "1"}

    def command(self, program):
        return [self.guile, "-L", os.path.join(HERE, self.name), self.source(program)]


class Erlang(Peer):
    """One scheduler, which sleeps when there is nothing to do: processor time is that of the work."""

    name, ext = "erlang", ".erl"

    def prepare(self):
        self.erl, self.erlc = find("erl"), find("erlc")

    def command(self, program):
        os.makedirs(self.work, exist_ok=True)
        build([self.erlc, "-o", self.work, self.source("bench"), self.source(program)], self.work)
        return [self.erl, "-noshell", "+S", "1:1", "+sbwt", "none", "-pa", self.work,
                "-run", "bench", "main", program]


class Ocaml(Peer):
    """Bytecode."""

    name, ext = "ocaml", ".ml"

    def prepare(self):
        self.ocamlc, self.ocamlrun = find("ocamlc"), find("ocamlrun")

    def command(self, program):
        os.makedirs(self.work, exist_ok=True)
        for source in ("bench", program):
            shutil.copy(self.source(source), self.work)
        output = os.path.join(self.work, program + ".byte")
        build([self.ocamlc, "-o", output, "bench.ml", program + ".ml"], self.work)
        return [self.ocamlrun, output]


class Gmp(Peer):
    """C with GMP, the library of big numbers that we use too."""

    name, ext = "gmp", ".c"

    def prepare(self):
        self.cc = find("cc")

    def command(self, program):
        os.makedirs(self.work, exist_ok=True)
        output = os.path.join(self.work, program)
        build([self.cc, "-O2", "-o", output, self.source("bench"), self.source(program), "-lgmp"], self.work)
        return [output]


PEERS = [Lua, Guile, Erlang, Ocaml, Gmp]
