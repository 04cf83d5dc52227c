#!/bin/sh
# I run inside the new image, once, after its packages: keep what a test needs, note what it is, drop the rest.
set -e

module=$(find /lib/modules/*/updates -name 'zfs.ko*' | head -n 1)
if [ -z "$module" ]; then
    echo "dkms built no zfs module; the end of its log:"
    tail -n 40 /var/lib/dkms/zfs/*/build/make.log || true
    exit 1
fi
kernel=${module#/lib/modules/}
kernel=${kernel%%/*}

# Unpacked once here, a module loads in a fraction of the time under emulation.
find /lib/modules -name '*.ko.xz' -exec xz -d {} +
find /lib/modules -name '*.ko.zst' -exec zstd -q -d --rm {} +
depmod -a "$kernel"

{
    echo "kernel=$kernel"
    echo "zfs_module=$(modinfo -k "$kernel" -F version zfs)"
    echo "zfs_package=$(dpkg-query -W -f '${Version}' zfsutils-linux)"
} >/etc/zfs-rs-image

# The files go, the packages stay registered: removing them properly would remove the module again.
rm -rf /usr/src/* /usr/lib/gcc /usr/libexec/gcc /usr/lib/gcc-cross /var/lib/dkms
rm -rf /usr/share/doc /usr/share/man /usr/share/locale /usr/share/info /usr/include
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /boot/initrd.img* /boot/System.map*
rm -f /usr/lib/x86_64-linux-gnu/*.a /usr/lib/x86_64-linux-gnu/libLLVM*

# ZFS's own services and import at boot stay off by themselves: no systemd runs here.
ln -sf /proc/mounts /etc/mtab
echo vm >/etc/hostname
echo "127.0.0.1 localhost vm" >/etc/hosts
mkdir -p /job /results
