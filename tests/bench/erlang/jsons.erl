%% Reads JSON text and prints what was read; the length of that. Strings stay as they are written.
-module(jsons).
-export([run/2]).

value(<<C, Rest/binary>>) when C =:= $\s; C =:= $\n; C =:= $\t; C =:= $\r -> value(Rest);
value(<<$", Rest/binary>>) -> string(Rest, 0);
value(<<$[, Rest/binary>>) -> array(Rest, []);
value(<<${, Rest/binary>>) -> object(Rest, #{});
value(<<"null", Rest/binary>>) -> {null, Rest};
value(<<"true", Rest/binary>>) -> {true, Rest};
value(<<"false", Rest/binary>>) -> {false, Rest};
value(Text) -> number(Text, 0).

string(Text, N) ->
    case binary:at(Text, N) of
        $" ->
            <<Raw:N/binary, _, Rest/binary>> = Text,
            {Raw, Rest};
        $\\ -> string(Text, N + 2);
        _ -> string(Text, N + 1)
    end.

number(<<C, Rest/binary>>, N) when C >= $0, C =< $9 -> number(Rest, N * 10 + C - $0);
number(Rest, N) -> {N, Rest}.

array(<<$], Rest/binary>>, Items) -> {lists:reverse(Items), Rest};
array(<<$,, Rest/binary>>, Items) -> array(Rest, Items);
array(Text, Items) ->
    {Item, Rest} = value(Text),
    array(Rest, [Item | Items]).

object(<<$}, Rest/binary>>, Fields) -> {Fields, Rest};
object(<<$,, Rest/binary>>, Fields) -> object(Rest, Fields);
object(Text, Fields) ->
    {Key, <<$:, Rest/binary>>} = value(Text),
    {Item, Behind} = value(Rest),
    object(Behind, Fields#{Key => Item}).

print(null) -> <<"null">>;
print(true) -> <<"true">>;
print(false) -> <<"false">>;
print(V) when is_integer(V) -> integer_to_binary(V);
print(V) when is_binary(V) -> [$", V, $"];
print(V) when is_list(V) -> [$[, lists:join($,, [print(Item) || Item <- V]), $]];
print(V) -> [${, lists:join($,, [[print(Key), $:, print(Item)] || {Key, Item} <- maps:to_list(V)]), $}].

run(_, Text) ->
    {Value, _} = value(Text),
    byte_size(iolist_to_binary(print(Value))).
