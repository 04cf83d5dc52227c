//! I am who a snapshot is and when it came, whatever it is called.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// The identity of a dataset, snapshot or bookmark: a random number given at its creation.
///
/// A snapshot keeps its GUID when it is sent and received, so the same GUID on two pools means the same contents. Names say nothing of the
/// kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub u64);

/// The transaction group in which something was created: it orders the snapshots of one pool.
///
/// Numbers of two pools cannot be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txg(pub u64);

macro_rules! number {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self.0)
            }
        }

        impl FromStr for $type {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<u64> for $type {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    };
}

number!(Guid);
number!(Txg);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_zfs_program_writes_them() {
        assert_eq!(Guid(17).to_string(), "17");
        assert_eq!("18446744073709551615".parse(), Ok(Guid(u64::MAX)));
        assert!("-1".parse::<Txg>().is_err());
        assert_eq!(format!("{:?}", Txg(4)), "Txg(4)");
    }
}
