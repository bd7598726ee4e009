//! Has trees laid out for the nodes that begin next, while the models of those before them are waited for.

use std::sync::Arc;
use std::time::Duration;

use scheduler::run::Ahead;
use tokio::sync::watch;
use tokio::time::timeout;

use super::site::Site;

/// How long nothing must have changed: while nodes end and begin, whoever begins needs the machine more.
const STILL: Duration = Duration::from_millis(30);

/// The trees that are worth having spare.
pub(crate) struct Stock(watch::Sender<Option<Ahead>>);

impl Stock {
    /// One that wants nothing yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Says what is worth having now.
    pub(crate) fn wants(&self, ahead: Option<Ahead>) {
        self.0.send_if_modified(|now| {
            let is_news = *now != ahead;
            *now = ahead;
            is_news
        });
    }
}

/// Makes what is wanted whenever the run has come to rest, until it is let go.
pub(crate) async fn keep(site: Arc<Site>) {
    let (Some(git), closing) = (&site.git, &site.yard.closing) else {
        return;
    };
    let mut wanted = site.yard.stock.0.subscribe();
    while let Some(Ok(())) = closing.run_until_cancelled(wanted.changed()).await {
        while let Ok(Ok(())) = timeout(STILL, wanted.changed()).await {}
        let ahead = wanted.borrow_and_update().clone();
        let Some(Ahead { commit, trees }) = ahead else {
            continue;
        };
        while wanted.has_changed().is_ok_and(|is_news| !is_news) {
            let making = git.trees.spare(&commit, trees);
            match closing.run_until_cancelled(making).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) => break,
                // What cannot be made ahead, on a full disk say, is made by whoever needs it, who is told why not.
                Some(Err(_)) | None => return,
            }
        }
    }
}
