//! I look every function up in the library of this machine, of whatever release it is; where there is none I hold the error to its word.
#![cfg(not(feature = "buildtime-bindgen"))]

use zfs_sys::{Library, MissingSymbol, symbol};

/// Names of the functions, among those listed, that the library lacks.
macro_rules! missing {
    ($library:expr, $($name:ident)*) => {
        [$(symbol!($library, $name).err()),*].into_iter().flatten().collect::<Vec<MissingSymbol>>()
    };
}

#[test]
fn the_library_has_what_2_0_had_and_misses_later_functions_by_name() {
    let library = match Library::open() {
        Ok(library) => library,
        Err(error) => {
            let tried: Vec<_> = error.tried.iter().map(|attempt| attempt.name).collect();
            assert_eq!(tried, ["libzfs_core.so.3", "libzfs_core.so.2", "libzfs_core.so.1"], "{error}");
            println!("{error}");
            return;
        }
    };
    let since_2_0 = missing!(library,
        nvlist_free nvlist_size nvlist_pack nvlist_unpack libzfs_core_init libzfs_core_fini
        lzc_snapshot lzc_create lzc_clone lzc_promote lzc_destroy_snaps lzc_bookmark lzc_get_bookmarks lzc_get_bookmark_props
        lzc_destroy_bookmarks lzc_load_key lzc_unload_key lzc_change_key lzc_trim lzc_redact lzc_snaprange_space lzc_hold lzc_release
        lzc_get_holds lzc_send lzc_send_resume lzc_send_redacted lzc_send_resume_redacted lzc_send_space lzc_send_space_resume_redacted
        lzc_receive lzc_receive_resumable lzc_receive_with_header lzc_receive_one lzc_receive_with_cmdprops lzc_exists lzc_rollback
        lzc_rollback_to lzc_rename lzc_destroy lzc_channel_program lzc_channel_program_nosync lzc_sync lzc_reopen lzc_pool_checkpoint
        lzc_pool_checkpoint_discard lzc_wait lzc_wait_tag lzc_wait_fs lzc_set_bootenv lzc_get_bootenv);
    assert_eq!(since_2_0, [], "{library:?}");

    let later = missing!(library,
        lzc_receive_with_heal lzc_send_wrapper lzc_ioctl_fd lzc_scrub lzc_get_vdev_prop lzc_set_vdev_prop lzc_get_props lzc_pool_prefetch
        lzc_ddt_prune);
    println!("{} misses {} functions of later releases", library.name(), later.len());
    for missing in later {
        assert_eq!(missing.library, library.name());
        assert!(
            missing.to_string().ends_with(&format!("has no function {}", missing.name)),
            "{missing}"
        );
        println!("{missing}");
    }
}

#[test]
fn every_call_answers_the_one_library() {
    let (first, second) = (Library::open(), std::thread::spawn(Library::open).join().unwrap());
    match (first, second) {
        (Ok(first), Ok(second)) => assert!(std::ptr::eq(first, second)),
        (first, second) => assert_eq!(first.unwrap_err(), second.unwrap_err()),
    }
}
