//! `GET /api/openapi.json`: the API, described by the types that it is made of.

use axum::{Extension, Json};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::refused::Refusals;

#[derive(OpenApi)]
#[openapi(
    info(title = "Ombud", description = "Complaints in; queues, cases and clocks out; work and verdicts back."),
    paths(
        crate::complaints::accept,
        crate::feedback::accept,
        crate::me::me,
        crate::me::teams,
        crate::taxonomy::taxonomy,
        crate::queues::counts,
        crate::queues::page,
        crate::queues::next,
        crate::claims::lease,
        crate::work::accept,
        crate::search::search,
        crate::cases::case,
        crate::cases::narrative,
        crate::cases::evidence,
        crate::explain::answer,
        crate::dossier::download,
        crate::audit_page::audit,
        served,
    ),
    modifiers(&Tokens)
)]
struct Document;

struct Tokens;

/// This document.
#[utoipa::path(
    operation_id = "show_document",
    get, path = "/api/openapi.json", tag = "names",
    responses((status = 200, description = "OpenAPI 3.1", body = std::collections::BTreeMap<String, serde_json::Value>), Refusals),
    security(("token" = []))
)]
pub(crate) async fn served(
    Extension(document): Extension<utoipa::openapi::OpenApi>,
) -> Json<utoipa::openapi::OpenApi> {
    Json(document)
}

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A token whose SHA-256 stands under http.tokens and whose http.scopes have this; none where no tokens are set.",
            ))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// The OpenAPI 3.1 document of the console's routes; others' documents are merged into it by `merge_from`.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_openapi_3_1_and_its_references_lead_somewhere() {
        let document = serde_json::to_value(super::document()).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{document}");
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                for status in ["401", "403", "404", "405", "408", "413", "415", "421", "422", "503"] {
                    let body = &operation["responses"][status]["content"]["application/json"]["schema"];
                    assert!(body.is_object(), "{method} {path} {status}");
                }
            }
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#/").skip(1) {
            let pointer = format!("/{}", reference.split('"').next().unwrap());
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
        assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    }
}
