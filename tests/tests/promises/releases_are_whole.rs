//! What `scripts/release` signs and publishes, with stand-ins for the programs that reach a registry: every file that was made,
//! each image by its digest, and nothing that differs from what was made.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use ombud_tests::repository;
use tempfile::TempDir;

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

/// A checkout with a `dist/` as `scripts/release make` leaves it, and the stand-ins.
struct Checkout {
    folder: TempDir,
}

/// What a run printed, what it asked of the stand-ins, and whether it ended well.
struct Ran {
    said: String,
    asked: String,
    well: bool,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self { folder: tempfile::tempdir().unwrap() };
        checkout.write(
            "Cargo.toml",
            "[workspace.package]\nversion = \"1.2.3\"\n\n[package]\nversion = \"9.9.9\"\n",
        );
        checkout
            .write("deploy/helm/ombud/Chart.yaml", "name: ombud\nversion: 1.2.3\nappVersion: \"1.2.3\"\n");
        checkout.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\nnext\n\n## 1.2.3 - 2026-12-01\n\nthis one\n\n## 1.2.2\n\nbefore\n");
        checkout.write(".gitignore", "/dist/\n/stand-ins/\n/asked\n");
        fs::create_dir(checkout.path("scripts")).unwrap();
        fs::copy(repository().join("scripts/release"), checkout.path("scripts/release")).unwrap();
        for arguments in
            [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "--message", "x"]]
        {
            let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
            let git = Command::new("git")
                .args(identity)
                .args(arguments)
                .current_dir(checkout.folder.path())
                .status();
            assert!(git.unwrap().success(), "git {arguments:?}");
        }
        for name in ["cosign", "docker", "skopeo", "helm", "gh"] {
            checkout.stand_in(name);
        }
        for name in [
            "ombud-1.2.3-x86_64-linux-gnu.tar.zst",
            "ombud-1.2.3.tgz",
            "ombud-1.2.3.tar",
            "ombud-1.2.3.cdx.json",
            "ombud-core-1.2.3.tar",
            "ombud-core-1.2.3.cdx.json",
        ] {
            checkout.write(&format!("dist/{name}"), name);
        }
        let sums = "sums=$(sha256sum *) && echo \"$sums\" >SHA256SUMS";
        let summed = Command::new("bash").args(["-c", sums]).current_dir(checkout.path("dist")).status();
        assert!(summed.unwrap().success());
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes down what it is asked, and does what the script goes on with.
    fn stand_in(&self, name: &str) {
        let name_in = format!("stand-ins/{name}");
        let text = format!(
            "#!/usr/bin/env bash\n\
             echo \"{name} $*\" >>asked\n\
             case \"{name} $1\" in\n\
               \"cosign sign-blob\") echo signature >\"$4\" ;;\n\
               \"skopeo copy\") echo -n {DIGEST} >\"$3\" ;;\n\
               \"helm push\") echo \"Digest: {DIGEST}\" >&2 ;;\n\
             esac\n"
        );
        self.write(&name_in, &text);
        fs::set_permissions(self.path(&name_in), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let path = format!("{}:{}", self.path("stand-ins").display(), std::env::var("PATH").unwrap());
        let output = Command::new(self.path("scripts/release"))
            .args(arguments)
            .env("PATH", path)
            .envs([("GITHUB_REPOSITORY_OWNER", "Bank"), ("GITHUB_ACTOR", "somebody"), ("GH_TOKEN", "secret")])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        Ran {
            said: String::from_utf8(output.stderr).unwrap(),
            asked: fs::read_to_string(self.path("asked")).unwrap_or_default(),
            well: output.status.success(),
        }
    }

    fn publish(&self) -> Ran {
        self.run(&["publish", "v1.2.3", "registry.example"])
    }
}

#[test]
fn every_file_is_signed_and_published() {
    let checkout = Checkout::new();
    let ran = checkout.publish();
    assert!(ran.well, "{}", ran.said);
    let release = ran.asked.lines().find(|line| line.starts_with("gh release create v1.2.3")).unwrap();
    let made: Vec<String> = fs::read_dir(checkout.path("dist"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "notes.md")
        .collect();
    // Six that were made and their digests, each with its signature.
    assert_eq!(made.len(), 14, "{made:?}");
    for name in made {
        assert!(release.split(' ').any(|argument| argument == format!("dist/{name}")), "{name}: {release}");
    }
    assert_eq!(fs::read_to_string(checkout.path("dist/notes.md")).unwrap().trim(), "this one");
}

#[test]
fn images_and_chart_are_signed_by_their_digests() {
    let ran = Checkout::new().publish();
    for line in [
        format!("cosign sign --yes registry.example/bank/ombud@{DIGEST}"),
        format!("cosign sign --yes registry.example/bank/ombud-core@{DIGEST}"),
        format!("cosign sign --yes registry.example/bank/charts/ombud@{DIGEST}"),
        format!(
            "cosign attest --yes --type cyclonedx --predicate dist/ombud-core-1.2.3.cdx.json registry.example/bank/ombud-core@{DIGEST}"
        ),
    ] {
        assert!(ran.asked.lines().any(|asked| asked == line), "no {line} in\n{}", ran.asked);
    }
    assert!(!ran.asked.contains("secret"), "a token among arguments, which every user of the machine sees");
}

#[test]
fn nothing_is_published_of_what_differs() {
    let checkout = Checkout::new();
    checkout.write("dist/ombud-1.2.3.tar", "another");
    let ran = checkout.publish();
    assert!(!ran.well && ran.said.contains("dist/ is not what was made"), "{}", ran.said);
    assert_eq!(ran.asked, "");
}

#[test]
fn a_release_has_one_version_everywhere() {
    let says = |checkout: &Checkout, tag: &str, said: &str| {
        let ran = checkout.run(&["check", tag]);
        assert!(!ran.well && ran.said.contains(said), "{}", ran.said);
    };
    let checkout = Checkout::new();
    let ran = checkout.run(&["check", "v1.2.3"]);
    assert!(ran.well, "{}", ran.said);
    says(&checkout, "v1.2.4", "the tag v1.2.4 is not v1.2.3");
    checkout.write("left-over", "");
    says(&checkout, "v1.2.3", "changes that are not committed");
    checkout.write("CHANGELOG.md", "## Unreleased\n\nnext\n\n## 1.2.30\n\nanother\n");
    says(&checkout, "v1.2.3", "CHANGELOG.md says nothing under '## 1.2.3'");
    checkout.write("deploy/helm/ombud/Chart.yaml", "version: 1.2.3\nappVersion: 1.2.2\n");
    says(&checkout, "v1.2.3", "appVersion of deploy/helm/ombud/Chart.yaml is 1.2.2, not 1.2.3");
}
