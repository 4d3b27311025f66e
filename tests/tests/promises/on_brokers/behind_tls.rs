//! Brokers that want TLS and a password (SCRAM): the same flow with them, and a clear word where the password is wrong.

#![cfg(feature = "torch")]
#![allow(clippy::unwrap_used, reason = "helpers of a test")]

use std::{
    env, fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::{Deployment, Routes, disguised, sample};

const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
const PASSWORD_FILE: &str = "OMBUD_KAFKA__PASSWORD_FILE";

/// By TLS; what checks the flow reads it in the clear beside it.
fn deployment() -> Result<Deployment> {
    let Ok(plain) = env::var("TEST_PLAIN_BOOTSTRAP").or_else(|_| env::var("OMBUD_KAFKA_BOOTSTRAP")) else {
        // Fails, and says what is missing.
        return Deployment::fresh(3);
    };
    let mut variables = disguised()?;
    variables.push(("TEST_PLAIN_BOOTSTRAP".to_owned(), plain));
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Deployment::with(3, &variables)
}

#[test]
fn by_tls_and_scram_every_complaint_is_routed_and_a_wrong_password_is_told() -> Result<()> {
    let mut deployment = deployment()?;
    ensure!(deployment.variable("OMBUD_KAFKA__PROPERTIES__SECURITY_PROTOCOL")? == "SASL_SSL");
    let roles = [
        deployment.start(&["infer", "--task", "product,issue,vulnerable"])?,
        deployment.start(&["join"])?,
        deployment.start(&["archive"])?,
    ];
    deployment.run(&["send", "--bulk", sample().to_str().unwrap()])?;
    let mut routes = Routes::follow(&deployment)?;
    routes.wait_for_complete(300, WAIT_TIMEOUT)?;
    assert_eq!((routes.by_complaint.len(), routes.contradictions()), (300, vec![]));
    let until = Instant::now() + WAIT_TIMEOUT;
    while !deployment
        .client("python", &["tests/clients/cases.py", &deployment.keyspace])?
        .contains("\"3\": 300")
    {
        ensure!(Instant::now() < until, "the archive has not kept all routes");
    }
    roles.into_iter().try_for_each(|role| role.stop().map(drop))?;

    let password = fs::read_to_string(deployment.variable(PASSWORD_FILE)?)?;
    ensure!(!deployment.logs()?.contains(password.trim()), "the password is in a log");
    let (wrong, broker) = ("not-the-password-4711", deployment.variable("OMBUD_KAFKA_BOOTSTRAP")?);
    let wrong_file = deployment.folder().join("wrong");
    fs::write(&wrong_file, wrong)?;
    deployment.set(PASSWORD_FILE, wrong_file.to_str().unwrap());
    for (command, code) in
        [("doctor", CHECKED_AND_WANTING), ("join", FAILED), ("archive", FAILED), ("setup", FAILED)]
    {
        let asked_at = Instant::now();
        let output = deployment.command()?.arg(command).output()?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said)?;
        let took = asked_at.elapsed();
        println!("{command}: exit code {:?} after {took:?}", output.status.code());
        assert_eq!(output.status.code().context("killed")?, code, "{command}: {said}");
        let fix = "the broker refused the credentials: check sasl.mechanism";
        assert!(said.contains(&broker) && said.contains(fix), "{command}: {said}");
        assert!(!said.contains(wrong), "{command} prints the password");
        assert!(took < MOST_TIME, "{command} took {took:?}");
    }
    Ok(())
}

/// Exit codes of the command.
const FAILED: i32 = 1;
const CHECKED_AND_WANTING: i32 = 3;
/// kafka.timeout_ms is 10 s; a refusal needs none of it.
const MOST_TIME: Duration = Duration::from_secs(15);
