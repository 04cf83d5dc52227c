//! I am the host's side: packages, image, disks, the machine and its verdict.

pub mod apt;
mod build;
pub mod cargo;
pub mod crash;
pub mod disk;
mod fetch;
pub mod hardware;
pub mod headers;
pub mod image;
mod initrd;
pub mod job;
mod libc;
pub mod matrix;
pub mod modules;
pub mod packages;
pub mod peers;
pub mod progress;
pub mod qemu;
mod scratch;
mod speech;
pub mod suite;
pub mod surface;
pub mod verdict;
pub mod zts;
