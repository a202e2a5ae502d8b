%% The factorials of n and of the 19 numbers behind it, added.
-module(factorial).
-export([run/1]).

factorial(0, Product) -> Product;
factorial(N, Product) -> factorial(N - 1, Product * N).

sum_of(0, _, Sum) -> Sum;
sum_of(Times, N, Sum) -> sum_of(Times - 1, N + 1, Sum + factorial(N, 1)).

run(N) -> sum_of(20, N, 0) rem 1000000007.
