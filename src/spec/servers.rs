//! Base URLs. Main function: [`urls`].

use serde_json::Value;

use super::draft::Notebook;

/// The base URLs that `servers` names, variables filled in; `/` if it names none, as the specification says.
pub(super) fn urls(root: &Value, notebook: &mut Notebook) -> Vec<String> {
    let servers = root.get("servers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut urls = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let at = format!("/servers/{index}");
        match server.get("url").and_then(Value::as_str) {
            Some(url) => urls.push(filled(&at, url.trim(), server, notebook)),
            None => notebook.assumed(&at, "a server needs a `url`; it is left out"),
        }
    }
    if urls.is_empty() {
        urls.push("/".to_owned());
    }
    urls
}

/// Each `{name}` becomes the variable's default, else its first choice, else its own name.
fn filled(at: &str, url: &str, server: &Value, notebook: &mut Notebook) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        let variable = server.get("variables").and_then(|variables| variables.get(name));
        let default = variable.and_then(|variable| variable.get("default")).and_then(super::envelope::scalar);
        let choice = || variable.and_then(|variable| super::envelope::scalar(variable.pointer("/enum/0")?));
        if let Some(value) = default.or_else(choice) {
            out.push_str(&value);
        } else {
            let message =
                format!("server variable `{name}` has no default; its name stands for it until --url says more");
            notebook.assumed(&format!("{at}/url"), message);
            out.push_str(name);
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(servers: &Value, expected: &[&str], remarks: usize) {
        let mut notebook = Notebook::default();
        assert_eq!(urls(&json!({ "servers": servers }), &mut notebook), expected);
        assert_eq!(notebook.remarks.len(), remarks);
    }

    #[test]
    fn variables_are_filled_in() {
        check(
            &json!([{"url": "https://{h}:{p}/v1", "variables": {"h": {"default": "a.b"}, "p": {"enum": [8080]}}}]),
            &["https://a.b:8080/v1"],
            0,
        );
        check(&json!([{"url": "https://{region}.a"}, {"url": "/b"}]), &["https://region.a", "/b"], 1);
        check(&json!([{"url": "/a{b"}, {"description": "none"}]), &["/a{b"], 1);
        check(&json!(null), &["/"], 0);
    }
}
