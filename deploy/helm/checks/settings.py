"""Holds the chart's `config` to the settings of Ombud: the rules are read from the source that enforces them.

crates/launch/src/config/rule.rs says what each setting may be, property.rs which properties of librdkafka are refused. What
values.schema.json allows under `config` must be exactly that, less what the chart sets itself and less secrets.
"""

import json
import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
CONFIG = REPO / "crates/launch/src/config"

# Settings that the chart writes, with the value that says them; refused under `config`, so that nothing has two names.
OWN = {
    "data": "(always /data)",
    "models": "models.from",
    "shared_models": "models.sharedClaim",
    "kafka_bootstrap": "kafka.bootstrap",
    "registry_url": "registry.url",
    "cql_nodes": "cql.nodes",
    "http.address": "http.address",
    "http.metrics_address": "http.metricsAddress",
    "http.hosts": "http.hosts",
    "http.public_url": "http.publicUrl",
    "sign_in.oidc_issuer": "signIn.oidc.issuer",
    "sign_in.oidc_client_id": "signIn.oidc.clientId",
    "sign_in.oidc_client_secret_file": "signIn.oidc.existingSecret",
    "sign_in.oidc_ca": "signIn.oidc.ca",
    "sign_in.proxy_secret_file": "signIn.proxy.existingSecret",
    "dossier.key_file": "dossier.existingSecret",
    "explain.address": "explain.existingSecret",
    "explain.secret_file": "explain.existingSecret",
    "kafka.password_file": "kafka.sasl.existingSecret",
    "registry.username": "registry.username",
    "registry.password_file": "registry.existingSecret",
    "registry.ca": "registry.ca",
    "cql.username": "cql.username",
    "cql.password_file": "cql.existingSecret",
    "cql.ca": "cql.ca",
}
# Secrets stand in no ConfigMap.
SECRET = {
    "dossier.key", "explain.secret", "http.token", "registry.password", "cql.password", "sign_in.oidc_client_secret",
    "sign_in.proxy_secret",
}  # fmt: skip
# Properties that the chart writes, from `kafka.sasl`, `kafka.tls` and `kafka.users`.
OWN_PROPERTIES = [
    "security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.username", "ssl.ca.location",
    "ssl.certificate.location", "ssl.key.location",
]
SECRET_PROPERTY = r"password|passphrase|secret|jaas|\.pem$|oauthbearer\.config$"

# Maps whose names are the user's own. Tokens are a Secret's.
NAMED = {"http": ["scopes", "teams"], "sign_in": ["roles", "teams"]}

TEXT = {"type": "string"}
KINDS = {
    "Text": TEXT,
    "LogFilter": TEXT,
    "Groups": TEXT,
    "Claim": TEXT,
    "HeaderName": TEXT,
    "Names": TEXT,
    "PathOrNothing": TEXT,
    "Path": {"type": "string", "minLength": 1},
    "Ratio": {"type": "number", "minimum": 0, "maximum": 1},
    "Switch": {"type": "boolean"},
    "Url": {"type": "string", "pattern": r"^(https?://[^/@\s][^@\s]*)?$"},
    "Keyspace": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,47}$"},
    "TopicPrefix": {"type": "string", "pattern": "^[A-Za-z0-9._-]{0,100}$"},
}


def rules():
    """Every setting and what its value may be, as JSON Schema."""
    source = (CONFIG / "rule.rs").read_text()
    timeout = re.search(r"const TIMEOUT: Right = Right::(.*);", source).group(1)
    table = source[source.index("const RULES") :]
    table = table[: table.index("];\n")].replace("TIMEOUT", f"Right::{timeout}")
    found = re.findall(r'\("([a-z_.]+)", Right::(\w+)(?:\((.*?)\))?\)', table)
    assert len(found) == table.count('("'), "rule.rs is written in another way than this reads"
    return {name: as_schema(kind, of) for name, kind, of in found}


def as_schema(kind, of):
    if kind == "Whole":
        least, most = re.match(r'(.*)\.\.=(.*), "', of).groups()
        return {"type": "integer", "minimum": number(least), "maximum": number(most)}
    if kind == "OneOf":
        return {"enum": re.findall(r'"([^"]+)"', of)}
    # None of these may stand under `config`; what they are is checked by the command.
    return KINDS.get(kind, TEXT)


def number(text):
    """A number as Rust writes it, such as `7 * 24 * 3_600_000` or `1 << 30`."""
    assert re.fullmatch(r"[0-9_ *<]+", text), text
    return eval(text, {"__builtins__": {}})  # noqa: S307 - digits and two operators


def held_properties():
    source = (CONFIG / "property.rs").read_text()
    table = source[source.index("const HELD") :]
    return re.findall(r'^    \("([a-z.]+)",', table[: table.index("];")], re.MULTILINE)


def config_schema():
    """What values.schema.json must have as `config`."""
    sections = {}
    for name, schema in rules().items():
        if name in OWN or name in SECRET:
            continue
        section, _, setting = name.rpartition(".")
        sections.setdefault(section, {})[setting] = schema
    # Maps whose names are not Ombud's.
    for section, names in NAMED.items():
        sections[section] |= {name: {"type": "object", "additionalProperties": TEXT} for name in names}
    refused = sorted(held_properties() + OWN_PROPERTIES)
    sections["kafka"]["properties"] = {
        "type": "object",
        "properties": {name: False for name in refused},
        "patternProperties": {SECRET_PROPERTY: False, "[^a-z0-9.]": False},
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }
    return section_schema(sections.pop("") | {name: section_schema(of) for name, of in sections.items()})


def section_schema(properties):
    return {"type": "object", "additionalProperties": False, "properties": dict(sorted(properties.items()))}


def differences(schema):
    """What `schema`, values.schema.json, says otherwise than Ombud's settings do."""
    wanted, found = config_schema(), schema["properties"]["config"]
    if wanted == found:
        return []
    pairs = [("config", wanted, found)]
    said = []
    while pairs:
        place, ours, theirs = pairs.pop()
        if not (isinstance(ours, dict) and isinstance(theirs, dict)):
            if ours != theirs:
                said.append(f"{place}: the schema has {json.dumps(theirs)}, and rule.rs {json.dumps(ours)}")
            continue
        for name in sorted(ours.keys() | theirs.keys()):
            pairs.append((f"{place}.{name}", ours.get(name), theirs.get(name)))
    return said
