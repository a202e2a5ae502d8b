%% n updates of an array (the module array, persistent) of n elements one by one, at pseudo-random places.
-module(rows).
-export([run/1]).

update(0, _, _, Row) -> Row;
update(N, Size, X, Row) ->
    Y = X * 16807 rem 2147483647,
    I = Y rem Size,
    update(N - 1, Size, Y, array:set(I, array:get(I, Row) + N, Row)).

run(N) ->
    Row = update(N, N, 1, array:from_list(lists:seq(0, N - 1))),
    array:foldl(fun(_, X, Sum) -> (Sum * 31 + X) rem 1000003 end, 0, Row).
