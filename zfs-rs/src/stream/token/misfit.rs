//! I am why an interrupted stream is not the one that is wanted.

use std::fmt;

use super::ResumePoint;

impl ResumePoint {
    /// Whether a stream to `to_guid` from `from_guid` (nothing for a full one) is the one that was interrupted.
    ///
    /// ```
    /// use zfs_rs::stream::token::{Misfit, ResumePoint};
    ///
    /// let point = ResumePoint { to_guid: 9, from_guid: Some(7), ..ResumePoint::default() };
    /// assert_eq!(point.fits(9, Some(7)), Ok(()));
    /// assert_eq!(point.fits(9, None), Err(Misfit::Base { interrupted: Some(7), wanted: None }));
    /// assert_eq!(point.fits(5, Some(7)).unwrap_err().to_string(), "the interrupted stream is of GUID 9, and GUID 5 is wanted");
    /// ```
    ///
    /// # Errors
    /// The interrupted stream is of another snapshot, or starts from another one.
    pub fn fits(&self, to_guid: u64, from_guid: Option<u64>) -> Result<(), Misfit> {
        if self.to_guid != to_guid {
            return Err(Misfit::Snapshot {
                interrupted: self.to_guid,
                wanted: to_guid,
            });
        }
        if self.from_guid != from_guid {
            return Err(Misfit::Base {
                interrupted: self.from_guid,
                wanted: from_guid,
            });
        }
        Ok(())
    }
}

/// Why an interrupted stream is not the one that is wanted.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// It is of another snapshot.
    Snapshot {
        /// The GUID of the snapshot that was being received.
        #[cfg_attr(feature = "serde", serde(with = "crate::stream::guid"))]
        interrupted: u64,
        /// The GUID of the snapshot that is wanted.
        #[cfg_attr(feature = "serde", serde(with = "crate::stream::guid"))]
        wanted: u64,
    },
    /// It is of that snapshot, and starts from another one.
    Base {
        /// The GUID that the interrupted stream starts from; nothing for a full one.
        #[cfg_attr(feature = "serde", serde(with = "crate::stream::guid"))]
        interrupted: Option<u64>,
        /// The GUID to start from that is wanted; nothing for a full one.
        #[cfg_attr(feature = "serde", serde(with = "crate::stream::guid"))]
        wanted: Option<u64>,
    },
}

impl std::error::Error for Misfit {}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the interrupted stream ")?;
        match *self {
            Self::Snapshot { interrupted, wanted } => write!(f, "is of GUID {interrupted}, and GUID {wanted} is wanted"),
            Self::Base { interrupted, wanted } => {
                match interrupted {
                    Some(guid) => write!(f, "starts from GUID {guid}, and ")?,
                    None => f.write_str("is a full one, and ")?,
                }
                match wanted {
                    Some(guid) => write!(f, "one from GUID {guid} is wanted"),
                    None => f.write_str("a full one is wanted"),
                }
            }
        }
    }
}
