//! Amounts of money as people write them, and as records have them: whole numbers of the currency's smallest unit.

/// Currencies whose minor unit is the whole, and those where it is a thousandth (ISO 4217).
const WITHOUT_MINOR: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Why an amount can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// It is no number of that currency.
    #[error("give an amount of {currency} such as {example}, without signs or separators")]
    Malformed {
        /// The currency.
        currency: String,
        /// What one looks like.
        example: String,
    },
    /// No record can have it.
    #[error("it is too much")]
    TooMuch,
}

/// An amount such as 25.00 in minor units of `currency`.
///
/// # Errors
/// It has signs, separators or more digits than the currency; or is too large.
pub fn minor_units(amount: &str, currency: &str) -> Result<i64, AmountError> {
    let digits = digits_of(currency);
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > digits {
        return Err(AmountError::Malformed {
            currency: currency.to_owned(),
            example: in_words(25 * 10_i64.pow(u32::try_from(digits).unwrap_or(0)), currency),
        });
    }
    format!("{whole}{part:0<digits$}").parse().map_err(|_| AmountError::TooMuch)
}

/// An amount as people write it, without its currency: 25.00 of 2500 in GBP.
pub(crate) fn in_words(minor: i64, currency: &str) -> String {
    let digits = digits_of(currency);
    let (sign, units) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs().to_string());
    if digits == 0 {
        return format!("{sign}{units}");
    }
    let padded = format!("{units:0>least$}", least = digits + 1);
    let (whole, part) = padded.split_at(padded.len() - digits);
    format!("{sign}{whole}.{part}")
}

fn digits_of(currency: &str) -> usize {
    match currency {
        code if WITHOUT_MINOR.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_in_the_minor_units_of_its_currency() {
        for (amount, currency, expected) in [
            ("25.00", "GBP", 2_500),
            ("25", "GBP", 2_500),
            ("0.5", "EUR", 50),
            ("1200", "JPY", 1_200),
            ("1.234", "KWD", 1_234),
        ] {
            assert_eq!(minor_units(amount, currency).unwrap(), expected, "{amount} {currency}");
        }
        for (amount, currency) in [
            ("25.005", "GBP"),
            ("1.5", "JPY"),
            ("-1", "GBP"),
            ("1,000.00", "GBP"),
            (".5", "GBP"),
            ("x", "GBP"),
            ("", "GBP"),
        ] {
            assert!(minor_units(amount, currency).is_err(), "{amount} {currency}");
        }
        let said = minor_units("x", "GBP").unwrap_err().to_string();
        assert_eq!(said, "give an amount of GBP such as 25.00, without signs or separators");
        assert_eq!(minor_units("99999999999999999999", "GBP"), Err(AmountError::TooMuch));
    }

    #[test]
    fn an_amount_is_written_as_it_is_read() {
        for (minor, currency, expected) in [
            (2_500, "GBP", "25.00"),
            (5, "GBP", "0.05"),
            (0, "EUR", "0.00"),
            (1_200, "JPY", "1200"),
            (1_234, "KWD", "1.234"),
            (-50, "GBP", "-0.50"),
        ] {
            assert_eq!(in_words(minor, currency), expected);
        }
    }
}
