//! `formic model-server`: a scripted model server on loopback, until it is interrupted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use scripted::{Options, Script, Server};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::doctor::ModelServerArgs;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::runtime;

/// Serves; the first line on stdout tells the address.
///
/// # Errors
/// When the script is wrong, the port is taken, or the log cannot be written.
pub fn run(args: &ModelServerArgs) -> Result<(), Failure> {
    let script = Script::load(&args.script).map_err(|error| {
        Failure::usage(
            format_args!("--script: could not {error}"),
            "a script is shown by formic model-server --help",
        )
    })?;
    runtime::block_on(serve(args, script))
}

async fn serve(args: &ModelServerArgs, script: Script) -> Result<(), Failure> {
    let options = Options {
        bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port),
        log: args.log.clone(),
        ..Options::default()
    };
    let server = Server::bind(script, options).map_err(|error| fault(&error))?;
    let handle = server.handle();
    let url = handle.base_url();
    if args.json {
        output::json(&json!({"type": "listening", "base_url": url}))?;
    } else {
        output::line(&format!("listening on {url}"))?;
    }
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| fault(&error))?;
    let stop = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        handle.shutdown();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = server.run() => ended.map_err(|error| fault(&error)),
        () = stop => Ok(()),
    }
}

fn fault(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        Kind::Fault,
        format_args!("model server: could not {error}"),
        "choose another --port or --log",
    )
}
