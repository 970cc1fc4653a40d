//! Specifications behind a URL. Main function: [`document`].

use std::time::Duration;

use super::Error;

/// The bytes behind the URL.
pub(super) async fn document(url: &str, _timeout: Duration) -> Result<Vec<u8>, Error> {
    let reason = "this build reads no specification from a URL; download it and name the file".to_owned();
    Err(Error::Fetch { url: url.to_owned(), reason })
}
