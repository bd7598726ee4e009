//! Following a started command to its end: output taken, time and interrupts watched, nothing left behind.

use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::process::launch::Started;
use crate::process::live::Joined;
use crate::process::output::Output;

/// After the shell and its family ended, what is still in the pipe is taken for at most this long: a process
/// beyond reach may hold the other end.
const DRAIN: Duration = Duration::from_millis(500);
const PIECE_BYTES: usize = 64 * 1024;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Exited(ExitStatus),
    /// Its time was over.
    TimedOut,
    /// It was told to stop.
    Stopped,
    /// Its shell was lost sight of.
    Lost,
}

/// How it ended, and how many processes it left running when it ended by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Followed {
    pub(crate) end: End,
    pub(crate) strays: usize,
}

/// What stops a command before its end.
pub(crate) struct Limits {
    pub(crate) time: Option<Duration>,
    pub(crate) stop: CancellationToken,
}

/// Follows `started`. The output is behind a mutex because a background shell's output is read while it runs;
/// it is held for one piece at a time, and a shell that asked an owner for every piece would be no simpler.
pub(crate) async fn follow(
    mut started: Started,
    output: &Mutex<Output>,
    live: &mut Joined,
    limits: Limits,
) -> Followed {
    let mut piece = vec![0; PIECE_BYTES];
    let end = tokio::select! {
        biased;
        () = limits.stop.cancelled() => End::Stopped,
        () = over(limits.time) => End::TimedOut,
        end = run(&mut started, output, live, &mut piece) => end,
    };
    let strays = match end {
        End::Exited(_) => started.end().await,
        // Its shell is among them: none was left behind. Waiting for the shell buries it.
        End::TimedOut | End::Stopped | End::Lost => {
            started.stop().await;
            let _ = time::timeout(DRAIN, started.child.wait()).await;
            0
        }
    };
    let rest = async { while read(&mut started, output, live, &mut piece).await {} };
    let _ = time::timeout(DRAIN, rest).await;
    live.send();
    output.lock().await.flush().await;
    Followed { end, strays }
}

async fn over(time: Option<Duration>) {
    match time {
        Some(time) => time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Until the shell ends by itself.
async fn run(
    started: &mut Started,
    output: &Mutex<Output>,
    live: &mut Joined,
    piece: &mut [u8],
) -> End {
    let mut open = true;
    loop {
        let Started {
            child, receiver, ..
        } = &mut *started;
        // Not biased: a process left behind that never stops talking must not hide the end of the shell.
        tokio::select! {
            () = live.due() => live.send(),
            got = receiver.read(piece), if open => match got {
                Ok(n) if n > 0 => keep(output, live, &piece[..n]).await,
                Ok(_) | Err(_) => open = false,
            },
            status = child.wait() => return status.map_or(End::Lost, End::Exited),
        }
    }
}

/// Takes one piece; false at the end.
async fn read(
    started: &mut Started,
    output: &Mutex<Output>,
    live: &mut Joined,
    piece: &mut [u8],
) -> bool {
    match started.receiver.read(piece).await {
        Ok(n) if n > 0 => {
            keep(output, live, &piece[..n]).await;
            true
        }
        Ok(_) | Err(_) => false,
    }
}

async fn keep(output: &Mutex<Output>, live: &mut Joined, piece: &[u8]) {
    let plain = output.lock().await.take(piece).await;
    live.push(&plain);
}
