#!/bin/sh
# I am PID 1 of the guest: I make a machine with ZFS, run one job, and say how it ended.
# POSIX sh and Debian bullseye's tools are all I count on.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
LANG=C.UTF-8
TERM=${TERM:-dumb}
export PATH HOME LANG TERM
umask 022

argument() { sed -n "s/.*\\bvm\\.$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
mark=$(printf '\036%s' "$(argument mark)")
mode=$(argument mode)

# A mark tells the host what no job can say: it carries this boot's secret.
say() { printf '%s %s\n' "$mark" "$*" >&3; }
end() {
    echo s >/proc/sysrq-trigger
    echo b >/proc/sysrq-trigger
    while :; do sleep 1; done
}
give_up() {
    say "failed $*"
    echo "guest: $*" >/dev/console
    end
}

mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /dev/pts /dev/shm /run/lock /results
mount -t devpts -o gid=5,mode=620,ptmxmode=000 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
for link in "fd /proc/self/fd" "stdin /proc/self/fd/0" "stdout /proc/self/fd/1" "stderr /proc/self/fd/2"; do
    ln -sfn "${link#* }" "/dev/${link%% *}"
done
hostname vm
ip link set lo up

if [ "$mode" = shell ]; then
    exec 3>/dev/console
else
    # The port's first number is its controller's place among all virtio devices.
    tries=0
    set -- /dev/vport*p1
    while [ ! -c "$1" ] && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
        set -- /dev/vport*p1
    done
    [ -c "$1" ] || end
    exec 3>"$1"
fi

# The module takes longest; udev works beside it, and is settled again once /dev/zfs is there.
modprobe zfs >/run/modprobe.log 2>&1 &
loading=$!
udevd=/lib/systemd/systemd-udevd
[ -x "$udevd" ] || udevd=/usr/lib/systemd/systemd-udevd
"$udevd" --daemon >/dev/console 2>&1 || give_up "udevd does not start"
# Disks and control devices only: coldplugging the rest would load drivers nobody asked for.
udevadm trigger --action=add --subsystem-match=block --subsystem-match=misc
wait "$loading" || give_up "modprobe zfs: $(cat /run/modprobe.log)"
udevadm trigger --action=add --subsystem-match=misc --sysname-match=zfs
udevadm settle --timeout=60 || give_up "udev does not settle"
[ -c /dev/zfs ] || give_up "there is no /dev/zfs"

cd /job || give_up "there is no /job"
if [ "$mode" = shell ]; then
    stty rows "$(argument rows)" cols "$(argument cols)" </dev/console 2>/dev/null
    echo "OpenZFS $(cat /sys/module/zfs/version) on $(uname -r); disks for pools: /dev/disk/by-id/virtio-pool0, virtio-pool1; 'exit' ends the machine."
    setsid -c bash -l </dev/ttyS0 >/dev/ttyS0 2>&1
    zpool sync 2>/dev/null
    end
fi

say "ready $(cat /sys/module/zfs/version) $(uname -r)"

# Through a pipe, because a port can be opened once only and jobs like to open /dev/stderr again.
mkfifo /run/output
cat </run/output >&3 &
speaking=$!
(
    exec 3>&-
    . /job/.vm/environment
    exec sh /job/.vm/command
) </dev/null >/run/output 2>&1
status=$?

# A child left behind may hold the pipe for ever: the rest of the output gets two seconds.
tries=0
while kill -0 "$speaking" 2>/dev/null && [ "$tries" -lt 20 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
kill "$speaking" 2>/dev/null
wait "$speaking"

say "exit $status"
dmesg >/results/.dmesg 2>/dev/null
tar -C /results -cf /dev/disk/by-id/virtio-results . || give_up "the results do not fit their disk"
zpool sync 2>/dev/null
sync
say "end"
end
