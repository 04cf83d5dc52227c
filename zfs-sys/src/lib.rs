//! Declarations of libzfs_core, loaded at run time.
