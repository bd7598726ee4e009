//! The server itself: a loopback listener, its connections, and the handles that read its log and stop it.

use std::{
    fs::{File, OpenOptions},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    clock::Clock,
    connection::{Connection, Cut},
    log::LoggedRequest,
    script::Script,
    service,
    state::Shared,
};

/// Connections that may wait to be accepted. The standard library's 128 makes a crowd of clients wait for seconds.
const BACKLOG: i32 = 4096;

/// How long to hold off after a failed accept, which is nearly always a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Where a server listens and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// A loopback address; port 0 takes a free one.
    pub bind: SocketAddr,
    /// A file to which one JSON object a request is appended when its reply has ended; `None` logs to memory only.
    pub log: Option<PathBuf>,
    /// Whether request bodies are kept in memory and in the file.
    pub keep_bodies: bool,
    /// The clock behind the log's milliseconds; `None` starts the machine's own at zero.
    pub clock: Option<Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            log: None,
            keep_bodies: true,
            clock: None,
        }
    }
}

/// Why a server could not start or go on; each message reads after "could not ...".
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is reachable from other machines.
    #[error("listen on {0}: the model server only takes loopback addresses, such as 127.0.0.1")]
    NotLoopback(SocketAddr),
    /// The address is taken or not there.
    #[error("listen on {addr}: {source}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The log cannot be opened or written.
    #[error("write the request log {}: {source}", path.display())]
    Log {
        /// The log's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The background thread or its runtime cannot be started.
    #[error("start the model server's thread: {0}")]
    Thread(io::Error),
}

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: std::net::TcpListener,
    handle: Handle,
    log: Option<PathBuf>,
}

/// Reads and stops a running server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

/// A server on a thread of its own; dropping it stops the server.
#[derive(Debug)]
pub struct Background {
    handle: Handle,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Server {
    /// Takes the port and opens the log. Clients may connect from here on; they are served once [`Server::run`] runs.
    ///
    /// # Errors
    /// [`ServerError::NotLoopback`], [`ServerError::Bind`] or [`ServerError::Log`].
    pub fn bind(script: Script, options: Options) -> Result<Self, ServerError> {
        let addr = options.bind;
        if !addr.ip().is_loopback() {
            return Err(ServerError::NotLoopback(addr));
        }
        let file = options.log.as_deref().map(open_log).transpose()?;
        let (listener, addr) = listen(addr).map_err(|source| ServerError::Bind { addr, source })?;
        let clock = options.clock.unwrap_or_else(Clock::starting_now);
        let shared = Shared::new(script, clock, options.keep_bodies, file);
        Ok(Self {
            listener,
            handle: Handle { addr, shared },
            log: options.log,
        })
    }

    /// A handle that stays good while and after the server runs.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until [`Handle::shutdown`], then drops all connections, writes the log's last lines and returns. Must
    /// run in a tokio runtime with IO and time; dropping the future stops the server at once.
    ///
    /// # Errors
    /// [`ServerError::Log`] if the log could not be written, which stops the server; [`ServerError::Bind`] if the
    /// runtime refuses the listener.
    pub async fn run(self) -> Result<(), ServerError> {
        let Self {
            listener,
            handle,
            log,
        } = self;
        let Handle { addr, shared } = handle;
        let _stop = StopOnDrop(Arc::clone(&shared));
        let listener =
            TcpListener::from_std(listener).map_err(|source| ServerError::Bind { addr, source })?;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = shared.stopped() => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&shared)))),
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
            }
        }
        connections.shutdown().await;
        match (shared.log_failure(), log) {
            (Some(source), Some(path)) => Err(ServerError::Log { path, source }),
            _ => Ok(()),
        }
    }

    /// Starts a server with default [`Options`] on a thread of its own.
    ///
    /// # Errors
    /// As [`Server::bind`], and [`ServerError::Thread`].
    pub fn in_background(script: Script) -> Result<Background, ServerError> {
        Self::bind(script, Options::default())?.into_background()
    }

    /// Runs this server on a thread of its own.
    ///
    /// # Errors
    /// [`ServerError::Thread`].
    pub fn into_background(self) -> Result<Background, ServerError> {
        let handle = self.handle();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::Thread)?;
        let thread = std::thread::Builder::new()
            .name("model-server".to_owned())
            .spawn(move || runtime.block_on(self.run()))
            .map_err(ServerError::Thread)?;
        Ok(Background {
            handle,
            thread: Some(thread),
        })
    }
}

impl Handle {
    /// The address listened on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://ADDRESS:PORT`; OpenAI clients usually want `/v1` after it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// All requests received so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.requests()
    }

    /// Waits until the requests so far satisfy `is_met`, which is asked after each request and each end of a reply;
    /// false if the server stopped first. `is_met` runs while the log is held: it must not ask the handle again.
    pub async fn wait_until(&self, is_met: impl Fn(&[LoggedRequest]) -> bool) -> bool {
        self.shared.wait(is_met).await
    }

    /// As [`Handle::wait_until`], blocking the thread.
    pub fn wait_until_blocking(&self, is_met: impl Fn(&[LoggedRequest]) -> bool) -> bool {
        self.shared.wait_blocking(is_met)
    }

    /// Lets every held reply go, those of requests to come included.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Stops the server; returns at once, [`Server::run`] returns when all connections are dropped.
    pub fn shutdown(&self) {
        self.shared.stop();
    }
}

impl Background {
    /// Stops the server and waits for its end.
    ///
    /// # Errors
    /// What [`Server::run`] returned.
    pub fn stop(mut self) -> Result<(), ServerError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), ServerError> {
        self.handle.shutdown();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(ServerError::Thread(io::Error::other("it panicked"))),
            None => Ok(()),
        }
    }
}

impl std::ops::Deref for Background {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Whoever wants the result calls `stop`.
        let _ = self.join();
    }
}

/// Wakes everybody who waits for requests when the server ends, however it ends.
struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Small events should leave at once; a socket that refuses is still served.
    let _ = stream.set_nodelay(true);
    let cut = Cut::default();
    let connection = TokioIo::new(Connection::new(stream, cut.clone()));
    let service =
        service_fn(move |request| service::answer(Arc::clone(&shared), cut.clone(), request));
    // A connection's failure is either the script's doing or the client's; the log tells both.
    let _ = http1::Builder::new()
        .serve_connection(connection, service)
        .await;
}

fn listen(addr: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(addr)?;
    socket2::SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

fn open_log(path: &Path) -> Result<File, ServerError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|source| ServerError::Log {
            path: path.to_owned(),
            source,
        })
}
