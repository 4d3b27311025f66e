//! Which crate may import which (ARCHITECTURE.md, "Crates"), held over what cargo reads from the manifests.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde::Deserialize;

/// From left to right. A crate imports only from further right, so a worker never imports a worker.
const LAYERS: &[&[&str]] = &[
    &["ombud-benches"],
    &["ombud-tests", "ombud-compute"],
    &["ombud"],
    &["ombud-infer", "ombud-join", "ombud-archive", "ombud-console"],
    &["ombud-launch"],
    &["ombud-learn"],
    &["ombud-dossier"],
    &["ombud-explain"],
    &["ombud-measure", "ombud-exchange"],
    &["ombud-kafka", "ombud-local", "ombud-torch"],
    &["ombud-store", "ombud-models", "ombud-intake", "ombud-report"],
    &["ombud-stream"],
    &["ombud-contract"],
];

/// Libraries that only one crate's manifest names, whatever the kind of dependency.
const ONE_HOME: &[(&str, &str)] = &[
    ("tch", "ombud-torch"),
    ("torch-sys", "ombud-torch"),
    ("rusqlite", "ombud-local"),
    ("rdkafka", "ombud-kafka"),
    ("scylla", "ombud-store"),
];

/// Further right stands only contract, but what moves records has no business with what is in them.
const NO_DOMAIN: &str = "ombud-stream";
/// The crate that links libtorch, and the feature of others that brings it in.
const LIBTORCH: &str = "ombud-torch";
const LIBTORCH_FEATURE: &str = "torch";

/// A member of the workspace as its manifest describes it.
#[derive(Clone, Debug, Default)]
struct Crate {
    name: String,
    default_member: bool,
    default_features: Vec<String>,
    imports: Vec<Import>,
}

/// A dependency of any kind: normal, for tests, for the build.
#[derive(Clone, Debug, Default, Deserialize)]
struct Import {
    name: String,
    optional: bool,
    features: Vec<String>,
}

fn violations(crates: &[Crate]) -> Vec<String> {
    crates.iter().flat_map(|from| [direction(from), homes(from), libtorch(from, crates)].concat()).collect()
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn direction(from: &Crate) -> Vec<String> {
    let Some(own) = layer(&from.name) else { return vec![format!("{} stands in no layer", from.name)] };
    let ours = from.imports.iter().filter_map(|import| Some((&import.name, layer(&import.name)?)));
    ours.filter(|(_, layer)| *layer <= own || from.name == NO_DOMAIN)
        .map(|(name, _)| format!("{} imports {name}", from.name))
        .collect()
}

fn homes(from: &Crate) -> Vec<String> {
    let homes = ONE_HOME.iter().filter(|(library, home)| {
        from.name != *home && from.imports.iter().any(|import| import.name == *library)
    });
    homes.map(|(library, home)| format!("{} names {library}, which is {home}'s", from.name)).collect()
}

fn libtorch(from: &Crate, crates: &[Crate]) -> Vec<String> {
    let links = from.default_member && links_libtorch(&from.name, crates, &mut BTreeSet::new());
    if links { vec![format!("default member {} links libtorch", from.name)] } else { vec![] }
}

/// Whether building `name` as it comes, without a feature asked for, brings libtorch in.
fn links_libtorch<'a>(name: &'a str, crates: &'a [Crate], seen: &mut BTreeSet<&'a str>) -> bool {
    let Some(from) = crates.iter().find(|other| other.name == name) else { return false };
    if name == LIBTORCH || from.default_features.iter().any(|feature| feature.contains(LIBTORCH_FEATURE)) {
        return true;
    }
    seen.insert(name)
        && from.imports.iter().filter(|import| !import.optional).any(|import| {
            import.features.iter().any(|feature| feature == LIBTORCH_FEATURE)
                || links_libtorch(&import.name, crates, seen)
        })
}

/// What `cargo metadata` says, as far as it matters here. Read by itself, because the library for it switches on a feature
/// of serde_json with which everything above that would be compiled twice.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    features: BTreeMap<String, Vec<String>>,
    dependencies: Vec<Import>,
}

fn workspace() -> Vec<Crate> {
    let cargo = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(ombud_tests::repository())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Metadata = serde_json::from_slice(&cargo.stdout).unwrap();
    let describe = |mut package: Package| Crate {
        default_member: metadata.workspace_default_members.contains(&package.id),
        default_features: package.features.remove("default").unwrap_or_default(),
        name: package.name,
        imports: package.dependencies,
    };
    metadata.packages.into_iter().map(describe).collect()
}

#[test]
fn the_workspace_keeps_the_import_rule() {
    let crates = workspace();
    assert!(crates.len() > 10 && crates.iter().any(|member| member.default_member), "{crates:?}");
    assert_eq!(violations(&crates), Vec::<String>::new());
}

/// A small workspace that keeps the rule.
fn lawful() -> Vec<Crate> {
    let member = |name: &str, imports: &[&str]| Crate {
        name: name.to_owned(),
        default_member: name != LIBTORCH,
        default_features: vec![],
        imports: imports
            .iter()
            .map(|name| Import { name: (*name).to_owned(), ..Import::default() })
            .collect(),
    };
    let mut crates = vec![
        member("ombud", &["ombud-infer", "ombud-join", "ombud-local", "clap"]),
        member("ombud-infer", &["ombud-models", "ombud-stream", "ombud-contract"]),
        member("ombud-join", &["ombud-stream", "ombud-contract"]),
        member("ombud-torch", &["ombud-models", "tch", "torch-sys"]),
        member("ombud-local", &["ombud-stream", "rusqlite"]),
        member("ombud-models", &["ombud-contract"]),
        member("ombud-stream", &["bytes"]),
        member("ombud-contract", &["serde"]),
    ];
    crates[0].imports.push(Import { name: LIBTORCH.to_owned(), optional: true, features: vec![] });
    crates
}

/// What is wrong once `name` has one more import.
fn with_import(name: &str, import: Import) -> Vec<String> {
    let mut crates = lawful();
    crates.iter_mut().find(|member| member.name == name).unwrap().imports.push(import);
    violations(&crates)
}

fn plain(name: &str) -> Import {
    Import { name: name.to_owned(), ..Import::default() }
}

#[test]
fn a_lawful_workspace_has_no_violation() {
    assert_eq!(violations(&lawful()), Vec::<String>::new());
}

#[test]
fn a_worker_may_not_import_a_worker() {
    assert_eq!(with_import("ombud-infer", plain("ombud-join")), ["ombud-infer imports ombud-join"]);
}

#[test]
fn nothing_imports_from_its_left() {
    assert_eq!(with_import("ombud-models", plain("ombud-local")), ["ombud-models imports ombud-local"]);
    assert_eq!(with_import("ombud-stream", plain("ombud-contract")), ["ombud-stream imports ombud-contract"]);
}

#[test]
fn a_library_with_one_home_may_not_be_named_elsewhere_even_where_it_is_optional() {
    let optional = Import { optional: true, ..plain("tch") };
    assert_eq!(with_import("ombud-infer", optional), ["ombud-infer names tch, which is ombud-torch's"]);
    assert_eq!(with_import("ombud", plain("rusqlite")), ["ombud names rusqlite, which is ombud-local's"]);
    assert_eq!(
        with_import("ombud-local", plain("rdkafka")),
        ["ombud-local names rdkafka, which is ombud-kafka's"]
    );
}

#[test]
fn a_default_member_may_not_link_libtorch() {
    let needed = with_import("ombud-infer", plain(LIBTORCH));
    assert_eq!(needed, ["default member ombud links libtorch", "default member ombud-infer links libtorch"]);
    let by_feature = Import { features: vec![LIBTORCH_FEATURE.to_owned()], ..plain("ombud-infer") };
    assert_eq!(with_import("ombud", by_feature), ["default member ombud links libtorch"]);
    let mut by_default = lawful();
    by_default[2].default_features = vec![LIBTORCH_FEATURE.to_owned()];
    assert!(violations(&by_default).contains(&"default member ombud-join links libtorch".to_owned()));
}

#[test]
fn a_crate_that_no_layer_names_is_a_violation() {
    let mut crates = lawful();
    crates.push(Crate { name: "ombud-utils".to_owned(), ..Crate::default() });
    assert_eq!(violations(&crates), ["ombud-utils stands in no layer"]);
}
