//! Runs formic or the floor as a whole process and reads what the kernel counted.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use scripted::{Background, Options, Script, Server};
use tempfile::TempDir;
use wait4::Wait4;

use crate::installed;

/// What one process used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// User and system time of the process and what it waited for, in milliseconds.
    pub cpu_ms: f64,
    /// Peak resident memory in MiB.
    pub peak_mib: f64,
    /// From exec until the server had this process's first request, in milliseconds.
    pub first_request_ms: f64,
}

/// A tree to work in, a data folder, and a scripted model.
pub struct Stage {
    pub server: Background,
    pub tree: TempDir,
    pub data: TempDir,
}

impl Stage {
    pub fn new(script: Script) -> Self {
        let options = Options {
            keep_bodies: false,
            ..Options::default()
        };
        let server = Server::bind(script, options)
            .unwrap()
            .into_background()
            .unwrap();
        Self {
            server,
            tree: TempDir::new().unwrap(),
            data: TempDir::new().unwrap(),
        }
    }

    /// formic, headless, with nothing of this machine's settings.
    pub fn formic(&self, arguments: &[&str]) -> Used {
        self.count(self.command(arguments), peak_mib)
    }

    /// The same without a look at its memory while it runs: that costs a short run time of its own.
    pub fn formic_unwatched(&self, arguments: &[&str]) -> Used {
        self.count(self.command(arguments), unseen)
    }

    /// The floor.
    pub fn floor(&self, prompt: &str) -> Used {
        self.count(self.floor_of(prompt), unseen)
    }

    /// The CPU that one process of formic had used when the server had each of these of its requests, counted from 0, in
    /// milliseconds.
    pub fn formic_at(&self, arguments: &[&str], requests: &[usize]) -> Vec<f64> {
        self.count_at(self.command(arguments), requests)
    }

    /// The same of the floor.
    pub fn floor_at(&self, prompt: &str, requests: &[usize]) -> Vec<f64> {
        self.count_at(self.floor_of(prompt), requests)
    }

    fn floor_of(&self, prompt: &str) -> Command {
        let mut command = installed::floor();
        command.args(["floor", &self.server.base_url(), prompt]);
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(installed::formic());
        command.arg("-p").args(arguments);
        command
            .env("ANTHROPIC_BASE_URL", self.server.base_url())
            .env("ANTHROPIC_API_KEY", "bench");
        command
            .env("FORMIC_HOME", self.data.path())
            .env("HOME", self.data.path());
        command
    }

    fn count(&self, mut command: Command, watch: fn(u32) -> f64) -> Used {
        let before = self.server.requests().len();
        let began = Instant::now();
        let child = self.start(&mut command);
        let pid = child.id();
        let watched = std::thread::spawn(move || watch(pid));
        assert!(self.server.wait_until_blocking(|log| log.len() > before));
        let first_request_ms = began.elapsed().as_secs_f64() * 1e3;
        let ended = child.wait4().unwrap();
        assert!(
            ended.status.success(),
            "{command:?} ended with {}",
            ended.status
        );
        let cpu = ended.rusage.utime + ended.rusage.stime;
        let peak_mib = watched.join().unwrap();
        Used {
            cpu_ms: cpu.as_secs_f64() * 1e3,
            peak_mib,
            first_request_ms,
        }
    }

    fn count_at(&self, mut command: Command, requests: &[usize]) -> Vec<f64> {
        let before = self.server.requests().len();
        let child = self.start(&mut command);
        let at = |request: &usize| {
            let has_come = |log: &[scripted::LoggedRequest]| log.len() > before + request;
            assert!(self.server.wait_until_blocking(has_come));
            cpu_ms(child.id())
        };
        let used = requests.iter().map(at).collect();
        assert!(child.wait_with_output().unwrap().status.success());
        used
    }

    fn start(&self, command: &mut Command) -> Child {
        let path = std::env::var_os("PATH").unwrap();
        command.env("PATH", path).current_dir(self.tree.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.spawn().unwrap()
    }
}

/// What the threads that a process has now have used of the CPU, in milliseconds: the first number of `schedstat` (Linux,
/// `sched-stats.txt`) is in nanoseconds, where a finished child's sum is in ticks of some milliseconds.
fn cpu_ms(pid: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let used = threads.filter_map(|thread| {
        let told = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<f64>().ok()
    });
    used.sum::<f64>() / 1e6
}

/// No look at the memory.
fn unseen(_: u32) -> f64 {
    0.0
}

/// The high-water mark of a process's memory in MiB, looked at until it is gone. What the kernel counts for a finished
/// child is no use here: it begins with the memory of the process that started it.
fn peak_mib(pid: u32) -> f64 {
    let mut peak = 0.0;
    let status = format!("/proc/{pid}/status");
    while let Some(kib) = std::fs::read_to_string(&status)
        .ok()
        .and_then(|text| high_water(&text))
    {
        peak = kib / 1024.0;
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}

/// The high-water mark in KiB that a `/proc/*/status` tells.
pub fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs both in turn, `times` times, and returns the median pair by the ratio of CPU.
pub fn paired(times: usize, mut run: impl FnMut() -> (Used, Used)) -> (Used, Used) {
    run();
    let mut pairs: Vec<(Used, Used)> = (0..times).map(|_| run()).collect();
    pairs.sort_by(|a, b| (a.0.cpu_ms / a.1.cpu_ms).total_cmp(&(b.0.cpu_ms / b.1.cpu_ms)));
    pairs[times / 2]
}

/// Runs both in turn, `times` times, and returns the least each needed: differences between two lengths of a session are
/// small beside the noise of a busy machine, and noise only ever adds.
pub fn least(times: usize, mut run: impl FnMut() -> (Used, Used)) -> (Used, Used) {
    let mut least = run();
    for _ in 1..times {
        let (formic, floor) = run();
        least = (lower(least.0, formic), lower(least.1, floor));
    }
    least
}

fn lower(a: Used, b: Used) -> Used {
    Used {
        cpu_ms: a.cpu_ms.min(b.cpu_ms),
        peak_mib: a.peak_mib.min(b.peak_mib),
        first_request_ms: a.first_request_ms.min(b.first_request_ms),
    }
}

/// The median of some figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
