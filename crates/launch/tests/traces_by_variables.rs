//! Where no setting says so, OpenTelemetry's own variables name the receiver and the service.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod receiver;

use std::{env, process::Command};

use ombud_launch::{
    config::Settings,
    telemetry::{Hop, Traces},
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SERVICE: &str = "OTEL_SERVICE_NAME";
const NAMED: &str = "named-by-a-variable";

#[test]
fn the_standard_variables_name_the_receiver_and_the_service() {
    if env::var(SERVICE).is_ok_and(|service| service == NAMED) {
        let traces = Traces::install(&Settings::default(), "ombud-test").unwrap();
        assert!(traces.is_on());
        Hop::send("http", "complaints.raw", &[], 0).end_at(1);
        return traces.shutdown();
    }
    // Variables belong to a whole process, so this test runs itself again in one of its own.
    let (address, taken) = receiver::start();
    let child = Command::new(env::current_exe().unwrap())
        .env(ENDPOINT, format!("http://{address}"))
        .env(SERVICE, NAMED)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let taken = format!("{:?}", taken.join().unwrap());
    assert!(taken.contains(NAMED) && !taken.contains("ombud-test"), "{taken}");
}
