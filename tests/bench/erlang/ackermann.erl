%% Ackermann's function.
-module(ackermann).
-export([run/1]).

ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).

run(N) -> ack(3, N).
