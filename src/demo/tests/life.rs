//! For each planted bug that takes several requests to show: the requests, and what the last of them is answered.

use super::client::{ALICE, Answer, answer, request, start};
use super::document::Document;
use crate::demo::bugs::{Bug, PLANTED_BUGS};

const JSON: &str = "Content-Type: application/json";
const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=b";
const ADDRESS: &str =
    r#"{"name":"n","recipient":"r","street":"s","city":"c","country":"GB","phone":"123456","hints":["h"]}"#;
const OTHER: &str = r#"{"name":"N","recipient":"R","street":"S","city":"C","country":"FR","phone":null,"hints":["H"]}"#;
const FILE: &str = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nwords\r\n--b--\r\n";

/// The requests one after the other: what stands for `{id}` and `{location}` comes from the first answer.
pub(super) struct Story {
    pub(super) bug: Bug,
    media_type: &'static str,
    steps: &'static [(&'static str, &'static str)],
    /// Status of the last answer, and a text that it contains.
    faulty: (u16, &'static str),
    clean: (u16, &'static str),
}

const fn story(
    bug: Bug,
    steps: &'static [(&'static str, &'static str)],
    faulty: (u16, &'static str),
    clean: (u16, &'static str),
) -> Story {
    Story { bug, media_type: JSON, steps, faulty, clean }
}

pub(super) const STORIES: &[Story] = &[
    story(
        Bug::DeletionForgotten,
        &[("POST /addresses", ADDRESS), ("DELETE /addresses/{id}", ""), ("GET /addresses/{id}", "")],
        (200, "recipient"),
        (404, "not_found"),
    ),
    Story {
        media_type: MULTIPART,
        ..story(
            Bug::DeletedContent,
            &[("POST /files", FILE), ("DELETE /files/{id}", ""), ("GET /files/{id}/content", "")],
            (200, "words"),
            (404, "not_found"),
        )
    },
    story(
        Bug::AccountWithoutPhone,
        &[
            ("POST /accounts", r#"{"name":"Carol","email":"carol@example.org","password":"correct-horse"}"#),
            ("GET /accounts/{id}", ""),
        ],
        (404, "not_found"),
        (200, "Carol"),
    ),
    story(
        Bug::LocationTypo,
        &[("POST /addresses", ADDRESS), ("GET {location}", "")],
        (404, "not_found"),
        (200, "recipient"),
    ),
    story(
        Bug::EarlyAssignment,
        &[
            ("POST /addresses", ADDRESS),
            ("PATCH /addresses/{id}", r#"{"city":"Elsewhere","country":"gb"}"#),
            ("GET /addresses/{id}", ""),
        ],
        (200, "Elsewhere"),
        (200, r#""city":"c""#),
    ),
    story(
        Bug::CityForgotten,
        &[("POST /addresses", ADDRESS), ("PUT /addresses/{id}", OTHER), ("GET /addresses/{id}", "")],
        (200, r#""city":"c""#),
        (200, r#""city":"C""#),
    ),
    story(
        Bug::HintsAppended,
        &[
            ("POST /addresses", ADDRESS),
            ("PUT /addresses/{id}", OTHER),
            ("PUT /addresses/{id}", OTHER),
            ("GET /addresses/{id}", ""),
        ],
        (200, r#"["h","H","H"]"#),
        (200, r#"["H"]"#),
    ),
    story(
        Bug::PhoneDropped,
        &[("POST /addresses", ADDRESS), ("PATCH /addresses/{id}", r#"{"city":"C"}"#), ("GET /addresses/{id}", "")],
        (200, r#""phone":null"#),
        (200, r#""phone":"123456""#),
    ),
    story(
        Bug::EarlyInsertion,
        &[("POST /addresses", r#"{"name":"Never","country":"gb"}"#), ("GET /addresses", "")],
        (200, "Never"),
        (200, "Home"),
    ),
];

impl Story {
    async fn tell(&self, clean: bool) -> Answer {
        let demo = start(clean).await;
        let (mut id, mut location, mut last) = (String::new(), String::new(), None);
        for (index, (line, body)) in self.steps.iter().enumerate() {
            let line = line.replace("{id}", &id).replace("{location}", &location);
            let media_type = if body.is_empty() { "" } else { self.media_type };
            let answered = answer(&demo, &request(&line, &[ALICE, media_type], body.as_bytes())).await;
            if index == 0 && answered.status == 201 {
                answered.json()["id"].as_str().unwrap_or_default().clone_into(&mut id);
                let target = answered.header("location").unwrap_or_default();
                target.strip_prefix("/v1").unwrap_or_default().clone_into(&mut location);
            }
            last = Some(answered);
        }
        last.expect("a story has steps")
    }
}

#[tokio::test]
async fn every_bug_shows_and_its_clean_twin_does_not() {
    let document = Document::load();
    for story in STORIES {
        for (clean, (status, text)) in [(false, story.faulty), (true, story.clean)] {
            let answer = story.tell(clean).await;
            let shown = answer.text();
            assert!(answer.status == status && shown.contains(text), "{:?}, clean {clean}: {shown}", story.bug);
        }
        let row = PLANTED_BUGS.iter().find(|row| row.bug == story.bug).unwrap();
        let operation = document.operation(row.operation);
        let is_asked = |(line, _): &(&str, &str)| operation.matches(line);
        assert!(story.steps.iter().any(is_asked), "{} is elsewhere", row.id);
    }
}
