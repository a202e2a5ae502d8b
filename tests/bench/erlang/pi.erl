%% The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
-module(pi).
-export([run/1]).

digits(0, _, _, _, _, Sum) -> Sum;
digits(N, K, Low0, Width0, Den0, Sum) ->
    Odd = 2 * K + 1,
    Low = Low0 * Odd + Width0 * (K - 1),
    Width = Width0 * K,
    Den = Den0 * Odd,
    D = Low div Den,
    case (Low + Width) div Den of
        D -> digits(N - 1, K + 1, (Low - Den * D) * 10, Width * 10, Den, (Sum * 31 + D) rem 1000003);
        _ -> digits(N, K + 1, Low, Width, Den, Sum)
    end.

run(N) -> digits(N, 1, 3, 1, 1, 0).
