#!/usr/bin/env python3
"""Writes what an archive says about its contents: share/licences/, sbom.cdx.json and sbom-core.cdx.json (CycloneDX 1.6). The second
lists what `ombud` alone needs, without `ombud-torch`: an image without libtorch holds that. And it writes the list of its crates
into each program, where scanners of images look for it: in the section .dep-v0, as cargo-auditable has it.

    cargo metadata ... | scripts/package_contents.py FOLDER VERSION COMMIT SECONDS LIBTORCH

FOLDER is the unpacked archive, SECONDS the time of the commit since the epoch, LIBTORCH the folder with its LICENSE.
Libraries of Rust come from the metadata and the lock file; the others are those that lie in FOLDER/lib, and each must
be known here by name.
"""
import hashlib, json, pathlib, shutil, subprocess, sys, tempfile, tomllib, uuid, zlib
from datetime import datetime, timezone

GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
# File's name up to `.so`: what it is part of, its licence.
NATIVE = {
    "libtorch": ("libtorch", "BSD-3-Clause"),
    "libtorch_cpu": ("libtorch", "BSD-3-Clause"),
    "libc10": ("libtorch", "BSD-3-Clause"),
    "libgomp": ("libgomp", GCC),
    # Stubs, which scripts/libtorch makes: no code of NVIDIA's.
    "libcudart": ("ombud", "Apache-2.0"),
    "libcupti": ("ombud", "Apache-2.0"),
    "libssl": ("openssl", "Apache-2.0"),
    "libcrypto": ("openssl", "Apache-2.0"),
    "libz": ("zlib", "Zlib"),
}
# Where a crate brings no text: that of Apache-2.0 is LICENSE in the archive.
MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""
# Inside crates, below their own folder too: librdkafka, SQLite, curl, zstd.
TEXTS = ("LICENSE*", "LICENCE*", "COPYING*", "COPYRIGHT*", "NOTICE*", "UNLICENSE*")


def fail(text):
    sys.exit(f"package: {text}")


def linked(metadata):
    """The crates that are in `ombud-torch`, and which need which: by their ids."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    root = next(key for key, package in packages.items() if package["name"] == "ombud-compute")
    needs, open_ = {}, [root]
    while open_:
        key = open_.pop()
        if key in needs:
            continue
        # Not what only builds or tests it.
        kinds = ((dep["pkg"], [kind["kind"] for kind in dep["dep_kinds"]]) for dep in nodes[key]["deps"])
        needs[key] = [package for package, kind in kinds if None in kind]
        open_ += needs[key]
    return packages, needs


def without_libtorch(packages, needs):
    """Of these crates, those that are in `ombud`: its features are fewer, and metadata has one set for all."""
    said = subprocess.run(
        ["cargo", "tree", "--locked", "--package", "ombud", "--edges", "normal", "--target", "x86_64-unknown-linux-gnu",
         "--prefix", "none", "--format", "{p}"], capture_output=True, text=True, check=True).stdout
    linked = {tuple(line.split()[:2]) for line in said.splitlines()}
    kept = {key for key in needs if (packages[key]["name"], f"v{packages[key]['version']}") in linked}
    return {key: [need for need in needs[key] if need in kept] for key in needs if key in kept}


def licence_files(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    found = set()
    for pattern in TEXTS:
        for depth in ("", "*/", "*/*/"):
            found.update(path for path in folder.glob(depth + pattern) if path.is_file() and path.suffix not in (".rs", ".c", ".h"))
    return sorted(found)


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def libraries(folder):
    """Each library of lib/: file, what it is part of, licence."""
    for file in sorted((folder / "lib").iterdir()):
        known = NATIVE.get(file.name.split(".so")[0])
        yield file, *(known or fail(f"name the origin and the licence of {file.name} in scripts/package_contents.py"))


def write_licences(folder, libtorch, packages, needs):
    out = folder / "share/licences"
    out.mkdir(parents=True)
    texts, without = {}, []
    for key in needs:
        package = packages[key]
        if package["source"] is None:
            continue
        label = f"{package['name']} {package['version']} ({package['license'] or 'see its file'})"
        files = licence_files(package)
        if not files and "Apache-2.0" in package["license"]:
            without.append(label)
        elif not files and package["license"] == "MIT":
            texts.setdefault(MIT, set()).add(f"{label}: Copyright {', '.join(package['authors'])}")
        elif not files:
            fail(f"{label} brings no text of its licence: write it into scripts/package_contents.py")
        for file in files:
            texts.setdefault(file.read_text(errors="replace").strip(), set()).add(label)
    with (out / "rust-libraries.txt").open("w") as page:
        page.write("The libraries of Rust inside, each with the texts that come with it.\n")
        if without:
            page.write("\nWithout a text of their own, under Apache-2.0 (LICENSE beside `ombud`):\n")
            page.writelines(f"  {label}\n" for label in sorted(without))
        for text, labels in sorted(texts.items(), key=lambda it: sorted(it[1])):
            page.write("\n" + "=" * 80 + "\n" + "".join(f"{label}\n" for label in sorted(labels)) + "-" * 80 + f"\n{text}\n")
    shutil.copy(libtorch / "LICENSE", out / "libtorch.txt")
    for file, part, licence in libraries(folder):
        if part in ("libtorch", "ombud"):
            continue
        # Debian's word on it; where another system packs, the name of the licence.
        for name in {"openssl": ("libssl3", "libssl3t64"), "zlib": ("zlib1g",), "libgomp": ("libgomp1", "gcc-12-base", "gcc-14-base")}[part]:
            said = pathlib.Path(f"/usr/share/doc/{name}/copyright")
            if said.is_file():
                (out / f"{part}.txt").write_text(said.read_text(errors="replace"))
                break
        else:
            (out / f"{part}.txt").write_text(f"{part}: {licence}\n")


def loaded(folder):
    """The names of the libraries that the loader brings for `ombud`."""
    said = subprocess.run(["ldd", folder / "ombud"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in said.splitlines()}


def write_sbom(file, root_crate, natives_of, version, commit, seconds, packages, needs):
    """Writes `file`: the crates in `needs`, of which `root_crate` is the program, and the libraries in `natives_of`."""
    checksums = {
        (entry["name"], entry["version"]): entry.get("checksum")
        for entry in tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    }
    root = {"type": "application", "bom-ref": "ombud-archive", "name": "ombud", "version": version,
            "licenses": [{"expression": "Apache-2.0"}], "properties": [{"name": "commit", "value": commit}]}
    components, dependencies = [], []
    for key in sorted(needs, key=lambda key: purl(packages[key])):
        package = packages[key]
        component = {"type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
        if package["license"]:
            # Slashes are an older way to write it.
            component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if package["source"]:
            component["purl"] = purl(package)
        if checksum := checksums.get((package["name"], package["version"])):
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        components.append(component)
        dependencies.append({"ref": purl(package), "dependsOn": sorted({purl(packages[need]) for need in needs[key]})})
    torch = pathlib.Path("scripts/pins/torch.txt").read_text().split("==")[1].split()[0]
    natives = []
    for library, part, licence in natives_of:
        component = {"type": "file" if part == "ombud" else "library", "bom-ref": f"lib/{library.name}", "name": library.name,
                     "licenses": [{"expression": licence}], "properties": [{"name": "part of", "value": part}],
                     "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(library.read_bytes()).hexdigest()}]}
        if part == "libtorch":
            component |= {"version": torch, "purl": f"pkg:pypi/torch@{torch}"}
        elif origin := debian(library.name):
            component |= origin
        natives.append(component)
    program = next(packages[key] for key in needs if packages[key]["name"] == root_crate)
    dependencies.append({"ref": "ombud-archive", "dependsOn": [purl(program)] + [it["bom-ref"] for it in natives]})
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{root_crate}:{version}:{commit}')}",
        "version": 1,
        "metadata": {"timestamp": datetime.fromtimestamp(seconds, timezone.utc).isoformat(), "component": root},
        "components": components + natives,
        "dependencies": dependencies,
    }
    file.write_text(json.dumps(sbom, indent=1) + "\n")
    print(f"package: {len(components)} libraries of Rust and {len(natives)} others in {file.name}", file=sys.stderr)


def write_crates(program, root_crate, packages, needs):
    """Adds the section .dep-v0 to `program`: packed JSON, in which dependencies are positions in the list."""
    # cargo-auditable itself asks cargo's metadata, which has one set of features for the workspace: `ombud` would list tch.
    keys = sorted(needs, key=lambda key: purl(packages[key]))
    place = {key: index for index, key in enumerate(keys)}
    crates = []
    for key in keys:
        package = packages[key]
        crate = {"name": package["name"], "version": package["version"], "source": "crates.io" if package["source"] else "local",
                 "dependencies": sorted({place[need] for need in needs[key]})}
        crates.append(crate | ({"root": True} if package["name"] == root_crate else {}))
    with tempfile.NamedTemporaryFile() as section:
        section.write(zlib.compress(json.dumps({"packages": crates}, separators=(",", ":")).encode()))
        section.flush()
        subprocess.run(["objcopy", f"--add-section=.dep-v0={section.name}", "--set-section-flags=.dep-v0=noload,readonly", program], check=True)


def debian(name):
    """Package and version, where dpkg knows the file."""
    try:
        owner = subprocess.run(["dpkg-query", "--search", f"*/{name}"], capture_output=True, text=True, check=True).stdout
        package = owner.split(":")[0].split(",")[0]
        said = subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"version": said.stdout, "purl": f"pkg:deb/debian/{package}@{said.stdout}"}


def main():
    folder, version, commit, seconds, libtorch = sys.argv[1:]
    folder, libtorch = pathlib.Path(folder), pathlib.Path(libtorch)
    packages, needs = linked(json.load(sys.stdin))
    write_licences(folder, libtorch, packages, needs)
    of_this = (version, commit, int(seconds), packages)
    natives = list(libraries(folder))
    write_sbom(folder / "sbom.cdx.json", "ombud-compute", natives, *of_this, needs)
    core, names = without_libtorch(packages, needs), loaded(folder)
    write_crates(folder / "ombud", "ombud", packages, core)
    write_crates(folder / "ombud-torch", "ombud-compute", packages, needs)
    write_sbom(folder / "sbom-core.cdx.json", "ombud", [it for it in natives if it[0].name in names], *of_this, core)


if __name__ == "__main__":
    main()
