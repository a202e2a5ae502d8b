%% n insertions into a map one by one, keys pseudo-random, then the deletion of each.
-module(tabdel).
-export([run/1]).

next(X) -> X * 16807 rem 2147483647.

insert(0, _, T) -> T;
insert(N, X, T) ->
    Y = next(X),
    insert(N - 1, Y, maps:put(Y, N, T)).

remove(0, _, T, Sum) -> Sum + maps:size(T);
remove(N, X, T, Sum) ->
    Y = next(X),
    remove(N - 1, Y, maps:remove(Y, T), Sum + maps:get(Y, T)).

run(N) -> remove(N, 1, insert(N, 1, #{}), 0).
