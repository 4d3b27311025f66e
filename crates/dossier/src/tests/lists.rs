//! Keys and the list of them: rotation, ends and revocations.

use proptest::prelude::*;

use super::{PRIVATE, key, sealed};
use crate::testing::sources;
use crate::{DossierSources, KeyList, SigningKey, verify};

/// RFC 8410's example of the public half.
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
                      MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                      -----END PUBLIC KEY-----\n";

fn entry(more: &str) -> String {
    format!("{}{more}\n", key().public().to_entry(0).unwrap())
}

fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

#[test]
fn a_key_is_read_and_written_as_openssl_does_and_known_by_the_hash_of_its_der() {
    assert_eq!(key().to_pem().unwrap(), PRIVATE);
    assert_eq!(key().public().to_pem().unwrap(), PUBLIC);
    // base64 --decode | sha256sum
    assert_eq!(
        key().public().id().unwrap(),
        "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"
    );
    let (one, other) = (SigningKey::generate(), SigningKey::generate());
    assert_ne!(one.public().id().unwrap(), other.public().id().unwrap());
    let again = SigningKey::from_pem(&one.to_pem().unwrap()).unwrap();
    assert_eq!(again.public(), one.public());
    assert!(!format!("{one:?}").contains("PRIVATE"));
}

#[test]
fn a_private_key_of_another_kind_is_refused_without_showing_it() {
    for text in ["", PUBLIC, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vu\n-----END PRIVATE KEY-----\n"] {
        let refused = SigningKey::from_pem(text).unwrap_err().to_string();
        assert!(
            refused.contains("ed25519 private key in PKCS#8 PEM") && !refused.contains("MC4"),
            "{refused}"
        );
    }
}

#[test]
fn a_wrong_list_is_refused_with_the_key_and_what_would_be_right() {
    let refused = |text: &str| KeyList::parse(text).unwrap_err().to_string();
    let id = key().public().id().unwrap();
    assert!(refused(&entry("").replace(&id, "abc")).contains(&format!("which is {id}")));
    assert!(refused(&entry("until = 1969-01-01T00:00:00Z")).ends_with("`until` must be later than `from`"));
    assert!(refused(&entry("revoked = 2026-01-01")).contains("`revoked` must be a time with its offset"));
    assert!(
        refused(&entry("revoked = 2026-01-01T00:00:00")).contains("`revoked` must be a time with its offset")
    );
    assert!(refused(&entry("note = 1")).starts_with("read the list of keys: unknown field `note`"));
    assert!(refused(&[entry(""), entry("")].concat()).ends_with("it is listed twice: leave one out"));
    assert!(
        refused(&entry("").replace("MCow", "MDow")).contains("`public` must be an ed25519 public key in PEM")
    );
    assert!(KeyList::parse("").is_ok());
}

#[test]
fn a_revoked_key_is_refused_with_since_when_whatever_the_time_of_the_dossier() {
    let keys = KeyList::parse(&entry("revoked = 2029-01-01T00:00:00Z")).unwrap();
    let refused = verify(&sealed(&sources()), &keys).unwrap_err().to_string();
    assert_eq!(refused, "signatures[0].keyid: the key is revoked since 2029-01-01T00:00:00Z");
}

proptest! {
    // Each case signs and verifies a whole dossier.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_dossier_counts_where_its_key_was_in_force_when_it_was_exported(
        from in 0_i64..100,
        lasts in prop::option::of(1_i64..100),
        exported in 0_i64..200,
        others in 0_usize..3,
    ) {
        let second = |n: i64| 1_700_000_000_000 + n * 1_000;
        let mut list = key().public().to_entry(second(from)).unwrap();
        if let Some(lasts) = lasts {
            list.push_str(&format!("until = {}\n", moment(second(from + lasts))));
        }
        for _ in 0..others {
            // Old keys and new ones stand beside it.
            list = format!("{}{list}", SigningKey::generate().public().to_entry(second(0)).unwrap());
        }
        let file = sealed(&DossierSources { exported_at: second(exported), ..sources() });
        let is_in_force = exported >= from && lasts.is_none_or(|lasts| exported < from + lasts);
        let verified = verify(&file, &KeyList::parse(&list).unwrap());
        prop_assert_eq!(verified.is_ok(), is_in_force);
        if let Err(refused) = verified {
            prop_assert_eq!(refused.field, "payload.predicate.exported_at");
        }
    }
}
