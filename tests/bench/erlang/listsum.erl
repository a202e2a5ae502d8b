%% Ten times: a list of n numbers, built from its end, and their sum.
-module(listsum).
-export([run/1]).

build(0, Xs) -> Xs;
build(N, Xs) -> build(N - 1, [N | Xs]).

sum([], Total) -> Total;
sum([X | Xs], Total) -> sum(Xs, Total + X).

rounds(0, _, Total) -> Total;
rounds(Times, N, Total) -> rounds(Times - 1, N, Total + sum(build(N, []), 0)).

run(N) -> rounds(10, N, 0).
