use ombud_contract::catalogue::Topic;

use super::{Registry, fake::FakeRegistry, subject, subject::bones, text};
use crate::{
    error::KafkaError,
    outcome::{Mode, State},
};

#[test]
fn a_schema_comes_back_from_its_text_as_it_was() {
    for topic in Topic::ALL {
        for (_, schema) in topic.schemas() {
            let again = apache_avro::Schema::parse_str(&text(schema)).unwrap();
            assert_eq!(bones(&again), bones(schema), "{topic:?}");
            assert_eq!(text(&again), text(schema), "{topic:?}");
        }
    }
}

#[test]
fn a_default_is_part_of_a_schema_and_a_doc_is_not() {
    let schema = |field: &str| {
        let text = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"doc",{field}}}]}}"#);
        bones(&apache_avro::Schema::parse_str(&text).unwrap())
    };
    assert_eq!(schema(r#""type":"long","default":1,"doc":"said""#), schema(r#""type":"long","default":1"#));
    assert_ne!(schema(r#""type":"long","default":1"#), schema(r#""type":"long","default":2"#));
}

#[test]
fn registering_twice_changes_nothing_the_second_time() {
    let fake = FakeRegistry::start();
    let registry = Registry::connect(&fake.connection()).unwrap();
    let planned = registry.register(Topic::Raw, "t-", Mode::DryRun).unwrap();
    assert_eq!(planned.state, State::Created);
    assert_eq!(fake.level("t-complaints.raw-value"), None);

    let first = registry.register(Topic::Raw, "t-", Mode::Apply).unwrap();
    assert_eq!((first.name.as_str(), first.state), ("t-complaints.raw-value", State::Created));
    assert_eq!(first.details, planned.details);
    assert_eq!(fake.level("t-complaints.raw-value").as_deref(), Some("FULL_TRANSITIVE"));
    let second = registry.register(Topic::Raw, "t-", Mode::Apply).unwrap();
    assert_eq!((second.state, second.details.len()), (State::Unchanged, 0));
}

#[test]
fn the_level_is_set_before_the_first_schema() {
    let fake = FakeRegistry::start();
    let registry = Registry::connect(&fake.connection()).unwrap();
    registry.register(Topic::Raw, "", Mode::Apply).unwrap();
    let writing = fake.requests().into_iter().filter(|it| !it.starts_with("GET"));
    let writing: Vec<String> = writing.collect();
    let versions = Topic::Raw.schemas().iter().map(|_| "POST /subjects/complaints.raw-value/versions");
    assert_eq!(
        writing,
        std::iter::once("PUT /config/complaints.raw-value").chain(versions).collect::<Vec<_>>()
    );
}

#[test]
fn a_subject_that_contradicts_the_catalogue_is_refused() {
    let fake = FakeRegistry::start();
    let registry = Registry::connect(&fake.connection()).unwrap();
    let other = r#"{"type":"record","name":"Other","fields":[{"name":"x","type":"long"}]}"#;
    fake.put(7, &subject("complaints.raw"), other);
    for mode in [Mode::DryRun, Mode::Apply] {
        let outcome = registry.register(Topic::Raw, "", mode).unwrap();
        assert_eq!(outcome.state, State::Refused, "{outcome:?}");
        assert!(outcome.details[0].contains("v1.avsc contradicts"), "{outcome:?}");
        assert!(outcome.details.iter().any(|it| it.contains("version 1 is not")), "{outcome:?}");
    }
}

#[test]
fn a_password_in_the_url_is_refused_and_not_told() {
    let mut connection = FakeRegistry::start().connection();
    connection.urls = vec!["http://me:secret@127.0.0.1:1".to_owned()];
    let error = Registry::connect(&connection).err().unwrap();
    assert!(!format!("{error:?} {error} {connection:?}").contains("secret"));
}

#[test]
fn a_password_goes_to_no_other_host_over_plain_http() {
    let mut connection = FakeRegistry::start().connection();
    connection.credentials = Some(("me".to_owned(), "secret".to_owned()));
    assert!(Registry::connect(&connection).is_ok(), "on this machine nobody is on the way");
    // 192.0.2.0/24 is nobody's: it is there for documents.
    connection.urls = vec!["https://192.0.2.1".to_owned()];
    assert!(Registry::connect(&connection).is_ok(), "TLS goes anywhere");
    connection.urls.push("http://192.0.2.1:8081/api".to_owned());
    let KafkaError::Registry { action, cause } = Registry::connect(&connection).err().unwrap() else {
        panic!("another error");
    };
    assert_eq!(action, "send registry.username and its password to registry_url (--registry)");
    assert!(cause.to_string().contains("http://192.0.2.1:8081/api: it would go over plain HTTP"), "{cause}");
    connection.credentials = None;
    assert!(Registry::connect(&connection).is_ok(), "there is nothing to read");
}

#[test]
fn a_registry_that_is_not_there_is_named_with_what_to_do() {
    let mut connection = FakeRegistry::start().connection();
    connection.urls = vec!["http://127.0.0.1:1/api".to_owned()];
    let error = Registry::connect(&connection).unwrap().subjects().unwrap_err().to_string();
    assert_eq!(
        error,
        "list the subjects at the schema registry http://127.0.0.1:1/api: \
         check registry_url (--registry) and registry.ca, and that it runs"
    );
}
