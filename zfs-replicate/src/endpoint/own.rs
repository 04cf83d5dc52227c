//! I tell what somebody set on this machine from what came with a stream: only the first is a wish of anybody here.

use std::collections::{BTreeMap, BTreeSet};

use zfs_rs::{DatasetName, Error, OptionalExt as _, Properties, Source, Zfs};

/// Reads user properties, which are told from the kernel's own by their colon.
#[derive(Debug)]
pub(super) struct Own<'a> {
    zfs: &'a Zfs,
    /// By dataset, those that came with a stream. The kernel does not tell this of one that is inherited.
    received: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Own<'a> {
    pub(super) fn new(zfs: &'a Zfs) -> Self {
        Self {
            zfs,
            received: BTreeMap::new(),
        }
    }

    /// The user properties of something that were set there or above.
    pub(super) fn of(&mut self, properties: &Properties, object: &str) -> Result<BTreeMap<String, String>, Error> {
        let mut own = BTreeMap::new();
        for name in properties.names().filter(|name| is_user(name)) {
            let is_own = match properties.source(&name, object) {
                Some(Source::Local) => true,
                Some(Source::Inherited(from)) => !self.came_to(&from, &name)?,
                _ => false,
            };
            if let (true, Some(value)) = (is_own, properties.text(&name)) {
                own.insert(name.to_string(), value.into_owned());
            }
        }
        self.received.insert(object.to_owned(), received(properties, object));
        Ok(own)
    }

    /// Whether what is inherited from a dataset came to that one with a stream.
    fn came_to(&mut self, dataset: &str, name: &str) -> Result<bool, Error> {
        if !self.received.contains_key(dataset) {
            let there = match dataset.parse::<DatasetName>() {
                Ok(dataset) => self.zfs.properties(&dataset).optional()?,
                Err(_) => None,
            };
            let there = there.map(|there| received(&there, dataset));
            self.received.insert(dataset.to_owned(), there.unwrap_or_default());
        }
        Ok(self.received.get(dataset).is_some_and(|there| there.contains(name)))
    }
}

fn received(properties: &Properties, of: &str) -> BTreeSet<String> {
    let came = |name: &str| is_user(name) && properties.source(name, of) == Some(Source::Received);
    properties.names().filter(|name| came(name)).map(|name| name.to_string()).collect()
}

fn is_user(name: &str) -> bool {
    name.contains(':')
}
