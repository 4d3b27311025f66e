//! A broker with an authorizer: a user for each role with exactly what schemas/access.toml says, and one for each right that a
//! role has, which lacks that one.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::{DESK, Deployment, Services};

/// Everybody's; the broker lies on this machine alone, and for as long as a promise runs.
const PASSWORD: &str = "only-of-this-test-4711";

/// One right of a role: a line that `ombud setup --export acls` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// Whose.
    pub role: String,
    /// Such as `Read`.
    pub operation: String,
    /// `topic` or `group`.
    pub resource: String,
    /// Its whole name, or what its name begins with.
    pub name: String,
    line: String,
}

impl Right {
    fn parse(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split(' ').map(|word| word.trim_matches('\'')).collect();
        let behind = |flag: &str| {
            let at = words.iter().position(|word| *word == flag)?;
            words.get(at + 1).map(|word| (*word).to_owned())
        };
        let said = |flag: &str| behind(flag).with_context(|| format!("{flag}: {line}"));
        let principal = said("--allow-principal")?;
        let role = principal.strip_prefix("User:ombud-").context("a user of ours")?.to_owned();
        let (resource, name) = match behind("--topic") {
            Some(topic) => ("topic".to_owned(), topic),
            None => ("group".to_owned(), said("--group")?),
        };
        Ok(Self { role, operation: said("--operation")?, resource, name, line: line.to_owned() })
    }

    /// The user of its role that has every other right.
    pub fn user_without(&self) -> String {
        let name = self.name.replace(['.', '_'], "-");
        format!("{}-without-{}-{name}", user(&self.role), self.operation)
    }

    /// Whether `said` names it, so that an operator knows what to allow.
    pub fn is_named_in(&self, said: &str) -> bool {
        let Self { operation, resource, name, .. } = self;
        // What a client notices first may be what the right implies; then the right is named behind it.
        let implied =
            said.contains(&format!("on {resource} {name}, which")) && said.contains(operation.as_str());
        let groups = format!("operation {operation} on the groups {name}");
        implied
            || said.contains(&format!("operation {operation} on {resource} {name}"))
            || said.contains(&groups)
    }
}

fn user(role: &str) -> String {
    format!("ombud-{role}")
}

/// The broker, and the deployment whose topics lie there.
pub struct Guarded {
    /// Whoever runs in it is the user that was set last: see [`Self::as_role`] and [`Self::as_user`].
    pub deployment: Deployment,
    /// All rights of all roles.
    pub rights: Vec<Right>,
    _services: Services,
}

impl Guarded {
    /// Starts the broker, and allows what `ombud setup --export acls` prints. Nobody has made a topic yet. `is_left_out`
    /// names the rights for each of which there is a user that lacks it.
    ///
    /// # Errors
    /// There are no other services, or the broker does not start or refuses a line.
    pub fn start(is_left_out: impl Fn(&Right) -> bool) -> Result<Self> {
        let mut deployment = Deployment::empty()?;
        let exported = deployment.run(&["setup", "--export", "acls"])?;
        let rights = exported.lines().map(Right::parse).collect::<Result<Vec<_>>>()?;
        let lacking: Vec<&Right> = rights.iter().filter(|right| is_left_out(right)).collect();
        let roles = rights.iter().map(|right| user(&right.role));
        let users: BTreeSet<String> = roles.chain(lacking.iter().map(|right| right.user_without())).collect();

        let mut services = Services::unstarted()?;
        let passwords: String = users.iter().map(|user| format!(" user_{user}=\"{PASSWORD}\"")).collect();
        services.set_kafka(&format!(
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
             # The broker itself, and what tests look at in the clear.\n\
             super.users=User:ANONYMOUS\n\
             sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN\n\
             listener.name.sasl_ssl.plain.sasl.jaas.config=\
             org.apache.kafka.common.security.plain.PlainLoginModule required{passwords};\n"
        ))?;
        services.start("kafka")?;
        let lines: Vec<String> = rights.iter().map(|right| with_principals(right, &lacking)).collect();
        services.allow(&lines.join("\n"))?;

        for (name, value) in services.by_tls()? {
            deployment.set(&name, &value);
        }
        let password = deployment.folder().join("password");
        fs::write(&password, PASSWORD)?;
        deployment.set("OMBUD_KAFKA__PASSWORD_FILE", &password.to_string_lossy());
        deployment.set("OMBUD_KAFKA__PROPERTIES__SASL_MECHANISM", "PLAIN");
        for (name, value) in DESK {
            deployment.set(name, value);
        }
        deployment.set("TEST_PLAIN_BOOTSTRAP", &services.plain()?);
        Ok(Self { deployment, rights, _services: services })
    }

    /// The deployment as the user of `role`.
    pub fn as_role(&mut self, role: &str) -> &Deployment {
        self.as_user(&user(role))
    }

    /// The deployment as `user`.
    pub fn as_user(&mut self, user: &str) -> &Deployment {
        self.deployment.set("OMBUD_KAFKA__PROPERTIES__SASL_USERNAME", user);
        &self.deployment
    }

    /// kcat, a client that is not ours, as `user`.
    ///
    /// # Errors
    /// It can't be prepared.
    pub fn kcat(&self, user: &str) -> Result<Command> {
        let mut kcat = self.deployment.client_command("kcat")?;
        let variable = |name: &str| self.deployment.variable(name);
        let bootstrap = variable("OMBUD_KAFKA_BOOTSTRAP")?;
        let authority = variable("OMBUD_KAFKA__PROPERTIES__SSL_CA_LOCATION")?;
        kcat.args(["-b", bootstrap.as_str()]);
        for (property, value) in [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", user),
            ("sasl.password", PASSWORD),
            ("ssl.ca.location", authority.as_str()),
        ] {
            kcat.args(["-X", &format!("{property}={value}")]);
        }
        Ok(kcat)
    }
}

/// The line of `right`, for its role and for every user of it that lacks another right.
fn with_principals(right: &Right, lacking: &[&Right]) -> String {
    let others = lacking.iter().filter(|lacked| lacked.role == right.role && **lacked != right);
    let principals: String =
        others.map(|lacked| format!("--allow-principal 'User:{}' ", lacked.user_without())).collect();
    right.line.replacen("--allow-principal ", &format!("{principals}--allow-principal "), 1)
}

/// What a command said until it ended, or until it was killed.
#[derive(Debug)]
pub struct End {
    /// How it ended; `None` where it had to be killed.
    pub status: Option<ExitStatus>,
    /// Stdout and stderr.
    pub said: String,
    /// How long it ran.
    pub took: Duration,
}

/// Runs `command` for `bound` at most, with `folder` for what it says.
///
/// # Errors
/// It can't be started.
pub fn end_of(mut command: Command, folder: &Path, bound: Duration) -> Result<End> {
    let file = folder.join("said.txt");
    let said = File::create(&file)?;
    let began = Instant::now();
    let mut child = command.stdout(said.try_clone()?).stderr(said).stdin(Stdio::null()).spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if began.elapsed() > bound {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    };
    let took = began.elapsed();
    let said = String::from_utf8_lossy(&fs::read(file)?).into_owned();
    ensure!(!said.contains(PASSWORD), "a password is printed: {said}");
    Ok(End { status, said, took })
}
