//! Flags that choose model and server.

use clap::Args;

/// Which model answers, and where.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// The model: PROVIDER/MODEL, a bare model, or an alias from settings
    #[arg(long, value_name = "M")]
    pub model: Option<String>,
    /// The provider: anthropic, openai, a local server, or one from settings
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Where the provider is reached
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}
