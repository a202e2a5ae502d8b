# What the tests of palld and pall together share: a daemon with a store of its own, and checks. Sourced with the
# arguments palld, pall, the source tree.
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
    printf 'FAILED %s\n  wanted: %s\n  got:    %.500s\n' "$1" "$2" "$3"
    ;;
  esac
}
# await WHAT EXPECTED COMMAND..: at last, the command's output holds the text.
await() {
  local what=$1 want=$2 got
  shift 2
  for _ in $(seq 300); do
    got=$("$@")
    case $got in *"$want"*) break ;; esac
    sleep 0.1
  done
  check "$what" "$want" "$got"
}
check_status() {
  checks=$((checks + 1))
  [ "$2" -eq "$3" ] && return
  failures=$((failures + 1))
  echo "FAILED $1: exit status $3, not $2"
}

# Stops palld and says what came of it all.
finish() {
  stop -TERM
  check_status 'a clean end' 0 $?
  [ "$failures" -eq 0 ] || cat "$home/log"
  echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
  [ "$failures" -eq 0 ]
}
