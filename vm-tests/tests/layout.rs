//! I hold what zfs-rs knows of `zfs_cmd` and the requests against the headers of each release, for both processors.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{fs, path::Path, process::Command};

use vm_tests::{Progress, Suite, host::headers};

#[test]
fn of_openzfs_2_0() {
    assert_agreement(Suite::Bullseye, "2.0");
}

#[test]
fn of_openzfs_2_1() {
    assert_agreement(Suite::Bookworm, "2.1");
}

#[test]
fn of_openzfs_2_3() {
    assert_agreement(Suite::Trixie, "2.3");
}

#[test]
fn of_openzfs_2_4() {
    assert_agreement(Suite::TrixieBackports, "2.4");
}

#[test]
fn a_wrong_layout_is_found() {
    let include = headers::include(Suite::Trixie, &mut Progress::to_stderr()).unwrap();
    let right = fs::read_to_string(layout()).unwrap();
    for (from, to) in [
        ("zc_cookie 12616 8", "zc_cookie 12624 8"),
        ("zc_simple 13668 1", "zc_simple 13668 4"),
        ("ZFS_IOC_RECV_NEW 0x5a46", "ZFS_IOC_RECV_NEW 0x5a1b"),
    ] {
        let wrong = right.replace(from, to);
        assert_ne!(wrong, right, "{from}");
        let said = compile(&include, &asserts(&wrong, "2.3"), TARGETS[0]).unwrap_err();
        assert!(said.contains("static"), "{said}");
    }
}

fn assert_agreement(suite: Suite, release: &str) {
    let include = headers::include(suite, &mut Progress::to_stderr()).unwrap();
    let asserts = asserts(&fs::read_to_string(layout()).unwrap(), release);
    assert!(asserts.len() > 80, "only {} things are known", asserts.len());
    for target in TARGETS {
        if let Err(said) = compile(&include, &asserts, target) {
            unreachable!("{} for {target}:\n{said}", include.display());
        }
    }
}

/// What the lines of the layout say, in C, as far as that release has it.
fn asserts(layout: &str, release: &str) -> Vec<String> {
    let number = |text: &str| text.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
    let mut asserts = Vec::new();
    for line in layout.lines().filter(|line| !line.starts_with('#')) {
        let (fact, since) = line.split_once(" since ").unwrap_or((line, "2.0"));
        if number(since) > number(release) {
            continue;
        }
        let words: Vec<&str> = fact.split(' ').collect();
        let claim = match words.as_slice() {
            ["zfs_cmd_t", "-", size] => format!("sizeof (zfs_cmd_t) == {size} && _Alignof (zfs_cmd_t) == 8"),
            [request, value] => format!("{request} == {value}"),
            [field, offset, size] => {
                format!("offsetof(zfs_cmd_t, {field}) == {offset} && sizeof (((zfs_cmd_t *)0)->{field}) == {size}")
            }
            _ => unreachable!("{line}"),
        };
        asserts.push(format!("_Static_assert({claim}, \"{fact}\");"));
    }
    asserts
}

/// Has the compiler judge, for a processor this one need not be. Headers that those of interest name in passing are empty; of two only the declarations
/// that matter are taken.
fn compile(include: &Path, asserts: &[String], target: &str) -> Result<(), String> {
    let work = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = work.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for empty in ["cred", "dsl_deleg", "spa", "zio", "nvpair", "time", "isa_defs", "types32"] {
        write(&format!("sys/{empty}.h"), "");
    }
    let declared = |header: &str, first: &str, last: &str| {
        let text = fs::read_to_string(include.join(header)).unwrap();
        // The last one that begins so before the end: several begin as plainly as `typedef enum {`.
        let end = text.find(last).unwrap() + last.len();
        let begin = text[..end].rfind(first).unwrap();
        text[begin..end].to_owned()
    };
    let boolean = declared("os/linux/spl/sys/types.h", "typedef enum", "} boolean_t;");
    let stats = declared("sys/dmu.h", "typedef struct dmu_objset_stats", "} dmu_objset_stats_t;");
    write("sys/dmu.h", &format!("#include <sys/fs/zfs.h>\n{stats}\n"));
    write("layout.c", &format!("{BEFORE}{boolean}\n{INCLUDES}{}\n", asserts.join("\n")));
    let output = Command::new("clang")
        .args(["-fsyntax-only", "-ffreestanding", "-nostdlibinc", &format!("--target={target}")])
        .arg("-I")
        .arg(work.path())
        .arg("-I")
        .arg(include)
        .arg(work.path().join("layout.c"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

fn layout() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../zfs-rs/src/backend/ioctl/layout.txt"))
}

const TARGETS: [&str; 2] = ["x86_64-linux-gnu", "aarch64-linux-gnu"];

/// What a kernel or a C library gives, and what send records hold, which are no part of the command.
const BEFORE: &str = "\
#include <stdint.h>
#include <stddef.h>
typedef unsigned char uchar_t;
typedef unsigned int uint_t;
typedef unsigned long ulong_t;
typedef unsigned int uid_t;
typedef unsigned long long u_longlong_t;
typedef long long longlong_t;
typedef int64_t hrtime_t;
typedef struct objset objset_t;
typedef struct { uint64_t word[4]; } zio_cksum_t;
typedef struct { uint64_t word[5]; } ddt_key_t;
typedef enum { DMU_ANY } dmu_object_type_t;
#define MAXPATHLEN 4096
#define MAXNAMELEN 256
#define ZIO_DATA_SALT_LEN 8
#define ZIO_DATA_IV_LEN 12
#define ZIO_DATA_MAC_LEN 16
";

const INCLUDES: &str = "\
#include <sys/fs/zfs.h>
#include <sys/zfs_ioctl.h>
";
