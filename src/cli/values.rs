//! What the user knows beyond the document: dictionary files and fixed values, from flags and `gadfly.toml`. Main function:
//! [`resolve`].

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::{Context, Error, Ui};
use crate::api::Api;
use crate::config::{ApiTable, FixedValue, Layer, Settings, Source, Written};
use crate::generate::{UserValues, words};

/// The largest dictionary that is read.
const MOST_BYTES: u64 = 16 << 20;
/// How many values that do not conform are told one by one.
const MOST_TOLD: usize = 5;

/// What the user knows beyond the document.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Values")]
pub(super) struct ValueFlags {
    /// Draw texts from this dictionary: entries as of AFL and libFuzzer, or one value a line (repeatable)
    #[arg(long = "dict", value_name = "FILE")]
    dictionaries: Vec<String>,
    /// Use this value wherever its place is not what is tested: 'query/limit=10', 'body/customer/id=c-1',
    /// 'POST /orders body/note=x' (repeatable)
    #[arg(long = "set", value_name = "PLACE=VALUE")]
    fixed: Vec<FixedValue>,
}

impl ValueFlags {
    pub(super) fn fill(&self, layer: &mut Layer) {
        layer.dictionaries = super::args::list(&self.dictionaries);
    }

    /// Flags beat the file, place by place.
    pub(super) fn fix(&self, table: &mut ApiTable) {
        for flag in &self.fixed {
            table.values.retain(|known| known.place != flag.place);
            table.values.push(flag.clone());
        }
    }
}

/// What is settled, with the dictionaries read and the places found in the API.
pub(super) fn resolve(
    context: &Context,
    settings: &Settings,
    table: &ApiTable,
    root: &Path,
    api: &Api,
) -> Result<Arc<UserValues>, Error> {
    let mut values = UserValues::default();
    // As with the document: what the file names lies beside the file.
    let folder = if settings.source("dictionaries") == Source::File { root } else { &context.folder };
    for name in &settings.dictionaries {
        let path = folder.join(name);
        let shown = context.shown(&path);
        let bytes = read(&path).map_err(Error::io(format!("read the dictionary {shown}")))?;
        let read = words(&bytes);
        values.add_words(
            read.map_err(|mistake| Error::Usage(format!("{shown}:{}:{}: {mistake}", mistake.line, mistake.column)))?,
        );
    }
    for fixed in &table.values {
        let done = match &fixed.value {
            Written::Typed(value) => values.fix(api, &fixed.place, value),
            Written::Text(text) => values.fix_text(api, &fixed.place, text),
        };
        done.map_err(|message| fixed.error(message))?;
    }
    Ok(Arc::new(values))
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", MOST_BYTES >> 20)));
    }
    Ok(bytes)
}

/// Tells of fixed values that the document does not allow.
pub(super) fn tell(values: &UserValues, api: &Api, ui: &mut Ui<'_>) -> Result<(), Error> {
    let problems = values.problems(api);
    for problem in problems.iter().take(MOST_TOLD) {
        ui.warn(&format!("{problem}; it is sent, and nothing there is called valid"))?;
    }
    match problems.len().saturating_sub(MOST_TOLD) {
        0 => Ok(()),
        more => ui.warn(&format!("{more} more fixed values do not conform")),
    }
}
