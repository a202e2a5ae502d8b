%% Takeuchi's function.
-module(tak).
-export([run/1]).

tak(X, Y, Z) when X =< Y -> Z;
tak(X, Y, Z) -> tak(tak(X - 1, Y, Z), tak(Y - 1, Z, X), tak(Z - 1, X, Y)).

run(N) -> tak(3 * N, 2 * N, N).
