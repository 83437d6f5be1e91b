#!/usr/bin/env bash
#
# End-to-end tests of the built coordinator and workers, over the books in data/. They follow the description of the MIT
# 6.5840 lab's tests. Each test has its own directory and socket, and since they mostly sleep, all run at once.

readonly usage='Usage: test-mr.sh [-v] [test...]

Runs all tests, or those named:
  wc  indexer  map-parallelism  reduce-parallelism  job-count  early-exit  crash  grep

  -v  show the logs of every test, not only of those that fail
  -h  show this

Exit code: 0 PASSED ALL TESTS, 1 FAILED SOME TESTS, 2 wrong usage.'
readonly all_tests=(wc indexer map-parallelism reduce-parallelism job-count early-exit crash grep)

# A fixed collation order.
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root
readonly inputs=("$root"/data/pg-moby-dick-{1-extracts,2-ashore,3-aboard,4-outward-bound,5-whaling,6-the-whale,7-the-pequod,8-the-chase}.txt)

# ---- Programs. Each has a deadline, so that no wait is endless.

start() { # start NAME PROGRAM ARGUMENTS...: in the background, with its log in NAME.log and its process id in $!
  local log=$1.log program=$root/dist/src/cli/$2.js
  shift 2
  timeout --kill-after=5 120 node "$program" "$@" >>"$log" 2>&1 &
}

start_coordinator() {
  start coordinator mr-coordinator "${inputs[@]}"
  coordinator=$!
}

start_worker() { # start_worker NAME ARGUMENTS...
  start "$1" mr-worker "${@:2}"
  worker=$!
}

sequential() { # sequential APP: writes the sorted output of a run in one process to the file `expected`
  start sequential mr sequential -o expected.d "$1" "${inputs[@]}"
  wait $! || fail "mr sequential $1 ended with exit code $?" || return
  sorted expected.d/mr-out-* >expected
  [[ -s expected ]] || fail "mr sequential $1 made no output"
}

# ---- Checks.

fail() { # fail WHY: always returns 1. The first reason counts.
  [[ -e why ]] || echo "$*" >why
  return 1
}

sorted() { # The output as the lab compares it: all lines, sorted, no empty ones.
  sort "$@" | grep .
}

same() { # same FILE FILE WHY
  cmp -s "$1" "$2" || { diff "$1" "$2" | head -20 >diff.log; fail "$3"; }
}

ended_well() { # ended_well WHAT PID...: waits for them
  local what=$1 code
  shift
  for pid; do
    wait "$pid"
    code=$?
    ((code == 124 || code == 137)) && { fail "$what did not end in time, or was killed"; return 1; }
    ((code == 0)) || { fail "$what ended with exit code $code"; return 1; }
  done
}

first_ended_well() { # first_ended_well PID...: waits for one; puts the output of that moment in `actual`, the other ids in `others`
  local first code
  wait -n -p first "$@"
  code=$?
  sorted mr-out-* >actual
  ((code == 0)) || { fail "the first process to end had exit code $code"; return 1; }
  others=()
  for pid; do [[ $pid == "$first" ]] || others+=("$pid"); done
}

left_nothing() { # Checks that a job left only its output, manifest and report.
  local left
  left=$(find . -maxdepth 1 \( -name '.mr-*' -o -name 'mr-*' -o -type s \) \
    ! -name 'mr-out-*' ! -name mr-manifest.json ! -name mr-report.json | sort | tr '\n' ' ')
  [[ -z $left ]] || fail "the job left behind: $left"
}

# ---- The tests.

test_wc() {
  sequential wc || return
  start_coordinator
  local workers=()
  for i in 1 2 3; do start_worker "worker-$i" wc && workers+=("$worker"); done
  # The output must exist when the coordinator ends, not a moment later.
  ended_well "the coordinator" "$coordinator" || return
  sorted mr-out-* >actual
  same expected actual "the output does not match a sequential run when the coordinator ends" || return
  ended_well "a worker" "${workers[@]}" && left_nothing
}

test_indexer() {
  sequential indexer || return
  start_coordinator
  local workers=()
  for i in 1 2; do start_worker "worker-$i" indexer && workers+=("$worker"); done
  first_ended_well "${workers[@]}" || return
  same expected actual "the output does not match a sequential run when a worker ends" || return
  ended_well "a process" "$coordinator" "${others[@]}" && left_nothing
}

test_map-parallelism() {
  start_coordinator
  local workers=()
  for i in 1 2; do start_worker "worker-$i" mtiming && workers+=("$worker"); done
  ended_well "a process" "$coordinator" "${workers[@]}" || return
  sorted mr-out-* >actual
  local seen
  seen=$(grep -c '^times-' actual)
  ((seen == 2)) || { fail "$seen workers ran maps, not 2"; return 1; }
  grep -q '^parallel-.* 2' actual || fail "no map saw another one running"
}

test_reduce-parallelism() {
  start_coordinator
  local workers=()
  for i in 1 2; do start_worker "worker-$i" rtiming && workers+=("$worker"); done
  ended_well "a process" "$coordinator" "${workers[@]}" || return
  sorted mr-out-* >actual
  local seen
  seen=$(grep -c '^[a-z] 2$' actual)
  ((seen >= 2)) || fail "$seen reduces saw another one running, not at least 2"
}

test_job-count() {
  start_coordinator
  local workers=()
  for i in 1 2 3 4; do start_worker "worker-$i" jobcount && workers+=("$worker"); done
  ended_well "a process" "$coordinator" "${workers[@]}" || return
  sorted mr-out-* >actual
  echo "a ${#inputs[@]}" >expected
  same expected actual "${#inputs[@]} maps were executed this often: $(<actual)"
}

test_early-exit() {
  start_coordinator
  local processes=("$coordinator")
  for i in 1 2 3; do start_worker "worker-$i" early-exit && processes+=("$worker"); done
  # Whichever process ends first, the whole output must exist.
  first_ended_well "${processes[@]}" || return
  mv actual actual-at-first-exit
  ended_well "a process" "${others[@]}" || return
  sorted mr-out-* >actual
  same actual actual-at-first-exit "a process ended before the output was complete" || return
  printf '%s 1\n' "${inputs[@]}" | sort >expected
  same expected actual "the output is wrong"
}

test_crash() {
  sequential nocrash || return
  start_coordinator
  local loops=()
  for i in 1 2 3; do
    restart_workers "worker-$i" crash &
    loops+=($!)
  done
  ended_well "the coordinator" "$coordinator"
  local code=$?
  # The loops never end by themselves: each late worker leaves, and the loop starts another one.
  kill "${loops[@]}" 2>/dev/null
  wait "${loops[@]}"
  ((code == 0)) || return
  sorted mr-out-* >actual
  same expected actual "the output does not match a run without crashes" && left_nothing
}

restart_workers() { # restart_workers NAME ARGUMENTS...: until it is killed
  trap 'kill "$worker" 2>/dev/null; wait; exit' INT TERM HUP
  while true; do
    start_worker "$@"
    wait "$worker"
    sleep 0.2
  done 2>/dev/null
}

test_grep() {
  local pattern='[Ww]hite [Ww]hale'
  grep -n "$pattern" "${inputs[@]}" | sed -E 's/^([^:]*:[0-9]+):/\1 /' | sort >expected
  start_coordinator
  local workers=()
  for i in 1 2; do start_worker "worker-$i" --arg "pattern=$pattern" grep && workers+=("$worker"); done
  ended_well "the coordinator" "$coordinator" || return
  sorted mr-out-* >actual
  same expected actual "the output does not match grep -n" || return
  ended_well "a worker" "${workers[@]}" && left_nothing
}

# ---- Running the tests.

run_test() { # run_test NAME: in its own process; prints one line, and the logs on request or after a failure
  local name=$1 begin=$EPOCHREALTIME result=PASS
  # Ctrl-C reaches this process too, not only its parent.
  trap 'end_children; exit 143' INT TERM HUP
  mkdir "$work/$name" && cd "$work/$name" || exit
  exec 2>script.log
  export MR_SOCKET=$PWD/socket
  "test_$name" || result=FAIL
  end_children
  local line="$result $name" seconds=$((${EPOCHREALTIME/./} - ${begin/./}))
  if [[ $result == PASS ]]; then
    line+=" $((seconds / 1000000)).$((seconds / 100000 % 10)) s"
  else
    line+=": $(cat why 2>/dev/null || echo 'it ended too early')"
  fi
  # One write, since other tests write too.
  local logs=''
  if [[ $result == FAIL || $verbose == yes ]]; then logs=$'\n'$(show_logs "$result"); fi
  printf '%s%s\n' "$line" "$logs"
  [[ $result == PASS ]]
}

show_logs() {
  local lines=20
  [[ $1 == PASS ]] && lines=1000000
  for log in *.log; do
    [[ -s $log ]] && echo "  --- $log" && tail -n "$lines" "$log" | sed 's/^/  /'
  done
}

end_children() {
  local children
  children=$(jobs -p)
  # shellcheck disable=SC2086 # one word per process
  [[ -n $children ]] && kill $children 2>/dev/null
  wait
}

clean_up() {
  end_children
  [[ -n ${work:-} ]] && rm -rf "$work"
}

main() {
  verbose=no
  while getopts vh option; do
    case $option in
      v) verbose=yes ;;
      h) echo "$usage" && exit 0 ;;
      *) echo "$usage" >&2 && exit 2 ;;
    esac
  done
  shift $((OPTIND - 1))
  local tests=("$@")
  (($#)) || tests=("${all_tests[@]}")
  for name in "${tests[@]}"; do
    [[ " ${all_tests[*]} " == *" $name "* ]] || { echo "test-mr.sh: no test is called $name"; echo "$usage"; exit 2; } >&2
  done

  prepare || exit 1
  work=$(mktemp -d "${TMPDIR:-/tmp}/test-mr.XXXXXX") || exit 1
  # For locks, and notes of finished jobs.
  export MR_RUNTIME_DIR=$work
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  local runs=() failed=0
  for name in "${tests[@]}"; do
    run_test "$name" &
    runs+=($!)
  done
  for run in "${runs[@]}"; do wait "$run" || failed=$((failed + 1)); done
  if ((failed)); then
    echo "FAILED SOME TESTS"
    exit 1
  fi
  echo "PASSED ALL TESTS"
}

prepare() { # Makes the programs and the books if they are missing.
  if [[ ! -e $root/dist/src/cli/mr-coordinator.js ]]; then
    echo "building" >&2
    node "$root/scripts/build.js" || return
  fi
  for input in "${inputs[@]}"; do
    [[ -e $input ]] || { "$root/node_modules/.bin/tsx" "$root/scripts/make-books.ts" >&2; return; }
  done
}

main "$@"
