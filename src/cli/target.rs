//! Where requests go. Main function: [`resolve`]. What is not this machine must be allowed by name.

use super::Error;
use crate::campaign::Target;
use crate::config::Settings;
use crate::wire::Origin;

/// The target by the settings and the document's servers; `document` is the URL that the document came from, if it
/// came from one.
pub(super) fn resolve(settings: &Settings, servers: &[String], document: Option<&str>) -> Result<Target, Error> {
    let servers: Vec<String> = servers.iter().map(|server| absolute(server, document)).collect();
    let (origin, own_path) = match &settings.url {
        Some(url) => given(url)?,
        None => documented(settings, &servers)?,
    };
    let base_path = match (&settings.base_path, own_path) {
        (Some(path), _) => tidy(path)?,
        (None, Some(path)) => path,
        (None, None) => servers.first().map(|server| path_of(server)).unwrap_or_default(),
    };
    let target = Target { origin, base_path };
    check_allowed(settings, &target.origin)?;
    Ok(target)
}

/// Where requests would go, for showing them: nothing is sent, so any host will do, and this machine if none is named.
pub(super) fn shown(settings: &Settings, servers: &[String], document: Option<&str>) -> Result<Target, Error> {
    let named = servers.iter().map(String::as_str).chain(settings.url.as_deref()).chain(document);
    let allow_hosts: Vec<String> = named.filter_map(host).collect();
    let url = settings.url.clone().or_else(|| allow_hosts.is_empty().then(|| "http://127.0.0.1".to_owned()));
    let mut all = settings.clone();
    (all.url, all.allow_hosts) = (url, allow_hosts);
    resolve(&all, servers, document)
}

fn host(server: &str) -> Option<String> {
    server.parse::<Origin>().ok().map(|origin| origin.host)
}

/// The origin of a URL from the user, and its path if it has one.
fn given(url: &str) -> Result<(Origin, Option<String>), Error> {
    let origin: Origin = url.parse().map_err(|error| Error::Usage(format!("--url: {error}")))?;
    let path = path_of(url);
    Ok((origin, (!path.is_empty()).then_some(path)))
}

/// The first server of the document that may be fuzzed, or the first one to be refused by name.
fn documented(settings: &Settings, servers: &[String]) -> Result<(Origin, Option<String>), Error> {
    let read = |server: &String| Some((server.parse::<Origin>().ok()?, Some(path_of(server))));
    let all: Vec<_> = servers.iter().filter_map(read).collect();
    let allowed = all.iter().find(|(origin, _)| is_allowed(settings, origin));
    allowed.or(all.first()).cloned().ok_or_else(|| {
        let message = "the specification does not say where the API is; pass --url http://127.0.0.1:PORT";
        Error::Usage(message.to_owned())
    })
}

/// A server's URL, resolved against that of the document (OpenAPI 3.1 section 4.8.5).
fn absolute(server: &str, document: Option<&str>) -> String {
    let base = document.and_then(|url| url::Url::parse(url).ok());
    base.and_then(|base| base.join(server).ok()).map_or_else(|| server.to_owned(), |url| url.to_string())
}

/// The path of a URL, absolute or relative, without the slash at its end.
fn path_of(url: &str) -> String {
    let path = match url::Url::parse(url) {
        Ok(url) => url.path().to_owned(),
        Err(_) if url.starts_with('/') => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    };
    path.trim_end_matches('/').to_owned()
}

fn tidy(path: &str) -> Result<String, Error> {
    match path.trim_end_matches('/') {
        plain if plain.is_empty() || plain.starts_with('/') => Ok(plain.to_owned()),
        _ => Err(Error::Usage(format!("--base-path: {path:?} does not begin with a slash"))),
    }
}

fn is_allowed(settings: &Settings, origin: &Origin) -> bool {
    // A port in the list would look as if it narrowed the permission, so it is compared as well.
    let names = [origin.host.clone(), format!("{}:{}", origin.host, origin.port)];
    origin.is_loopback()
        || settings.allow_hosts.iter().any(|host| names.iter().any(|name| name.eq_ignore_ascii_case(host)))
}

/// Refuses what is not this machine, unless it is allowed by name.
pub(super) fn check_allowed(settings: &Settings, origin: &Origin) -> Result<(), Error> {
    if is_allowed(settings, origin) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{origin} is not this machine, and fuzzing can damage data; if you may do that there, add --allow-host {}",
        origin.host
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn settings(layer: Layer) -> Settings {
        Settings::resolve(layer, Layer::default(), Layer::default())
    }

    fn url(url: &str) -> Layer {
        Layer { url: Some(url.into()), ..Layer::default() }
    }

    #[track_caller]
    fn check(layer: Layer, servers: &[&str], expected: Result<&str, &str>) {
        let servers: Vec<String> = servers.iter().map(|server| (*server).to_owned()).collect();
        let target = resolve(&settings(layer), &servers, None);
        let shown = target.as_ref().map(Target::base_url).map_err(ToString::to_string);
        match (shown, expected) {
            (Ok(url), Ok(expected)) => assert_eq!(url, expected),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (shown, expected) => panic!("{shown:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_url_swaps_the_origin_and_keeps_the_base_path() {
        let servers = ["https://api.example.com/v1/"];
        check(url("http://127.0.0.1:8080"), &servers, Ok("http://127.0.0.1:8080/v1"));
        check(url("http://127.0.0.1:8080/"), &servers, Ok("http://127.0.0.1:8080/v1"));
        check(url("http://127.0.0.1:8080/v2/"), &servers, Ok("http://127.0.0.1:8080/v2"));
        check(url("http://127.0.0.1:8080"), &["/api"], Ok("http://127.0.0.1:8080/api"));
        check(url("http://127.0.0.1:8080"), &[], Ok("http://127.0.0.1:8080"));
    }

    #[test]
    fn a_base_path_can_be_given_or_taken_away() {
        let with = |path: &str| Layer { base_path: Some(path.into()), ..url("http://[::1]:8080/own") };
        check(with("/v3/"), &["/v1"], Ok("http://[::1]:8080/v3"));
        check(with("/"), &["/v1"], Ok("http://[::1]:8080"));
        check(with("v3"), &["/v1"], Err("begin with a slash"));
    }

    #[test]
    fn servers_of_the_document_are_used_if_they_may_be() {
        check(Layer::default(), &["https://x.example/v1", "http://localhost:1/v2"], Ok("http://localhost:1/v2"));
        check(Layer::default(), &["/v1"], Err("--url http://127.0.0.1:PORT"));
        check(Layer::default(), &[], Err("--url http://127.0.0.1:PORT"));
    }

    #[test]
    fn other_machines_must_be_allowed_by_name() {
        check(Layer::default(), &["https://api.example.com/v1"], Err("add --allow-host api.example.com"));
        check(url("http://10.0.0.1:80"), &[], Err("add --allow-host 10.0.0.1"));
        check(url("http://127.0.0.1.evil.example"), &[], Err("add --allow-host 127.0.0.1.evil.example"));
        let allow = |host: &str| Layer { allow_hosts: Some(vec![host.into()]), ..url("http://api.test:8080/x") };
        check(allow("API.test"), &[], Ok("http://api.test:8080/x"));
        check(allow("api.test:8080"), &[], Ok("http://api.test:8080/x"));
        check(allow("api.test:9090"), &[], Err("--allow-host"));
    }

    #[test]
    fn relative_servers_follow_the_document() {
        let servers = ["/v1".to_owned()];
        let target = resolve(&settings(Layer::default()), &servers, Some("http://127.0.0.1:9/docs/openapi.json"));
        assert_eq!(target.unwrap().base_url(), "http://127.0.0.1:9/v1");
    }
}
