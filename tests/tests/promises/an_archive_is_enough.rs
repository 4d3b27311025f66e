//! The archive of `scripts/package` is all that a machine needs: unpacked somewhere, started by another user who has no network,
//! it routes every complaint of the sample.

#![cfg(feature = "torch")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ombud_tests::repository;
use serde_json::Value;

/// From unpacking to the last route.
const MOST_TIME: Duration = Duration::from_secs(30);
/// Runs what follows without a network, as a user who owns nothing: as root by another id, else by a namespace of its own.
const AS_NOBODY: &str = r#"
cd "$1" && shift
if [ "$(id -u)" = 0 ]; then
  exec unshare --net setpriv --reuid=65534 --regid=65534 --clear-groups env -i PATH=/usr/bin:/bin "$@"
fi
exec unshare --user --net env -i PATH=/usr/bin:/bin "$@"
"#;

/// Runs a command to its good end; gives what it printed on stdout.
fn run(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::piped()).output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}: {said}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// The archive, made in `folder` of what `UP_PROFILE` names.
fn archive(folder: &Path) -> Result<PathBuf> {
    let mut package = Command::new(repository().join("scripts/package"));
    if let Some(profile) = std::env::var_os("UP_PROFILE") {
        package.env("PACKAGE_PROFILE", profile);
    }
    Ok(PathBuf::from(run(package.arg(folder))?.trim()))
}

/// A folder that all users may come into, and, where that is said, write.
fn open_to_all(folder: PathBuf, mode: u32) -> Result<PathBuf> {
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, Permissions::from_mode(mode))?;
    Ok(folder)
}

#[test]
#[ignore = "long: TEST_FULL=1 scripts/test runs it"]
fn another_user_without_a_network_routes_every_complaint_of_the_sample() -> Result<()> {
    let work = tempfile::tempdir()?;
    let folder = open_to_all(work.path().to_owned(), 0o755)?;
    let archive = archive(&open_to_all(folder.join("dist"), 0o755)?)?;
    let sum =
        archive.with_file_name(format!("{}.sha256", archive.file_name().context("its name")?.display()));
    run(Command::new("sha256sum").arg("--check").arg(&sum).current_dir(folder.join("dist")))?;

    let (place, home) = (open_to_all(folder.join("place"), 0o755)?, open_to_all(folder.join("home"), 0o777)?);
    run(Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(&place))?;
    let unpacked = fs::read_dir(&place)?.next().context("what was unpacked")??.path();

    let began = Instant::now();
    let mut up = Command::new("bash");
    up.args(["-c", AS_NOBODY, "bash"]).arg(&home).arg(unpacked.join("ombud"));
    up.arg("up").arg(unpacked.join("examples/complaints-sample.csv.gz")).args(["--once", "--json"]);
    let printed = run(&mut up)?;
    let took = began.elapsed();
    let summary: Value = serde_json::from_str(printed.lines().last().context("a summary")?)?;
    println!("routed after {took:?}: {summary}");
    ensure!(summary["complaints"] == 300 && summary["routed"] == 300, "{summary}");
    ensure!(took <= MOST_TIME, "it took {took:?}");

    for part in
        ["LICENSE", "README.md", "sbom.cdx.json", "share/man/man1/ombud-up.1", "share/completions/ombud.bash"]
    {
        ensure!(fs::metadata(unpacked.join(part))?.len() > 0, "{part}");
    }
    let sbom: Value = serde_json::from_slice(&fs::read(unpacked.join("sbom.cdx.json"))?)?;
    let components = sbom["components"].as_array().context("components")?;
    ensure!(["tch", "libtorch_cpu.so"].iter().all(|name| components.iter().any(|it| it["name"] == **name)));
    let core: Value = serde_json::from_slice(&fs::read(unpacked.join("sbom-core.cdx.json"))?)?;
    let core = core["components"].as_array().context("components")?;
    ensure!(core.iter().any(|it| it["name"] == "rdkafka"));
    ensure!(["tch", "libtorch_cpu.so"].iter().all(|name| !core.iter().any(|it| it["name"] == **name)));
    // Nothing of the machine that built it is looked for on the one that runs it.
    for program in ["ombud", "ombud-torch"] {
        let dynamic = run(Command::new("readelf").arg("-d").arg(unpacked.join(program)))?;
        ensure!(dynamic.contains("runpath: [$ORIGIN/lib]"), "{program}: {dynamic}");
    }
    Ok(())
}
