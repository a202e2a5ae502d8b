#!/usr/bin/env bash
# What cogs have evaluated by other threads (%eval). Arguments: palld, pall, the source tree.
. "$(dirname "$0")/daemon.sh"

spawn() { pall spawn "$cogs/evals.sire" --name "$1" >/dev/null; }
tell() { pall send "$1" "$2" --path in --wait 60 | tee "$home/told"; } # a cog, its requests
seen() { pall inspect "$1" --path 0 | tail -1; }
many() { echo "[$(yes "$1" | head -"$2" | tr '\n' ' ')]"; }    # a request, how often

start --eval-threads 2
spawn kinds
tell kinds '[[%eval 5 %add 2 3] [%eval 5 %bad 7] [%eval 1 %forever 0] [%eval 60 %hoard 0] [%eval 0 %add 1 1] [%eval 340282366920938463463374607431768211456 %large 3] [%eval 3 %add] [%eval [] %add 1 1] [%eval 5 %say 4]]' >/dev/null
await 'all that have an answer' '3=[]' seen kinds
await 'all that have an answer' '2=[]' seen kinds
check 'a value, a crash, time, memory, no time at all, a long value' \
  '#[0=[5] 1=[{die} [{bad} 7]] 2=[] 3=[] 4=[] 5=[[1000000000000 1000000000001 1000000000002]] 8=[5]]' "$(seen kinds)"
check 'what has no argument, or no time, is never answered' '3 requests open' "$(pall inspect kinds | head -1)"
check 'what it traces is shown' 'trace' "$(pall trace kinds)"

# Answers are in the log; what was computed is not computed again.
before=$(seen kinds) log=$(pall log kinds)
stop -9
start --eval-threads 1
check 'kill -9 changes no answer' "$before" "$(seen kinds)"
check 'nor the log' "$log" "$(pall log kinds)"

# One that runs when palld is killed is asked for again.
spawn slow
tell slow '[[%eval 1000 %slow 12000000 0] [%eval 5 %large 100000]]' >/dev/null
await 'the one that is quick' '1=[[' seen slow
stop -9
start --eval-threads 1
await 'the one that was cut short' '0=[72000006000000]' seen slow
check 'each in an event of its own' 'events 3' "events $(pall log slow | wc -l)"
stop -TERM
start --eval-threads 2
check 'a long answer is in the store' '0=[72000006000000] 1=[[' "$(seen slow)"

# Nothing that a cog asks for is in the way of the others, nor of its own once it wants it no more.
spawn greedy
spawn modest
tell greedy "$(many '[%eval 100000 %forever 0]' 40)" >/dev/null
tell modest '[[%eval 5 %add 2 3]]' >/dev/null
await 'others have their turn' '0=[5]' seen modest
check 'endless' '#[]' "$(seen greedy)"
tell greedy "$(many '[%eval 100000 %add 1 2]' 40)" >/dev/null
await 'requests that are gone are not worked on' '39=[3]' seen greedy
check 'in order' '#[0=[3] 1=[3] 2=[3]' "$(seen greedy)"

# A cog that stops, dies or goes while they run.
tell greedy "$(many '[%eval 100000 %forever 0]' 20)" >/dev/null
pall stop greedy >/dev/null
tell modest '[[%eval 1 %forever 0] [%eval 5 %add 2 4]]' >/dev/null
await 'a cog that is stopped leaves room' '1=[6]' seen modest
pall rm greedy --yes >/dev/null
spawn mortal
tell mortal "$(many '[%eval 100000 %forever 0]' 20)" >/dev/null
check 'a message that is no row' 'did not end well' "$(tell mortal 7)"
tell modest '[[%eval 5 %add 3 4]]' >/dev/null
await 'answers go on' '0=[7]' seen modest

spawn wide
tell wide "$(many '[%eval 60 %slow 2000 0]' 3000)" >/dev/null
await 'three thousand at once' '2999=[2001000]' seen wide
stop -TERM
start
check 'all kept' '2999=[2001000]' "$(seen wide)"
finish
