%% Binary trees: many short-lived ones of each depth beside one that stays.
-module(trees).
-export([run/1]).

tree(0) -> leaf;
tree(Depth) -> {tree(Depth - 1), tree(Depth - 1)}.

nodes_of(leaf) -> 1;
nodes_of({Left, Right}) -> 1 + nodes_of(Left) + nodes_of(Right).

many(0, _, Sum) -> Sum;
many(Times, Depth, Sum) -> many(Times - 1, Depth, Sum + nodes_of(tree(Depth))).

depths(Depth, Max, Sum) when Depth > Max -> Sum;
depths(Depth, Max, Sum) -> depths(Depth + 2, Max, Sum + many(1 bsl (4 + Max - Depth), Depth, 0)).

run(Max) ->
    Stays = tree(Max),
    depths(4, Max, 0) + nodes_of(Stays).
