//! What the frozen layers make of each text: computed once, without dropout, and kept in half precision in a file.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tch::{Device, Kind, TchError, Tensor};

use super::Lesson;
use super::error::TuneError;
use crate::encoder::model::{TOKENS_PER_PASS, ended, padded, passes};
use crate::encoder::network::Network;
use crate::tuning::one_thread;

/// The file of the texts, one behind the other, a row a token. Mapped into memory, so the system may let it go.
pub(super) struct Frozen {
    tokens: Tensor,
    /// Where each text begins.
    starts: Vec<i64>,
    lengths: Vec<usize>,
}

/// The layers that stay as they are, and the texts that go through them.
pub(super) struct LowerLayers<'a> {
    pub(super) network: &'a Network,
    /// The first so many of `network`.
    pub(super) layers: usize,
    pub(super) lessons: &'a [&'a Lesson],
    /// The padding token.
    pub(super) pad: u32,
    /// Threads that compute.
    pub(super) threads: usize,
}

impl Frozen {
    /// Bytes on disk for `lessons`.
    pub(super) fn bytes(lessons: &[&Lesson], hidden: i64) -> u64 {
        let tokens: usize = lessons.iter().map(|lesson| lesson.ids.len()).sum();
        2 * hidden.unsigned_abs() * tokens as u64
    }

    /// Reads `file`, or computes it. `progress` is called with how many texts are done.
    pub(super) fn open(
        file: &Path,
        lower: &LowerLayers<'_>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Self, TuneError> {
        let lengths: Vec<usize> = lower.lessons.iter().map(|lesson| lesson.ids.len()).collect();
        let mut end = 0;
        let starts = lengths
            .iter()
            .map(|length| {
                end += *length as i64;
                end - *length as i64
            })
            .collect();
        let hidden = lower.network.words.size()[1];
        let map = |file: &Path, shared| -> Result<Tensor, TuneError> {
            let name = file.to_string_lossy();
            let flat = Tensor::f_from_file(&name, shared, end * hidden, (Kind::Half, Device::Cpu))?;
            Ok(flat.f_view([end, hidden])?)
        };
        let whole = fs::metadata(file).is_ok_and(|found| found.len() == 2 * (end * hidden).unsigned_abs());
        if !whole {
            let partial = file.with_extension("partial");
            match fs::remove_file(&partial) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(TuneError::file(partial)(error));
                }
                _ => {}
            }
            let frozen = Self { tokens: map(&partial, true)?, starts, lengths };
            frozen.fill(lower, progress)?;
            fs::rename(&partial, file).map_err(TuneError::file(file))?;
            return Ok(frozen);
        }
        Ok(Self { tokens: map(file, false)?, starts, lengths })
    }

    fn fill(&self, lower: &LowerLayers<'_>, progress: &mut dyn FnMut(usize)) -> Result<(), TchError> {
        // Apart from the network, whose tensors may move between threads but not be shared by reference.
        let LowerLayers { network, layers, lessons, pad, threads } = *lower;
        let mut order: Vec<usize> = (0..lessons.len()).collect();
        order.sort_by_key(|row| self.lengths[*row]);
        let sorted: Vec<usize> = order.iter().map(|row| self.lengths[*row]).collect();
        let passes = passes(&sorted, TOKENS_PER_PASS);
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (report, reports) = crossbeam_channel::bounded(threads);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let (network, mine, report) = (network.share(), self.share(), report.clone());
                    let (order, passes, next, done) = (&order, &passes, &next, &done);
                    scope.spawn(move || -> Result<(), TchError> {
                        one_thread();
                        while let Some(pass) = passes.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let rows = &order[pass.clone()];
                            tch::no_grad(|| mine.compute(&network, layers, lessons, rows, pad))?;
                            let done = done.fetch_add(rows.len(), Ordering::Relaxed) + rows.len();
                            // It fails only where the caller is gone.
                            let _ = report.send(done);
                        }
                        Ok(())
                    })
                })
                .collect();
            drop(report);
            reports.into_iter().for_each(progress);
            for worker in workers {
                match worker.join() {
                    Ok(computed) => computed?,
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(())
        })
    }

    fn compute(
        &self,
        network: &Network,
        layers: usize,
        lessons: &[&Lesson],
        rows: &[usize],
        pad: u32,
    ) -> Result<(), TchError> {
        let texts: Vec<&[u32]> = rows.iter().map(|row| lessons[*row].ids.as_slice()).collect();
        let (ids, padding) = padded(&texts, pad)?;
        let hidden = network.run(0..layers, network.embed(&ids, None)?, padding.as_ref(), None)?;
        for (place, row) in rows.iter().enumerate() {
            let length = self.lengths[*row] as i64;
            let text = hidden.f_get(place as i64)?.f_narrow(0, 0, length)?;
            self.tokens.f_narrow(0, self.starts[*row], length)?.f_copy_(&text)?;
        }
        Ok(())
    }

    /// What goes into the first trained layer for these texts, and where they have ended.
    pub(super) fn of(&self, rows: &[usize]) -> Result<(Tensor, Option<Tensor>), TchError> {
        let lengths: Vec<usize> = rows.iter().map(|row| self.lengths[*row]).collect();
        let longest = lengths.iter().copied().max().unwrap_or(0) as i64;
        let hidden = self.tokens.size()[1];
        let padded = Tensor::f_zeros([rows.len() as i64, longest, hidden], (Kind::Float, Device::Cpu))?;
        for (place, row) in rows.iter().enumerate() {
            let length = self.lengths[*row] as i64;
            let text = self.tokens.f_narrow(0, self.starts[*row], length)?;
            padded.f_get(place as i64)?.f_narrow(0, 0, length)?.f_copy_(&text)?;
        }
        Ok((padded, ended(&lengths)?))
    }

    /// The same file for another thread.
    pub(super) fn share(&self) -> Self {
        Self {
            tokens: self.tokens.shallow_clone(),
            starts: self.starts.clone(),
            lengths: self.lengths.clone(),
        }
    }
}
