%% Sorts n pseudo-random numbers by merging lists: a merge is built from its end, then turned round.
-module(sort).
-export([run/1]).

random(0, _, Xs) -> Xs;
random(N, X, Xs) ->
    Y = X * 16807 rem 2147483647,
    random(N - 1, Y, [Y | Xs]).

onto([], Done) -> Done;
onto([X | Xs], Done) -> onto(Xs, [X | Done]).

merge([], Bs, Done) -> onto(Bs, Done);
merge(As, [], Done) -> onto(As, Done);
merge([A | At], [B | _] = Bs, Done) when A =< B -> merge(At, Bs, [A | Done]);
merge(As, [B | Bt], Done) -> merge(As, Bt, [B | Done]).

drop(0, Xs) -> Xs;
drop(N, [_ | Xs]) -> drop(N - 1, Xs).

merge_sort(0, _) -> [];
merge_sort(1, [X | _]) -> [X];
merge_sort(N, Xs) ->
    Half = N div 2,
    onto(merge(merge_sort(Half, Xs), merge_sort(N - Half, drop(Half, Xs)), []), []).

checksum([], Sum) -> Sum;
checksum([X | Xs], Sum) -> checksum(Xs, (Sum * 31 + X) rem 1000003).

run(N) -> checksum(merge_sort(N, random(N, 1, [])), 0).
