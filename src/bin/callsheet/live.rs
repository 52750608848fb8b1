//! What lives at the bottom of a terminal while a run goes on: a line for each scenario that runs, and a bar.

use std::time::Duration;

use callsheet::report::progress::{self, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// It is drawn anew as often as this.
pub(crate) const EVERY: Duration = Duration::from_millis(100);

pub(crate) struct Live(ProgressBar);

impl Live {
    /// Of a run of so many scenarios. Nothing is drawn yet.
    pub(crate) fn new(total: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total as u64), output::live());
        if let Ok(style) =
            ProgressStyle::with_template("{msg}{bar:24} {pos}/{len} scenarios{prefix}")
        {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self(bar)
    }

    pub(crate) fn draw(&self, progress: &Progress, now: Duration) {
        let (columns, rows) = output::size();
        // What was told stays in sight above.
        let lines = progress::lines(progress, (columns - 1, rows / 2), now);
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let counts = progress.counts();
        self.0.update(|state| {
            state.set_len(counts.total as u64);
            state.set_pos(counts.finished as u64);
        });
        if counts.failed > 0 {
            self.0.set_prefix(format!(", {} failed", counts.failed));
        }
        self.0.set_message(output::masks().text(&lines).into_owned());
    }

    /// Removes it while something is written in its place, and draws it again below that.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    /// Removes it for good.
    pub(crate) fn end(self) {
        self.0.finish_and_clear();
    }
}
