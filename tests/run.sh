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
echo "build"
started=$SECONDS
dotnet build FlowForge.sln -v q --nologo || { echo "the build failed"; echo "0 passed, 1 failed"; exit 1; }
echo "built in $((SECONDS - started)) s"

# Runs one room, or only the tests named behind it; leaves its counts in p f s, its exit code in status and xunit's summary line in summary.
run_room() {
  timeout --kill-after=30 1500 "artifacts/bin/$1.Tests/debug/FlowForge.$1.Tests" -noLogo -noColor "${@:2}" >"$results/$1.log" 2>&1 </dev/null
  status=$?
  summary=$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+, Not Run: [0-9]+' "$results/$1.log" | tail -n 1)
  # "Not Run" are the explicit ones: programs that a test starts, not tests.
  read -r total errors f s not_run < <(grep -oE '[0-9]+' <<<"${summary:-0 0 0 0 0}" | tr '\n' ' ')
  f=$((f + errors)); p=$((total - f - s - not_run))
}

results=artifacts/test-results
rm -rf "$results"; mkdir -p "$results"
passed=0; failed=0; skipped=0; broken=()
for project in tests/*/*.Tests.csproj; do
  room=$(basename "$(dirname "$project")")
  if [ ${#rooms[@]} -gt 0 ] && [[ ! " ${rooms[*]} " == *" $room "* ]]; then continue; fi
  grep -rqsE '\[(Fact|Theory)' --include='*.cs' "tests/$room" || continue
  started=$SECONDS
  run_room "$room"
  if [ "$f" -gt 0 ] && [[ " Workbench EndToEnd AppHost " == *" $room "* ]]; then
    # Browsers and whole environments on a busy machine: what failed is run once more, and both results are told. Not rooms that kill at random moments: there a second try proves nothing.
    echo "$room: $f failed at the first try, run again:"; grep -A6 'FAIL' "$results/$room.log"
    cp "$results/$room.log" "$results/$room.first.log"
    mapfile -t again < <(sed -nE 's/^ *(FlowForge\.[A-Za-z0-9_.+]+).*\[FAIL\].*/-method\n\1/p' "$results/$room.log")
    first_passed=$p first_failed=$f first_skipped=$s
    run_room "$room" "${again[@]}"
    if [ ${#again[@]} -gt 0 ]; then p=$((first_passed + first_failed - f)) s=$first_skipped; fi
  fi
  if [ -z "$summary" ]; then
    echo "$room: ended with status $status and no result"; tail -n 40 "$results/$room.log"
    failed=$((failed + 1)); broken+=("$room"); continue
  fi
  passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
  echo "$room: $p passed, $f failed, $s skipped in $((SECONDS - started)) s"
  if [ "$f" -gt 0 ] || { [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; }; then
    broken+=("$room"); grep -vE '^\s*$' "$results/$room.log" | tail -n 120
    [ "$f" -gt 0 ] || failed=$((failed + 1))
  fi
done

[ ${#broken[@]} -eq 0 ] || echo "failed: ${broken[*]} (logs in $results)"
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then echo "no test ran"; failed=1; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
