%% How often each word occurs in a text with a space behind every word.
-module(words).
-export([run/2]).

count(Text, From, At, Words, T) when At =:= byte_size(Text) -> {Words, T, From};
count(Text, From, At, Words, T) ->
    case binary:at(Text, At) of
        $\s ->
            Word = binary:part(Text, From, At - From),
            count(Text, At + 1, At + 1, Words + 1, maps:put(Word, maps:get(Word, T, 0) + 1, T));
        _ ->
            count(Text, From, At + 1, Words, T)
    end.

run(_, Text) ->
    {Words, T, _} = count(Text, 0, 0, 0, #{}),
    Words * 1000000 + maps:size(T) * 100 + lists:max(maps:values(T)) rem 100.
