//! Where the API of a fixture is. Main type: [`Site`]. A replay needs no specification; one that is configured is
//! asked only where the API is.

use std::sync::Arc;

use super::args::TargetFlags;
use super::project::Document;
use super::supervise::{self, RunFlags};
use super::{Context, Error, run, target};
use crate::api::Api;
use crate::campaign::{self, Options};
use crate::config::{ApiTable, File, Layer, Settings};
use crate::engine::Watch;
use crate::identity::Identities;
use crate::replay::Target;
use crate::scenario::IdentityName;
use crate::spec;

/// A running API.
pub(super) struct Site {
    /// The way to it; the base path is there if somebody named one, else each fixture has its own.
    pub(super) target: Target,
    /// What describes it, if that is configured.
    document: Option<Document>,
    is_demo: bool,
}

impl Site {
    /// The site of the API that has this name in `gadfly.toml` and in the folder of fixtures; these identities are
    /// used. `process` is the target's, if it runs already and is watched.
    pub(super) fn open(
        context: &Context,
        file: &File,
        api: &str,
        flags: &TargetFlags,
        used: &[IdentityName],
        process: Option<Arc<Watch>>,
    ) -> Result<Self, Error> {
        let settings = settings(context, file, api, flags, None)?;
        Self::settled(context, file, api, flags, used, (settings, process))
    }

    /// The same, with the target run by gadfly if that is asked for.
    pub(super) async fn open_or_run(
        context: &Context,
        file: &File,
        api: &str,
        flags: (&TargetFlags, &RunFlags),
        used: &[IdentityName],
    ) -> Result<Self, Error> {
        let mut settings = settings(context, file, api, flags.0, Some(flags.1))?;
        let table = file.api(api).cloned().unwrap_or_default();
        let root = file.folder().unwrap_or(&context.folder);
        let process = supervise::start(&mut settings, &table, context, root).await?;
        Self::settled(context, file, api, flags.0, used, (settings, process))
    }

    fn settled(
        context: &Context,
        file: &File,
        api: &str,
        flags: &TargetFlags,
        used: &[IdentityName],
        (settings, process): (Settings, Option<Arc<Watch>>),
    ) -> Result<Self, Error> {
        let table = file.api(api);
        let document = table.and_then(|table| Document::configured(table, file));
        // The document is asked only where nobody says where the API is: a fixture replays without it.
        let servers = if settings.url.is_some() { Vec::new() } else { servers(document.as_ref())? };
        let target = target::resolve(&settings, &servers, None)?;
        let is_named = settings.url.is_none() || settings.base_path.is_some() || !target.base_path.is_empty();
        let (origin, base_path) = (target.origin.clone(), is_named.then(|| target.base_path.clone()));
        let identities = identities(context, api, table, flags, used)?;
        for name in used {
            identities.require(name).map_err(|error| Error::Usage(error.to_string()))?;
        }
        let options = Options { process, ..run::way(api, target, &settings, identities) };
        let is_demo = cfg!(feature = "demo") && table.is_none() && api == "demo";
        let target = Target { executor: campaign::executor(&options)?, origin, base_path };
        Ok(Self { target, document, is_demo })
    }

    /// What the API has by its document; none if no file describes it, or it can't be read.
    pub(super) fn api(&self) -> Option<Arc<Api>> {
        if self.is_demo {
            return built_in();
        }
        match &self.document {
            Some(Document::File(path)) => spec::load_file(path).ok().map(|loaded| loaded.api),
            Some(Document::Url(_)) | None => None,
        }
    }
}

/// The demo, whose document is built in.
#[cfg(feature = "demo")]
fn built_in() -> Option<Arc<Api>> {
    spec::load_bytes("specs/demo.yaml", crate::demo::DOCUMENT.as_bytes()).ok().map(|loaded| loaded.api)
}

#[cfg(not(feature = "demo"))]
fn built_in() -> Option<Arc<Api>> {
    None
}

fn settings(
    context: &Context,
    file: &File,
    api: &str,
    flags: &TargetFlags,
    process: Option<&RunFlags>,
) -> Result<Settings, Error> {
    let mut layer = Layer::default();
    flags.fill(&mut layer);
    if let Some(process) = process {
        process.fill(&mut layer);
    }
    let own = file.api(api).map(|table| table.layer.clone()).unwrap_or_default();
    Ok(Settings::resolve(layer, Layer::from_environment(&context.environment)?, own))
}

/// What the specification says of where the API is.
fn servers(document: Option<&Document>) -> Result<Vec<String>, Error> {
    match document {
        Some(Document::File(path)) => Ok(spec::load_file(path)?.api.servers.clone()),
        Some(Document::Url(_)) | None => Ok(Vec::new()),
    }
}

fn identities(
    context: &Context,
    api: &str,
    table: Option<&ApiTable>,
    flags: &TargetFlags,
    used: &[IdentityName],
) -> Result<Identities, Error> {
    #[cfg(feature = "demo")]
    if table.is_none() && api == super::demo::NAME {
        return Ok(super::demo::identities());
    }
    let _ = api;
    let table = table.cloned().unwrap_or_default();
    Ok(table.identities(&context.environment, used, &flags.all_headers(&context.environment)?)?)
}
