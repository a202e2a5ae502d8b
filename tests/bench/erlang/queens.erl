%% Ten times: how many ways there are to place n queens; those placed are a list, the newest first.
-module(queens).
-export([run/1]).

is_safe(_, _, []) -> true;
is_safe(Queen, _, [Queen | _]) -> false;
is_safe(Queen, Distance, [Q | _]) when Q + Distance =:= Queen; Queen + Distance =:= Q -> false;
is_safe(Queen, Distance, [_ | Qs]) -> is_safe(Queen, Distance + 1, Qs).

solutions(_, 0, _) -> 1;
solutions(N, Rows, Placed) -> try_from(0, N, Rows, Placed, 0).

try_from(N, N, _, _, Count) -> Count;
try_from(Queen, N, Rows, Placed, Count) ->
    case is_safe(Queen, 1, Placed) of
        true -> try_from(Queen + 1, N, Rows, Placed, Count + solutions(N, Rows - 1, [Queen | Placed]));
        false -> try_from(Queen + 1, N, Rows, Placed, Count)
    end.

rounds(0, _, Total) -> Total;
rounds(Times, N, Total) -> rounds(Times - 1, N, Total + solutions(N, N, [])).

run(N) -> rounds(10, N, 0).
