//! Where the API of a fixture is. Main type: [`Site`]. A replay needs no specification; one that is configured is only
//! asked for its base path.

use super::args::TargetFlags;
use super::project::Document;
use super::{Context, Error, run, target};
use crate::campaign::{self, Options, Target};
use crate::config::{ApiTable, File, Layer, Settings};
use crate::engine::Executor;
use crate::identity::Identities;
use crate::scenario::IdentityName;
use crate::spec;

/// A running API.
pub(super) struct Site {
    /// The way to it.
    pub(super) executor: Executor,
    /// Where it listens, and the base path.
    pub(super) target: Target,
}

impl Site {
    /// The site of the API that has this name in `gadfly.toml` and in the folder of fixtures; these identities are
    /// used.
    pub(super) fn open(
        context: &Context,
        file: &File,
        api: &str,
        flags: &TargetFlags,
        used: &[IdentityName],
    ) -> Result<Self, Error> {
        let mut layer = Layer::default();
        flags.fill(&mut layer);
        let table = file.api(api);
        let own = table.map(|table| table.layer.clone()).unwrap_or_default();
        let settings = Settings::resolve(layer, Layer::from_environment(&context.environment)?, own);
        let document = table.and_then(|table| Document::configured(table, file));
        let target = target::resolve(&settings, &servers(api, document.as_ref())?, None)?;
        let identities = identities(context, api, table, flags, used)?;
        for name in used {
            identities.require(name).map_err(|error| Error::Usage(error.to_string()))?;
        }
        let options = Options {
            timeout: settings.timeout,
            transport: run::transport(&settings),
            proxy: settings.proxy,
            identities,
            ..Options::new(api, target.clone())
        };
        Ok(Self { executor: campaign::executor(&options)?, target })
    }
}

/// What the specification says of the base path, if it is there to be asked.
fn servers(api: &str, document: Option<&Document>) -> Result<Vec<String>, Error> {
    match document {
        Some(Document::File(path)) => Ok(spec::load_file(path)?.api.servers.clone()),
        Some(Document::Url(_)) => Ok(Vec::new()),
        None => Ok(builtin_servers(api)),
    }
}

#[cfg(feature = "demo")]
fn builtin_servers(api: &str) -> Vec<String> {
    if api == super::demo::NAME { vec![crate::demo::BASE_PATH.to_owned()] } else { Vec::new() }
}

#[cfg(not(feature = "demo"))]
fn builtin_servers(_api: &str) -> Vec<String> {
    Vec::new()
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
    Ok(table.identities(&context.environment, used, &flags.headers)?)
}
