//! What is done while the models of those at work are waited for: trees are laid out for the nodes that begin next, files are
//! made that become objects and refs when those at work end, and refs that nobody needs any more are let go.

use std::sync::Arc;
use std::time::Duration;

use scheduler::run::Ahead;
use tokio::sync::watch;
use tokio::time::timeout;

use super::site::Site;

/// How long nothing must have changed: while nodes end and begin, whoever begins needs the machine more.
const STILL: Duration = Duration::from_millis(30);

/// What is to be done.
#[derive(Default)]
struct Due {
    /// The trees that are worth having spare.
    ahead: Option<Ahead>,
    /// The refs that kept what is on the run's branch now.
    needless: Vec<String>,
}

/// What waits until the run rests.
pub(crate) struct Chores(watch::Sender<Due>);

impl Chores {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Due::default()))
    }

    /// Says which trees are worth having now.
    pub(crate) fn wants(&self, ahead: Option<Ahead>) {
        self.0.send_if_modified(|due| {
            let is_news = due.ahead != ahead;
            due.ahead = ahead;
            is_news
        });
    }

    /// Says which refs are needed no more. Those that are not let go before the run closes are let go then.
    pub(crate) fn lets_go(&self, refs: Vec<String>) {
        self.0.send_modify(|due| due.needless.extend(refs));
    }

    fn take(&self) -> (Option<Ahead>, Vec<String>) {
        let mut taken = (None, Vec::new());
        self.0.send_if_modified(|due| {
            taken = (due.ahead.clone(), std::mem::take(&mut due.needless));
            false
        });
        taken
    }
}

/// Does them whenever the run has come to rest, until it is let go.
pub(crate) async fn keep(site: Arc<Site>) {
    let (Some(git), closing) = (&site.git, &site.yard.closing) else {
        return;
    };
    let chores = &site.yard.chores;
    let (mut due, mut has_room) = (chores.0.subscribe(), true);
    while let Some(Ok(())) = closing.run_until_cancelled(due.changed()).await {
        while let Ok(Ok(())) = timeout(STILL, due.changed()).await {}
        let (ahead, needless) = chores.take();
        // What cannot be taken away now is when the run closes; what cannot be made ahead is when it is needed.
        let _ = git.repo.let_go(&needless).await;
        let _ = git.repo.prepare().await;
        let Some(Ahead { commit, trees }) = ahead.filter(|_| has_room) else {
            continue;
        };
        while due.has_changed().is_ok_and(|is_news| !is_news) {
            let making = git.trees.spare(&commit, trees);
            match closing.run_until_cancelled(making).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) => break,
                // What cannot be made ahead, on a full disk say, is made by whoever needs it, who is told why not.
                Some(Err(_)) => {
                    has_room = false;
                    break;
                }
                None => return,
            }
        }
    }
}
