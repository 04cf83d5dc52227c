//! I am what somebody else does just before a call is made, or while a stream stands still.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Done once, with nothing locked; see [`AfterCalls::meanwhile`](super::AfterCalls::meanwhile) and [`AtByte::meanwhile`](super::AtByte::meanwhile).
#[derive(Clone)]
pub(super) struct Deed(Arc<Mutex<Option<Action>>>);

type Action = Box<dyn FnOnce() + Send>;

impl Deed {
    pub(super) fn new(action: impl FnOnce() + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(action)))))
    }

    pub(super) fn happen(&self) {
        let action = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(action) = action {
            action();
        }
    }
}

impl PartialEq for Deed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Deed {}

impl fmt::Debug for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deed")
    }
}
