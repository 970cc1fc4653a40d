//! What two crates make of a document: `crates openapiv3|oas3 PATH` prints the number of operations, or why it is refused.

use std::process::ExitCode;

fn openapiv3(text: &str) -> Result<usize, String> {
    let document: openapiv3::OpenAPI = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(document.operations().count())
}

fn oas3(text: &str) -> Result<usize, String> {
    let document = oas3::from_json(text).map_err(|error| error.to_string())?;
    Ok(document.operations().count())
}

fn main() -> ExitCode {
    let [_, name, path] = std::env::args().collect::<Vec<_>>().try_into().expect("crates NAME PATH");
    let text = std::fs::read_to_string(path).expect("a file of text");
    let read = match name.as_str() {
        "openapiv3" => openapiv3(&text),
        "oas3" => oas3(&text),
        _ => Err(format!("{name} is no known crate")),
    };
    match read {
        Ok(count) => {
            println!("{count}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
