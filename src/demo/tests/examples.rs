//! The document's examples are requests that succeed, on both twins.

use super::client::{answer, start};
use super::document::Document;

#[tokio::test]
async fn every_example_succeeds_on_the_clean_twin() {
    let (demo, document) = (start(true).await, Document::load());
    // Twice: no operation, deleting included, may spoil the examples of the others.
    for operation in document.operations().iter().chain(&document.operations()) {
        let answer = answer(&demo, &operation.example()).await;
        assert!((200..300).contains(&answer.status), "{}: {}", operation.name, answer.text());
        operation.check_answer(&document, &answer);
    }
}

#[tokio::test]
async fn every_example_succeeds_on_the_faulty_twin() {
    let (demo, document) = (start(false).await, Document::load());
    for operation in document.operations() {
        let answer = answer(&demo, &operation.example()).await;
        assert!((200..300).contains(&answer.status), "{}: {}", operation.name, answer.text());
    }
}

#[test]
fn the_document_is_of_the_promised_size() {
    let count = Document::load().operations().len();
    assert!((15..=35).contains(&count), "{count} operations");
}
