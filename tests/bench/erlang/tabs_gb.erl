%% n insertions into a balanced tree (gb_trees) one by one, keys pseudo-random, then as many lookups.
-module(tabs_gb).
-export([run/1]).

next(X) -> X * 16807 rem 2147483647.

insert(0, _, T) -> T;
insert(N, X, T) ->
    Y = next(X),
    insert(N - 1, Y, gb_trees:enter(Y, N, T)).

lookup(0, _, _, Sum) -> Sum;
lookup(N, X, T, Sum) ->
    Y = next(X),
    lookup(N - 1, Y, T, Sum + gb_trees:get(Y, T)).

run(N) -> lookup(N, 1, insert(N, 1, gb_trees:empty()), 0).
