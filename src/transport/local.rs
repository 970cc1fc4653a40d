//! Tells the limits of our own machine from what the target does. It changes no limit.

use std::io;

/// What to do about it, if the error is our machine's.
pub(super) fn limit(error: &io::Error) -> Option<String> {
    // EMFILE and ENFILE are 24 and 23 on every Unix; std has no name for them yet.
    let out_of_files = cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24));
    match error.kind() {
        _ if out_of_files => Some(format!("{error}; raise `ulimit -n` or lower the concurrency")),
        io::ErrorKind::AddrNotAvailable => Some(format!("{error}; no local port may be free, lower the concurrency")),
        io::ErrorKind::OutOfMemory => Some(error.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: impl Into<io::Error>, expected: bool) {
        let error = error.into();
        assert_eq!(limit(&error).is_some(), expected, "{error}");
    }

    #[test]
    fn our_own_limits_are_not_blamed_on_the_target() {
        check(io::ErrorKind::AddrNotAvailable, true);
        check(io::ErrorKind::ConnectionRefused, false);
        check(io::ErrorKind::ConnectionReset, false);
        check(io::Error::from_raw_os_error(24), cfg!(unix));
    }
}
