//! I am what bindgen read in the headers of OpenZFS 2.4.4; README.md says how, nobody edits me.

#[derive(PartialEq, Eq, Copy, Clone, Debug, Hash)]
#[repr(C, align(8))]
pub struct __BindgenOpaqueArray8<T>(pub T);
impl<T: Copy + Default, const N: usize> Default for __BindgenOpaqueArray8<[T; N]> {
    fn default() -> Self {
        Self([<T as Default>::default(); N])
    }
}
pub const NV_ENCODE_NATIVE: i32 = 0;
pub const NV_ENCODE_XDR: i32 = 1;
impl boolean_t {
    pub const B_FALSE: boolean_t = boolean_t(0);
    pub const B_TRUE: boolean_t = boolean_t(1);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct boolean_t(pub ::core::ffi::c_uint);
pub type uint_t = ::core::ffi::c_uint;
#[repr(C)]
#[repr(align(8))]
#[derive(Debug)]
pub struct nvlist {
    pub _bindgen_opaque_blob: __BindgenOpaqueArray8<[u8; 24usize]>,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of nvlist"][::core::mem::size_of::<nvlist>() - 24usize];
    ["Alignment of nvlist"][::core::mem::align_of::<nvlist>() - 8usize];
};
pub type nvlist_t = nvlist;
impl pool_initialize_func {
    pub const POOL_INITIALIZE_START: pool_initialize_func = pool_initialize_func(0);
    pub const POOL_INITIALIZE_CANCEL: pool_initialize_func = pool_initialize_func(1);
    pub const POOL_INITIALIZE_SUSPEND: pool_initialize_func = pool_initialize_func(2);
    pub const POOL_INITIALIZE_UNINIT: pool_initialize_func = pool_initialize_func(3);
    pub const POOL_INITIALIZE_FUNCS: pool_initialize_func = pool_initialize_func(4);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct pool_initialize_func(pub ::core::ffi::c_uint);
pub use self::pool_initialize_func as pool_initialize_func_t;
impl pool_trim_func {
    pub const POOL_TRIM_START: pool_trim_func = pool_trim_func(0);
    pub const POOL_TRIM_CANCEL: pool_trim_func = pool_trim_func(1);
    pub const POOL_TRIM_SUSPEND: pool_trim_func = pool_trim_func(2);
    pub const POOL_TRIM_FUNCS: pool_trim_func = pool_trim_func(3);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct pool_trim_func(pub ::core::ffi::c_uint);
pub use self::pool_trim_func as pool_trim_func_t;
impl zfs_ioc {
    pub const ZFS_IOC_FIRST: zfs_ioc = zfs_ioc(23040);
    pub const ZFS_IOC: zfs_ioc = zfs_ioc(23040);
    pub const ZFS_IOC_POOL_CREATE: zfs_ioc = zfs_ioc(23040);
    pub const ZFS_IOC_POOL_DESTROY: zfs_ioc = zfs_ioc(23041);
    pub const ZFS_IOC_POOL_IMPORT: zfs_ioc = zfs_ioc(23042);
    pub const ZFS_IOC_POOL_EXPORT: zfs_ioc = zfs_ioc(23043);
    pub const ZFS_IOC_POOL_CONFIGS: zfs_ioc = zfs_ioc(23044);
    pub const ZFS_IOC_POOL_STATS: zfs_ioc = zfs_ioc(23045);
    pub const ZFS_IOC_POOL_TRYIMPORT: zfs_ioc = zfs_ioc(23046);
    pub const ZFS_IOC_POOL_SCAN: zfs_ioc = zfs_ioc(23047);
    pub const ZFS_IOC_POOL_FREEZE: zfs_ioc = zfs_ioc(23048);
    pub const ZFS_IOC_POOL_UPGRADE: zfs_ioc = zfs_ioc(23049);
    pub const ZFS_IOC_POOL_GET_HISTORY: zfs_ioc = zfs_ioc(23050);
    pub const ZFS_IOC_VDEV_ADD: zfs_ioc = zfs_ioc(23051);
    pub const ZFS_IOC_VDEV_REMOVE: zfs_ioc = zfs_ioc(23052);
    pub const ZFS_IOC_VDEV_SET_STATE: zfs_ioc = zfs_ioc(23053);
    pub const ZFS_IOC_VDEV_ATTACH: zfs_ioc = zfs_ioc(23054);
    pub const ZFS_IOC_VDEV_DETACH: zfs_ioc = zfs_ioc(23055);
    pub const ZFS_IOC_VDEV_SETPATH: zfs_ioc = zfs_ioc(23056);
    pub const ZFS_IOC_VDEV_SETFRU: zfs_ioc = zfs_ioc(23057);
    pub const ZFS_IOC_OBJSET_STATS: zfs_ioc = zfs_ioc(23058);
    pub const ZFS_IOC_OBJSET_ZPLPROPS: zfs_ioc = zfs_ioc(23059);
    pub const ZFS_IOC_DATASET_LIST_NEXT: zfs_ioc = zfs_ioc(23060);
    pub const ZFS_IOC_SNAPSHOT_LIST_NEXT: zfs_ioc = zfs_ioc(23061);
    pub const ZFS_IOC_SET_PROP: zfs_ioc = zfs_ioc(23062);
    pub const ZFS_IOC_CREATE: zfs_ioc = zfs_ioc(23063);
    pub const ZFS_IOC_DESTROY: zfs_ioc = zfs_ioc(23064);
    pub const ZFS_IOC_ROLLBACK: zfs_ioc = zfs_ioc(23065);
    pub const ZFS_IOC_RENAME: zfs_ioc = zfs_ioc(23066);
    pub const ZFS_IOC_RECV: zfs_ioc = zfs_ioc(23067);
    pub const ZFS_IOC_SEND: zfs_ioc = zfs_ioc(23068);
    pub const ZFS_IOC_INJECT_FAULT: zfs_ioc = zfs_ioc(23069);
    pub const ZFS_IOC_CLEAR_FAULT: zfs_ioc = zfs_ioc(23070);
    pub const ZFS_IOC_INJECT_LIST_NEXT: zfs_ioc = zfs_ioc(23071);
    pub const ZFS_IOC_ERROR_LOG: zfs_ioc = zfs_ioc(23072);
    pub const ZFS_IOC_CLEAR: zfs_ioc = zfs_ioc(23073);
    pub const ZFS_IOC_PROMOTE: zfs_ioc = zfs_ioc(23074);
    pub const ZFS_IOC_SNAPSHOT: zfs_ioc = zfs_ioc(23075);
    pub const ZFS_IOC_DSOBJ_TO_DSNAME: zfs_ioc = zfs_ioc(23076);
    pub const ZFS_IOC_OBJ_TO_PATH: zfs_ioc = zfs_ioc(23077);
    pub const ZFS_IOC_POOL_SET_PROPS: zfs_ioc = zfs_ioc(23078);
    pub const ZFS_IOC_POOL_GET_PROPS: zfs_ioc = zfs_ioc(23079);
    pub const ZFS_IOC_SET_FSACL: zfs_ioc = zfs_ioc(23080);
    pub const ZFS_IOC_GET_FSACL: zfs_ioc = zfs_ioc(23081);
    pub const ZFS_IOC_SHARE: zfs_ioc = zfs_ioc(23082);
    pub const ZFS_IOC_INHERIT_PROP: zfs_ioc = zfs_ioc(23083);
    pub const ZFS_IOC_SMB_ACL: zfs_ioc = zfs_ioc(23084);
    pub const ZFS_IOC_USERSPACE_ONE: zfs_ioc = zfs_ioc(23085);
    pub const ZFS_IOC_USERSPACE_MANY: zfs_ioc = zfs_ioc(23086);
    pub const ZFS_IOC_USERSPACE_UPGRADE: zfs_ioc = zfs_ioc(23087);
    pub const ZFS_IOC_HOLD: zfs_ioc = zfs_ioc(23088);
    pub const ZFS_IOC_RELEASE: zfs_ioc = zfs_ioc(23089);
    pub const ZFS_IOC_GET_HOLDS: zfs_ioc = zfs_ioc(23090);
    pub const ZFS_IOC_OBJSET_RECVD_PROPS: zfs_ioc = zfs_ioc(23091);
    pub const ZFS_IOC_VDEV_SPLIT: zfs_ioc = zfs_ioc(23092);
    pub const ZFS_IOC_NEXT_OBJ: zfs_ioc = zfs_ioc(23093);
    pub const ZFS_IOC_DIFF: zfs_ioc = zfs_ioc(23094);
    pub const ZFS_IOC_TMP_SNAPSHOT: zfs_ioc = zfs_ioc(23095);
    pub const ZFS_IOC_OBJ_TO_STATS: zfs_ioc = zfs_ioc(23096);
    pub const ZFS_IOC_SPACE_WRITTEN: zfs_ioc = zfs_ioc(23097);
    pub const ZFS_IOC_SPACE_SNAPS: zfs_ioc = zfs_ioc(23098);
    pub const ZFS_IOC_DESTROY_SNAPS: zfs_ioc = zfs_ioc(23099);
    pub const ZFS_IOC_POOL_REGUID: zfs_ioc = zfs_ioc(23100);
    pub const ZFS_IOC_POOL_REOPEN: zfs_ioc = zfs_ioc(23101);
    pub const ZFS_IOC_SEND_PROGRESS: zfs_ioc = zfs_ioc(23102);
    pub const ZFS_IOC_LOG_HISTORY: zfs_ioc = zfs_ioc(23103);
    pub const ZFS_IOC_SEND_NEW: zfs_ioc = zfs_ioc(23104);
    pub const ZFS_IOC_SEND_SPACE: zfs_ioc = zfs_ioc(23105);
    pub const ZFS_IOC_CLONE: zfs_ioc = zfs_ioc(23106);
    pub const ZFS_IOC_BOOKMARK: zfs_ioc = zfs_ioc(23107);
    pub const ZFS_IOC_GET_BOOKMARKS: zfs_ioc = zfs_ioc(23108);
    pub const ZFS_IOC_DESTROY_BOOKMARKS: zfs_ioc = zfs_ioc(23109);
    pub const ZFS_IOC_RECV_NEW: zfs_ioc = zfs_ioc(23110);
    pub const ZFS_IOC_POOL_SYNC: zfs_ioc = zfs_ioc(23111);
    pub const ZFS_IOC_CHANNEL_PROGRAM: zfs_ioc = zfs_ioc(23112);
    pub const ZFS_IOC_LOAD_KEY: zfs_ioc = zfs_ioc(23113);
    pub const ZFS_IOC_UNLOAD_KEY: zfs_ioc = zfs_ioc(23114);
    pub const ZFS_IOC_CHANGE_KEY: zfs_ioc = zfs_ioc(23115);
    pub const ZFS_IOC_REMAP: zfs_ioc = zfs_ioc(23116);
    pub const ZFS_IOC_POOL_CHECKPOINT: zfs_ioc = zfs_ioc(23117);
    pub const ZFS_IOC_POOL_DISCARD_CHECKPOINT: zfs_ioc = zfs_ioc(23118);
    pub const ZFS_IOC_POOL_INITIALIZE: zfs_ioc = zfs_ioc(23119);
    pub const ZFS_IOC_POOL_TRIM: zfs_ioc = zfs_ioc(23120);
    pub const ZFS_IOC_REDACT: zfs_ioc = zfs_ioc(23121);
    pub const ZFS_IOC_GET_BOOKMARK_PROPS: zfs_ioc = zfs_ioc(23122);
    pub const ZFS_IOC_WAIT: zfs_ioc = zfs_ioc(23123);
    pub const ZFS_IOC_WAIT_FS: zfs_ioc = zfs_ioc(23124);
    pub const ZFS_IOC_VDEV_GET_PROPS: zfs_ioc = zfs_ioc(23125);
    pub const ZFS_IOC_VDEV_SET_PROPS: zfs_ioc = zfs_ioc(23126);
    pub const ZFS_IOC_POOL_SCRUB: zfs_ioc = zfs_ioc(23127);
    pub const ZFS_IOC_POOL_PREFETCH: zfs_ioc = zfs_ioc(23128);
    pub const ZFS_IOC_DDT_PRUNE: zfs_ioc = zfs_ioc(23129);
    pub const ZFS_IOC_PLATFORM: zfs_ioc = zfs_ioc(23168);
    pub const ZFS_IOC_EVENTS_NEXT: zfs_ioc = zfs_ioc(23169);
    pub const ZFS_IOC_EVENTS_CLEAR: zfs_ioc = zfs_ioc(23170);
    pub const ZFS_IOC_EVENTS_SEEK: zfs_ioc = zfs_ioc(23171);
    pub const ZFS_IOC_NEXTBOOT: zfs_ioc = zfs_ioc(23172);
    pub const ZFS_IOC_JAIL: zfs_ioc = zfs_ioc(23173);
    pub const ZFS_IOC_USERNS_ATTACH: zfs_ioc = zfs_ioc(23173);
    pub const ZFS_IOC_UNJAIL: zfs_ioc = zfs_ioc(23174);
    pub const ZFS_IOC_USERNS_DETACH: zfs_ioc = zfs_ioc(23174);
    pub const ZFS_IOC_SET_BOOTENV: zfs_ioc = zfs_ioc(23175);
    pub const ZFS_IOC_GET_BOOTENV: zfs_ioc = zfs_ioc(23176);
    pub const ZFS_IOC_LAST: zfs_ioc = zfs_ioc(23177);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zfs_ioc(pub ::core::ffi::c_uint);
pub use self::zfs_ioc as zfs_ioc_t;
impl zfs_errno_t {
    pub const ZFS_ERR_CHECKPOINT_EXISTS: zfs_errno_t = zfs_errno_t(1024);
    pub const ZFS_ERR_DISCARDING_CHECKPOINT: zfs_errno_t = zfs_errno_t(1025);
    pub const ZFS_ERR_NO_CHECKPOINT: zfs_errno_t = zfs_errno_t(1026);
    pub const ZFS_ERR_DEVRM_IN_PROGRESS: zfs_errno_t = zfs_errno_t(1027);
    pub const ZFS_ERR_VDEV_TOO_BIG: zfs_errno_t = zfs_errno_t(1028);
    pub const ZFS_ERR_IOC_CMD_UNAVAIL: zfs_errno_t = zfs_errno_t(1029);
    pub const ZFS_ERR_IOC_ARG_UNAVAIL: zfs_errno_t = zfs_errno_t(1030);
    pub const ZFS_ERR_IOC_ARG_REQUIRED: zfs_errno_t = zfs_errno_t(1031);
    pub const ZFS_ERR_IOC_ARG_BADTYPE: zfs_errno_t = zfs_errno_t(1032);
    pub const ZFS_ERR_WRONG_PARENT: zfs_errno_t = zfs_errno_t(1033);
    pub const ZFS_ERR_FROM_IVSET_GUID_MISSING: zfs_errno_t = zfs_errno_t(1034);
    pub const ZFS_ERR_FROM_IVSET_GUID_MISMATCH: zfs_errno_t = zfs_errno_t(1035);
    pub const ZFS_ERR_SPILL_BLOCK_FLAG_MISSING: zfs_errno_t = zfs_errno_t(1036);
    pub const ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE: zfs_errno_t = zfs_errno_t(1037);
    pub const ZFS_ERR_EXPORT_IN_PROGRESS: zfs_errno_t = zfs_errno_t(1038);
    pub const ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR: zfs_errno_t = zfs_errno_t(1039);
    pub const ZFS_ERR_STREAM_TRUNCATED: zfs_errno_t = zfs_errno_t(1040);
    pub const ZFS_ERR_STREAM_LARGE_BLOCK_MISMATCH: zfs_errno_t = zfs_errno_t(1041);
    pub const ZFS_ERR_RESILVER_IN_PROGRESS: zfs_errno_t = zfs_errno_t(1042);
    pub const ZFS_ERR_REBUILD_IN_PROGRESS: zfs_errno_t = zfs_errno_t(1043);
    pub const ZFS_ERR_BADPROP: zfs_errno_t = zfs_errno_t(1044);
    pub const ZFS_ERR_VDEV_NOTSUP: zfs_errno_t = zfs_errno_t(1045);
    pub const ZFS_ERR_NOT_USER_NAMESPACE: zfs_errno_t = zfs_errno_t(1046);
    pub const ZFS_ERR_RESUME_EXISTS: zfs_errno_t = zfs_errno_t(1047);
    pub const ZFS_ERR_CRYPTO_NOTSUP: zfs_errno_t = zfs_errno_t(1048);
    pub const ZFS_ERR_RAIDZ_EXPAND_IN_PROGRESS: zfs_errno_t = zfs_errno_t(1049);
    pub const ZFS_ERR_ASHIFT_MISMATCH: zfs_errno_t = zfs_errno_t(1050);
    pub const ZFS_ERR_STREAM_LARGE_MICROZAP: zfs_errno_t = zfs_errno_t(1051);
    pub const ZFS_ERR_TOO_MANY_SITOUTS: zfs_errno_t = zfs_errno_t(1052);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zfs_errno_t(pub ::core::ffi::c_uint);
impl zpool_wait_activity_t {
    pub const ZPOOL_WAIT_CKPT_DISCARD: zpool_wait_activity_t = zpool_wait_activity_t(0);
    pub const ZPOOL_WAIT_FREE: zpool_wait_activity_t = zpool_wait_activity_t(1);
    pub const ZPOOL_WAIT_INITIALIZE: zpool_wait_activity_t = zpool_wait_activity_t(2);
    pub const ZPOOL_WAIT_REPLACE: zpool_wait_activity_t = zpool_wait_activity_t(3);
    pub const ZPOOL_WAIT_REMOVE: zpool_wait_activity_t = zpool_wait_activity_t(4);
    pub const ZPOOL_WAIT_RESILVER: zpool_wait_activity_t = zpool_wait_activity_t(5);
    pub const ZPOOL_WAIT_SCRUB: zpool_wait_activity_t = zpool_wait_activity_t(6);
    pub const ZPOOL_WAIT_TRIM: zpool_wait_activity_t = zpool_wait_activity_t(7);
    pub const ZPOOL_WAIT_RAIDZ_EXPAND: zpool_wait_activity_t = zpool_wait_activity_t(8);
    pub const ZPOOL_WAIT_NUM_ACTIVITIES: zpool_wait_activity_t = zpool_wait_activity_t(
        9,
    );
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zpool_wait_activity_t(pub ::core::ffi::c_uint);
impl zfs_wait_activity_t {
    pub const ZFS_WAIT_DELETEQ: zfs_wait_activity_t = zfs_wait_activity_t(0);
    pub const ZFS_WAIT_NUM_ACTIVITIES: zfs_wait_activity_t = zfs_wait_activity_t(1);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zfs_wait_activity_t(pub ::core::ffi::c_uint);
impl zpool_prefetch_type_t {
    pub const ZPOOL_PREFETCH_NONE: zpool_prefetch_type_t = zpool_prefetch_type_t(0);
    pub const ZPOOL_PREFETCH_DDT: zpool_prefetch_type_t = zpool_prefetch_type_t(1);
    pub const ZPOOL_PREFETCH_BRT: zpool_prefetch_type_t = zpool_prefetch_type_t(2);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zpool_prefetch_type_t(pub ::core::ffi::c_uint);
impl zpool_ddt_prune_unit_t {
    pub const ZPOOL_DDT_PRUNE_NONE: zpool_ddt_prune_unit_t = zpool_ddt_prune_unit_t(0);
    pub const ZPOOL_DDT_PRUNE_AGE: zpool_ddt_prune_unit_t = zpool_ddt_prune_unit_t(1);
    pub const ZPOOL_DDT_PRUNE_PERCENTAGE: zpool_ddt_prune_unit_t = zpool_ddt_prune_unit_t(
        2,
    );
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct zpool_ddt_prune_unit_t(pub ::core::ffi::c_uint);
#[repr(C)]
#[derive(Debug)]
pub struct zfs_cmd {
    _unused: [u8; 0],
}
impl lzc_dataset_type {
    pub const LZC_DATSET_TYPE_ZFS: lzc_dataset_type = lzc_dataset_type(2);
    pub const LZC_DATSET_TYPE_ZVOL: lzc_dataset_type = lzc_dataset_type(3);
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct lzc_dataset_type(pub ::core::ffi::c_uint);
impl lzc_send_flags {
    pub const LZC_SEND_FLAG_EMBED_DATA: lzc_send_flags = lzc_send_flags(1);
    pub const LZC_SEND_FLAG_LARGE_BLOCK: lzc_send_flags = lzc_send_flags(2);
    pub const LZC_SEND_FLAG_COMPRESS: lzc_send_flags = lzc_send_flags(4);
    pub const LZC_SEND_FLAG_RAW: lzc_send_flags = lzc_send_flags(8);
    pub const LZC_SEND_FLAG_SAVED: lzc_send_flags = lzc_send_flags(16);
}
impl ::core::ops::BitOr<lzc_send_flags> for lzc_send_flags {
    type Output = Self;
    #[inline]
    fn bitor(self, other: Self) -> Self {
        lzc_send_flags(self.0 | other.0)
    }
}
impl ::core::ops::BitOrAssign for lzc_send_flags {
    #[inline]
    fn bitor_assign(&mut self, rhs: lzc_send_flags) {
        self.0 |= rhs.0;
    }
}
impl ::core::ops::BitAnd<lzc_send_flags> for lzc_send_flags {
    type Output = Self;
    #[inline]
    fn bitand(self, other: Self) -> Self {
        lzc_send_flags(self.0 & other.0)
    }
}
impl ::core::ops::BitAndAssign for lzc_send_flags {
    #[inline]
    fn bitand_assign(&mut self, rhs: lzc_send_flags) {
        self.0 &= rhs.0;
    }
}
#[repr(transparent)]
#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub struct lzc_send_flags(pub ::core::ffi::c_uint);
#[repr(C)]
#[derive(Debug)]
pub struct dmu_replay_record {
    _unused: [u8; 0],
}
pub struct ZfsCore {
    __library: ::libloading::Library,
    pub nvlist_free: Result<
        unsafe extern "C" fn(arg1: *mut nvlist_t),
        ::libloading::Error,
    >,
    pub nvlist_size: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut usize,
            arg3: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub nvlist_pack: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut *mut ::core::ffi::c_char,
            arg3: *mut usize,
            arg4: ::core::ffi::c_int,
            arg5: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub nvlist_unpack: Result<
        unsafe extern "C" fn(
            arg1: *mut ::core::ffi::c_char,
            arg2: usize,
            arg3: *mut *mut nvlist_t,
            arg4: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub libzfs_core_init: Result<
        unsafe extern "C" fn() -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub libzfs_core_fini: Result<unsafe extern "C" fn(), ::libloading::Error>,
    pub lzc_ioctl_fd: Result<
        unsafe extern "C" fn(
            arg1: ::core::ffi::c_int,
            arg2: ::core::ffi::c_ulong,
            arg3: *mut zfs_cmd,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_snapshot: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut nvlist_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_create: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: lzc_dataset_type,
            arg3: *mut nvlist_t,
            arg4: *mut u8,
            arg5: uint_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_clone: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_promote: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_destroy_snaps: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: boolean_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_bookmark: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_bookmarks: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_bookmark_props: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_destroy_bookmarks: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_load_key: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: boolean_t,
            arg3: *mut u8,
            arg4: uint_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_unload_key: Result<
        unsafe extern "C" fn(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_change_key: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: u64,
            arg3: *mut nvlist_t,
            arg4: *mut u8,
            arg5: uint_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_trim: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: pool_trim_func_t,
            arg3: u64,
            arg4: boolean_t,
            arg5: *mut nvlist_t,
            arg6: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_redact: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_snaprange_space: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: *mut u64,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_hold: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: ::core::ffi::c_int,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_release: Result<
        unsafe extern "C" fn(
            arg1: *mut nvlist_t,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_holds: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_props: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_wrapper: Result<
        unsafe extern "C" fn(
            arg1: ::core::option::Option<
                unsafe extern "C" fn(
                    arg1: ::core::ffi::c_int,
                    arg2: *mut ::core::ffi::c_void,
                ) -> ::core::ffi::c_int,
            >,
            arg2: ::core::ffi::c_int,
            arg3: *mut ::core::ffi::c_void,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
            arg4: lzc_send_flags,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_resume: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
            arg4: lzc_send_flags,
            arg5: u64,
            arg6: u64,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_space: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: lzc_send_flags,
            arg4: *mut u64,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_redacted: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
            arg4: lzc_send_flags,
            arg5: *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_resume_redacted: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
            arg4: lzc_send_flags,
            arg5: u64,
            arg6: u64,
            arg7: *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *const ::core::ffi::c_char,
            arg4: boolean_t,
            arg5: boolean_t,
            arg6: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive_resumable: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *const ::core::ffi::c_char,
            arg4: boolean_t,
            arg5: boolean_t,
            arg6: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive_with_header: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *const ::core::ffi::c_char,
            arg4: boolean_t,
            arg5: boolean_t,
            arg6: boolean_t,
            arg7: ::core::ffi::c_int,
            arg8: *const dmu_replay_record,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive_one: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *const ::core::ffi::c_char,
            arg4: boolean_t,
            arg5: boolean_t,
            arg6: boolean_t,
            arg7: ::core::ffi::c_int,
            arg8: *const dmu_replay_record,
            arg9: ::core::ffi::c_int,
            arg10: *mut u64,
            arg11: *mut u64,
            arg12: *mut u64,
            arg13: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive_with_cmdprops: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut nvlist_t,
            arg4: *mut u8,
            arg5: uint_t,
            arg6: *const ::core::ffi::c_char,
            arg7: boolean_t,
            arg8: boolean_t,
            arg9: boolean_t,
            arg10: ::core::ffi::c_int,
            arg11: *const dmu_replay_record,
            arg12: ::core::ffi::c_int,
            arg13: *mut u64,
            arg14: *mut u64,
            arg15: *mut u64,
            arg16: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_receive_with_heal: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut nvlist_t,
            arg4: *mut u8,
            arg5: uint_t,
            arg6: *const ::core::ffi::c_char,
            arg7: boolean_t,
            arg8: boolean_t,
            arg9: boolean_t,
            arg10: boolean_t,
            arg11: ::core::ffi::c_int,
            arg12: *const dmu_replay_record,
            arg13: ::core::ffi::c_int,
            arg14: *mut u64,
            arg15: *mut u64,
            arg16: *mut u64,
            arg17: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_send_space_resume_redacted: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: lzc_send_flags,
            arg4: u64,
            arg5: u64,
            arg6: u64,
            arg7: *const ::core::ffi::c_char,
            arg8: ::core::ffi::c_int,
            arg9: *mut u64,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_exists: Result<
        unsafe extern "C" fn(arg1: *const ::core::ffi::c_char) -> boolean_t,
        ::libloading::Error,
    >,
    pub lzc_rollback: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut ::core::ffi::c_char,
            arg3: ::core::ffi::c_int,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_rollback_to: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_rename: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_destroy: Result<
        unsafe extern "C" fn(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_channel_program: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: u64,
            arg4: u64,
            arg5: *mut nvlist_t,
            arg6: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_channel_program_nosync: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const ::core::ffi::c_char,
            arg3: u64,
            arg4: u64,
            arg5: *mut nvlist_t,
            arg6: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_sync: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_reopen: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: boolean_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_pool_checkpoint: Result<
        unsafe extern "C" fn(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_pool_checkpoint_discard: Result<
        unsafe extern "C" fn(arg1: *const ::core::ffi::c_char) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_wait: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: zpool_wait_activity_t,
            arg3: *mut boolean_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_wait_tag: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: zpool_wait_activity_t,
            arg3: u64,
            arg4: *mut boolean_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_pool_prefetch: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: zpool_prefetch_type_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_wait_fs: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: zfs_wait_activity_t,
            arg3: *mut boolean_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_set_bootenv: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *const nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_bootenv: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_get_vdev_prop: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_set_vdev_prop: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: *mut nvlist_t,
            arg3: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_scrub: Result<
        unsafe extern "C" fn(
            arg1: zfs_ioc_t,
            arg2: *const ::core::ffi::c_char,
            arg3: *mut nvlist_t,
            arg4: *mut *mut nvlist_t,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
    pub lzc_ddt_prune: Result<
        unsafe extern "C" fn(
            arg1: *const ::core::ffi::c_char,
            arg2: zpool_ddt_prune_unit_t,
            arg3: u64,
        ) -> ::core::ffi::c_int,
        ::libloading::Error,
    >,
}
impl ZfsCore {
    pub unsafe fn new<P>(path: P) -> Result<Self, ::libloading::Error>
    where
        P: AsRef<::std::ffi::OsStr>,
    {
        let path = path.as_ref();
        let library = unsafe { ::libloading::Library::new(path) }?;
        unsafe { Self::from_library(library) }
    }
    pub unsafe fn from_library<L>(library: L) -> Result<Self, ::libloading::Error>
    where
        L: Into<::libloading::Library>,
    {
        let __library = library.into();
        let nvlist_free = unsafe { __library.get(b"nvlist_free\0") }.map(|sym| *sym);
        let nvlist_size = unsafe { __library.get(b"nvlist_size\0") }.map(|sym| *sym);
        let nvlist_pack = unsafe { __library.get(b"nvlist_pack\0") }.map(|sym| *sym);
        let nvlist_unpack = unsafe { __library.get(b"nvlist_unpack\0") }.map(|sym| *sym);
        let libzfs_core_init = unsafe { __library.get(b"libzfs_core_init\0") }
            .map(|sym| *sym);
        let libzfs_core_fini = unsafe { __library.get(b"libzfs_core_fini\0") }
            .map(|sym| *sym);
        let lzc_ioctl_fd = unsafe { __library.get(b"lzc_ioctl_fd\0") }.map(|sym| *sym);
        let lzc_snapshot = unsafe { __library.get(b"lzc_snapshot\0") }.map(|sym| *sym);
        let lzc_create = unsafe { __library.get(b"lzc_create\0") }.map(|sym| *sym);
        let lzc_clone = unsafe { __library.get(b"lzc_clone\0") }.map(|sym| *sym);
        let lzc_promote = unsafe { __library.get(b"lzc_promote\0") }.map(|sym| *sym);
        let lzc_destroy_snaps = unsafe { __library.get(b"lzc_destroy_snaps\0") }
            .map(|sym| *sym);
        let lzc_bookmark = unsafe { __library.get(b"lzc_bookmark\0") }.map(|sym| *sym);
        let lzc_get_bookmarks = unsafe { __library.get(b"lzc_get_bookmarks\0") }
            .map(|sym| *sym);
        let lzc_get_bookmark_props = unsafe {
            __library.get(b"lzc_get_bookmark_props\0")
        }
            .map(|sym| *sym);
        let lzc_destroy_bookmarks = unsafe { __library.get(b"lzc_destroy_bookmarks\0") }
            .map(|sym| *sym);
        let lzc_load_key = unsafe { __library.get(b"lzc_load_key\0") }.map(|sym| *sym);
        let lzc_unload_key = unsafe { __library.get(b"lzc_unload_key\0") }
            .map(|sym| *sym);
        let lzc_change_key = unsafe { __library.get(b"lzc_change_key\0") }
            .map(|sym| *sym);
        let lzc_trim = unsafe { __library.get(b"lzc_trim\0") }.map(|sym| *sym);
        let lzc_redact = unsafe { __library.get(b"lzc_redact\0") }.map(|sym| *sym);
        let lzc_snaprange_space = unsafe { __library.get(b"lzc_snaprange_space\0") }
            .map(|sym| *sym);
        let lzc_hold = unsafe { __library.get(b"lzc_hold\0") }.map(|sym| *sym);
        let lzc_release = unsafe { __library.get(b"lzc_release\0") }.map(|sym| *sym);
        let lzc_get_holds = unsafe { __library.get(b"lzc_get_holds\0") }.map(|sym| *sym);
        let lzc_get_props = unsafe { __library.get(b"lzc_get_props\0") }.map(|sym| *sym);
        let lzc_send_wrapper = unsafe { __library.get(b"lzc_send_wrapper\0") }
            .map(|sym| *sym);
        let lzc_send = unsafe { __library.get(b"lzc_send\0") }.map(|sym| *sym);
        let lzc_send_resume = unsafe { __library.get(b"lzc_send_resume\0") }
            .map(|sym| *sym);
        let lzc_send_space = unsafe { __library.get(b"lzc_send_space\0") }
            .map(|sym| *sym);
        let lzc_send_redacted = unsafe { __library.get(b"lzc_send_redacted\0") }
            .map(|sym| *sym);
        let lzc_send_resume_redacted = unsafe {
            __library.get(b"lzc_send_resume_redacted\0")
        }
            .map(|sym| *sym);
        let lzc_receive = unsafe { __library.get(b"lzc_receive\0") }.map(|sym| *sym);
        let lzc_receive_resumable = unsafe { __library.get(b"lzc_receive_resumable\0") }
            .map(|sym| *sym);
        let lzc_receive_with_header = unsafe {
            __library.get(b"lzc_receive_with_header\0")
        }
            .map(|sym| *sym);
        let lzc_receive_one = unsafe { __library.get(b"lzc_receive_one\0") }
            .map(|sym| *sym);
        let lzc_receive_with_cmdprops = unsafe {
            __library.get(b"lzc_receive_with_cmdprops\0")
        }
            .map(|sym| *sym);
        let lzc_receive_with_heal = unsafe { __library.get(b"lzc_receive_with_heal\0") }
            .map(|sym| *sym);
        let lzc_send_space_resume_redacted = unsafe {
            __library.get(b"lzc_send_space_resume_redacted\0")
        }
            .map(|sym| *sym);
        let lzc_exists = unsafe { __library.get(b"lzc_exists\0") }.map(|sym| *sym);
        let lzc_rollback = unsafe { __library.get(b"lzc_rollback\0") }.map(|sym| *sym);
        let lzc_rollback_to = unsafe { __library.get(b"lzc_rollback_to\0") }
            .map(|sym| *sym);
        let lzc_rename = unsafe { __library.get(b"lzc_rename\0") }.map(|sym| *sym);
        let lzc_destroy = unsafe { __library.get(b"lzc_destroy\0") }.map(|sym| *sym);
        let lzc_channel_program = unsafe { __library.get(b"lzc_channel_program\0") }
            .map(|sym| *sym);
        let lzc_channel_program_nosync = unsafe {
            __library.get(b"lzc_channel_program_nosync\0")
        }
            .map(|sym| *sym);
        let lzc_sync = unsafe { __library.get(b"lzc_sync\0") }.map(|sym| *sym);
        let lzc_reopen = unsafe { __library.get(b"lzc_reopen\0") }.map(|sym| *sym);
        let lzc_pool_checkpoint = unsafe { __library.get(b"lzc_pool_checkpoint\0") }
            .map(|sym| *sym);
        let lzc_pool_checkpoint_discard = unsafe {
            __library.get(b"lzc_pool_checkpoint_discard\0")
        }
            .map(|sym| *sym);
        let lzc_wait = unsafe { __library.get(b"lzc_wait\0") }.map(|sym| *sym);
        let lzc_wait_tag = unsafe { __library.get(b"lzc_wait_tag\0") }.map(|sym| *sym);
        let lzc_pool_prefetch = unsafe { __library.get(b"lzc_pool_prefetch\0") }
            .map(|sym| *sym);
        let lzc_wait_fs = unsafe { __library.get(b"lzc_wait_fs\0") }.map(|sym| *sym);
        let lzc_set_bootenv = unsafe { __library.get(b"lzc_set_bootenv\0") }
            .map(|sym| *sym);
        let lzc_get_bootenv = unsafe { __library.get(b"lzc_get_bootenv\0") }
            .map(|sym| *sym);
        let lzc_get_vdev_prop = unsafe { __library.get(b"lzc_get_vdev_prop\0") }
            .map(|sym| *sym);
        let lzc_set_vdev_prop = unsafe { __library.get(b"lzc_set_vdev_prop\0") }
            .map(|sym| *sym);
        let lzc_scrub = unsafe { __library.get(b"lzc_scrub\0") }.map(|sym| *sym);
        let lzc_ddt_prune = unsafe { __library.get(b"lzc_ddt_prune\0") }.map(|sym| *sym);
        Ok(ZfsCore {
            __library,
            nvlist_free,
            nvlist_size,
            nvlist_pack,
            nvlist_unpack,
            libzfs_core_init,
            libzfs_core_fini,
            lzc_ioctl_fd,
            lzc_snapshot,
            lzc_create,
            lzc_clone,
            lzc_promote,
            lzc_destroy_snaps,
            lzc_bookmark,
            lzc_get_bookmarks,
            lzc_get_bookmark_props,
            lzc_destroy_bookmarks,
            lzc_load_key,
            lzc_unload_key,
            lzc_change_key,
            lzc_trim,
            lzc_redact,
            lzc_snaprange_space,
            lzc_hold,
            lzc_release,
            lzc_get_holds,
            lzc_get_props,
            lzc_send_wrapper,
            lzc_send,
            lzc_send_resume,
            lzc_send_space,
            lzc_send_redacted,
            lzc_send_resume_redacted,
            lzc_receive,
            lzc_receive_resumable,
            lzc_receive_with_header,
            lzc_receive_one,
            lzc_receive_with_cmdprops,
            lzc_receive_with_heal,
            lzc_send_space_resume_redacted,
            lzc_exists,
            lzc_rollback,
            lzc_rollback_to,
            lzc_rename,
            lzc_destroy,
            lzc_channel_program,
            lzc_channel_program_nosync,
            lzc_sync,
            lzc_reopen,
            lzc_pool_checkpoint,
            lzc_pool_checkpoint_discard,
            lzc_wait,
            lzc_wait_tag,
            lzc_pool_prefetch,
            lzc_wait_fs,
            lzc_set_bootenv,
            lzc_get_bootenv,
            lzc_get_vdev_prop,
            lzc_set_vdev_prop,
            lzc_scrub,
            lzc_ddt_prune,
        })
    }
}
