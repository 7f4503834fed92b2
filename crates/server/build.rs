//! Lists the dashboard's files, so that the binary carries them. Without a built dashboard the binary
//! carries a page that says so: checking and testing the server needs no Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FALLBACK: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Diwan</title>\
<p>This build of Diwan carries no dashboard. Build it with <code>make up</code>; the API is at <code>/api/v1</code>.</html>\n";

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = here.join("../../web/dist");
    // Cargo can only watch what is there. Where it cannot be made, the fallback serves.
    let _ = fs::create_dir_all(&dist);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = vec![];
    if dist.join("index.html").is_file() {
        collect(&dist, &dist.canonicalize()?, &mut files)?;
    } else {
        let page = out.join("fallback.html");
        fs::write(&page, FALLBACK)?;
        files.push(("index.html".to_owned(), page));
    }
    files.sort();
    fs::write(out.join("dashboard.rs"), listing(&files)?)
}

/// All files below a directory with their paths in URLs.
fn collect(root: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let root = root.canonicalize()?;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&root, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(&root) {
            files.push((relative.to_string_lossy().replace('\\', "/"), path));
        }
    }
    Ok(())
}

fn listing(files: &[(String, PathBuf)]) -> io::Result<String> {
    let mut code = String::from("&[\n");
    let sibling = |path: &str, ending: &str| files.iter().find(|(p, _)| *p == format!("{path}{ending}"));
    for (path, file) in files {
        if [".br", ".gz", ".map"].iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        let include = |file: &Path| format!("include_bytes!({:?})", file.to_string_lossy());
        let optional = |found: Option<&(String, PathBuf)>| match found {
            Some((_, file)) => format!("Some({})", include(file)),
            None => "None".to_owned(),
        };
        let digest = fingerprint(&fs::read(file)?);
        let (br, gz) = (optional(sibling(path, ".br")), optional(sibling(path, ".gz")));
        let _ = writeln!(
            code,
            "    File {{ path: {path:?}, digest: \"{digest:032x}\", plain: {}, br: {br}, gz: {gz} }},",
            include(file)
        );
    }
    code.push(']');
    Ok(code)
}

/// FNV-1a with 128 bits: tells versions of a file apart.
fn fingerprint(content: &[u8]) -> u128 {
    content.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}
