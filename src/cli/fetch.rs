//! Specifications behind a URL. Main function: [`document`].

use std::time::Duration;

use super::Error;
use crate::config::without_password;
use crate::transport;

/// How long a document may take: more than a request of the run, since nothing waits behind it.
const LIMIT: Duration = Duration::from_secs(30);
/// The largest document that is read; the largest public ones have 13 MB.
const MAX_BYTES: usize = 128 << 20;

/// The bytes behind the URL.
pub(super) async fn document(url: &str) -> Result<Vec<u8>, Error> {
    let fetched = transport::fetch(url, LIMIT, MAX_BYTES).await;
    fetched.map_err(|error| Error::Fetch { url: without_password(url), reason: error.to_string() })
}
