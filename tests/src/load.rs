//! Complaints on their way to complaints.raw while something else happens.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use anyhow::{Context, Result, ensure};
use csv::{Reader, StringRecord, Writer};

use crate::Deployment;

/// `ombud send` of a file, killed when dropped.
pub struct Load {
    child: Child,
    said: PathBuf,
}

impl Load {
    /// Sends `file` with `rate` complaints a second; `how` are more arguments, such as `--bulk`.
    ///
    /// # Errors
    /// It can't be started.
    pub fn start(deployment: &Deployment, file: &Path, rate: u32, how: &[&str]) -> Result<Self> {
        let said = file.with_extension("said");
        let mut send = deployment.command()?;
        send.args(["send", "--rate", &rate.to_string()]).args(how).arg(file);
        let child = send.stdout(Stdio::null()).stderr(File::create(&said)?).spawn().context("start send")?;
        Ok(Self { child, said })
    }

    /// Whether there is still something to send.
    ///
    /// # Errors
    /// The system refuses to tell.
    pub fn is_under_way(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until everything is durable.
    ///
    /// # Errors
    /// It is not; what the sender said is in the error.
    pub fn finish(mut self) -> Result<()> {
        let ended = self.child.wait()?;
        ensure!(ended.success(), "send ended with {ended}: {}", fs::read_to_string(&self.said)?);
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Splits a CSV into `count` files beside it, of about the same length; gives each with its number of complaints.
///
/// # Errors
/// The file can't be read, or a part can't be written.
pub fn split(file: &Path, count: usize) -> Result<Vec<(PathBuf, usize)>> {
    let mut rows = Reader::from_path(file)?;
    let header = rows.headers()?.clone();
    let rows: Vec<StringRecord> = rows.records().collect::<Result<_, _>>()?;
    let mut parts = Vec::new();
    for (number, rows) in rows.chunks(rows.len().div_ceil(count.max(1)).max(1)).enumerate() {
        let path = file.with_extension(format!("{number}.csv"));
        let mut part = Writer::from_path(&path)?;
        part.write_record(&header)?;
        rows.iter().try_for_each(|row| part.write_record(row))?;
        part.flush()?;
        parts.push((path, rows.len()));
    }
    Ok(parts)
}
