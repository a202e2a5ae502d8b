%% Sorts n pseudo-random numbers by the library's sort.
-module(sortown).
-export([run/1]).

random(0, _, Xs) -> Xs;
random(N, X, Xs) ->
    Y = X * 16807 rem 2147483647,
    random(N - 1, Y, [Y | Xs]).

run(N) -> lists:foldl(fun(X, Sum) -> (Sum * 31 + X) rem 1000003 end, 0, lists:sort(random(N, 1, []))).
