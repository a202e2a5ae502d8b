#!/usr/bin/env bash
# palld and pall together: cogs live, fail, and come back. Arguments: palld, pall, the source tree.
. "$(dirname "$0")/daemon.sh"

ids() { pall ps --json | grep -o '"id":[0-9]*' | cut -d: -f2; }
traces() { for id in $(ids); do pall trace "$id"; done; }

start
check spawn journal "$(pall spawn "$src/sire/examples/journal.sire" --name journal)"
check 'a name is taken once' 'exists' "$(pall spawn "$src/sire/examples/journal.sire" --name journal)"
check 'a file that is not there' 'missing.sire' "$(pall spawn "$home/missing.sire")"
echo '= main (a' >"$home/bad.sire"
check 'a file that does not read' 'bad.sire:1' "$(pall spawn "$home/bad.sire")"
check send 'event 1' "$(pall send journal 7 --path in)"
id=00112233445566778899aabbccddeeff
check 'send with an id' 'event 2' "$(pall send journal 8 --path in --id $id)"
pall send journal 8 --path in --id $id >/dev/null
check 'a retry is not taken twice' '[7 8]' "$(pall inspect journal --path 0)"
check 'no such path' 'no poke' "$(pall send journal 9 --path other --wait 0)"
pall send nobody 1 --path in >/dev/null
check_status 'no such cog' 66 $?
check 'no such part' 'no part' "$(pall inspect journal --path 99)"

pall send journal 9 --path other --wait 60 >"$home/out" &
sender=$!
await 'a message waits' ' 1  root' pall ps
stop -TERM
wait "$sender"
check 'who waits is told of the end' 'palld is stopping' "$(cat "$home/out")"
start

stop -9
start
check 'kill -9 loses nothing' '[7 8]' "$(pall inspect journal --path 0)"
pall send journal 8 --path in --id $id >/dev/null
check 'ids survive kill -9' '[7 8]' "$(pall inspect journal --path 0)"
second=$("$palld" --store "$home/store" --socket "$home/other" 2>&1)
check_status 'a second palld on the store' 75 $?
check 'and it says who has it' "$pid" "$second"

check stop stopped "$(pall stop journal)"
stop -TERM
start
check 'stopping lasts' stopped "$(pall ps)"
check 'a stopped cog takes nothing' stopped "$(pall send journal 1 --path in --wait 0)"
pall start journal >/dev/null
check 'snapshots keep ids' '2' "$(pall send journal 8 --path in --id $id)"
check 'and it goes on' 'event 3' "$(pall send journal 9 --path in)"

pall spawn "$cogs/crasher.sire" --name crasher >/dev/null
pall spawn "$cogs/looper.sire" --name looper >/dev/null
pall spawn "$cogs/glutton.sire" --name glutton >/dev/null
crash_id=ffeeddccbbaa99887766554433221100
check 'a crash is told' 'did not end well' "$(pall send crasher 5 --path in --id $crash_id)"
check 'a loop is told' 'did not end well' "$(pall send looper 5 --path in)"
check 'memory is bounded' 'did not end well' "$(pall send glutton 5 --path in)"
check 'the others live' 'event 4' "$(pall send journal 10 --path in)"
listing=$(pall ps)
check 'crashed' 'crashed' "$listing"
check 'timed out' 'timed' "$listing"
check 'where it crashed' 'crash boom, in crasher' "$(pall inspect crasher)"
check 'the trace tells where' 'ended in a crash; at work, innermost first: crasher' "$(pall trace crasher)"
check 'a dead cog takes nothing' 'takes no messages' "$(pall send crasher 5 --path in)"
stop -9
start
check 'ends are replayed' 'crashed' "$(pall ps)"
check 'a crash keeps the value before' 'crasher' "$(pall inspect crasher)"

pall spawn "$cogs/parent.sire" --name parent >/dev/null
await 'who, spin, rand, unknown device' '#[0=6 1=5 2=' pall inspect parent --path 0
check 'a child' ' 6 ' "$(pall ps)"
before=$(pall inspect parent --path 0)
stop -9
start
check 'children are spun once' "$before" "$(pall inspect parent --path 0)"
check 'and none more' '6' "$(pall ps | tail -1)"

check 'a retry of what crashed is no success' 'did not end well' "$(pall send crasher 5 --path in --id $crash_id)"
log=$(pall log crasher)
check 'the log says why' 'crash: crash boom' "$log"
check 'and what came in' '#[0=5]' "$log"

pall spawn "$cogs/looper.sire" --name busy >/dev/null
# Those that look whether it watches may be in its way.
until pall prof busy --time 100 --events 1 >"$home/prof"; do :; done &
watcher=$!
await 'one watches at a time' 'somebody else watches' pall prof busy --time 0
check 'a busy cog is watched' 'did not end well' "$(pall send busy 1 --path in)"
wait $watcher
check 'where it spends its time' ' again ' "$(cat "$home/prof")"
check 'of a cog that does nothing' '"samples":0' "$(pall --json prof journal --time 0.1)"
until pall prof journal --time 100 >"$home/prof"; do :; done &
watcher=$!
await 'watched again' 'somebody else watches' pall prof journal --time 0
stop -TERM
wait $watcher
check 'what was seen until palld stops' ' samples' "$(cat "$home/prof")"
start

# Pages and log that do not belong together.
keep_pages() { cp "$home/store/pages.mdb" "$home/other-pages"; }
swap_pages() {
  mv "$home/store/pages.mdb" "$home/these"
  mv "$home/other-pages" "$home/store/pages.mdb"
  mv "$home/these" "$home/other-pages"
}
refuses() {
  local got
  got=$(timeout 60 "$palld" --store "$home/store" --socket "$PALL_SOCKET" 2>&1)
  check_status "$1" 65 $?
  check "$1: what to do" 'restore both from one copy' "$got"
}
stop -TERM
keep_pages
start --snapshot-mb 4
pall send journal 11 --path in >/dev/null
pall spawn "$cogs/crowd.sire" --name crowd >/dev/null
await 'a row that is too long is told' 'the first 16384' pall trace crowd
await 'as many as may be are answered' ' 16384' pall ps
check 'the log of a busy cog ends' ' done' "$(pall log crowd --from 2 | tail -1)"
# Until the log no longer has its beginning, which the snapshots hold.
while [ -e "$home/store/log/0000000000000001.seg" ]; do sleep 0.1; done
pall rm crowd --yes >/dev/null
stop -9
swap_pages
refuses 'pages from before the beginning of the log'
swap_pages
start
check 'with its own pages it starts' ' 11]' "$(pall inspect journal --path 0)"

stop -TERM
start --cogs 40
pall spawn "$cogs/brood.sire" --name brood >/dev/null
await 'children that have no room wait' 'as many as cogs may spin' traces
check 'some places are left for people' 'last' "$(pall spawn "$src/sire/examples/journal.sire" --name last)"
check 'and it is quick' 'event 1' "$(pall send last 1 --path in)"
for _ in 1 2 3 4 5; do pall spawn "$src/sire/examples/journal.sire"; done >"$home/many"
check 'all places taken' '--cogs' "$(cat "$home/many")"
# Stopped first, or those that wait would spin in the places of those that are gone.
for id in $(ids); do pall stop "$id"; done >/dev/null
for id in $(ids); do pall rm "$id" --yes; done >/dev/null
check 'all are gone' '0' "$(ids | wc -l)"
stop -TERM
start

pall spawn "$cogs/hoarder.sire" --name hoarder >/dev/null
for i in $(seq 80); do
  pall send hoarder "$i" --path in --wait 60 >"$home/out" || break
  # Restarting takes snapshots, which move what is kept out of the cog's heap.
  if [ $((i % 15)) -eq 0 ]; then stop -TERM && start; fi
done
check 'what snapshots have counts as memory' 'did not end well' "$(cat "$home/out")"
pall rm hoarder --yes >/dev/null
pall spawn "$src/sire/examples/journal.sire" --name journal >/dev/null

pall spawn "$src/sire/examples/journal.sire" --name parts >/dev/null
stop -TERM
keep_pages
start
for i in 3 5 7; do pall send parts "(gen 1000000 (mul 100000000000$i))" --path in --wait 60; done >/dev/null
check 'too much for one message' '--from and --count' "$(pall inspect parts)"
check 'a part of a row' '[2000000000006 3000000000009]' "$(pall inspect parts --path 0/0 --from 2 --count 2)"
check 'and of how many' 'of 1000000' "$(pall inspect parts --path 0/0 --from 2 --count 2)"
check 'behind its end' '[]' "$(pall inspect parts --path 0/0 --from 4000000)"
pall send parts '#[1=2 3=4 5=6]' --path in --wait 60 >/dev/null
check 'a part of a tab' '#[3=4]' "$(pall inspect parts --path 0/3 --from 1 --count 1)"
pall send parts '%[1 3 5]' --path in --wait 60 >/dev/null
check 'a part of a set' '%[5]' "$(pall inspect parts --path 0/4 --from 2)"
pall send parts 'b#abcdef' --path in --wait 60 >/dev/null
check 'a part of a bar' 'b#{cd}' "$(pall inspect parts --path 0/5 --from 2 --count 2)"
stop -9
swap_pages
refuses 'pages that lack what the log refers to'
swap_pages
start
pall rm parts --yes >/dev/null

# A disk that is full; only root may mount one.
if mkdir "$home/small" && mount -t tmpfs -o size=32m palld-test "$home/small" 2>/dev/null; then
  trap 'kill -9 $pid 2>/dev/null; umount -l "$home/small"; rm -rf "$home"' EXIT
  stop -TERM
  start --store "$home/small/store"
  pall spawn "$cogs/verbose.sire" --name verbose >/dev/null
  pall spawn "$src/sire/examples/journal.sire" --name full >/dev/null
  big='(gen 400000 (mul 7378697629483820647))'
  cat /dev/zero >"$home/small/fill" 2>/dev/null
  check 'a crash too long for a full disk is a crash' 'did not end well' "$(pall send verbose 1 --path in)"
  check 'what the reserve has room for goes on' 'event 1' "$(pall send full 1 --path in)"
  check 'the rest is refused' 'free some disk space' "$(pall send full "$big" --path in)"
  stop -9
  start --store "$home/small/store"
  check 'a full disk is no reason not to start' '[1]' "$(pall inspect full --path 0)"
  check 'the crash was logged without its values' 'crashed' "$(pall ps)"
  rm "$home/small/fill"
  check 'with room again it goes on' 'event 2' "$(pall send full "$big" --path in)"
  stop -TERM
  start
fi

pall spawn "$cogs/tracer.sire" --name tracer >/dev/null
for value in '{two words}' 'x#ff' 'x#c3' 'x#e282ac' 'x#410042' '(bex 4095)' 57599 '[1 2]'; do
  pall send tracer "$value" --path in >/dev/null
done
check 'whatever is traced can be shown' '|two words|a bar of 1 bytes|a bar of 1 bytes|€|a bar of 3 bytes|a nat of 512 bytes|57599|a row of 2|' \
  "|$(pall trace tracer | sed 's/.* trace //' | tr '\n' '|')"

check rm removed "$(pall rm journal --yes)"
stop -TERM
start
pall inspect journal >/dev/null
check_status 'removed for good' 66 $?
check log crash "$(pall log crasher)"
finish
