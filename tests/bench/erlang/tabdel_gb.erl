%% n insertions into a balanced tree (gb_trees) one by one, keys pseudo-random, then the deletion of each.
-module(tabdel_gb).
-export([run/1]).

next(X) -> X * 16807 rem 2147483647.

insert(0, _, T) -> T;
insert(N, X, T) ->
    Y = next(X),
    insert(N - 1, Y, gb_trees:enter(Y, N, T)).

remove(0, _, T, Sum) -> Sum + gb_trees:size(T);
remove(N, X, T, Sum) ->
    Y = next(X),
    remove(N - 1, Y, gb_trees:delete(Y, T), Sum + gb_trees:get(Y, T)).

run(N) -> remove(N, 1, insert(N, 1, gb_trees:empty()), 0).
