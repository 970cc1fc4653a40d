//! Runs the built command. Main types: [`Project`] (a folder of its own), [`Ran`] (what came of it).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use axum::Router;
use serde_json::Value;

/// Serves these routes on a port of their own as long as the test's runtime lasts; answers their origin.
pub(crate) async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    origin
}

/// A folder with files, in which the command is run.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// The text of a committed fixture of the demo.
pub(crate) fn committed(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/demo").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What a command wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Project {
    /// A folder with these files; nothing above it is looked at.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(project.path(".git")).unwrap();
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders that it needs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A file's text.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// All files below a folder, without those that were not finished: nobody reads these.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.file_name().unwrap().to_str().unwrap() {
                    _ if path.is_dir() => folders.push(path),
                    name if name.starts_with('.') => {}
                    _ => files.push(path),
                }
            }
        }
        files
    }

    /// Runs `gadfly` with these arguments.
    pub(crate) fn gadfly(&self, arguments: &[&str]) -> Ran {
        self.gadfly_with(arguments, &[])
    }

    /// Runs `gadfly` with these arguments and variables.
    pub(crate) fn gadfly_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        Ran::of(self.command(arguments, variables).output().unwrap())
    }

    /// Runs `gadfly` with these arguments and variables, and these lines on standard input.
    pub(crate) fn gadfly_told(&self, arguments: &[&str], variables: &[(&str, &str)], lines: &[&str]) -> Ran {
        let mut command = self.command(arguments, variables);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().unwrap();
        let text = lines.join("\n") + "\n";
        // A command that asks nothing may have ended before it was told.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// The command before it is run; no variable of the test run gets through.
    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gadfly"));
        command.current_dir(self.folder.path()).args(arguments).env_clear().envs(variables.iter().copied());
        command
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let value: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        value
    }
}
