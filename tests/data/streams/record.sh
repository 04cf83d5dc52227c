#!/bin/bash
# I make small genuine streams of every kind that this OpenZFS sends, and a list of them with what zstream reads in each.
# `cargo xtask vm record` runs me in a fresh machine and puts what I leave in /results beside me, by release.
set -euo pipefail
trap 'echo "record.sh: line $LINENO failed"' ERR

release=$(sed 's/-.*//' /sys/module/zfs/version)
out=/results/streams/$release
mkdir -p "$out"
: >"$out/index.tsv"
refused=

since() { [ "$(printf '%s\n' "$1" "$release" | sort -V | head -n 1)" = "$1" ]; }

# note KIND WORDS: lists the stream that was written for KIND, and what zstream reads in it.
note() {
    local kind=$1 stream="$out/$1.zfs"
    shift
    printf '%s\t%s\t%s\t%s\n' "$kind" "$(stat -c %s "$stream")" "$(sha256sum <"$stream" | cut -d' ' -f1)" "$*" >>"$out/index.tsv"
    zstream dump -v <"$stream" >"$out/$kind.dump"
}

# record KIND WORDS: keeps what `zfs send WORDS` writes.
record() {
    local kind=$1
    shift
    local words="$*"
    if ! zfs send "$@" >"$out/$kind.zfs"; then
        echo "$kind: zfs send $words is refused"
        refused="$refused $kind"
        rm "$out/$kind.zfs"
        return
    fi
    [ "${words#-t }" = "$words" ] || words="-t TOKEN"
    note "$kind" "zfs send $words"
}

# partial TARGET PERCENT WORDS: receives so much of `zfs send WORDS` and keeps what arrived.
partial() {
    local target=$1 percent=$2
    shift 2
    zfs send "$@" >/var/tmp/whole
    head -c $(($(stat -c %s /var/tmp/whole) * percent / 100)) /var/tmp/whole | zfs receive -su "$target" 2>/dev/null || true
    [ "$(token "$target")" != - ] || echo "nothing is saved in $target"
}

token() { zfs get -H -o value receive_resume_token "$1"; }

# words COUNT SEED: text that compressors like and that differs by its seed.
words() { seq -f "line %.0f of the text of $2" "$1"; }

# noise BYTES SEED: bytes that compressors do not like, the same for the same seed.
noise() { perl -e 'srand($ARGV[1]); print pack("C", int(rand(256))) for 1..$ARGV[0]' "$1" "$2"; }

# attributes FILE COUNT BYTES: sets so many extended attributes.
attributes() {
    perl -e 'my ($file, $count, $bytes) = @ARGV; for my $n (1..$count) { my $name = "user.a$n"; my $value = chr(96 + $n % 26) x $bytes;
        syscall(188, $file, $name, $value, length $value, 0) == 0 or die "$file: $!\n" }' "$1" "$2" "$3"
}

truncate -s 1G /dev/shm/pool
zpool create -o cachefile=none -O atime=off -O mountpoint=/tank -O compression=off tank /dev/shm/pool

# Files of the common kinds, changed in all common ways: @0 is empty, @2 comes after changes.
zfs create -o recordsize=16k tank/plain
zfs snapshot tank/plain@0
cd /tank/plain
words 200 one >text
noise 1500 1 >small
noise 7000 2 >noise
words 700 two >long
mkdir -p directory/deep
echo leaf >directory/deep/leaf
ln -s text link
ln text twin
truncate -s 400000 holed
printf end >>holed
for name in $(seq 14); do echo "$name" >"directory/file$name"; done
zfs snapshot tank/plain@1
zfs bookmark tank/plain@1 tank/plain#1
printf changed | dd of=noise bs=1 seek=4000 conv=notrunc status=none
truncate -s 3000 long
rm small directory/file1?
mv text renamed
words 50 three >new
cd /
zfs snapshot tank/plain@2
record full tank/plain@1
record empty tank/plain@0
record increment -i @1 tank/plain@2
record increment-from-bookmark -i '#1' tank/plain@2
record package-of-increments -I @0 tank/plain@2
record package-with-properties -p -i @1 tank/plain@2

# A clone, and a filesystem without a snapshot.
zfs clone tank/plain@1 tank/clone
words 30 four >/tank/clone/of-the-clone
rm /tank/clone/noise
zfs snapshot tank/clone@c
record clone -i tank/plain@1 tank/clone@c
echo head >/tank/clone/head
zfs unmount tank/clone
record head -i @c tank/clone

# Holes and what was freed.
zfs create -o recordsize=4k tank/holes
noise 24000 3 >/tank/holes/punched
noise 20000 4 >/tank/holes/cut
for name in $(seq 70); do echo "$name" >"/tank/holes/file$name"; done
zfs snapshot tank/holes@1
fallocate -p -o 8192 -l 16384 /tank/holes/punched
truncate -s 5000 /tank/holes/cut
rm /tank/holes/file[2-6]*
zfs snapshot tank/holes@2
record holes -i @1 tank/holes@2
truncate -s 2000000000000 /tank/holes/cut
printf end >>/tank/holes/cut
rm /tank/holes/punched /tank/holes/file*
zfs snapshot tank/holes@3
record freed -i @2 tank/holes@3

# Blocks as compressed on disk.
for algorithm in lz4 zstd zstd-fast gzip-9 lzjb zle; do
    zfs create -o "compression=$algorithm" "tank/$algorithm"
    zfs snapshot "tank/$algorithm@0"
    words 400 five >"/tank/$algorithm/text"
    { noise 600 5; head -c 30000 /dev/zero; noise 600 6; } >"/tank/$algorithm/zeros"
    noise 2000 7 >"/tank/$algorithm/noise"
    zfs snapshot "tank/$algorithm@1"
    record "compressed-$algorithm" -c -i @0 "tank/$algorithm@1"
done
record decompressed -i @0 tank/zstd@1
record compressed-full -c tank/lz4@1

# Blocks so small that their pointers hold them.
for algorithm in lz4 zstd gzip; do
    zfs create -o "compression=$algorithm" -o recordsize=16k "tank/embedded-$algorithm"
    zfs snapshot "tank/embedded-$algorithm@0"
    head -c 9000 /dev/zero | tr '\0' x >"/tank/embedded-$algorithm/x"
    head -c 20000 /dev/zero | tr '\0' y >"/tank/embedded-$algorithm/y"
    echo tiny >"/tank/embedded-$algorithm/tiny"
    words 300 six >"/tank/embedded-$algorithm/text"
    zfs snapshot "tank/embedded-$algorithm@1"
    record "embedded-$algorithm" -e -i @0 "tank/embedded-$algorithm@1"
    record "embedded-compressed-$algorithm" -ec -i @0 "tank/embedded-$algorithm@1"
done

# Blocks above 128 KiB.
zfs create -o compression=lz4 -o recordsize=1M tank/large
zfs snapshot tank/large@0
words 5000 seven | tr 0-9 0 >/tank/large/text
head -c 1200000 < <(yes eight) >/tank/large/several
zfs snapshot tank/large@1
head -c 140000 < <(words 6000 nine) >/tank/large/text
truncate -s 1M /tank/large/several
zfs snapshot tank/large@2
record large-compressed -Lc -i @0 tank/large@1
record large -L -i @1 tank/large@2
record large-as-small -i @1 tank/large@2
record large-as-small-compressed -c -i @1 tank/large@2
record all-flags -Lec -i @1 tank/large@2

# One block of 1 MiB whose pointer holds it, sent without large blocks.
zfs create -o compression=zstd -o recordsize=1M tank/large-embedded
zfs snapshot tank/large-embedded@0
head -c 2M /dev/zero | tr '\0' x >/tank/large-embedded/x
zfs snapshot tank/large-embedded@1
record large-embedded -Lec -i @0 tank/large-embedded@1
record large-embedded-as-small -ec -i @0 tank/large-embedded@1

# Dnodes above 512 bytes, and attributes that need a block of their own.
zfs create -o dnodesize=auto -o xattr=sa tank/dnodes
zfs snapshot tank/dnodes@0
for count in 1 3 6; do
    echo "$count" >"/tank/dnodes/with$count"
    attributes "/tank/dnodes/with$count" "$count" 60
done
zfs set dnodesize=4k tank/dnodes
for name in 1 2 3; do echo "$name" >"/tank/dnodes/wide$name"; done
zfs snapshot tank/dnodes@1
rm /tank/dnodes/wide2 /tank/dnodes/with3
zfs set dnodesize=legacy tank/dnodes
for name in $(seq 9); do echo "$name" >"/tank/dnodes/narrow$name"; done
zfs snapshot tank/dnodes@2
record large-dnodes -i @0 tank/dnodes@1
record dnodes-of-other-sizes -i @1 tank/dnodes@2

zfs create -o dnodesize=legacy -o xattr=sa tank/spill
zfs snapshot tank/spill@0
for name in kept changed dropped; do
    noise 900 8 >"/tank/spill/$name"
    attributes "/tank/spill/$name" 8 100
done
zfs snapshot tank/spill@1
noise 500 9 >>/tank/spill/kept
attributes /tank/spill/changed 9 90
rm /tank/spill/dropped
zfs snapshot tank/spill@2
record spill -i @0 tank/spill@1
record spill-unmodified -i @1 tank/spill@2

# A spill block that a block pointer holds.
zfs create -o dnodesize=legacy -o xattr=sa -o compression=lz4 tank/spill-embedded
zfs snapshot tank/spill-embedded@0
echo x >/tank/spill-embedded/file
attributes /tank/spill-embedded/file 2 600
zfs snapshot tank/spill-embedded@1
record spill-embedded -e -i @0 tank/spill-embedded@1

# Attributes that are files, and an old filesystem without system attributes.
zfs create -o xattr=on tank/attributes
zfs snapshot tank/attributes@0
echo file >/tank/attributes/file
attributes /tank/attributes/file 2 50
zfs snapshot tank/attributes@1
record attributes-in-files -i @0 tank/attributes@1
zfs create -o version=4 tank/old
echo old >/tank/old/file
zfs snapshot tank/old@1
record old-filesystem tank/old@1

# Names that differ by more than case, other checksums, two copies, deduplication.
zfs create -o casesensitivity=insensitive -o normalization=formD tank/insensitive
zfs snapshot tank/insensitive@0
echo x >/tank/insensitive/Name
zfs snapshot tank/insensitive@1
record insensitive -i @0 tank/insensitive@1
zfs create -o copies=2 tank/checksums
zfs snapshot tank/checksums@0
for algorithm in fletcher2 sha256 sha512 skein edonr off $(since 2.2 && echo blake3); do
    zfs set "checksum=$algorithm" tank/checksums
    noise 700 10 >"/tank/checksums/$algorithm"
    sync
done
zfs set checksum=sha256 dedup=on tank/checksums
noise 700 10 >/tank/checksums/deduplicated
zfs snapshot tank/checksums@1
record checksums -i @0 tank/checksums@1

# Volumes.
zfs create -s -V 4M -o volblocksize=8k -o compression=lz4 tank/volume
udevadm settle
{ noise 3000 11; words 700 ten; } | dd of=/dev/zvol/tank/volume bs=8k seek=3 conv=fsync status=none
zfs snapshot tank/volume@1
dd if=/dev/zero of=/dev/zvol/tank/volume bs=8k seek=3 count=1 conv=fsync status=none
words 40 eleven | dd of=/dev/zvol/tank/volume bs=8k seek=40 conv=fsync status=none
zfs snapshot tank/volume@2
record volume tank/volume@1
record volume-compressed -c tank/volume@1
record volume-increment -i @1 tank/volume@2

# Encrypted on disk: as it lies there, and in the clear.
head -c 32 /dev/zero >/var/tmp/key
sealed() { zfs create -o encryption=on -o keyformat=raw -o keylocation=file:///var/tmp/key "$@"; }
sealed -o compression=lz4 -o recordsize=16k tank/sealed
cd /tank/sealed
words 400 twelve >text
noise 3000 12 >noise
mkdir directory
for name in $(seq 20); do echo "$name" >"directory/file$name"; done
zfs snapshot tank/sealed@1
zfs bookmark tank/sealed@1 tank/sealed#1
words 100 thirteen >>text
rm noise directory/file1?
cd /
zfs snapshot tank/sealed@2
record raw -w tank/sealed@1
record raw-increment -w -i @1 tank/sealed@2
record raw-increment-from-bookmark -w -i '#1' tank/sealed@2
record raw-package -w -I @1 tank/sealed@2
record opened -i @1 tank/sealed@2
record raw-of-the-open -w -i @1 tank/plain@2
sealed -o dnodesize=auto -o xattr=sa -o recordsize=1M -o compression=lz4 tank/sealed-dnodes
zfs snapshot tank/sealed-dnodes@0
head -c 200000 < <(yes fourteen) >/tank/sealed-dnodes/large
for count in 1 8; do
    echo "$count" >"/tank/sealed-dnodes/with$count"
    attributes "/tank/sealed-dnodes/with$count" "$count" 100
done
zfs set dnodesize=legacy tank/sealed-dnodes
echo spill >/tank/sealed-dnodes/spill
attributes /tank/sealed-dnodes/spill 8 100
zfs snapshot tank/sealed-dnodes@1
echo more >>/tank/sealed-dnodes/spill
rm /tank/sealed-dnodes/with1
zfs snapshot tank/sealed-dnodes@2
record raw-dnodes -w -i @0 tank/sealed-dnodes@1
record raw-spill-unmodified -w -i @1 tank/sealed-dnodes@2
sealed -s -V 4M -o volblocksize=8k tank/sealed-volume
udevadm settle
words 400 fifteen | dd of=/dev/zvol/tank/sealed-volume bs=8k conv=fsync status=none
zfs snapshot tank/sealed-volume@1
record raw-volume -w tank/sealed-volume@1

# Interrupted, and gone on with; and what had arrived, sent on.
zfs create tank/got
partial tank/got/full 70 tank/plain@1
record resumed -t "$(token tank/got/full)"
record saved -S tank/got/full
zfs send tank/holes@1 | zfs receive -u tank/got/holes
noise 24000 13 >/tank/holes/later
noise 9000 14 >/tank/holes/latest
zfs snapshot tank/holes@4
partial tank/got/holes 80 -i @1 tank/holes@4
record resumed-increment -t "$(token tank/got/holes)"
record saved-increment -S tank/got/holes
partial tank/got/raw 75 -w tank/sealed@1
record resumed-raw -t "$(token tank/got/raw)"
zfs send -w tank/sealed@1 | zfs receive -u tank/got/sealed
noise 24000 15 >/tank/sealed/later
zfs snapshot tank/sealed@3
partial tank/got/sealed 70 -w -i @1 tank/sealed@3
record resumed-raw-increment -t "$(token tank/got/sealed)"

# With something left out; and from there on.
zfs create -o recordsize=4k tank/secret
noise 9000 16 >/tank/secret/public
noise 18000 17 >/tank/secret/secret
zfs snapshot tank/secret@1
zfs clone tank/secret@1 tank/clean
noise 9000 18 | dd of=/tank/clean/secret conv=notrunc status=none
zfs snapshot tank/clean@1
zfs redact tank/secret@1 book tank/clean@1
noise 500 19 >>/tank/secret/public
zfs snapshot tank/secret@2
record redacted --redact book tank/secret@1
record redacted-clone -i tank/secret#book tank/clean@1
record redacted-filled-in -i '#book' tank/secret@2
zfs send --redact book tank/secret@1 | zfs receive -u tank/got/redacted
record of-the-redacted tank/got/redacted@1
partial tank/got/redacted-part 60 --redact book tank/secret@1
record resumed-redacted -t "$(token tank/got/redacted-part)"

# Trees.
zfs create tank/tree
zfs create -s -V 1M tank/tree/child
udevadm settle
zfs set org.example:by=somebody tank/tree
zfs snapshot -r tank/tree@0
zfs hold tag tank/tree@0
echo parent >/tank/tree/file
echo child | dd of=/dev/zvol/tank/tree/child conv=fsync status=none
zfs snapshot -r tank/tree@1
zfs hold tag tank/tree@1
echo more | dd of=/dev/zvol/tank/tree/child seek=100 conv=fsync status=none
zfs snapshot -r tank/tree@2
record tree -Rc tank/tree@0
record tree-increment -R -i @0 tank/tree@1
record tree-increments -R -I @0 tank/tree@2
record tree-with-holds -Rh -i @0 tank/tree@1

if since 2.3; then
    zfs create -o longname=on tank/longname
    zfs snapshot tank/longname@0
    echo x >"/tank/longname/$(head -c 700 /dev/zero | tr '\0' n)"
    zfs snapshot tank/longname@1
    record long-names -i @0 tank/longname@1
    cat /sys/module/zfs/parameters/zap_micro_max_size >/var/tmp/micro
    echo 1048576 >/sys/module/zfs/parameters/zap_micro_max_size
    zfs create -o recordsize=1M tank/microzap
    zfs snapshot tank/microzap@0
    echo x >/tank/microzap/1
    perl -e 'link "/tank/microzap/1", "/tank/microzap/$_" or die "$!\n" for 2..2060'
    zfs snapshot tank/microzap@1
    record large-microzap -Lc -i @0 tank/microzap@1
    cat /var/tmp/micro >/sys/module/zfs/parameters/zap_micro_max_size
fi

gzip -9n "$out"/*.zfs "$out"/*.dump
cat "$out/index.tsv"
du -bc "$out"/*.gz | tail -n 1
# What a release does not send is not asked for above.
[ -z "$refused" ]
