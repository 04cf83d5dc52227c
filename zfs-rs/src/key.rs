//! I am what a program says to ZFS about encryption: what is wrapped by which key, and whether that is at hand.

use std::fmt;
use std::str::FromStr;

use crate::backend::Refusal;
use crate::backend::WrappingKey;
use crate::backend::request::{ChangeKey, KeyChange};
use crate::error::{Error, Operation, Result};
use crate::name::DatasetName;
use crate::property;
use crate::word::WordError;
use crate::zfs::Zfs;

/// How a dataset is encrypted.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncryptionInfo {
    /// The dataset whose wrapping key it shares: itself or one above.
    pub root: DatasetName,
    /// The cipher's word, such as `aes-256-gcm`; nothing for one this crate has no word for.
    pub cipher: Option<String>,
    /// In which form people keep the key.
    pub key_format: KeyFormat,
    /// Whether the key is loaded, so that data can be read.
    pub is_unlocked: bool,
}

/// In which form people keep a wrapping key. What the kernel is given is always 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFormat {
    /// The 32 bytes themselves.
    Raw,
    /// 64 hexadecimal digits.
    Hex,
    /// A passphrase, from which PBKDF2 makes the key.
    Passphrase,
    /// A form this crate does not know, by the kernel's number.
    Unknown(u64),
}

impl From<u64> for KeyFormat {
    fn from(number: u64) -> Self {
        match number {
            1 => Self::Raw,
            2 => Self::Hex,
            3 => Self::Passphrase,
            other => Self::Unknown(other),
        }
    }
}

/// Its word in the property `keyformat`, or the number that has none.
impl fmt::Display for KeyFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.pad("raw"),
            Self::Hex => f.pad("hex"),
            Self::Passphrase => f.pad("passphrase"),
            Self::Unknown(number) => fmt::Display::fmt(number, f),
        }
    }
}

impl FromStr for KeyFormat {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "raw" => Ok(Self::Raw),
            "hex" => Ok(Self::Hex),
            "passphrase" => Ok(Self::Passphrase),
            number => match number.parse::<u64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => Err(WordError::new(text, "form of a key")),
            },
        }
    }
}

impl Zfs {
    /// How a filesystem or volume is encrypted; nothing where it is not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when it does not exist.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// if let Some(encryption) = zfs.encryption(&"tank/secret".parse()?)? {
    ///     println!("wrapped by the key of {}, unlocked: {}", encryption.root, encryption.is_unlocked);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encryption(&self, of: &DatasetName) -> Result<Option<EncryptionInfo>> {
        let properties = self.properties(of)?;
        let Some(root) = properties.text("encryptionroot").filter(|root| !root.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(EncryptionInfo {
            root: root
                .parse()
                .map_err(|error: crate::name::NameError| Error::new(Operation::Read, of.as_str(), error))?,
            cipher: properties.word("encryption").map(str::to_owned),
            key_format: properties.number("keyformat").unwrap_or_default().into(),
            is_unlocked: properties.number("keystatus") == Some(AVAILABLE),
        }))
    }

    /// Loads the wrapping key of an encryption root, for all datasets that share it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongKey`](crate::ErrorKind::WrongKey), [`ErrorKind::Exists`](crate::ErrorKind::Exists) when one is loaded,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when it is no encryption root.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let key: [u8; 32] = std::fs::read("/etc/keys/secret")?.try_into().map_err(|_| "not 32 bytes")?;
    /// zfs.load_key(&"tank/secret".parse()?, &key)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_load_key")]
    pub fn load_key(&self, root: &DatasetName, key: &WrappingKey) -> Result<()> {
        self.core
            .load_key(root, key, false)
            .map_err(|refusal| Error::new(Operation::LoadKey, root.as_str(), refusal))
    }

    /// Checks whether a key is the one of an encryption root, and loads nothing. One that is loaded does not matter.
    ///
    /// # Errors
    ///
    /// As [`load_key`](Self::load_key), but never [`ErrorKind::Exists`](crate::ErrorKind::Exists).
    #[doc(alias = "lzc_load_key")]
    pub fn check_key(&self, root: &DatasetName, key: &WrappingKey) -> Result<()> {
        self.core
            .load_key(root, key, true)
            .map_err(|refusal| Error::new(Operation::LoadKey, root.as_str(), refusal))
    }

    /// Forgets the wrapping key of an encryption root: data of all datasets that share it can no longer be read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) while one of them is mounted or used,
    /// [`ErrorKind::KeyUnavailable`](crate::ErrorKind::KeyUnavailable) when none is loaded.
    #[doc(alias = "lzc_unload_key")]
    pub fn unload_key(&self, root: &DatasetName) -> Result<()> {
        self.core
            .unload_key(root)
            .map_err(|refusal| Error::new(Operation::UnloadKey, root.as_str(), refusal))
    }

    /// Wraps a dataset's master key by a key of its own: it becomes or stays an encryption root. The data is not encrypted anew.
    ///
    /// `properties` are `keyformat`, `keylocation` and `pbkdf2iters`, as far as they change; one that becomes an encryption root needs the
    /// first two.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::KeyUnavailable`](crate::ErrorKind::KeyUnavailable) when the present key is not loaded,
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when it is not encrypted or a property does not fit.
    ///
    /// ```no_run
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// # let key = [0; 32];
    /// zfs.change_key(&"tank/secret".parse()?, &key, &[("keyformat", "raw"), ("keylocation", "file:///etc/keys/secret")])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_change_key")]
    pub fn change_key(&self, dataset: &DatasetName, key: &WrappingKey, properties: &[(&str, &str)]) -> Result<()> {
        let failed = |refusal: Refusal| Error::new(Operation::ChangeKey, dataset.as_str(), refusal);
        let properties = property::encode(properties).map_err(failed)?;
        let to = KeyChange::New {
            properties: &properties,
            key,
        };
        self.core.change_key(&ChangeKey { dataset, to }).map_err(failed)
    }

    /// Wraps a dataset's master key by the key of its parent: it is no encryption root any more.
    ///
    /// # Errors
    ///
    /// As [`change_key`](Self::change_key); both keys must be loaded.
    #[doc(alias = "lzc_change_key")]
    pub fn inherit_key(&self, dataset: &DatasetName) -> Result<()> {
        self.change_key_to(dataset, KeyChange::Inherit)
    }

    /// Says that a dataset's master key is wrapped by the key of its parent already, as after raw receives of both. No key need be loaded, and
    /// **nothing checks the claim**: where it is false the dataset can no longer be unlocked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when it or its parent is not encrypted.
    #[doc(alias = "lzc_change_key")]
    pub fn claim_inherited_key(&self, dataset: &DatasetName) -> Result<()> {
        self.change_key_to(dataset, KeyChange::ForceInherit)
    }

    fn change_key_to(&self, dataset: &DatasetName, to: KeyChange<'_>) -> Result<()> {
        self.core
            .change_key(&ChangeKey { dataset, to })
            .map_err(|refusal| Error::new(Operation::ChangeKey, dataset.as_str(), refusal))
    }
}

/// `ZFS_KEYSTATUS_AVAILABLE`.
const AVAILABLE: u64 = 2;
