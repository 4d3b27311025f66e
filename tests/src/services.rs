//! Kafka, registry and CQL server of one promise alone, which may kill them: nobody else is disturbed.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use rand::RngExt;
use tempfile::TempDir;

use crate::repository;

/// Below the ports that the system gives to connections: a server must get its own again after it was killed.
const PORTS: RangeInclusive<u16> = 20_000..=32_000;
/// What each may choose of the port of its set; Cassandra takes the one after its last as well.
const NAMES: [&str; 7] =
    ["KAFKA", "KAFKA_CONTROLLER", "KAFKA_TLS", "REGISTRY", "REGISTRY_MANAGEMENT", "CQL", "CQL_GOSSIP"];

/// A second set beside the one that everybody shares; wiped when dropped.
pub struct Services {
    data: TempDir,
    variables: Vec<(String, String)>,
}

impl Services {
    /// Starts a set.
    ///
    /// # Errors
    /// A server does not start in time.
    pub fn own() -> Result<Self> {
        let services = Self::unstarted()?;
        services.run(&["start"])?;
        Ok(services)
    }

    /// A set that whoever runs `scripts/services start` with [`Self::place`] starts.
    ///
    /// # Errors
    /// No ports are free.
    pub fn unstarted() -> Result<Self> {
        let first = free()?;
        let data = tempfile::tempdir()?;
        let mut variables = vec![("SERVICES_DATA".to_owned(), data.path().to_string_lossy().into_owned())];
        let ports = NAMES.iter().zip(first..);
        variables.extend(ports.map(|(name, port)| (format!("SERVICES_{name}_PORT"), port.to_string())));
        Ok(Self { data, variables })
    }

    /// Has its broker get more settings than others do, from its start on: the lines of `properties`.
    ///
    /// # Errors
    /// They can't be written.
    pub fn set_kafka(&mut self, properties: &str) -> Result<()> {
        let file = self.data.path().join("more.properties");
        std::fs::write(&file, properties)?;
        self.variables.push(("SERVICES_KAFKA_PROPERTIES".to_owned(), file.to_string_lossy().into_owned()));
        Ok(())
    }

    /// Has Kafka's own `kafka-acls` run `lines`, as `ombud setup --export acls` prints them, on its broker.
    ///
    /// # Errors
    /// The command or the broker refuses one; what it said is in the error.
    pub fn allow(&self, lines: &str) -> Result<()> {
        let file = self.data.path().join("acls.txt");
        std::fs::write(&file, lines)?;
        let output = self.command(&["acls"]).stdin(std::fs::File::open(file)?).output()?;
        let said = [output.stdout, output.stderr].concat();
        ensure!(output.status.success(), "scripts/services acls: {}", String::from_utf8_lossy(&said));
        Ok(())
    }

    /// What leads to its broker alone, by TLS and a password.
    ///
    /// # Errors
    /// It can't be asked.
    pub fn by_tls(&self) -> Result<Vec<(String, String)>> {
        let mut variables = exported(self.command(&["env", "--tls"]))?;
        variables.retain(|(name, _)| name.starts_with("OMBUD_KAFKA_"));
        Ok(variables)
    }

    /// The variables that tell scripts/services where this set is: its folder and its ports.
    pub fn place(&self) -> &[(String, String)] {
        &self.variables
    }

    /// What leads to them: for [`crate::Deployment::with`].
    ///
    /// # Errors
    /// They can't be asked.
    pub fn variables(&self) -> Result<Vec<(String, String)>> {
        let mut variables = exported(self.command(&["env"]))?;
        variables.push(("TEST_PLAIN_BOOTSTRAP".to_owned(), self.plain()?));
        Ok(variables)
    }

    /// Its brokers in the clear.
    ///
    /// # Errors
    /// They can't be asked.
    pub fn plain(&self) -> Result<String> {
        let variables = exported(self.command(&["env"]))?;
        let plain = variables.into_iter().find(|(name, _)| name == "OMBUD_KAFKA_BOOTSTRAP");
        Ok(plain.context("they have brokers")?.1)
    }

    /// SIGKILL to `server`: `kafka`, `registry` or `cql`.
    ///
    /// # Errors
    /// It can't be asked for.
    pub fn kill(&self, server: &str) -> Result<()> {
        self.run(&["kill", server])
    }

    /// Starts `server` again, and waits until it answers.
    ///
    /// # Errors
    /// It does not in time; the end of its log is in the error.
    pub fn start(&self, server: &str) -> Result<()> {
        self.run(&["start", server])
    }

    /// Has `server` stand still, connections and all, until [`Self::resume`]: it hangs and does not refuse.
    ///
    /// # Errors
    /// It does not run, or the system refuses.
    pub fn pause(&self, server: &str) -> Result<()> {
        self.signal(server, "-STOP")
    }

    /// Has `server` go on.
    ///
    /// # Errors
    /// It does not run, or the system refuses.
    pub fn resume(&self, server: &str) -> Result<()> {
        self.signal(server, "-CONT")
    }

    fn signal(&self, server: &str, signal: &str) -> Result<()> {
        let pid = std::fs::read_to_string(self.data.path().join(server).join("pid"))?;
        let told = Command::new("kill").args([signal, pid.trim()]).status()?;
        ensure!(told.success(), "kill {signal} {server}");
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = script(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        // Not a pipe, which the servers would hold open.
        let said = self.data.path().join("said.txt");
        let mut command = self.command(arguments);
        let status = command.stdout(Stdio::null()).stderr(std::fs::File::create(&said)?).status()?;
        ensure!(
            status.success(),
            "scripts/services {}: {}",
            arguments.join(" "),
            std::fs::read_to_string(said)?
        );
        Ok(())
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // Whatever can't be stopped is named by the message of the command.
        let _ = self.command(&["wipe"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// What leads to the shared set's brokers by TLS and a password.
///
/// # Errors
/// They don't run here.
pub fn disguised() -> Result<Vec<(String, String)>> {
    exported(script(&["env", "--tls"]))
}

fn script(arguments: &[&str]) -> Command {
    let mut command = Command::new(repository().join("scripts/services"));
    command.args(arguments);
    command
}

/// The variables that a script prints for a shell; none has a character that a shell would quote.
fn exported(mut script: Command) -> Result<Vec<(String, String)>> {
    let output = script.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let pairs = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The first of as many free ports in a row as a set takes.
fn free() -> Result<u16> {
    let count = u16::try_from(NAMES.len())? + 1;
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut tries = (0..100).map(|_| rand::rng().random_range(PORTS));
    tries.find(|first| (*first..first + count).all(is_free)).context("find free ports for servers")
}
