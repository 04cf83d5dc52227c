#!/bin/sh
# I run OpenZFS's own tests in the guest, with the real zfs or with a shim before it, and copy what they said.
# Their harness wants a user who may become root, and three disks; it makes those of files.
set -e
mode=$1

useradd --create-home --shell /bin/sh zts
echo 'zts ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/zts
mke2fs -q -F -t ext4 -O ^has_journal /dev/disk/by-id/virtio-pool0
mkdir -p /zts
mount -o noatime /dev/disk/by-id/virtio-pool0 /zts
chmod 1777 /zts
cp zts.run /zts/zts.run
modprobe loop

if [ "$mode" = shim ]; then
    # The harness takes each program from the first place that has it, and this one comes before /usr/sbin.
    cp zfs-shim /usr/local/bin/zfs
    chmod 755 /usr/local/bin/zfs
    : >/var/tmp/zfs-shim.log
    chmod 666 /var/tmp/zfs-shim.log
    tail -n +1 -f /var/tmp/zfs-shim.log &
    telling=$!
fi

status=0
runuser -u zts -- env HOME=/home/zts sh /usr/share/zfs/zfs-tests.sh -d /zts -r /zts/zts.run || status=$?

if [ "$mode" = shim ]; then
    sleep 2
    kill "$telling"
fi
cp -r /var/tmp/test_results /results/
exit "$status"
