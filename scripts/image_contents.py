#!/usr/bin/env python3
"""Holds an image's file system against what it may have, and prints its SBOM (CycloneDX 1.6): that of the archive, with Debian's packages.

    scripts/image_contents.py NAME ROOT COMMIT

It may have no shell, nothing setuid, nothing that others than root may change but /data and /tmp, and each program's own list of
crates is its SBOM's. `ombud-core` may have no libtorch, by name or by what a program asks of the loader; `ombud` must.
"""
import json, os, pathlib, re, stat, subprocess, sys, zlib

USER = 65532
SHELLS = {"ash", "bash", "busybox", "dash", "ksh", "perl", "sh", "zsh"} | {"apt", "apt-get", "dpkg", "env", "sudo", "su"}
LIBTORCH = re.compile(r"(libtorch|libc10|libcud|libcup|libgomp|ombud-torch)")
CRATES_OF_TORCH = {"tch", "torch-sys"}
OPT = "opt/ombud"


def output(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def is_elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def look(name, root):
    """What is wrong, one line each."""
    for path in sorted(root.rglob("*")):
        shown, found = path.relative_to(root), path.lstat()
        top = shown.parts[0]
        if path.is_symlink():
            # Absolute ones begin at the image's root.
            target = root / os.readlink(path).lstrip("/") if os.readlink(path).startswith("/") else path.parent / os.readlink(path)
            if not os.path.lexists(target):
                yield f"{shown} leads nowhere: {os.readlink(path)}"
            continue
        if found.st_mode & (stat.S_ISUID | stat.S_ISGID):
            yield f"{shown} is setuid or setgid"
        if (found.st_uid, found.st_gid) != ((USER, USER) if top == "data" else (0, 0)):
            yield f"{shown} belongs to {found.st_uid}:{found.st_gid}"
        if found.st_mode & 0o022 and top != "tmp":
            yield f"{shown} may be written by others: {found.st_mode & 0o7777:04o}"
        if path.name in SHELLS and path.is_file():
            yield f"{shown} is a shell, or installs and becomes what it is not"
        if name == "ombud-core" and (LIBTORCH.match(path.name) or path.is_file() and is_elf(path) and asks_for_libtorch(path)):
            yield f"{shown} is of libtorch, or asks for it"
    for folder, mode in (("tmp", 0o1777), ("data", 0o755)):
        if not (root / folder).is_dir() or stat.S_IMODE((root / folder).stat().st_mode) != mode or list((root / folder).iterdir()):
            yield f"{folder} is not an empty folder of mode {mode:04o}"


def asks_for_libtorch(path):
    return any("NEEDED" in line and LIBTORCH.search(line) for line in output("readelf", "--dynamic", "--wide", path).splitlines())


def crates_in(program):
    """Those of the section .dep-v0: name and version."""
    listed = subprocess.run(["objcopy", "--dump-section=.dep-v0=/dev/stdout", program, "/dev/null"], capture_output=True, check=True).stdout
    packages = json.loads(zlib.decompress(listed))["packages"]
    assert sum(package.get("root", False) for package in packages) == 1, f"{program}: one crate is the root"
    return {(package["name"], package["version"]) for package in packages}


def compare(name, root, sbom):
    """What the SBOM and the program in it disagree on, one line each."""
    program = root / OPT / ("ombud" if name == "ombud-core" else "ombud-torch")
    crates = {(it["name"], it["version"]) for it in sbom["components"] if not it["bom-ref"].startswith("lib/")}
    for crate, version in sorted(crates ^ crates_in(program)):
        yield f"{crate} {version} is in one of the SBOM and {program.name}, not in the other"
    with_torch = {crate for crate, _ in crates} & CRATES_OF_TORCH
    if with_torch != (set() if name == "ombud-core" else CRATES_OF_TORCH):
        yield f"the SBOM of {name} has of libtorch's crates {sorted(with_torch)}"
    if name == "ombud" and not any(it["name"] == "libtorch_cpu.so" and it.get("version") for it in sbom["components"]):
        yield "the SBOM does not name libtorch with its version"
    carried = {it["name"] for it in sbom["components"] if it["bom-ref"].startswith("lib/")}
    for library in sorted(carried ^ {path.name for path in (root / OPT / "lib").iterdir()}):
        yield f"{library} is in one of the SBOM and lib/, not in the other"


def with_debian(sbom, name, root, commit):
    """The SBOM of the image: with a component for each of Debian's packages."""
    system = dict(line.split("=", 1) for line in (root / "etc/os-release").read_text().splitlines())
    distribution = f"{system['ID'].strip(chr(34))}-{system['VERSION_ID'].strip(chr(34))}"
    for file in sorted((root / "var/lib/dpkg/status.d").iterdir()):
        said = dict(line.split(": ", 1) for line in file.read_text().splitlines() if re.match(r"[A-Z][\w-]*: ", line))
        package, version, machine = said["Package"], said["Version"], said["Architecture"]
        purl = f"pkg:deb/{system['ID']}/{package}@{version.replace(':', '%3A').replace('+', '%2B')}?arch={machine}&distro={distribution}"
        sbom["components"].append({"type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl})
        sbom["dependencies"][-1]["dependsOn"].append(purl)
    sbom["metadata"]["component"] |= {"type": "container", "name": name, "properties": [{"name": "commit", "value": commit}]}
    return sbom


def main():
    name, root, commit = sys.argv[1:]
    root = pathlib.Path(root)
    sbom = json.loads((root / OPT / "sbom.cdx.json").read_text())
    wrong = [*look(name, root), *compare(name, root, sbom)]
    if wrong:
        sys.exit("\n".join(f"image: {name}: {line}" for line in wrong))
    print(json.dumps(with_debian(sbom, name, root, commit), indent=1))


if __name__ == "__main__":
    main()
