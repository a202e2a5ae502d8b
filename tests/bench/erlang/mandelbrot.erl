%% How many steps the points of an n by n grid stay near 0, in fixed point; see mandelbrot.sire.
-module(mandelbrot).
-export([run/1]).

-define(ONE, 8192).
-define(BIAS, (8 * ?ONE)).
-define(PRODUCT, (?BIAS * ?BIAS + 64 * ?ONE * ?ONE)).

times(A, B) -> (A * B + ?PRODUCT - ?BIAS * (A + B)) bsr 13.

steps(50, _, _, _, _) -> 50;
steps(N, X, Y, Cx, Cy) ->
    Xx = times(X, X),
    Yy = times(Y, Y),
    if
        Xx + Yy > 132 * ?ONE -> N;
        true -> steps(N + 1, Xx + Cx - Yy, 2 * times(X, Y) + Cy - 128 * ?ONE, Cx, Cy)
    end.

points(I, N, Sum) when I =:= N * N -> Sum;
points(I, N, Sum) ->
    Cx = 6 * ?ONE + 3 * ?ONE * (I rem N) div N,
    Cy = 13 * ?ONE div 2 + 3 * ?ONE * (I div N) div N,
    points(I + 1, N, Sum + steps(0, ?BIAS, ?BIAS, Cx, Cy)).

run(N) -> points(0, N, 0).
