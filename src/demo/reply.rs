//! Answers: the documented ones, the documented error body, and the ways in which a handler may go wrong.
//!
//! Main types: [`Answer`], what every handler returns, and [`Problem`], an answer with the `Error` body. It decides
//! no status itself except through the names of the constructors.

use std::{panic, time::Duration};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::validate::Invalid;

pub(crate) type Answer = Result<Response, Problem>;

/// How long a hung handler holds its connection. Longer than any client's patience, but not for ever: hours of
/// fuzzing must not exhaust the process's file descriptors.
const HANG: Duration = Duration::from_mins(1);

/// An answer that carries the document's `Error` body.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub(crate) fn is_unsupported(&self) -> bool {
        self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE
    }

    /// What a framework answers when it catches the fault of a handler.
    pub(crate) fn crash(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// A parameter that breaks a rule of the document.
    pub(crate) fn parameter(name: &str, invalid: Invalid) -> Self {
        Self::bad_request(invalid.within(name).message())
    }
}

/// A body that breaks a rule of the document.
impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", invalid.within("body").message())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = body(self.status, &json!({ "code": self.code, "message": self.message }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends handlers, whose return type it has")]
pub(crate) fn ok(value: &Value) -> Answer {
    Ok(body(StatusCode::OK, value))
}

#[expect(clippy::unnecessary_wraps, reason = "it ends handlers, whose return type it has")]
pub(crate) fn created(value: &Value) -> Answer {
    Ok(body(StatusCode::CREATED, value))
}

/// 200 with an entity tag.
pub(crate) fn tagged(tag: &str, value: &Value) -> Answer {
    let tag =
        HeaderValue::from_str(&format!("\"{tag}\"")).map_err(|_| Problem::crash("the tag is not a header value"))?;
    let mut response = body(StatusCode::OK, value);
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

pub(crate) fn text(status: StatusCode, media_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    (status, [(header::CONTENT_TYPE, media_type)], body.into()).into_response()
}

fn body(status: StatusCode, value: &Value) -> Response {
    text(status, "application/json", value.to_string())
}

/// Ends the connection without an answer, as a panic in a handler does. The panic hook is not run: a planted bug
/// must not fill the terminal of whoever runs the demo.
pub(crate) fn drop_connection() -> ! {
    panic::resume_unwind(Box::new("planted"))
}

/// Never answers. Holds no lock: only the one who asked waits.
pub(crate) async fn hang() -> Answer {
    tokio::time::sleep(HANG).await;
    drop_connection()
}
