#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest of boot_unit.py, as a unit of its own: the service is installed, starts and
# fuzzes; a child of it is killed for its memory; it is killed itself; it is stopped; the
# machine is rebooted. A line "ok: ..." or "FAILED: ..." for each. /judge/steps says which of
# these steps, a line each.
set -u
port() { # the device of the virtio port NAME
	for folder in /sys/class/virtio-ports/*; do
		if [ "$(cat "$folder/name")" = "$1" ]; then echo "/dev/${folder##*/}"; fi
	done
}
output=$(port output)
status=$(port status)
unit=swaprace.service
log=/var/lib/swaprace
exec >"$output" 2>&1
read -r up _ </proc/uptime
echo "booted $(uname -r) $up" >"$status"

finish() {
	read -r up _ </proc/uptime
	echo "ended $1 $up" >"$status"
	sync
	systemctl "$2"
	exit
}

fail() {
	echo "FAILED: $*"
	journalctl -u $unit -n 40 --no-pager
	journalctl -k --no-pager | grep 'Killed process'
	systemctl status $unit --no-pager
	finish 1 poweroff
}

# Runs COMMAND until it succeeds, at most SECONDS.
wait_for() {
	seconds=$1
	shift
	while [ "$seconds" -gt 0 ]; do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 2
		seconds=$((seconds - 2))
	done
	return 1
}

runs() { # all of them since the first start, as the service's own database counts them
	python3 -c "import sqlite3
print(int(sum(row[0] or 0 for row in sqlite3.connect('$log/state.db').execute('select sum(runs) from total'))))"
}

# shellcheck disable=SC2317 # called by wait_for
more_runs_than() { [ "$(runs)" -gt "$1" ]; }
restarts() { systemctl show -p NRestarts --value $unit; }
# shellcheck disable=SC2317 # called by wait_for
has_restarted() { [ "$(restarts)" -gt "$1" ]; }

if [ -e /judge/rebooted ]; then
	wait_for 300 systemctl is-active --quiet $unit || fail "active after the reboot"
	wait_for 600 more_runs_than "$(cat /judge/rebooted)" || fail "goes on after the reboot"
	echo "ok: started by itself after the reboot, and goes on: $(runs) runs"
	finish 0 poweroff
fi

# shellcheck disable=SC2317 # called by wait_for
was_killed() {
	journalctl -k --no-pager | grep 'Killed process .* (tail)'
}

step_start() {
	systemctl is-active --quiet $unit || fail "active"
	echo "ok: installed, started (it has said that it is ready), fuzzes: $(runs) runs"
}

# A target takes memory without end (tail keeps a line until it ends), each time until one was killed
# for it: on a slow machine the service may call the first ones hung.
step_child() {
	target=build/release/ksm_fuzzer
	mv $target $target.real
	cat >$target <<-'END'
		#!/bin/sh
		if [ -e /judge/eat ]; then exec tail /dev/zero; fi
		exec "$0.real" "$@"
	END
	chmod +x $target
	touch /judge/eat
	systemctl set-property --runtime $unit MemoryMax=120M
	wait_for 300 was_killed || fail "no child was killed for its memory"
	rm /judge/eat
	was_killed
	systemctl set-property --runtime $unit MemoryMax=2G
	systemctl is-active --quiet $unit || fail "the unit ended with its child"
	[ "$(restarts)" -eq 0 ] || fail "the unit was restarted for its child"
	before=$(runs)
	wait_for 600 more_runs_than "$before" || fail "does not go on after a child was killed"
	journalctl -u $unit --no-pager | grep 'ksm (release) was killed' || fail "the service does not say it"
	echo "ok: a child was killed for its memory, the unit goes on: $(runs) runs"
}

step_kill() {
	systemctl kill -s KILL $unit
	wait_for 300 has_restarted 0 || fail "not restarted after it was killed"
	wait_for 300 systemctl is-active --quiet $unit || fail "active after it was killed"
	before=$(runs)
	wait_for 600 more_runs_than "$before" || fail "does not go on after it was killed"
	echo "ok: killed, restarted, goes on: $(runs) runs"
}

step_stop() {
	systemctl stop $unit || fail "stop"
	result=$(systemctl show -p Result --value $unit)
	[ "$result" = success ] || fail "stopped with $result"
	if pgrep -f _fuzzer; then fail "a target outlives the service"; fi
	echo "ok: stopped in order, nothing is left"
	systemctl start $unit || fail "start again"
}

step_reboot() {
	runs >/judge/rebooted
	finish 0 reboot
}

cd /opt/swaprace || fail "/opt/swaprace"
scripts/fuzz.sh install --no-build --builds=release --targets=swap,ksm --jobs=1 --slice=10 --grace=120 ||
	fail "installation"
systemctl enable --now $unit || fail "start"
wait_for 600 more_runs_than 0 || fail "no runs"
while read -r step; do
	read -r up _ </proc/uptime
	echo "step $step at $up s"
	case $step in
	start) step_start ;;
	child) step_child ;;
	kill) step_kill ;;
	stop) step_stop ;;
	reboot) step_reboot ;;
	esac </dev/null
done </judge/steps
finish 0 poweroff
