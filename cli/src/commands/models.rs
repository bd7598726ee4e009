//! `formic models`: what the configured providers offer.

use actors::models;
use serde_json::{Value, json};

use crate::args::doctor::ModelsArgs;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::backend;
use crate::resolve::ground::Ground;
use crate::resolve::{local, model};
use crate::runtime;

/// Asks one provider: the named one, else the one a run would use.
///
/// # Errors
/// When none is configured or it does not answer.
pub fn run(args: &ModelsArgs) -> Result<(), Failure> {
    let ground = Ground::survey(&args.place, None)?;
    let wanted = model::wanted(&ground, &args.model)?;
    let (name, found) = runtime::block_on(async {
        let endpoint = match wanted.provider {
            Some(name) => backend::backend(&ground, &args.model, &name)?.endpoint,
            None => local::find(&ground, None).await?.0.endpoint,
        };
        let listed = models::list(&endpoint).await?.map_err(|fault| {
            Failure::new(
                Kind::Backend,
                format_args!("provider {}: {}", endpoint.name, fault.message),
                "check the key, the address, and that the server runs",
            )
        })?;
        Ok((endpoint.name, listed))
    })?;
    if args.json {
        let offered = found.iter().map(|model| {
            json!({
                "model": format!("{name}/{}", model.name),
                "title": model.title,
                "context_window": model.context_window,
            })
        });
        return output::json(&Value::from_iter(offered));
    }
    let rows = found.iter().map(|model| {
        let window = model
            .context_window
            .map(|tokens| format!("{tokens} tokens"));
        vec![
            format!("{name}/{}", model.name),
            model.title.clone().unwrap_or_default(),
            window.unwrap_or_default(),
        ]
    });
    output::line(&output::table(&rows.collect::<Vec<_>>()))
}
