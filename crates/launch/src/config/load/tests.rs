//! What is merged, refused and shown.

use super::*;
use crate::config::{Flag, Settings};

fn with_variables(variables: &[(&str, &str)]) -> Inputs {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Inputs { variables, ..Inputs::default() }
}

fn with_file(text: &str) -> (tempfile::TempDir, Inputs) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ombud.toml");
    std::fs::write(&file, text).unwrap();
    (folder, Inputs { file: Some(file), ..Inputs::default() })
}

fn complaint(inputs: &Inputs) -> String {
    load(inputs).unwrap_err().to_string()
}

#[test]
fn every_setting_has_a_rule_and_its_default_keeps_it() {
    let loaded = load(&Inputs::default()).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    let ruled: std::collections::BTreeSet<_> =
        rule::RULES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(loaded.values.into_keys().collect::<std::collections::BTreeSet<_>>(), ruled);
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let (_folder, mut inputs) = with_file("data = \"file\"\nmodels = \"file\"\n[infer]\nqueue = 7\n[join]\n");
    inputs.variables = with_variables(&[("OMBUD_DATA", "variable"), ("OMBUD_MODELS", "variable")]).variables;
    inputs.flags = vec![Flag { name: "--data", setting: "data", value: "flag".into() }];

    let loaded = load(&inputs).unwrap();

    assert_eq!(loaded.settings.data, PathBuf::from("flag"));
    assert_eq!(loaded.settings.models, PathBuf::from("variable"));
    assert_eq!(loaded.settings.infer.queue, 7);
    assert_eq!(loaded.settings.join, Settings::default().join);
}

#[test]
fn models_beside_the_program_are_found_and_a_setting_wins_over_them() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::write(models.join("strategy.toml"), "").unwrap();
    let mut inputs = Inputs { program: Some(folder.path().join("ombud")), ..Inputs::default() };
    let loaded = load(&inputs).unwrap();
    assert_eq!((&loaded.settings.models, loaded.origin("models")), (&models, Some("beside the program")));
    inputs.variables = with_variables(&[("OMBUD_MODELS", "elsewhere")]).variables;
    let loaded = load(&inputs).unwrap();
    assert_eq!(
        (loaded.settings.models.to_str(), loaded.origin("models")),
        (Some("elsewhere"), Some("OMBUD_MODELS"))
    );
}

#[test]
fn two_underscores_nest() {
    let inputs = with_variables(&[("OMBUD_INFER__TOKEN_BUDGET", "4096"), ("OMBUD_LOG_FORMAT", "json")]);
    let settings = load(&inputs).unwrap().settings;
    assert_eq!(settings.infer.token_budget, 4096);
    assert_eq!(settings.log_format, crate::config::LogFormat::Json);
}

#[test]
fn a_wrong_value_is_refused_with_where_it_was_written_and_what_would_be_right() {
    assert_eq!(
        complaint(&with_variables(&[("OMBUD_INFER__REPLICAS", "many")])),
        "accept infer.replicas = \"many\" from OMBUD_INFER__REPLICAS: it must be a whole number of replicas \
         from 1 to 256"
    );
    let (folder, inputs) = with_file("[http]\naddress = \"localhost\"\n");
    let file = folder.path().join("ombud.toml");
    assert_eq!(
        complaint(&inputs),
        format!(
            "accept http.address = \"localhost\" from {}:2: it must be an IP address and a port, such as \
             127.0.0.1:8080",
            file.display()
        )
    );
}

#[test]
fn a_joiner_that_could_write_longer_than_its_session_lasts_is_refused_with_what_to_change() {
    assert_eq!(
        complaint(&with_variables(&[("OMBUD_JOIN__LEASE_MS", "5000")])),
        "accept join.lease_ms = 5000 and join.drain_ms = 3000 with join.session_timeout_ms = 8000: the first two \
         together must be less than the third, or two joiners write one shard; lower join.lease_ms or \
         join.drain_ms, or raise join.session_timeout_ms above 8000"
    );
    let (_folder, inputs) = with_file("[join]\nlease_ms = 5000\nsession_timeout_ms = 8001\n");
    assert_eq!(load(&inputs).unwrap().settings.join.session_timeout_ms, 8_001);
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        complaint(&with_variables(&[("OMBUD_INFER__REPLCAS", "2")])),
        "accept OMBUD_INFER__REPLCAS from the environment: there is no such setting; the nearest is \
         OMBUD_INFER__REPLICAS"
    );
    for text in ["[infer]\nreplcas = 2", "infer = 2", "[inference]", "infer.replicas.count = 2"] {
        let (_folder, inputs) = with_file(text);
        assert!(complaint(&inputs).contains("there is no such setting"), "{text}");
    }
}

#[test]
fn the_variable_that_names_the_file_is_no_setting() {
    let (_folder, with_file) = with_file("[archive]\nbatch = 9");
    let file = with_file.file.unwrap();
    let inputs = with_variables(&[("OMBUD_CONFIG", file.to_str().unwrap())]);
    assert_eq!(load(&inputs).unwrap().settings.archive.batch, 9);
}

#[test]
fn a_file_that_is_named_must_exist_and_be_toml() {
    let missing = Inputs { file: Some("/nowhere/ombud.toml".into()), ..Inputs::default() };
    assert_eq!(complaint(&missing), "read configuration file /nowhere/ombud.toml");
    let (_folder, broken) = with_file("infer = [");
    assert!(complaint(&broken).starts_with("read configuration file"));
}

#[test]
fn every_property_of_librdkafka_is_passed_on() {
    let (_folder, mut inputs) = with_file(
        "[kafka.properties]\n\"security.protocol\" = \"SASL_SSL\"\nssl.ca.location = \"ca.pem\"\n\
         \"socket.keepalive.enable\" = true\n\"fetch.wait.max.ms\" = 50\n",
    );
    inputs.variables = with_variables(&[
        ("OMBUD_KAFKA__PROPERTIES__SASL_MECHANISM", "SCRAM-SHA-512"),
        ("OMBUD_KAFKA__PROPERTIES__SECURITY_PROTOCOL", "SSL"),
    ])
    .variables;

    let loaded = load(&inputs).unwrap();

    let properties = &loaded.settings.kafka.properties;
    for (name, value) in [
        ("security.protocol", "SSL"),
        ("ssl.ca.location", "ca.pem"),
        ("socket.keepalive.enable", "true"),
        ("fetch.wait.max.ms", "50"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
    ] {
        assert_eq!(properties.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(properties.len(), 5);
    let (_folder, again) = with_file(&loaded.to_string());
    assert_eq!(load(&again).unwrap().settings, loaded.settings);
}

#[test]
fn a_property_that_a_promise_stands_on_is_refused_with_the_reason() {
    assert_eq!(
        complaint(&with_variables(&[("OMBUD_KAFKA__PROPERTIES__ENABLE_AUTO_COMMIT", "true")])),
        "accept kafka.properties.enable.auto.commit from OMBUD_KAFKA__PROPERTIES__ENABLE_AUTO_COMMIT: an \
         offset is committed only when everything before it is finished"
    );
    let (_folder, inputs) = with_file("[kafka.properties]\nlinger_ms = 5");
    assert!(complaint(&inputs).contains("small letters, digits and dots"));
    let (_folder, inputs) = with_file("[kafka]\nproperties = 5");
    assert!(complaint(&inputs).contains("no such setting"));
}

#[test]
fn the_services_are_named_by_variables_and_by_flags() {
    let mut inputs = with_variables(&[
        ("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092"),
        ("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"),
        ("OMBUD_CQL_NODES", "127.0.0.1:19042"),
    ]);
    let flag = Flag { name: "--kafka", setting: "kafka_bootstrap", value: "one:9092,two:9092".into() };
    inputs.flags = vec![flag];
    let settings = load(&inputs).unwrap().settings;
    assert_eq!(settings.kafka_bootstrap, "one:9092,two:9092");
    assert_eq!(settings.registry_url, "http://127.0.0.1:18081/apis/ccompat/v7");
    assert_eq!(settings.cql_nodes, "127.0.0.1:19042");
}

const SECRET: &str = "correct horse battery staple, and more";

#[test]
fn a_secret_is_used_and_never_shown() {
    let inputs = with_variables(&[
        ("OMBUD_REGISTRY__PASSWORD", SECRET),
        ("OMBUD_CQL__PASSWORD", SECRET),
        ("OMBUD_DOSSIER__KEY", SECRET),
        ("OMBUD_EXPLAIN__SECRET", SECRET),
        ("OMBUD_KAFKA__PROPERTIES__SASL_PASSWORD", SECRET),
        ("OMBUD_KAFKA__PROPERTIES__SSL_KEY_PEM", SECRET),
        ("OMBUD_KAFKA__PROPERTIES__SASL_OAUTHBEARER_CLIENT_SECRET", SECRET),
        ("OMBUD_KAFKA__PROPERTIES__SASL_OAUTHBEARER_CONFIG", SECRET),
        ("OMBUD_KAFKA__PROPERTIES__CLIENT_RACK", "http://me:correct horse battery staple, and more@one"),
    ]);
    let loaded = load(&inputs).unwrap();
    let settings = &loaded.settings;
    assert_eq!((settings.registry.password.reveal(), settings.cql.password.reveal()), (SECRET, SECRET));
    assert_eq!(settings.kafka.properties["sasl.password"], SECRET);
    let serialised = serde_json::to_string(settings).unwrap();
    for shown in [
        loaded.to_string(),
        format!("{loaded:?} {settings:#?} {inputs:?}"),
        format!("{settings:?}"),
        serialised,
    ] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    assert!(loaded.to_string().contains("cql.password = \"***\"  # OMBUD_CQL__PASSWORD\n"));
}

#[test]
fn tokens_are_named_by_their_systems_and_never_shown() {
    let digest = "ab".repeat(32);
    let (_folder, mut inputs) = with_file(&format!(
        "[http]\nopen = true\ntoken = \"{SECRET}\"\n[http.tokens]\ncard-desk = \"{digest}\"\n"
    ));
    inputs.variables = with_variables(&[("OMBUD_HTTP__TOKENS__CRM", &digest)]).variables;
    let loaded = load(&inputs).unwrap();
    let http = &loaded.settings.http;
    assert_eq!(http.tokens.keys().collect::<Vec<_>>(), ["card-desk", "crm"]);
    assert_eq!(
        (http.tokens["crm"].reveal(), http.token.reveal(), http.open),
        (digest.as_str(), SECRET, true)
    );
    for shown in [loaded.to_string(), format!("{:?}", loaded.settings)] {
        assert!(!shown.contains(&digest) && !shown.contains(SECRET), "{shown}");
    }
    let wrong = with_variables(&[("OMBUD_HTTP__TOKENS__CRM", SECRET)]);
    assert_eq!(
        complaint(&wrong),
        "accept http.tokens.crm = \"***\" from OMBUD_HTTP__TOKENS__CRM: it must be the SHA-256 of a token, 64 \
         hexadecimal digits"
    );
}

#[test]
fn the_digest_of_a_word_that_is_guessed_first_is_refused_with_how_to_make_a_token() {
    let test = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let refused = complaint(&with_variables(&[("OMBUD_HTTP__TOKENS__CRM", test)]));
    assert!(
        refused
            .starts_with("accept http.tokens.crm from OMBUD_HTTP__TOKENS__CRM: it is the SHA-256 of nothing"),
        "{refused}"
    );
    assert!(refused.contains("`openssl rand -hex 32 | tr -d '\\n' > NAME.token`"), "{refused}");
}

#[test]
fn a_refusal_shows_no_secret() {
    let wrong_type = format!("[cql]\npassword = [\"{SECRET}\"]");
    let no_toml = format!("[cql]\npassword = {SECRET}");
    let in_url = format!("registry_url = \"https://me:{SECRET}@one\"");
    for text in [wrong_type, no_toml, in_url] {
        let (_folder, inputs) = with_file(&text);
        let refused = load(&inputs).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("horse"), "{refused:?}");
    }
}

#[test]
fn a_password_may_lie_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let path = file.to_str().unwrap();
    let inputs = with_variables(&[
        ("OMBUD_KAFKA__PASSWORD_FILE", path),
        ("OMBUD_CQL__PASSWORD_FILE", path),
        ("OMBUD_DOSSIER__KEY_FILE", path),
        ("OMBUD_EXPLAIN__SECRET_FILE", path),
        ("OMBUD_REGISTRY__PASSWORD_FILE", path),
    ]);
    let loaded = load(&inputs).unwrap();
    assert_eq!(loaded.settings.kafka.properties["sasl.password"], SECRET);
    assert_eq!(loaded.settings.cql.password.reveal(), SECRET);
    assert_eq!(loaded.settings.dossier.key.reveal(), SECRET);
    assert_eq!(loaded.settings.explain.secret.reveal(), SECRET);
    assert_eq!(loaded.settings.registry.password.reveal(), SECRET);
    assert!(!loaded.to_string().contains(SECRET));
    let missing = with_variables(&[("OMBUD_CQL__PASSWORD_FILE", "/nowhere/password")]);
    assert_eq!(complaint(&missing), "read /nowhere/password, which cql.password_file names");
}

#[test]
fn what_is_shown_is_toml_that_loads_again_and_tells_origins() {
    let shown = load(&with_variables(&[("OMBUD_INFER__QUEUE", "12")])).unwrap().to_string();
    assert!(shown.contains("infer.queue = \"12\"  # OMBUD_INFER__QUEUE\n"), "{shown}");
    assert!(shown.contains("archive.batch = 2048\n"), "{shown}");
    let (_folder, again) = with_file(&shown);
    assert_eq!(load(&again).unwrap().settings.infer.queue, 12);
}
