#!/usr/bin/env bash
# palld and pall together: cogs live, fail, and come back. Arguments: palld, pall, the source tree.
set -u
palld=$1 pall_bin=$2 src=$3
home=$(mktemp -d -t palld-test.XXXXXX) || exit 1
export PALL_SOCKET=$home/socket PALL_LIB=$src/sire/lib
pid=
checks=0 failures=0

pall() { "$pall_bin" "$@" 2>&1; }
cogs=$src/tests/daemon/cogs

start() {
  "$palld" --store "$home/store" --socket "$PALL_SOCKET" --event-seconds 1 --cog-memory 64 "$@" 2>>"$home/log" &
  pid=$!
  for _ in $(seq 300); do
    "$pall_bin" ping >/dev/null 2>&1 && return
    sleep 0.05
  done
  echo "palld does not start:"
  cat "$home/log"
  exit 1
}
stop() {
  kill "$1" "$pid"
  wait "$pid" 2>/dev/null
}
trap 'kill -9 $pid 2>/dev/null; rm -rf "$home"' EXIT

# check WHAT EXPECTED ACTUAL: the actual text holds the expected one.
check() {
  checks=$((checks + 1))
  case $3 in
  *"$2"*) ;;
  *)
    failures=$((failures + 1))
    printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
    ;;
  esac
}
check_status() {
  checks=$((checks + 1))
  [ "$2" -eq "$3" ] && return
  failures=$((failures + 1))
  echo "FAILED $1: exit status $3, not $2"
}

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
check 'a crash is told' 'did not end well' "$(pall send crasher 5 --path in)"
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
sleep 0.3
check 'who, spin, rand, unknown device' '#[0=6 1=5 2=x#' "$(pall inspect parent --path 0)"
check 'a child' ' 6 ' "$(pall ps)"
before=$(pall inspect parent --path 0)
stop -9
start
check 'children are spun once' "$before" "$(pall inspect parent --path 0)"
check 'and none more' '6' "$(pall ps | tail -1)"

check rm removed "$(pall rm journal --yes)"
stop -TERM
start
pall inspect journal >/dev/null
check_status 'removed for good' 66 $?
check log crash "$(pall log crasher)"
stop -TERM
check_status 'a clean end' 0 $?
[ "$failures" -eq 0 ] || cat "$home/log"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[ "$failures" -eq 0 ]
