//! What the routes do not say of themselves: the document's head, and the errors that every request can meet.

use care4w_protocol::ErrorCode;
use care4w_protocol::rest::Failure;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// Title, version, security scheme and the schema of a failure.
pub fn head() -> OpenApi {
    let mut schemas = vec![(Failure::name().into_owned(), Failure::schema())];
    Failure::schemas(&mut schemas);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Care4W")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Success is `{success: true, data}`, failure `{success: false, error: {code, message}}`; \
                     clients match on `code`. Unknown fields are ignored.",
                ))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .schemas_from_iter(schemas)
                .security_scheme("bearer", SecurityScheme::Http(bearer))
                .build(),
        ))
        .build()
}

/// Adds to every operation the errors that the server's common parts answer for it.
pub fn complete(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            complete_operation(operation);
        }
    }
    // The derive does not see the names that the codes have on the wire.
    let codes = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(ErrorCode::ALL.iter().map(|code| code.as_str())))
        .description(Some("What went wrong, for programs."))
        .build();
    if let Some(components) = &mut document.components {
        components.schemas.insert(ErrorCode::name().into_owned(), codes.into());
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete].into_iter().flatten()
}

fn complete_operation(operation: &mut Operation) {
    let mut common = vec![("500", "INTERNAL_ERROR")];
    if operation.request_body.is_some() {
        common.extend([
            ("400", "VALIDATION_ERROR"),
            ("408", "REQUEST_TIMEOUT"),
            ("413", "TOO_LARGE"),
            ("415", "UNSUPPORTED_MEDIA_TYPE"),
        ]);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        common.push(("400", "VALIDATION_ERROR"));
    }
    if operation.security.is_some() {
        common.push(("401", "UNAUTHORIZED, or SESSION_REVOKED: sign in again"));
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in common {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in responses {
        let (RefOr::T(response), '4'..='5') = (response, status.chars().next().unwrap_or('2')) else { continue };
        let failure = Content::new(Some(Ref::from_schema_name(Failure::name())));
        response.content.insert("application/json".into(), failure.into());
        if status == "429" {
            let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
            let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait")).build();
            response.headers.insert("Retry-After".into(), header.into());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    fn document() -> Value {
        serde_json::to_value(crate::routes::document()).unwrap()
    }

    /// CONTRACT.md, "REST".
    const CONTRACT: &[(&str, &str)] = &[
        ("get", "/api/config"),
        ("get", "/api/openapi.json"),
        ("post", "/api/auth/register"),
        ("post", "/api/auth/login"),
        ("post", "/api/auth/refresh"),
        ("post", "/api/auth/logout"),
        ("post", "/api/auth/logout-all"),
        ("post", "/api/auth/password"),
        ("post", "/api/auth/forgot"),
        ("post", "/api/auth/reset"),
        ("delete", "/api/users/me"),
        ("get", "/api/users/settings"),
        ("patch", "/api/users/settings"),
        ("get", "/api/users/blocks"),
        ("put", "/api/users/blocks/{care4wId}"),
        ("delete", "/api/users/blocks/{care4wId}"),
        ("post", "/api/users/phone/check"),
        ("get", "/api/users/phone"),
        ("patch", "/api/users/phone"),
        ("delete", "/api/users/phone"),
        ("post", "/api/users/phone/verify"),
        ("post", "/api/users/phone/verify/send"),
        ("get", "/api/users/lookup/phone"),
        ("get", "/api/users/lookup"),
        ("get", "/api/ice"),
        ("get", "/api/token"),
        ("post", "/api/twilio/ring"),
        ("get", "/api/twilio/ring/{call}"),
        ("delete", "/api/twilio/ring/{call}"),
        ("get", "/api/calls"),
        ("post", "/api/webhooks/twilio/voice"),
        ("post", "/api/webhooks/twilio/status"),
        ("get", "/api/signal"),
        ("get", "/reset"),
        ("get", "/healthz"),
        ("get", "/readyz"),
        ("get", "/metrics"),
    ];

    #[test]
    fn the_document_is_openapi_3_1_and_holds_the_contract_and_nothing_else() {
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut described: Vec<(String, String)> = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, _) in item.as_object().unwrap() {
                described.push((method.clone(), path.clone()));
            }
        }
        let mut wanted: Vec<_> = CONTRACT.iter().map(|(method, path)| (method.to_string(), path.to_string())).collect();
        described.sort();
        wanted.sort();
        assert_eq!(described, wanted);
    }

    #[test]
    fn every_route_stands_in_the_document() {
        // A route that is not made by `routes!` is not in the document: there is only one such place, which serves
        // the same `/metrics` at a second address.
        let sources = [include_str!("mod.rs"), include_str!("../server.rs")];
        for source in sources {
            assert!(!source.contains(".route("), "make routes by routes!, so that they are documented");
        }
    }

    #[test]
    fn every_error_has_the_failures_shape_and_every_429_says_when_to_come_back() {
        let document = document();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    if status.starts_with(['4', '5']) {
                        let shape = &response["content"]["application/json"]["schema"]["$ref"];
                        assert_eq!(shape, "#/components/schemas/Failure", "{method} {path} {status}");
                    }
                    assert_eq!(
                        status == "429",
                        response["headers"]["Retry-After"].is_object(),
                        "{method} {path} {status}"
                    );
                }
                if operation["security"].is_array() {
                    assert!(operation["responses"]["401"].is_object(), "{method} {path} needs a token");
                }
                if operation["requestBody"].is_object() {
                    for status in ["400", "408", "413", "415"] {
                        assert!(operation["responses"][status].is_object(), "{method} {path} takes a body");
                    }
                }
            }
        }
    }

    #[test]
    fn the_codes_are_those_of_the_wire() {
        let codes = &document()["components"]["schemas"]["ErrorCode"]["enum"];
        assert!(codes.as_array().unwrap().contains(&"PHONE_ALREADY_EXISTS".into()), "{codes}");
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        fn walk(value: &Value, document: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                    }
                    map.values().for_each(|value| walk(value, document));
                }
                Value::Array(values) => values.iter().for_each(|value| walk(value, document)),
                _ => {}
            }
        }
        let document = document();
        walk(&document, &document);
    }
}
