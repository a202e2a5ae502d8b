%% n pieces of ten bytes are welded onto a binary one by one, then n slices of ten bytes are taken from it.
-module(bars).
-export([run/1]).

build(0, Bar) -> Bar;
build(N, Bar) -> build(N - 1, <<Bar/binary, "ten letters">>).

slices(0, _, _, Sum) -> Sum;
slices(N, X, Bar, Sum) ->
    Y = X * 16807 rem 2147483647,
    From = Y rem byte_size(Bar),
    Part = binary:part(Bar, From, min(10, byte_size(Bar) - From)),
    slices(N - 1, Y, Bar, Sum + byte_size(Part) + binary:first(Part)).

run(N) -> slices(N, 1, build(N, <<>>), 0).
