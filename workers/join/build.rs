//! A copy of the state machine and its simulator with all of `tests/mutations.txt` applied, for `tests/mutations.rs`.
//!
//! Each mutation replaces a piece of the copy by `if it is switched on { the broken piece } else { the piece }`, so that one
//! compilation holds them all. Nothing of it is part of the crate. A mutation that does not apply fails that test's
//! compilation alone.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What the simulator runs: these modules of `src`.
const MODULES: [&str; 8] = ["counts", "event", "limits", "position", "revision", "rules", "shard", "sim"];
const PATCHES: &str = "tests/mutations.txt";

/// One rule, and how it is broken.
struct Mutation {
    name: String,
    doc: String,
    file: String,
    piece: String,
    broken: String,
}

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed={PATCHES}");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("mutable");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    for module in MODULES {
        copy(&Path::new("src").join(module), &out.join(module))?;
        copy(&Path::new("src").join(module).with_extension("rs"), &out.join(module).with_extension("rs"))?;
    }
    fs::write(out.join("mod.rs"), MODULES.map(|module| format!("pub(crate) mod {module};\n")).concat())?;
    // A checkout without tests builds all the same.
    let mutations = parse(&fs::read_to_string(PATCHES).unwrap_or_default());
    let mut wrong = Vec::new();
    for (number, mutation) in mutations.iter().enumerate() {
        if let Err(why) = apply(&out, number, mutation) {
            wrong.push(format!("{} does not apply: {why}", mutation.name));
        }
    }
    fs::write(out.join("root.rs"), root(&out, &mutations, &wrong))
}

/// Copies a file or a folder, without tests of its own. Paths that begin at the crate begin at the copy.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.exists() && from.file_name().is_some_and(|name| name != "tests.rs") {
        let source = fs::read_to_string(from)?;
        // Inline tests end a file; `mod tests;` is followed by other modules.
        let source = source.replace("#[cfg(test)]\nmod tests;\n", "");
        let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        fs::write(to, source.replace("crate::", "crate::mutable::"))?;
    }
    Ok(())
}

/// Reads `== name: doc`, then the file, then lines of the piece with `-` and lines in its place with `+`.
fn parse(text: &str) -> Vec<Mutation> {
    let sections = text.split("\n== ").skip(1).map(|section| {
        let (title, rest) = section.split_once('\n').unwrap_or((section, ""));
        let (name, doc) = title.split_once(": ").unwrap_or((title, ""));
        let (file, diff) = rest.split_once('\n').unwrap_or((rest, ""));
        let lines = |sign: char| {
            let lines: Vec<&str> = diff.lines().filter_map(|line| line.strip_prefix(sign)).collect();
            lines.join("\n").trim().replace("crate::", "crate::mutable::")
        };
        Mutation {
            name: name.to_owned(),
            doc: doc.to_owned(),
            file: file.to_owned(),
            piece: lines('-'),
            broken: lines('+'),
        }
    });
    sections.collect()
}

fn apply(out: &Path, number: usize, mutation: &Mutation) -> Result<(), String> {
    let Mutation { file, piece, broken, .. } = mutation;
    let path = out.join(file);
    let source = fs::read_to_string(&path).map_err(|cause| format!("{file}: {cause}"))?;
    let times = source.matches(piece.as_str()).count();
    if piece.is_empty() || times != 1 {
        return Err(format!("its piece occurs {times} times in {file}"));
    }
    let switched = format!("if crate::is_broken({number}) {{ {broken} }} else {{ {piece} }}");
    // A piece is an expression, or it is statements.
    let switched = if piece.ends_with(';') { switched } else { format!("({switched})") };
    fs::write(&path, source.replace(piece.as_str(), &switched)).map_err(|cause| cause.to_string())
}

/// What the test includes: the copy as one module, and what there is to switch on.
fn root(out: &Path, mutations: &[Mutation], wrong: &[String]) -> String {
    let mut root = String::new();
    for why in wrong {
        root += &format!("compile_error!({why:?});\n");
    }
    root += "/// Name and meaning of each mutation; its number is its place.\nconst MUTATIONS: &[(&str, &str)] = &[\n";
    for Mutation { name, doc, .. } in mutations {
        root += &format!("    ({name:?}, {doc:?}),\n");
    }
    let copy = out.join("mod.rs");
    root += &format!(
        "];\n\n#[allow(warnings, clippy::all, clippy::pedantic)]\n#[path = {copy:?}]\nmod mutable;\n"
    );
    root
}
