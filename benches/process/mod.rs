//! What whole processes take: wall time, CPU time and memory.

use std::error::Error;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Anything may go wrong.
pub(super) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How often each is run; the means are printed.
const ROUNDS: u32 = 10;

/// The head of the table that [`measure`] prints the lines of.
#[expect(clippy::print_stdout, reason = "a benchmark prints")]
pub(super) fn print_head() {
    println!("{:38} {:>9} {:>9} {:>9}", "", "wall", "CPU", "memory");
}

/// What a process takes.
pub(super) struct Cost {
    /// From its start to its end.
    pub(super) wall: Duration,
    /// Of its own and of the system for it.
    pub(super) cpu: Duration,
    /// The largest resident size, in KiB.
    pub(super) memory: u64,
}

impl Cost {
    /// How many times as much as another.
    #[expect(clippy::print_stdout, reason = "a benchmark prints")]
    pub(super) fn print_beside(&self, other: &Self) {
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        let (wall, cpu) = (ratio(self.wall, other.wall), ratio(self.cpu, other.cpu));
        let memory = self.memory as f64 / other.memory as f64;
        println!("{:38} {wall:>8.2}x {cpu:>8.2}x {memory:>8.2}x", "");
    }
}

/// The mean cost of a process, run again and again.
#[expect(clippy::print_stdout, reason = "a benchmark prints")]
pub(super) fn measure(name: &str, command: impl Fn() -> Command) -> Result<Cost> {
    let (mut wall, mut memory) = (Duration::ZERO, 0);
    let before = children_cpu()?;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut child = command().stdout(Stdio::null()).spawn()?;
        memory = memory.max(peak_memory(&mut child)?);
        let status = child.wait()?;
        wall += begun.elapsed();
        if !status.success() {
            return Err(format!("{name}: {status}").into());
        }
    }
    let cost = Cost { wall: wall / ROUNDS, cpu: (children_cpu()? - before) / ROUNDS, memory };
    let ms = |duration: Duration| format!("{:.1} ms", duration.as_secs_f64() * 1e3);
    println!("{name:38} {:>9} {:>9} {:>6} MB", ms(cost.wall), ms(cost.cpu), memory / 1024);
    Ok(cost)
}

/// The CPU time of the children that were waited for (proc(5): `cutime`, `cstime`, in ticks of 10 ms).
fn children_cpu() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.get(13).ok_or("no cutime")?.parse::<u64>()?
        + fields.get(14).ok_or("no cstime")?.parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// The largest resident size of a child until it ends, in KiB, looked at every few milliseconds.
fn peak_memory(child: &mut Child) -> Result<u64> {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(peak)
}
