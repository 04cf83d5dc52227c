//! I am the block of memory that the kernel and a program hand to and fro.
//!
//! One layout serves OpenZFS 2.0 to 2.4 on Linux, on x86_64 and aarch64 alike: fields were only ever put into padding.

use std::mem::offset_of;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::backend::{DatasetKind, Stats};
use crate::errno::Errno;
use crate::identity::{Guid, Txg};

/// `zfs_cmd_t`. Every bit pattern is valid, so whatever the kernel writes can be read.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(crate) struct Command {
    pub(super) name: [u8; 4096],
    pub(super) source: u64,
    pub(super) source_size: u64,
    pub(super) destination: u64,
    pub(super) destination_size: u64,
    pub(super) destination_filled: u32,
    padding: u32,
    pub(super) history: u64,
    pub(super) value: [u8; 8192],
    pub(super) string: [u8; 256],
    pub(super) guid: u64,
    pub(super) conf: u64,
    pub(super) conf_size: u64,
    pub(super) cookie: u64,
    pub(super) objset_type: u64,
    perm_action: u64,
    pub(super) history_length: u64,
    history_offset: u64,
    pub(super) obj: u64,
    kernel_flags: u64,
    share: [u64; 4],
    pub(super) stats: ObjsetStats,
    begin: [u8; 304],
    inject: [u8; 352],
    pub(super) defer_destroy: u32,
    flags: u32,
    action_handle: u64,
    pub(super) cleanup_fd: i32,
    pub(super) simple: u8,
    padding_simple: [u8; 3],
    sendobj: u64,
    fromobj: u64,
    createtxg: u64,
    pub(super) stat: ObjectStat,
    zoneid: u64,
}

/// `dmu_objset_stats_t`.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(super) struct ObjsetStats {
    clones: u64,
    createtxg: u64,
    guid: u64,
    kind: u32,
    is_snapshot: u8,
    inconsistent: u8,
    redacted: u8,
    origin: [u8; 256],
    /// Since 2.3.3; older kernels leave the zero that was there.
    flags: u8,
}

/// `zfs_stat_t`.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(super) struct ObjectStat {
    pub(super) generation: u64,
    pub(super) mode: u64,
    pub(super) links: u64,
    pub(super) changed: [u64; 2],
}

/// On every target there is; `layout.txt` says the same to the headers of each release.
const _: () = {
    assert!(size_of::<Command>() == 13_744);
    assert!(align_of::<Command>() == 8);
    assert!(size_of::<ObjsetStats>() == 288);
    assert!(size_of::<ObjectStat>() == 40);
    assert!(offset_of!(Command, name) == 0);
    assert!(offset_of!(Command, source) == 4_096);
    assert!(offset_of!(Command, source_size) == 4_104);
    assert!(offset_of!(Command, destination) == 4_112);
    assert!(offset_of!(Command, destination_size) == 4_120);
    assert!(offset_of!(Command, destination_filled) == 4_128);
    assert!(offset_of!(Command, history) == 4_136);
    assert!(offset_of!(Command, value) == 4_144);
    assert!(offset_of!(Command, string) == 12_336);
    assert!(offset_of!(Command, guid) == 12_592);
    assert!(offset_of!(Command, conf) == 12_600);
    assert!(offset_of!(Command, conf_size) == 12_608);
    assert!(offset_of!(Command, cookie) == 12_616);
    assert!(offset_of!(Command, objset_type) == 12_624);
    assert!(offset_of!(Command, perm_action) == 12_632);
    assert!(offset_of!(Command, history_length) == 12_640);
    assert!(offset_of!(Command, history_offset) == 12_648);
    assert!(offset_of!(Command, obj) == 12_656);
    assert!(offset_of!(Command, kernel_flags) == 12_664);
    assert!(offset_of!(Command, share) == 12_672);
    assert!(offset_of!(Command, stats) == 12_704);
    assert!(offset_of!(Command, stats.clones) == 12_704);
    assert!(offset_of!(Command, stats.createtxg) == 12_712);
    assert!(offset_of!(Command, stats.guid) == 12_720);
    assert!(offset_of!(Command, stats.kind) == 12_728);
    assert!(offset_of!(Command, stats.is_snapshot) == 12_732);
    assert!(offset_of!(Command, stats.inconsistent) == 12_733);
    assert!(offset_of!(Command, stats.redacted) == 12_734);
    assert!(offset_of!(Command, stats.origin) == 12_735);
    assert!(offset_of!(Command, stats.flags) == 12_991);
    assert!(offset_of!(Command, begin) == 12_992);
    assert!(offset_of!(Command, defer_destroy) == 13_648);
    assert!(offset_of!(Command, flags) == 13_652);
    assert!(offset_of!(Command, action_handle) == 13_656);
    assert!(offset_of!(Command, cleanup_fd) == 13_664);
    assert!(offset_of!(Command, simple) == 13_668);
    assert!(offset_of!(Command, sendobj) == 13_672);
    assert!(offset_of!(Command, fromobj) == 13_680);
    assert!(offset_of!(Command, createtxg) == 13_688);
    assert!(offset_of!(Command, stat) == 13_696);
    assert!(offset_of!(Command, stat.generation) == 13_696);
    assert!(offset_of!(Command, stat.mode) == 13_704);
    assert!(offset_of!(Command, stat.links) == 13_712);
    assert!(offset_of!(Command, stat.changed) == 13_720);
    assert!(offset_of!(Command, zoneid) == 13_736);
};

impl Command {
    /// A command on one object, otherwise blank.
    ///
    /// # Errors
    ///
    /// ENAMETOOLONG when the name does not fit.
    pub(super) fn on(name: &str) -> Result<Box<Self>, Errno> {
        let mut command = <Self as zerocopy::FromZeros>::new_box_zeroed().map_err(|zerocopy::AllocError| Errno::ENOMEM)?;
        put(&mut command.name, name)?;
        Ok(command)
    }

    /// Names the object anew, wiping the former name.
    pub(super) fn rename(&mut self, name: &str) -> Result<(), Errno> {
        put(&mut self.name, name)
    }

    /// Writes the text argument.
    pub(super) fn set_value(&mut self, value: &str) -> Result<(), Errno> {
        put(&mut self.value, value)
    }

    /// The text argument as the kernel left it, byte for byte: paths need not be UTF-8.
    pub(super) fn value(&self) -> &[u8] {
        until_nul(&self.value)
    }

    /// The second text argument as the kernel left it.
    pub(super) fn string(&self) -> String {
        text(&self.string)
    }

    /// The object's name, which listings overwrite.
    pub(super) fn name(&self) -> String {
        text(&self.name)
    }
}

impl ObjsetStats {
    /// The facts in the crate's own terms.
    pub(super) fn read(&self) -> Stats {
        let origin = text(&self.origin);
        Stats {
            guid: Guid(self.guid),
            createtxg: Txg(self.createtxg),
            kind: DatasetKind::from_number(self.kind),
            inconsistent: self.inconsistent != 0,
            clones: self.clones,
            origin: (!origin.is_empty()).then_some(origin),
        }
    }
}

fn put(field: &mut [u8], text: &str) -> Result<(), Errno> {
    let fits = text.len() < field.len() && !text.contains('\0');
    let room = field.split_at_mut_checked(text.len()).filter(|_| fits);
    let (head, tail) = room.ok_or(Errno::ENAMETOOLONG)?;
    head.copy_from_slice(text.as_bytes());
    // Behind the end of the former text the field is blank already.
    tail.iter_mut().take_while(|byte| **byte != 0).for_each(|byte| *byte = 0);
    Ok(())
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(until_nul(field)).into_owned()
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! places {
        ($of:expr; $($name:literal => $($field:ident).+),+ $(,)?) => {
            [$(format!("{} {} {}", $name, offset_of!(Command, $($field).+), size_of_val(&$of.$($field).+))),+]
        };
    }

    #[test]
    fn every_field_is_where_layout_txt_has_it() {
        let command = Command::on("").unwrap();
        let ours = places! { command;
            "zc_name" => name,
            "zc_nvlist_src" => source,
            "zc_nvlist_src_size" => source_size,
            "zc_nvlist_dst" => destination,
            "zc_nvlist_dst_size" => destination_size,
            "zc_nvlist_dst_filled" => destination_filled,
            "zc_history" => history,
            "zc_value" => value,
            "zc_string" => string,
            "zc_guid" => guid,
            "zc_nvlist_conf" => conf,
            "zc_nvlist_conf_size" => conf_size,
            "zc_cookie" => cookie,
            "zc_objset_type" => objset_type,
            "zc_perm_action" => perm_action,
            "zc_history_len" => history_length,
            "zc_history_offset" => history_offset,
            "zc_obj" => obj,
            "zc_iflags" => kernel_flags,
            "zc_share" => share,
            "zc_objset_stats" => stats,
            "zc_objset_stats.dds_num_clones" => stats.clones,
            "zc_objset_stats.dds_creation_txg" => stats.createtxg,
            "zc_objset_stats.dds_guid" => stats.guid,
            "zc_objset_stats.dds_type" => stats.kind,
            "zc_objset_stats.dds_is_snapshot" => stats.is_snapshot,
            "zc_objset_stats.dds_inconsistent" => stats.inconsistent,
            "zc_objset_stats.dds_redacted" => stats.redacted,
            "zc_objset_stats.dds_origin" => stats.origin,
            "zc_objset_stats.dds_flags" => stats.flags,
            "zc_begin_record" => begin,
            "zc_defer_destroy" => defer_destroy,
            "zc_flags" => flags,
            "zc_action_handle" => action_handle,
            "zc_cleanup_fd" => cleanup_fd,
            "zc_simple" => simple,
            "zc_sendobj" => sendobj,
            "zc_fromobj" => fromobj,
            "zc_createtxg" => createtxg,
            "zc_stat" => stat,
            "zc_stat.zs_gen" => stat.generation,
            "zc_stat.zs_mode" => stat.mode,
            "zc_stat.zs_links" => stat.links,
            "zc_stat.zs_ctime" => stat.changed,
            "zc_zoneid" => zoneid
        };
        let written: Vec<&str> = include_str!("layout.txt")
            .lines()
            .filter(|line| line.starts_with("zc_"))
            .map(|line| line.split(" since ").next().unwrap_or(line))
            .collect();
        assert_eq!(ours.as_slice(), written);
    }

    #[test]
    fn a_name_is_written_whole_or_not_at_all() {
        let mut command = Command::on("tank/a long name").unwrap();
        assert_eq!(command.name(), "tank/a long name");
        command.rename("tank").unwrap();
        assert_eq!(command.name(), "tank");
        assert_eq!(command.rename(&"t".repeat(4096)), Err(Errno::ENAMETOOLONG));
        assert_eq!(command.rename("a\0b"), Err(Errno::ENAMETOOLONG));
        assert_eq!(command.name(), "tank");
    }

    #[test]
    fn stats_are_read_from_their_places() {
        let mut command = Command::on("tank").unwrap();
        command.stats.guid = 7;
        command.stats.createtxg = 9;
        command.stats.kind = 3;
        command.stats.inconsistent = 1;
        command.stats.origin[..6].copy_from_slice(b"tank@a");
        let stats = command.stats.read();
        assert_eq!((stats.guid, stats.createtxg, stats.kind), (Guid(7), Txg(9), DatasetKind::Volume));
        assert!(stats.inconsistent);
        assert_eq!(stats.origin.as_deref(), Some("tank@a"));
    }
}
