%% n insertions into a map one by one, keys pseudo-random, then as many lookups.
-module(tabs).
-export([run/1]).

next(X) -> X * 16807 rem 2147483647.

insert(0, _, T) -> T;
insert(N, X, T) ->
    Y = next(X),
    insert(N - 1, Y, maps:put(Y, N, T)).

lookup(0, _, _, Sum) -> Sum;
lookup(N, X, T, Sum) ->
    Y = next(X),
    lookup(N - 1, Y, T, Sum + maps:get(Y, T)).

run(N) -> lookup(N, 1, insert(N, 1, #{}), 0).
