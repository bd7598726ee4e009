//! A workbench: a scripted model, a working tree, a data folder, and sessions on them.

use std::path::PathBuf;
use std::sync::Arc;

use actors::{
    CommandOptions, Endpoint, Options, PermissionOptions, PlaceOptions, PromptOptions, RuleSpec,
    Secrets, Session, SystemSource, Wire,
};
use protocol::{
    Block, Event, Limits, ModelRef, Notice, PermissionMode, Record, RuleEffect, RuleRef, SessionId,
    ToolEvent, ToolResult, TurnEnd,
};
use scripted::{Background, Script, Server};
use tempfile::TempDir;

/// Everything a test works with; folders vanish with it.
pub struct Bench {
    pub server: Background,
    pub tree: TempDir,
    pub data: TempDir,
    pub mode: PermissionMode,
    pub rules: Vec<RuleSpec>,
    pub prompt: PromptOptions,
    pub limits: Limits,
    pub secrets: Secrets,
}

impl Bench {
    pub fn new(script: Script) -> Self {
        Self {
            server: Server::in_background(script).unwrap(),
            tree: TempDir::new().unwrap(),
            data: TempDir::new().unwrap(),
            mode: PermissionMode::AcceptEdits,
            rules: Vec::new(),
            prompt: PromptOptions {
                date: "2026-01-01".to_owned(),
                ..PromptOptions::default()
            },
            limits: Limits::default(),
            secrets: Secrets::default(),
        }
    }

    pub fn root(&self) -> PathBuf {
        self.tree.path().canonicalize().unwrap()
    }

    pub fn allowing(mut self, rule: &str) -> Self {
        let effect = RuleEffect::Allow;
        let (layer, rule) = ("test".to_owned(), rule.to_owned());
        let origin = RuleRef {
            rule: rule.clone(),
            effect,
            layer,
            file: None,
            line: None,
        };
        self.rules.push(RuleSpec {
            text: rule,
            effect,
            origin,
        });
        self
    }

    /// The same bench with another script.
    pub fn served(mut self, script: Script) -> Self {
        self.server = Server::in_background(script).unwrap();
        self
    }

    pub fn with_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.root().join(name), text).unwrap();
        self
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.root().join(name)).unwrap()
    }

    pub fn options(&self) -> Options {
        let root = self.root();
        Options {
            data: self.data.path().to_owned(),
            place: PlaceOptions {
                cwd: root.clone(),
                root: root.clone(),
                added: Vec::new(),
                home: None,
            },
            sources: sources(root),
            permission: PermissionOptions {
                mode: self.mode,
                rules: self.rules.clone(),
                settings_files: Vec::new(),
            },
            endpoint: Endpoint::new("scripted", Wire::Anthropic, self.server.base_url()),
            model: ModelRef {
                provider: "scripted".to_owned(),
                model: "test-model".to_owned(),
            },
            prompt: self.prompt.clone(),
            limits: self.limits,
            secrets: self.secrets.clone(),
            commands: CommandOptions::default(),
            source: Arc::new(SystemSource::new()),
            crash: None,
        }
    }

    /// Opens a session, runs one turn to its end, closes.
    pub async fn one_turn(&self, prompt: &str) -> (SessionId, TurnEnd) {
        let session = Session::open(self.options(), None).await.unwrap();
        session.submit(said(prompt)).await.unwrap();
        let end = session.rest().await.unwrap().unwrap();
        let id = session.id();
        session.close().await;
        (id, end)
    }

    /// The durable records of a session.
    pub fn records(&self, id: SessionId) -> Vec<Record> {
        let data = actors::archive::DataFolder::at(self.data.path());
        actors::archive::read(&data, id, protocol::Seq(1))
            .unwrap()
            .records
    }
}

fn sources(root: PathBuf) -> config::Sources {
    config::Sources {
        user_dir: root.join(".none"),
        claude_user_dir: None,
        home: None,
        project_root: root.clone(),
        cwd: root,
        managed: None,
        settings_flag: None,
        flags: None,
        enabled: config::Enabled::ALL,
    }
}

pub fn said(text: &str) -> Vec<Block> {
    vec![Block::Text(text.into())]
}

/// The results of a session's calls, in the order in which they ended.
pub fn results(records: &[Record]) -> Vec<ToolResult> {
    let ends = records.iter().filter_map(|record| match &record.event {
        Event::Tool(ToolEvent::Finished { result, .. }) => Some((**result).clone()),
        _ => None,
    });
    ends.collect()
}

/// What a result says.
pub fn text(result: &ToolResult) -> String {
    let texts = result.content.iter().map(|block| match block {
        protocol::ResultBlock::Text(text) => text.as_str().into_owned(),
        protocol::ResultBlock::Image { media_type, .. } => media_type.clone(),
    });
    texts.collect()
}

/// Waits for what must come; only a fault of formic makes this take long.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    let patience = std::time::Duration::from_secs(120);
    tokio::time::timeout(patience, what)
        .await
        .expect("what was awaited never came")
}

/// Waits until a record fits.
pub async fn until(watch: &mut actors::Subscription, fits: impl Fn(&Event) -> bool) {
    while let Some(notice) = watch.next().await {
        if let Notice::Record(record) = notice
            && fits(&record.event)
        {
            return;
        }
    }
    panic!("the session closed before the awaited record");
}
