%% The sum of the primes up to n: of a list, those are crossed out that a prime divides.
-module(sieve).
-export([run/1]).

sieve(_, []) -> [];
sieve(Limit, [P | _] = Xs) when P * P > Limit -> Xs;
sieve(Limit, [P | Xs]) -> [P | sieve(Limit, [X || X <- Xs, X rem P =/= 0])].

run(N) -> lists:sum(sieve(N, lists:seq(2, N))).
