//! Real OpenZFS answers here: these tests run in a guest, by `cargo xtask vm test`.

#[cfg(test)]
mod smoke;
