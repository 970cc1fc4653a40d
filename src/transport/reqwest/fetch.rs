//! Documents behind a URL. Main function: [`fetch`]. It keeps nothing and parses nothing.

use std::time::Duration;

use ::reqwest::{Client, Response as Answer, StatusCode, redirect};
use tokio::time::timeout;
use url::Url;

use super::fault;
use crate::transport::tls;

/// More redirects than this lead nowhere.
const MAX_REDIRECTS: usize = 5;

/// Why a document can't be had. The text does not name the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It is no URL, or none of HTTP.
    #[error("it is no http or https URL: {0}")]
    Url(String),
    /// TLS can't be set up on this machine.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// No answer came.
    #[error("no answer came: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("it did not come within {0:?}")]
    TimedOut(Duration),
    /// The server answered with something else.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// Another server is named; it may be one that nobody meant to ask.
    #[error("the server redirects to {0}; give that URL if it is the right one")]
    Redirect(String),
    /// It is longer than it may be.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads the document behind the URL. Redirects are followed within the same origin only; no proxy is taken from
/// the environment.
pub async fn fetch(url: &str, limit: Duration, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let url = Url::parse(url).map_err(|error| FetchError::Url(error.to_string()))?;
    let config = match url.scheme() {
        "http" => tls::unused(),
        "https" => tls::config(&["h2", "http/1.1"]),
        other => return Err(FetchError::Url(format!("the scheme is {other:?}"))),
    };
    let client = client(config.map_err(|error| FetchError::Tls(error.to_string()))?)?;
    timeout(limit, get(&client, url, max_bytes)).await.unwrap_or(Err(FetchError::TimedOut(limit)))
}

fn client(tls: rustls::ClientConfig) -> Result<Client, FetchError> {
    let builder = Client::builder().tls_backend_preconfigured(tls).redirect(same_origin()).referer(false).no_proxy();
    builder.build().map_err(|error| FetchError::Tls(fault::explain(error)))
}

fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let first = attempt.previous().first().map(Url::origin);
        let stays = first == Some(attempt.url().origin()) && attempt.previous().len() <= MAX_REDIRECTS;
        if stays { attempt.follow() } else { attempt.stop() }
    })
}

async fn get(client: &Client, url: Url, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let accept = "application/json, application/yaml;q=0.9, */*;q=0.5";
    let answer = client.get(url).header("accept", accept).send().await.map_err(unreachable)?;
    let mut answer = accepted(answer)?;
    let mut document = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if document.len() + chunk.len() > max_bytes {
            return Err(FetchError::TooLong(max_bytes));
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

fn accepted(answer: Answer) -> Result<Answer, FetchError> {
    let status = answer.status();
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    match location {
        _ if status.is_success() => Ok(answer),
        Some(location) if status.is_redirection() => Err(FetchError::Redirect(location.to_owned())),
        _ => Err(FetchError::Status(status)),
    }
}

fn unreachable(error: ::reqwest::Error) -> FetchError {
    FetchError::Unreachable(fault::explain(error))
}
