#!/bin/sh
# I run from memory: load the disk driver, find the root by its serial, hand over.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

for module in /modules/*.ko; do
    [ -e "$module" ] && insmod "$module"
done

# The kernel numbers disks in the order it meets them; serials do not move.
disk() {
    tries=0
    while [ "$tries" -lt 100 ]; do
        for entry in /sys/block/vd*; do
            if [ "$(cat "$entry/serial" 2>/dev/null)" = "$1" ]; then
                echo "/dev/${entry##*/}"
                return
            fi
        done
        tries=$((tries + 1))
        sleep 0.1
    done
    echo "no disk with serial $1" >/dev/console
}

mount -t ext4 -o noatime "$(disk root)" /root
mkdir -p /root/job
mount -t ext4 -o noatime "$(disk job)" /root/job
for kernel in proc sys dev; do
    mount --move "/$kernel" "/root/$kernel"
done
exec switch_root /root /job/.vm/init
