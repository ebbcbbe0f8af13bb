#!/usr/bin/env bash
# Runs every test of FlowForge and ends with the plain line "N passed, N failed, N skipped".
#   bash tests/run.sh            the normal run (under 30 minutes on 2 cores)
#   bash tests/run.sh --long     the long campaigns as well
#   bash tests/run.sh Lake Duck  only these rooms
set -uo pipefail
cd "$(dirname "$0")/.."

rooms=()
for argument in "$@"; do
  case "$argument" in
    --long) export FLOWFORGE_LONG=1 ;;
    -*) echo "unknown option $argument (known: --long)"; exit 2 ;;
    *) rooms+=("$argument") ;;
  esac
done

command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing: install it, then run this again."; exit 2; }
command -v npm >/dev/null || { echo "Node.js 20 with npm is missing: install it, then run this again."; exit 2; }

# What the tests need beyond the SDK and Node comes from the system's packages, where this user may install them.
install_missing() {
  local missing=()
  for pair in "$@"; do
    local probe=${pair%%=*} package=${pair#*=}
    command -v "$probe" >/dev/null || [ -e "$probe" ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests: ${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
  else
    echo "missing for some tests (they will be skipped): ${missing[*]}"
  fi
}
install_missing chromium=chromium
# The servers that connectors are tested against. Debian starts what it installs: the tests start their own, on free ports.
install_missing /usr/lib/postgresql=postgresql /usr/sbin/mariadbd=mariadb-server odbcinst=unixodbc /usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so=odbc-postgresql \
  /usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so=odbc-mariadb /usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so=libsqliteodbc \
  /usr/lib/x86_64-linux-gnu/librdkafka.so.1=librdkafka1 kcat=kcat redis-server=redis-server /usr/lib/rabbitmq/bin/rabbitmq-server=rabbitmq-server

install_missing radosgw=radosgw ceph-mon=ceph-mon ceph-osd=ceph-osd /usr/sbin/vsftpd=vsftpd
install_missing /usr/sbin/sshd=openssh-server ssh=openssh-client

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
# Compilers and tests live for seconds: the counting that dynamic PGO does pays only in processes that live longer. It changes how fast code gets, not what it does.
export DOTNET_TieredPGO=0

# One compiler for all projects, with analyzers that stay warm. It has a name of its own, so that nobody else's compiler is used or ended, and it ends with the build.
compiler="flowforge-tests-$$"
end_compiler() {
  local process
  for process in $(grep -ls -- "[-]pipename:$compiler" /proc/[0-9]*/cmdline | cut -d/ -f3); do kill "$process" 2>/dev/null; done
}
trap end_compiler EXIT

echo "build"
started=$SECONDS
dotnet build FlowForge.sln -v q --nologo -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" || { echo "the build failed"; echo "0 passed, 1 failed"; exit 1; }
end_compiler
echo "built in $((SECONDS - started)) s"

results=artifacts/test-results
rm -rf "$results"; mkdir -p "$results"

# Runs one room, or only the tests named behind it; leaves its log, its exit code and its seconds in the results' folder.
run_room() {
  local began=$SECONDS status
  timeout --kill-after=30 1500 "artifacts/bin/$1.Tests/debug/FlowForge.$1.Tests" -noLogo -noColor "${@:2}" >"$results/$1.log" 2>&1 </dev/null
  status=$?
  echo "$status $((SECONDS - began))" >"$results/$1.result"
}

# Reads what a room has left: counts in p f s, exit code in status, xunit's summary line in summary.
read_room() {
  read -r status seconds <"$results/$1.result"
  summary=$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+, Not Run: [0-9]+' "$results/$1.log" | tail -n 1)
  # "Not Run" are the explicit ones: programs that a test starts, not tests.
  local total errors not_run
  read -r total errors f s not_run < <(grep -oE '[0-9]+' <<<"${summary:-0 0 0 0 0}" | tr '\n' ' ')
  f=$((f + errors)); p=$((total - f - s - not_run))
}

# Adds a room that was read to the sums, and tells how it went.
tell_room() {
  if [ -z "$summary" ]; then
    echo "$1: ended with status $status and no result"; tail -n 40 "$results/$1.log"
    failed=$((failed + 1)); broken+=("$1"); return
  fi
  passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
  echo "$1: $p passed, $f failed, $s skipped in $seconds s"
  if [ "$f" -gt 0 ] || { [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; }; then
    broken+=("$1"); grep -vE '^\s*$' "$results/$1.log" | tail -n 120
    [ "$f" -gt 0 ] || failed=$((failed + 1))
  fi
}

# Rooms with browsers or kernels have the machine for themselves. The others, which mostly wait for their servers, go two at a time, the longest first.
beside=(); alone=()
for room in Acceptance Plugins Ingest Conformance AppHost Lake Api $(for project in tests/*/*.Tests.csproj; do basename "$(dirname "$project")"; done); do
  if [ ${#rooms[@]} -gt 0 ] && [[ ! " ${rooms[*]} " == *" $room "* ]]; then continue; fi
  if [[ " ${beside[*]} ${alone[*]} " == *" $room "* ]]; then continue; fi
  grep -rqsE '\[(Fact|Theory)' --include='*.cs' "tests/$room" || continue
  if [[ " Workbench EndToEnd Notebooks " == *" $room "* ]]; then alone+=("$room"); else beside+=("$room"); fi
done

# What failed beside other rooms, or in a browser, is run once more on its own, and both results are told: two cores under full load break waits, not promises.
# Never where processes are killed at random moments: there a second try proves nothing.
try_again() {
  [ "$f" -gt 0 ] || return 0
  local again; mapfile -t again < <(sed -nE 's/^ *(FlowForge\.[A-Za-z0-9_.+]+).*\[FAIL\].*/\1/p' "$results/$1.log" | sort -u)
  [ ${#again[@]} -gt 0 ] && ! grep -qE 'Acceptance|(Kill|Crash|Campaign)[A-Za-z]*Tests' <<<"${again[*]}" || return 0
  echo "$1: $f failed at the first try, run again:"; grep -A8 'FAIL' "$results/$1.log"
  cp "$results/$1.log" "$results/$1.first.log"
  local first_passed=$p first_failed=$f first_skipped=$s first_seconds=$seconds
  local filter=() name
  for name in "${again[@]}"; do filter+=(-method "$name"); done
  run_room "$1" "${filter[@]}"; read_room "$1"
  [ -z "$summary" ] || { p=$((first_passed + first_failed - f)); s=$first_skipped; }
  seconds=$((seconds + first_seconds))
}

passed=0; failed=0; skipped=0; broken=()
for room in "${beside[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  run_room "$room" &
done
wait
for room in "${beside[@]}"; do read_room "$room"; try_again "$room"; tell_room "$room"; done
for room in "${alone[@]}"; do run_room "$room"; read_room "$room"; try_again "$room"; tell_room "$room"; done

[ ${#broken[@]} -eq 0 ] || echo "failed: ${broken[*]} (logs in $results)"
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then echo "no test ran"; failed=1; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
