//! Addresses that pages lead to.

use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is written as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as one segment of a path, or as a value of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// Leads to another page, after a form.
pub(super) fn led_to(headers: HeaderMap, address: &str) -> Response {
    (headers, Redirect::to(address)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment_of_a_path_whatever_is_in_it() {
        assert_eq!(encoded("crm-1_2.a~b"), "crm-1_2.a~b");
        assert_eq!(encoded("a/../b?c#d é\""), "a%2F..%2Fb%3Fc%23d%20%C3%A9%22");
    }
}
