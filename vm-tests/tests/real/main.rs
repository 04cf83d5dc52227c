//! Real OpenZFS answers here: these tests run in a guest, by `cargo xtask vm test`.

#[cfg(test)]
#[macro_use]
mod support;

#[cfg(test)]
mod calls;
#[cfg(test)]
mod delegated;
#[cfg(test)]
mod differential;
// It reads the registers of the machine, which is one.
#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod encoder;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod functions;
#[cfg(test)]
mod replicate;
#[cfg(test)]
mod smoke;
#[cfg(test)]
mod streams;
