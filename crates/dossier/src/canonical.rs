//! One sequence of bytes for one value: RFC 8785 for JSON, and base64 that is what it gives when it is written again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Beyond it a number of JSON is not exact: a double has 53 bits.
const MOST_EXACT: u64 = 1 << 53;

/// `value` as its canonical bytes.
pub(crate) fn to_canonical(value: &Value) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

/// The value in `bytes`, where those are its canonical form.
pub(crate) fn from_canonical(bytes: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|e| format!("it is not JSON at line {}, column {}", e.line(), e.column()))?;
    let canonical = to_canonical(&value).map_err(|_| "it has no canonical form".to_owned())?;
    if canonical != bytes {
        return Err("its bytes are not the canonical form (RFC 8785) of what they say".to_owned());
    }
    Ok(value)
}

/// `value` with whole numbers that no double holds as text.
pub(crate) fn exact(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let is_exact = match (number.as_u64(), number.as_i64()) {
                (Some(whole), _) => whole <= MOST_EXACT,
                (None, Some(whole)) => whole.unsigned_abs() <= MOST_EXACT,
                (None, None) => true,
            };
            if is_exact { Value::Number(number) } else { Value::String(number.to_string()) }
        }
        Value::Array(values) => values.into_iter().map(exact).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, exact(value))).collect(),
        other => other,
    }
}

/// `bytes` in base64, with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What `text` is the base64 of. There is one text for the same bytes: padding and unused bits are as [`to_base64`] writes
/// them.
pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, String> {
    let bytes = STANDARD.decode(text).ok().filter(|bytes| to_base64(bytes) == text);
    bytes.ok_or_else(|| "it is not base64 with its padding".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_has_one_form_and_every_other_is_refused() {
        let value =
            json!({"b": [1, 0.5, 1e21, 1e-7, 100.0], "a": "é\u{1}\n\"", "\u{10000}": 1, "\u{ffff}": 2});
        let bytes = to_canonical(&value).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            "{\"a\":\"é\\u0001\\n\\\"\",\"b\":[1,0.5,1e+21,1e-7,100],\"\u{10000}\":1,\"\u{ffff}\":2}"
        );
        assert!(from_canonical(&bytes).is_ok());
        for other in [
            "{\"a\": 1}",
            "{\"a\":1}\n",
            "{\"b\":1,\"a\":1}",
            "{\"a\":1.0}",
            "{\"a\":1,\"a\":1}",
            "[1e0]",
            "\"\\u00e9\"",
            "",
        ] {
            assert!(from_canonical(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_number_that_no_double_holds_stands_as_text() {
        let most = 1_i64 << 53;
        let value = exact(json!([most, most + 1, -most - 1, i64::MAX, 0.1]));
        assert_eq!(value, json!([most, "9007199254740993", "-9007199254740993", "9223372036854775807", 0.1]));
        let bytes = to_canonical(&value).unwrap();
        assert!(from_canonical(&bytes).is_ok());
    }

    #[test]
    fn base64_that_another_text_gives_too_is_refused() {
        assert_eq!(from_base64("QQ=="), Ok(b"A".to_vec()));
        for other in ["QR==", "QQ", "QQ=", "QQ==\n", " QQ==", "QQ===", "Q-==", "QQ==QQ=="] {
            assert!(from_base64(other).is_err(), "{other}");
        }
    }
}
