//! The `ombud` command as a promise runs it: built once, and deaf to the environment of whoever runs the tests.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context, Result, ensure};

/// Names a finished binary; scripts/test gives the one that it has built, so that none is built twice.
const BINARY: &str = "TEST_OMBUD";

/// The root of the repository.
pub fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The binary, beside `ombud-torch`: the one that `TEST_OMBUD` names, else cargo builds both in release.
///
/// # Errors
/// It does not build.
pub fn binary() -> Result<&'static Path> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(built) = BUILT.get() {
        return Ok(built);
    }
    let built = match env::var_os(BINARY) {
        Some(named) => PathBuf::from(named),
        None => build()?,
    };
    Ok(BUILT.get_or_init(|| built))
}

fn build() -> Result<PathBuf> {
    // Each by itself: together, the first would get libtorch as well.
    let built = |package: &str, program: &str| {
        let build = escargot::CargoBuild::new()
            .manifest_path(repository().join("Cargo.toml"))
            .package(package)
            .bin(program)
            .release();
        build.run().with_context(|| format!("build {program}"))
    };
    built("ombud-compute", "ombud-torch")?;
    Ok(built("ombud", "ombud")?.path().to_owned())
}

/// The command with its data in `data`, the bag alone for a model ([`quick_models`]), any free port, and none of the
/// `OMBUD_*` variables or the `ombud.toml` of whoever runs the tests.
///
/// # Errors
/// It does not build.
pub fn ombud(data: &Path) -> Result<Command> {
    Ok(deaf(binary()?, data, &quick_models(data)?))
}

/// The command of any release, deaf as [`ombud`] is.
pub(crate) fn deaf(binary: &Path, data: &Path, models: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OMBUD_")) {
        command.env_remove(name);
    }
    command
        .current_dir(data)
        .env("OMBUD_DATA", data)
        .env("OMBUD_MODELS", models)
        .env("OMBUD_HTTP__ADDRESS", "127.0.0.1:0");
    command
}

/// The models that the repository carries; its strategy names the blend.
pub fn default_models() -> PathBuf {
    repository().join("models")
}

/// A models folder in `data` whose strategy names the bag, which answers a hundred times as fast as the blend: what most
/// promises are about, and how many complaints they send, has nothing to do with how models answer.
///
/// # Errors
/// It can't be written.
pub fn quick_models(data: &Path) -> Result<PathBuf> {
    naming_the_bag(&default_models(), data.join("quick-models"))
}

/// The folder `quick` with the bag of `all`, and a strategy that names nothing else.
pub(crate) fn naming_the_bag(all: &Path, quick: PathBuf) -> Result<PathBuf> {
    if quick.exists() {
        return Ok(quick);
    }
    let named = fs::read_to_string(all.join("strategy.toml"))?;
    let strategy = named.replace("model = \"complaints\"", "model = \"complaints-bag\"");
    ensure!(strategy != named, "the first strategy does not name the blend");
    fs::create_dir_all(&quick)?;
    symlink(all.join("complaints-bag"), quick.join("complaints-bag"))?;
    fs::write(quick.join("strategy.toml"), strategy)?;
    Ok(quick)
}
