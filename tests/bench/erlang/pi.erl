%% The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
-module(pi).
-export([run/1]).

digit(Times, Num, Acc, Den) -> (Num * Times + Acc) div Den.

digits(0, _, _, _, _, Sum) -> Sum;
digits(N, K, Num0, Acc0, Den0, Sum) ->
    Odd = 2 * K + 1,
    Acc = (Acc0 + 2 * Num0) * Odd,
    Den = Den0 * Odd,
    Num = Num0 * K,
    case Num > Acc of
        true -> digits(N, K + 1, Num, Acc, Den, Sum);
        false -> certain(digit(3, Num, Acc, Den), digit(4, Num, Acc, Den), N, K, Num, Acc, Den, Sum)
    end.

certain(D, D, N, K, Num, Acc, Den, Sum) ->
    digits(N - 1, K + 1, Num * 10, (Acc - Den * D) * 10, Den, (Sum * 31 + D) rem 1000003);
certain(_, _, N, K, Num, Acc, Den, Sum) ->
    digits(N, K + 1, Num, Acc, Den, Sum).

run(N) -> digits(N, 1, 1, 0, 1, 0).
