//! How a target is started. Main types: [`Launch`], [`Ready`].

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use url::{Position, Url};

use crate::redact::{Redactor, Secret};
use crate::wire::{Origin, Scheme};

/// How a target is started, and what it may use.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments. `{port}` and `{url}` stand for where it is to listen, here and in the environment.
    pub command: Vec<String>,
    /// Variables that it gets beside those of gadfly itself.
    pub environment: Vec<(String, Secret)>,
    /// Its working folder.
    pub folder: PathBuf,
    /// When it takes requests.
    pub ready: Ready,
    /// How long it may take until it does.
    pub patience: Duration,
    /// How long it may answer nobody, not even a harmless request, until it counts as hung and is ended.
    pub stall: Duration,
    /// How many bytes of memory it may use, with all that it started; it is ended above that.
    pub max_memory: Option<u64>,
    /// How often it is started anew.
    pub restarts: u32,
    /// Whether it tells what leaked when it ends. Then it is asked to end, in place of being killed.
    pub tells_leaks: bool,
    /// Knows what of its environment must not be shown when it writes that.
    pub redactor: Redactor,
}

impl Launch {
    /// Starts this command, with the defaults for everything else.
    pub fn new(command: Vec<String>, folder: PathBuf) -> Self {
        Self {
            command,
            environment: Vec::new(),
            folder,
            ready: Ready::Port,
            patience: Duration::from_secs(30),
            stall: Duration::from_secs(6),
            max_memory: None,
            restarts: 300,
            tells_leaks: false,
            redactor: Redactor::default(),
        }
    }

    /// The command for a target that is to listen here; `None` if it names no program.
    pub(super) fn command(&self, origin: &Origin) -> Option<Command> {
        let (program, arguments) = self.command.split_first()?;
        let fill = |text: &str| filled(text, origin);
        let mut command = Command::new(fill(program));
        command.args(arguments.iter().map(|argument| fill(argument)));
        command.envs(self.environment.iter().map(|(name, value)| (name, fill(value.expose()))));
        command.current_dir(&self.folder);
        command.stdin(Stdio::null());
        Some(command)
    }

    /// The command as people type it.
    pub(super) fn shown(&self) -> String {
        self.command.join(" ")
    }
}

/// The text with where the target is to listen.
fn filled(text: &str, origin: &Origin) -> String {
    text.replace("{port}", &origin.port.to_string()).replace("{url}", &origin.to_string())
}

/// By what it is told that a target takes requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// It takes connections.
    #[default]
    Port,
    /// A GET of this path is answered with less than 500.
    Path(String),
    /// The same of this URL of this machine, which may be at another port than the target; `{port}` and `{url}` in it stand
    /// for where that listens.
    Url(String),
    /// It wrote a line that holds this text.
    Line(String),
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("port"),
            Self::Path(text) | Self::Url(text) => f.write_str(text),
            Self::Line(line) => write!(f, "log: {line}"),
        }
    }
}

impl Ready {
    /// What is asked for of a target that listens here, to see whether it answers.
    pub(super) fn place(&self, origin: &Origin) -> (Origin, String) {
        let place = match self {
            Self::Path(path) => Ok((origin.clone(), path.clone())),
            Self::Url(url) => place(&filled(url, origin)),
            Self::Port | Self::Line(_) => Err(String::new()),
        };
        place.unwrap_or_else(|_| (origin.clone(), "/".to_owned()))
    }
}

/// Where a URL of this machine is, and what is asked for there.
fn place(url: &str) -> Result<(Origin, String), String> {
    let origin: Origin = url.parse().map_err(|error| format!("{error}"))?;
    if origin.scheme != Scheme::Http || !origin.is_loopback() {
        return Err(format!("{url:?} is no http URL of this machine"));
    }
    let url = Url::parse(url).map_err(|error| format!("{url:?}: {error}"))?;
    Ok((origin, url[Position::BeforePath..Position::AfterQuery].to_owned()))
}

impl FromStr for Ready {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "port" => Ok(Self::Port),
            Some(("log", line)) if !line.trim().is_empty() => Ok(Self::Line(line.trim().to_owned())),
            _ if text.starts_with('/') => Ok(Self::Path(text.to_owned())),
            _ if text.contains("://") || text.starts_with("{url}") => {
                let anywhere = Origin { scheme: Scheme::Http, host: "127.0.0.1".to_owned(), port: 80 };
                place(&filled(text, &anywhere)).map(|_| Self::Url(text.to_owned()))
            }
            _ => Err(format!(
                "{text:?} is none of \"port\", a path such as \"/health\", a URL such as \"http://127.0.0.1:{{port}}/health\", \
                 and \"log: text of a line\""
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Ready>) {
        assert_eq!(text.parse::<Ready>().ok(), expected, "{text:?}");
        assert!(expected.is_none_or(|ready| ready.to_string() == text), "{text:?}");
    }

    #[test]
    fn readiness_is_a_port_a_path_a_url_or_a_line() {
        check("port", Some(Ready::Port));
        check("/health?x=1:2", Some(Ready::Path("/health?x=1:2".into())));
        check("log: listening on :80", Some(Ready::Line("listening on :80".into())));
        check("http://localhost:{port}/health?x=1", Some(Ready::Url("http://localhost:{port}/health?x=1".into())));
        check("{url}/health", Some(Ready::Url("{url}/health".into())));
        check("http://[::1]:9090", Some(Ready::Url("http://[::1]:9090".into())));
        for wrong in
            ["", "prot", "log:", "log: ", "health", "http://10.0.0.1/x", "https://127.0.0.1/x", "ftp://127.0.0.1/"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn what_is_asked_for_is_where_the_target_listens_or_where_the_url_says() {
        let origin: Origin = "http://127.0.0.1:81".parse().unwrap();
        let place = |ready: &str| {
            let (origin, path) = ready.parse::<Ready>().unwrap().place(&origin);
            format!("{origin} {path}")
        };
        assert_eq!(place("port"), "http://127.0.0.1:81 /");
        assert_eq!(place("log: up"), "http://127.0.0.1:81 /");
        assert_eq!(place("/health?x"), "http://127.0.0.1:81 /health?x");
        assert_eq!(place("{url}/health?x#y"), "http://127.0.0.1:81 /health?x");
        assert_eq!(place("http://localhost:{port}"), "http://localhost:81 /");
        assert_eq!(place("http://127.0.0.1:9090/live"), "http://127.0.0.1:9090 /live");
    }

    #[test]
    fn the_command_knows_where_to_listen() {
        let mut launch = Launch::new(["serve", "--port={port}", "{url}/x"].map(str::to_owned).into(), "/".into());
        launch.environment.push(("PORT".into(), Secret::new("{port}")));
        let command = launch.command(&"http://127.0.0.1:81".parse().unwrap()).unwrap();
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["--port=81", "http://127.0.0.1:81/x"]);
        assert!(command.get_envs().any(|(name, value)| name == "PORT" && value.is_some_and(|value| value == "81")));
        assert!(Launch::new(vec![], "/".into()).command(&"http://127.0.0.1:81".parse().unwrap()).is_none());
    }
}
