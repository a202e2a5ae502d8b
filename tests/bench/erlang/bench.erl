%% Runs one workload, and prints its result, the processor time that it took, and the peak of the memory of
%% the process.
-module(bench).
-export([main/1]).

main([Module, Size | Inputs]) ->
    Arguments = [list_to_integer(Size) | [read(File) || File <- Inputs]],
    Run = list_to_atom(Module),
    code:ensure_loaded(Run),
    {From, _} = statistics(runtime),
    Result = apply(Run, run, Arguments),
    {To, _} = statistics(runtime),
    io:format("result ~p~nseconds ~p~nmemory ~s~n", [Result, (To - From) / 1000, peak_memory()]),
    halt().

peak_memory() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [Kilobytes]} = re:run(Status, "VmHWM:\\s+(\\d+)", [{capture, all_but_first, list}]),
    Kilobytes.

read(File) ->
    {ok, Bytes} = file:read_file(File),
    Bytes.
