%% Fibonacci numbers by their definition.
-module(fib).
-export([run/1]).

run(N) when N < 2 -> N;
run(N) -> run(N - 1) + run(N - 2).
