//! The operator's own token: `up` makes one in its data folder at each start, for whoever may read there. With it the commands
//! beside that `up` change strategy and models.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    net::IpAddr,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result};
use ombud_launch::config::Secret;
use ombud_stream::is_own_address;

/// Its file's name.
const FILE: &str = "operator.token";
/// Only the account that runs `up` reads it.
const OWNERS: u32 = 0o600;

/// Makes a token in the data folder `data`, in place of the one before.
#[cfg_attr(not(feature = "torch"), allow(dead_code, reason = "only `up` makes one, and it runs models"))]
pub(crate) fn make_token(data: &Path) -> Result<String> {
    let (file, token) = (data.join(FILE), hex::encode(rand::random::<[u8; 32]>()));
    make(&file, &token).with_context(|| format!("make the operator's token {}", file.display()))?;
    Ok(token)
}

fn make(file: &Path, token: &str) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A new file: one that is there keeps its permissions, or is a link to somewhere else.
    let mut made = OpenOptions::new().write(true).create_new(true).mode(OWNERS).open(file)?;
    made.write_all(token.as_bytes())
}

/// The token in `data` for an `up` at `address`; nothing where there is none, or `address` is another machine's, which a token
/// would reach in the clear.
pub(crate) fn token(data: &Path, address: IpAddr) -> Result<Option<Secret>> {
    let file = data.join(FILE);
    if !is_own_address(address) {
        return Ok(None);
    }
    match fs::read_to_string(&file) {
        Ok(token) => Ok(Some(Secret::from(token.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| {
            format!("read the operator's token {}: the account that runs `ombud up` may", file.display())
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_token_is_made_anew_for_its_owner_alone_and_shown_to_no_other_machine() {
        let data = tempfile::tempdir().unwrap();
        assert!(token(data.path(), HERE).unwrap().is_none());
        let elsewhere = data.path().join("elsewhere");
        fs::write(&elsewhere, "untouched").unwrap();
        std::os::unix::fs::symlink(&elsewhere, data.path().join(FILE)).unwrap();
        let first = make_token(data.path()).unwrap();
        let second = make_token(data.path()).unwrap();
        assert!(first.len() == 64 && first != second);
        assert_eq!(token(data.path(), HERE).unwrap().unwrap().reveal(), second);
        let mode = fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNERS);
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "untouched");
        // TEST-NET-1: nobody's address.
        assert!(token(data.path(), "192.0.2.1".parse().unwrap()).unwrap().is_none());
    }
}
