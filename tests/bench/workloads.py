"""What is measured: the workloads, their sizes, and what each is expected to reach."""

from dataclasses import dataclass, field


@dataclass
class Target:
    """Ours is to take at most `at_most` of the time of the best of `peers`; `reach` is what to strive for."""

    peers: tuple
    at_most: float
    reach: float


@dataclass
class Workload:
    """`sire` is our program, none for loading the prelude; a peer runs its program of that name when it has one. Others go under `also`:
    name of the peer as shown -> (peer, program). `size` is the measured one, `quick` one that takes no
    time. `input` makes the bytes of a file that every program is given (inputs.py)."""

    name: str
    sire: str
    size: int
    quick: int
    note: str
    targets: list = field(default_factory=list)
    also: dict = field(default_factory=dict)
    peers: tuple = ("lua", "guile", "erlang", "ocaml", "gmp")
    input: str = ""
    known: float = 0  # seconds of the known implementation at `size`, beside Lua's fib 32 in 0.105 s; 0: not known


KNOWN = Target(("known",), 0.2, 0.1)


def lua(at_most, reach):
    return Target(("lua",), at_most, reach)


GMP = Target(("gmp",), 1.1, 1.0)
MAPS = Target(("ocaml", "erlang", "erlang gb"), 2.0, 1.0)

# Figures of the known implementation: fib 30 takes 0.24 s, and fib 32 makes 2.618 times its calls; a list of 10^6
# 0.38 s, here ten times; the factorial of 5,000 0.01 s, here twenty times; welding ten bytes 10^5 times 2.3 s;
# the prelude from text 2.0 to 2.5 s.
WORKLOADS = [
    Workload("fib", "fib", 32, 15, "calls and small numbers", known=0.24 * 2.618, targets=[lua(1.0, 0.4), KNOWN]),
    Workload("tak", "tak", 8, 3, "calls with three arguments", targets=[KNOWN]),
    Workload("ackermann", "ackermann", 8, 3, "deep calls", targets=[KNOWN]),
    Workload("queens", "queens", 9, 5, "lists and branches, ten times", targets=[lua(1.0, 0.5), KNOWN]),
    Workload("list", "listsum", 1_000_000, 100, "ten lists, built and summed", known=3.8,
             targets=[lua(0.30, 0.15), KNOWN]),
    Workload("sort", "sort", 1_000_000, 100, "merging lists", targets=[lua(1.0, 0.5), KNOWN]),
    Workload("sort, own", "sortown", 1_000_000, 100, "by each library's sort"),
    Workload("sieve", "sieve", 200_000, 100, "filtering lists", targets=[lua(1.0, 0.5), KNOWN]),
    Workload("sieve, marks", "sieverow", 1_000_000, 100, "crossing out in a row, or in place"),
    Workload("trees", "trees", 14, 4, "allocation", targets=[lua(1.0, 0.5), KNOWN]),
    Workload("tab", "tabs", 1_000_000, 100, "insertions, lookups, persistent", peers=("erlang", "ocaml"),
             also={"erlang gb": ("erlang", "tabs_gb")}, targets=[MAPS, KNOWN]),
    Workload("tab, in place", "tabs", 1_000_000, 100, "the same beside a table that is changed", peers=("lua",)),
    Workload("tab, delete", "tabdel", 1_000_000, 100, "insertions, deletions, persistent",
             also={"erlang gb": ("erlang", "tabdel_gb")}, targets=[KNOWN]),
    Workload("row", "rows", 1_000_000, 100, "updates, persistent", peers=("erlang", "ocaml"), targets=[KNOWN]),
    Workload("row, in place", "rows", 1_000_000, 100, "the same beside a table that is changed", peers=("lua",)),
    Workload("bar", "bars", 100_000, 100, "welding and slicing bytes", targets=[KNOWN]),
    Workload("words", "words", 10_000_000, 10_000, "counting words", input="words", targets=[KNOWN]),
    Workload("json", "jsons", 10_000_000, 10_000, "reading and printing JSON", input="json", targets=[KNOWN]),
    Workload("factorial", "factorial", 5000, 20, "big numbers", known=0.2, targets=[GMP, KNOWN]),
    Workload("pi", "pi", 2000, 20, "big numbers, divided", targets=[GMP, KNOWN]),
    Workload("mandelbrot", "mandelbrot", 200, 10, "fixed-point numbers", targets=[KNOWN]),
    Workload("interpreter", "interpreter", 100_000, 100, "laws taken apart", targets=[KNOWN]),
    Workload("prelude", "", 1, 1, "the library from text", known=2.25, targets=[KNOWN]),
]
