//! A running `ombud up`, and its HTTP port.

use std::{
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::ombud;

/// `ombud up` without a file: it serves until it is stopped, and is killed when dropped.
pub struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    /// Starts it with its data in `data`, and waits until all of its workers have started.
    ///
    /// # Errors
    /// It does not start; what it said instead is in the error.
    pub fn start(data: &Path) -> Result<Self> {
        Self::start_with(data, &[])
    }

    /// Starts it with these variables.
    ///
    /// # Errors
    /// It does not start; what it said instead is in the error.
    pub fn start_with(data: &Path, variables: &[(&str, &str)]) -> Result<Self> {
        let mut up = ombud(data)?;
        up.envs(variables.iter().copied());
        up.arg("up").env("OMBUD_LOG_FORMAT", "json").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = up.spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("its log")?);
        let (mut address, mut said) = (None, String::new());
        loop {
            let mut line = String::new();
            ensure!(log.read_line(&mut line)? > 0, "up ended before it had started: {said}");
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "listening" {
                address = event["address"].as_str().map(str::to_owned);
            } else if event["message"] == "workers started" {
                break;
            }
            said.push_str(&line);
        }
        // Read to its end, else up waits for somebody who does.
        thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Ok(Self { child, address: address.context("it said where it listens")? })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// POSTs JSON; gives status and body.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn post(&self, path: &str, json: &str) -> Result<(u16, String)> {
        let request = agent().post(self.url(path)).content_type("application/json");
        read(request.send(json)?)
    }

    /// GETs; gives status and body.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        read(agent().get(self.url(path)).call()?)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks it to stop as Kubernetes does (SIGTERM), and waits until it has.
    ///
    /// # Errors
    /// It did not end well.
    pub fn stop(&mut self) -> Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        ensure!(asked.success());
        let ended = self.child.wait()?;
        ensure!(ended.success(), "up ended with {ended}");
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<(u16, String)> {
    let body = response.body_mut().read_to_string()?;
    Ok((response.status().as_u16(), body))
}
