//! I choose the shortest way from a sending kernel to a receiving one.

/// Which way bytes take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Both kernel calls use one pipe; no byte passes through this program after the first record.
    Shared,
    /// Bytes are moved from pipe to pipe inside the kernel, as fast as somebody allows.
    Splice,
}

impl Route {
    /// The way between two sides on this machine.
    pub(crate) fn local(limited: bool) -> Self {
        if limited { Self::Splice } else { Self::Shared }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_puts_us_between_two_local_kernels() {
        assert_eq!(Route::local(false), Route::Shared);
        assert_eq!(Route::local(true), Route::Splice);
    }
}
