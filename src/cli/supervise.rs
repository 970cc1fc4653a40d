//! The target as a process of ours: from flags and `gadfly.toml` to a running one. Main types: [`RunFlags`], function
//! [`start`]. How it is watched is `target`'s business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::{Context, Error};
use crate::config::{ApiTable, File, Layer, Settings, Size, Source};
use crate::engine::Watch;
use crate::redact::{Redactor, Secret};
use crate::target::{Launch, Ready, Supervisor, asks_for_leaks};
use crate::wire::{Origin, RunHeader};

/// How gadfly runs the target.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Process")]
pub(super) struct RunFlags {
    /// Run the target under gadfly: what follows `--` starts it, and `{port}` or `{url}` there say where it is to listen
    #[arg(long, requires = "command")]
    run: bool,
    /// When it takes requests: port, a path such as /health, a URL of this machine, or 'log: text of a line' [default: port]
    #[arg(long, value_name = "HOW")]
    ready: Option<Ready>,
    /// End it, and call it dead, when it uses more memory than this: 512MiB, 2GiB
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<Size>,
    /// How often it is started anew [default: 300]
    #[arg(long, value_name = "NUMBER")]
    restarts: Option<u32>,
    /// Name each request in this header, for the target's log; or off [default: X-Gadfly-Id where --run starts the target]
    #[arg(long, value_name = "HEADER")]
    run_id: Option<RunHeader>,
    /// The command for --run
    #[arg(last = true, value_name = "COMMAND", requires = "run")]
    command: Vec<String>,
}

impl RunFlags {
    pub(super) fn fill(&self, layer: &mut Layer) {
        layer.run = super::args::list(&self.command);
        layer.ready.clone_from(&self.ready);
        layer.max_memory = self.max_memory;
        layer.restarts = self.restarts;
        layer.run_id.clone_from(&self.run_id);
    }

    /// Whether the command line asks for it.
    pub(super) fn is_typed(&self) -> bool {
        self.run
    }

    /// How the target is reached once more, for the advice on what to do next: by the command as it was typed, by that of
    /// the file, or where it listens.
    pub(super) fn how(&self, process: Option<&Arc<Watch>>, base_url: &str) -> String {
        match process {
            Some(_) if self.run => format!("--run -- {}", self.command.join(" ")),
            Some(_) => String::new(),
            None => format!("--url {base_url}"),
        }
    }
}

/// Whether gadfly is to run the target. A URL of a flag or the environment means a target that runs already, unless the
/// command is a flag as well.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    let is_from_file = |key| settings.source(key) == Source::File;
    !settings.run.is_empty() && (settings.url.is_none() || !is_from_file("run") || is_from_file("url"))
}

/// Starts the target if it is to be run, waits until it is ready, and settles where it is.
pub(super) async fn start(
    settings: &mut Settings,
    table: &ApiTable,
    context: &Context,
    root: &Path,
) -> Result<Option<Arc<Watch>>, Error> {
    if !is_wanted(settings) {
        return Ok(None);
    }
    let wanted = settings.url.as_deref().map(place).transpose()?;
    let launch = launch(settings, table, context, root)?;
    let supervisor = Supervisor::start(launch, wanted).await?;
    if settings.url.is_none() {
        settings.url = Some(supervisor.origin().to_string());
    }
    Ok(Some(Arc::new(Watch::new(supervisor))))
}

/// Targets of `cargo test` that gadfly runs: one for each API, started at the first need, for all trials.
#[derive(Default)]
pub(super) struct Running {
    started: Mutex<BTreeMap<String, Result<Started, String>>>,
}

/// A running target, and the URL by which it is reached.
#[derive(Clone)]
pub(super) struct Started {
    pub(super) watch: Arc<Watch>,
    pub(super) url: String,
    /// Held by the fuzz that has its turn: of two at once, one would be told of the other's deaths.
    pub(super) turn: Arc<Mutex<()>>,
}

impl Running {
    /// The API's target; `None` if no command for it is configured.
    pub(super) fn of(&self, context: &Context, file: &File, api: &str) -> Option<Result<Started, String>> {
        let table = file.api(api).filter(|table| table.layer.run.is_some())?;
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let root = file.folder().unwrap_or(&context.folder);
            // This is called within the runtime of a trial, which can't wait for another one.
            std::thread::scope(|scope| scope.spawn(|| begin(context, table, root)).join())
                .unwrap_or_else(|_| Err("the target could not be started".to_owned()))
        };
        Some(started.entry(api.to_owned()).or_insert_with(begin).clone())
    }
}

fn begin(context: &Context, table: &ApiTable, root: &Path) -> Result<Started, String> {
    let begin = async {
        let environment = Layer::from_environment(&context.environment)?;
        let mut settings = Settings::resolve(Layer::default(), environment, table.layer.clone());
        let watch = start(&mut settings, table, context, root).await?;
        Ok::<_, Error>(watch.zip(settings.url))
    };
    let started =
        super::run::runtime().and_then(|runtime| runtime.block_on(begin)).map_err(|error| error.to_string())?;
    let (watch, url) = started.ok_or("no command for the target is configured")?;
    Ok(Started { watch, url, turn: Arc::default() })
}

/// Where a URL wants the target to listen.
fn place(url: &str) -> Result<Origin, Error> {
    let origin: Origin = url.parse().map_err(|error| Error::Usage(format!("--url: {error}")))?;
    if origin.is_loopback() {
        return Ok(origin);
    }
    Err(Error::Usage(format!("a target that gadfly runs listens on this machine, and {url} is another one")))
}

fn launch(settings: &Settings, table: &ApiTable, context: &Context, root: &Path) -> Result<Launch, Error> {
    // What the file says is meant from where the file is.
    let folder: PathBuf = if settings.source("run") == Source::File { root.into() } else { context.folder.clone() };
    let mut launch = Launch::new(settings.run.clone(), folder);
    let mut secrets = Vec::new();
    for (name, value, may_be_secret) in table.environment(&context.environment)? {
        let value = Secret::new(value);
        if may_be_secret {
            secrets.push(value.clone());
        }
        launch.environment.push((name, value));
    }
    let own = context.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let given = launch.environment.iter().map(|(name, value)| (name.as_str(), value.expose()));
    launch.tells_leaks = own.chain(given).any(|(name, value)| asks_for_leaks(name, value));
    launch.redactor = Redactor::new(&secrets);
    launch.ready = settings.ready.clone();
    launch.max_memory = settings.max_memory.map(|size| size.0);
    launch.patience = settings.start_timeout.unwrap_or(launch.patience);
    // Slow is not hung: it has twice as long again as a request has.
    launch.stall = (settings.timeout * 2).min(launch.stall);
    launch.restarts = settings.restarts.unwrap_or(launch.restarts);
    Ok(launch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(run: bool, url: bool) -> Layer {
        let url = url.then(|| "http://127.0.0.1:1".to_owned());
        Layer { run: run.then(|| vec!["serve".to_owned()]), url, ..Layer::default() }
    }

    #[track_caller]
    fn check(flags: (bool, bool), file: (bool, bool), expected: bool) {
        let settings = Settings::resolve(layer(flags.0, flags.1), Layer::default(), layer(file.0, file.1));
        assert_eq!(is_wanted(&settings), expected, "flags {flags:?}, file {file:?}");
    }

    #[test]
    fn a_given_target_is_not_started_a_second_time() {
        // Each pair: a command is given, a URL is given.
        check((false, false), (false, true), false);
        check((true, false), (false, false), true);
        check((true, true), (false, false), true);
        check((true, false), (false, true), true);
        check((false, false), (true, false), true);
        check((false, false), (true, true), true);
        check((false, true), (true, false), false);
        check((false, true), (true, true), false);
    }

    #[test]
    fn it_listens_on_this_machine() {
        assert!(place("http://localhost:81").is_ok());
        assert!(place("http://api.example.com").unwrap_err().to_string().contains("listens on this machine"));
    }

    #[cfg(unix)]
    #[test]
    fn trials_share_one_target_and_an_api_without_a_command_has_none() {
        let toml = "[api.good]\nrun = ['sh', '-c', 'echo up; exec sleep 1000']\nready = 'log: up'\n[api.bad]\nrun = 'false'\n\
                    [api.plain]\n";
        let file = File::read(Path::new("/gadfly.toml"), toml).unwrap();
        let (running, context) = (Running::default(), Context::default());
        let url = |api| running.of(&context, &file, api).map(|started| started.map(|started| started.url));
        let first = url("good").unwrap().unwrap();
        assert!(first.starts_with("http://127.0.0.1:"), "{first}");
        assert_eq!(url("good").unwrap().unwrap(), first);
        assert!(url("bad").unwrap().unwrap_err().contains("exited with code 1"));
        assert_eq!(url("plain"), None);
    }
}
