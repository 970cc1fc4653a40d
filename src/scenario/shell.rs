//! A step as lines for a shell. Main function: [`shell`]. Credentials are not in it: a step names who sends it.

use super::{ANONYMOUS, Source, Step, placeholder};
use crate::wire::{Origin, curl};

/// The request as a curl command, and below it, as comments, what the shell can't know.
pub fn shell(step: &Step, origin: &Origin) -> Vec<String> {
    let mut lines = vec![curl(&step.request, origin)];
    if step.at_once {
        lines.push("# sent at once with the request before it, on a connection of its own".to_owned());
    }
    if step.identity.as_str() != ANONYMOUS {
        lines.push(format!("# add the credentials of {}", step.identity));
    }
    lines.extend(step.fresh.iter().map(|name| format!("# {} is a new value each time", placeholder(name))));
    lines.extend(step.captures.iter().map(|capture| {
        let place = match &capture.from {
            Source::Body(pointer) => format!("{pointer} of the answer"),
            Source::Header(name) => format!("the header {name} of the answer"),
            Source::Cookie(name) => format!("the cookie {name} of the answer"),
            Source::Location => "the last segment of the answer's Location".to_owned(),
            Source::Link(pointer) => format!("the last segment of the URL at {pointer} of the answer"),
        };
        format!("# {} is {place}", placeholder(&capture.name))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::OperationId;
    use crate::scenario::{Capture, IdentityName};
    use crate::wire::Request;

    #[test]
    fn what_a_shell_can_not_know_stands_in_comments() {
        let capture = |name: &str, from| Capture { name: name.into(), from };
        let step = Step {
            operation: OperationId::new("get", "/a"),
            identity: IdentityName::new("alice"),
            request: Arc::new(Request::new("GET", "/a/{{name}}")),
            fresh: vec!["name".into()],
            captures: vec![
                capture("id", Source::Body("/id".into())),
                capture("tag", Source::Header("ETag".into())),
                capture("session", Source::Cookie("sid".into())),
                capture("new", Source::Location),
            ],
            case: None,
            at_once: true,
        };
        let expected = [
            "curl -i --path-as-is --globoff 'http://127.0.0.1:8080/a/{{name}}'",
            "# sent at once with the request before it, on a connection of its own",
            "# add the credentials of alice",
            "# {{name}} is a new value each time",
            "# {{id}} is /id of the answer",
            "# {{tag}} is the header ETag of the answer",
            "# {{session}} is the cookie sid of the answer",
            "# {{new}} is the last segment of the answer's Location",
        ];
        assert_eq!(shell(&step, &"http://127.0.0.1:8080".parse().unwrap()), expected);
        let anonymous =
            Step { identity: IdentityName::new(ANONYMOUS), fresh: vec![], captures: vec![], at_once: false, ..step };
        assert_eq!(shell(&anonymous, &"http://127.0.0.1:8080".parse().unwrap()).len(), 1);
    }
}
