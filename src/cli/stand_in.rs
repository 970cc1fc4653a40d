//! The embedded demo as the target of `cargo test` when no other is given. Main function: [`url()`].

/// The URL of the API's stand-in, started on first use; it lives as long as the process.
#[cfg(feature = "demo")]
pub(super) fn url(api: &str) -> Option<String> {
    use std::sync::OnceLock;

    static STARTED: OnceLock<Option<String>> = OnceLock::new();
    if api != super::demo::NAME {
        return None;
    }
    STARTED.get_or_init(start).clone()
}

/// Without the demo nothing stands in.
#[cfg(not(feature = "demo"))]
pub(super) fn url(_api: &str) -> Option<String> {
    None
}

/// The clean twin on a thread and a runtime of its own: trials come and go with theirs.
#[cfg(feature = "demo")]
fn start() -> Option<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(async {
            let options = crate::demo::Options { clean: true, ..crate::demo::Options::default() };
            let demo = crate::demo::Demo::start(options).await.ok()?;
            let origin = format!("http://{}", demo.address());
            sender.send(origin).ok()?;
            std::future::pending::<Option<()>>().await
        })
    });
    receiver.recv().ok()
}
