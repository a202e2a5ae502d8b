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
    """`sire` is our program; a peer runs its program of that name when it has one. Others go under `also`:
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


# Figures of the known implementation: fib 30 in 0.24 s, and fib 32 makes 2.618 times its calls; a list of 10^6
# in 0.38 s, here ten times.
WORKLOADS = [
    Workload("fib", "fib", 32, 15, "calls and small numbers", known=0.24 * 2.618,
             targets=[lua(1.0, 0.4), KNOWN]),
    Workload("list", "listsum", 1_000_000, 100, "ten lists, built and summed", known=3.8,
             targets=[lua(0.30, 0.15), KNOWN]),
    Workload("queens", "queens", 9, 5, "lists and branches", targets=[lua(1.0, 0.5)]),
    Workload("sort", "sort", 1_000_000, 100, "merging lists", targets=[lua(1.0, 0.5)]),
    Workload("sieve", "sieve", 200_000, 100, "filtering lists", targets=[lua(1.0, 0.5)]),
    Workload("trees", "trees", 14, 4, "allocation", targets=[lua(1.0, 0.5)]),
    Workload("tab", "tabs", 1_000_000, 100, "insertions, lookups, persistent", peers=("erlang", "ocaml"),
             also={"erlang gb": ("erlang", "tabs_gb")},
             targets=[Target(("ocaml", "erlang", "erlang gb"), 2.0, 1.0)]),
    Workload("tab, in place", "tabs", 1_000_000, 100, "the same beside a table that is changed", peers=("lua",)),
]
