//! A temp tree with everything a tool needs around it, and the carrier's walk of one call.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use protocol::{BlobId, CallId, Claim, Fact, Reason, ResultBlock, ToolResult, ToolStatus, Verdict};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tools::{
    Board, Place, Prepared, ReadContext, Registry, Resolved, Shells, Tool, Walls, WriteContext,
    WriteLane, WritePermit,
};

/// A place that resolves like the real one as far as these tests go, and forbids what is told.
pub struct Tree {
    root: PathBuf,
    pub forbidden: Vec<PathBuf>,
    pub scrubbed: Vec<String>,
    pub added: Vec<(String, String)>,
    pub walls: Option<Walls>,
}

impl Place for Tree {
    fn root(&self) -> &Path {
        &self.root
    }

    fn resolve(&self, cwd: &Path, asked: &str) -> Result<Resolved, String> {
        let asked = cwd.join(asked);
        let mut head = asked.clone();
        let mut tail = Vec::new();
        while !head.exists() {
            tail.extend(head.file_name().map(ToOwned::to_owned));
            head.pop();
        }
        let mut path = head.canonicalize().map_err(|e| e.to_string())?;
        path.extend(tail.into_iter().rev());
        Ok(Resolved { path, asked })
    }

    fn may_read(&self, path: &Path) -> bool {
        !self.forbidden.iter().any(|no| path.starts_with(no))
    }

    fn scrubbed_env(&self) -> &[String] {
        &self.scrubbed
    }

    fn added_env(&self) -> &[(String, String)] {
        &self.added
    }

    fn walls(&self) -> Option<&Walls> {
        self.walls.as_ref()
    }

    fn secrets(&self) -> &[(String, String)] {
        &[]
    }
}

pub struct Rig {
    _dir: TempDir,
    pub root: PathBuf,
    pub forbidden: Vec<PathBuf>,
    pub scrubbed: Vec<String>,
    pub added: Vec<(String, String)>,
    pub walls: Option<Walls>,
    pub registry: Registry,
    pub lane: WriteLane,
    pub seen: BTreeMap<PathBuf, BlobId>,
    pub cwd: PathBuf,
    pub spill: PathBuf,
    pub vision: bool,
    pub shells: Arc<Shells>,
    pub cancel: CancellationToken,
    pub said: Arc<Mutex<String>>,
    pub board: Option<Arc<dyn Board>>,
}

impl Rig {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let root = top.join("tree");
        fs::create_dir(&root).unwrap();
        let spawner = Arc::new(|future| {
            tokio::spawn(future);
        });
        Self {
            _dir: dir,
            cwd: root.clone(),
            spill: top.join("data").join("spill"),
            root,
            forbidden: Vec::new(),
            scrubbed: Vec::new(),
            added: Vec::new(),
            walls: None,
            registry: Registry::builtin(),
            lane: WriteLane::default(),
            seen: BTreeMap::new(),
            vision: false,
            shells: Arc::new(Shells::new(spawner)),
            cancel: CancellationToken::new(),
            said: Arc::default(),
            board: None,
        }
    }

    /// Puts a file into the tree.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Puts a file into the tree that the agent has read.
    pub fn known(&mut self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.put(name, content.as_ref());
        self.seen.insert(path.clone(), BlobId::of(content.as_ref()));
        path
    }

    pub fn content(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap()
    }

    pub fn running(&self) -> PathBuf {
        self.spill.parent().unwrap().join("running")
    }

    pub fn context(&self) -> ReadContext {
        let said = Arc::clone(&self.said);
        ReadContext {
            place: Arc::new(Tree {
                root: self.root.clone(),
                forbidden: self.forbidden.clone(),
                scrubbed: self.scrubbed.clone(),
                added: self.added.clone(),
                walls: self.walls.clone(),
            }),
            cwd: self.cwd.clone(),
            seen: Arc::new(self.seen.clone()),
            vision: self.vision,
            spill: self.spill.clone(),
            shells: Arc::clone(&self.shells),
            board: self.board.clone(),
            delegate: None,
            cancel: self.cancel.clone(),
            live: Arc::new(move |text| said.lock().unwrap().push_str(&text)),
            call: next_call(),
        }
    }

    /// Walks one call from its JSON to its result, every claim allowed.
    pub async fn call(&mut self, name: &str, args: serde_json::Value) -> ToolResult {
        let ctx = self.context();
        let result = run(&self.registry, &self.lane, &ctx, name, &args.to_string()).await;
        self.learn(&result);
        result
    }

    pub async fn prepare(
        &mut self,
        name: &str,
        args: serde_json::Value,
    ) -> Result<Prepared, ToolResult> {
        let ctx = self.context();
        let bound = self.registry.resolve(name, &args.to_string()).unwrap();
        match bound.tool {
            Tool::Write(tool) => tool.prepare(&bound.args, &ctx).await,
            Tool::Read(_) => panic!("{name} only reads"),
        }
    }

    pub async fn permit(&self, claim: &Claim) -> WritePermit {
        let guard = self.lane.acquire().await;
        guard.permit(claim, &allow()).unwrap()
    }

    pub async fn commit(&mut self, prepared: Prepared, permit: &WritePermit) -> ToolResult {
        let ctx = self.context();
        let name = prepared.claim.tool.clone();
        let bound = self.registry.resolve(&name, sample(&name)).unwrap();
        match bound.tool {
            Tool::Write(tool) => {
                tool.commit(prepared, &WriteContext::new(permit, &ctx))
                    .await
            }
            Tool::Read(_) => panic!("{name} only reads"),
        }
    }

    pub fn learn(&mut self, result: &ToolResult) {
        for fact in &result.facts {
            match fact {
                Fact::FileSeen { path, content } => {
                    self.seen.insert(path.clone(), *content);
                }
                Fact::Cwd(path) => self.cwd.clone_from(path),
                _ => {}
            }
        }
    }
}

/// Arguments that satisfy a writing tool's schema, to find it by name.
fn sample(name: &str) -> &'static str {
    match name {
        "write" => r#"{"file_path":"x","content":""}"#,
        "bash" => r#"{"command":"true"}"#,
        _ => r#"{"file_path":"x","old_string":"","new_string":""}"#,
    }
}

pub async fn run(
    registry: &Registry,
    lane: &WriteLane,
    ctx: &ReadContext,
    name: &str,
    args: &str,
) -> ToolResult {
    let bound = match registry.resolve(name, args) {
        Ok(bound) => bound,
        Err(told) => return ToolResult::failed(told),
    };
    let claim = match bound.tool.claim(&bound.args, ctx.place.as_ref(), &ctx.cwd) {
        Ok(claim) => claim,
        Err(told) => return ToolResult::failed(told),
    };
    match bound.tool {
        Tool::Read(tool) => tool.run(&bound.args, ctx).await,
        Tool::Write(tool) => match tool.prepare(&bound.args, ctx).await {
            Err(result) => result,
            Ok(prepared) => {
                let permit = lane.acquire().await.permit(&claim, &allow()).unwrap();
                tool.commit(prepared, &WriteContext::new(&permit, ctx))
                    .await
            }
        },
    }
}

pub fn allow() -> Verdict {
    Verdict::Allow(reason())
}

pub fn reason() -> Reason {
    Reason {
        text: "a test says so".to_owned(),
        rule: None,
    }
}

/// Calls mark their processes for the whole machine, so no two rigs may share one.
fn next_call() -> CallId {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let at = LAST.fetch_add(1, Ordering::Relaxed);
    let text = format!("{:016x}{at:016x}", std::process::id());
    text.parse().unwrap()
}

/// What the model reads.
pub fn text(result: &ToolResult) -> String {
    result
        .content
        .iter()
        .map(|block| match block {
            ResultBlock::Text(text) => text.as_str().into_owned(),
            ResultBlock::Image { media_type, .. } => format!("<{media_type}>"),
        })
        .collect()
}

/// The text of a call that went well.
#[track_caller]
pub fn ok(result: &ToolResult) -> String {
    assert_eq!(result.status, ToolStatus::Ok, "{}", text(result));
    text(result)
}

/// The text of a call that failed.
#[track_caller]
pub fn failed(result: &ToolResult) -> String {
    assert_eq!(result.status, ToolStatus::Failed, "{}", text(result));
    text(result)
}
