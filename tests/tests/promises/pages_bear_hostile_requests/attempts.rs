//! What is tried, line by line: why, the request line, its headers, its body, and what is to be answered.
//!
//! `ME` stands for the cookie of somebody who may do everything, `EVIL` for text that would act on a page if it were markup.

use Expected::{ClosedOr, LeadsTo, Status};

/// What is to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// This status.
    Status(u16),
    /// A redirect to this path of ours.
    LeadsTo(&'static str),
    /// This status, or the connection ends without an answer.
    ClosedOr(u16),
}

/// One attempt.
pub(super) type Attempt =
    (&'static str, &'static str, &'static [&'static str], &'static str, Expected);

/// What a form of ours is sent with.
pub(super) const FORM: &str = "content-type: application/x-www-form-urlencoded";
/// The name by which browsers of this test know the console.
pub(super) const HOST: &str = "host: localhost:8080";
const ME: &str = "cookie: ME";
const EVIL_ORIGIN: &str = "origin: http://evil.example";
const KEEP: &str = "language=en&theme=system&keys=on";

/// A page of another site sends what it can: simple requests, with the cookie where a browser would lend it.
pub(super) const ANOTHER_SITE: &[Attempt] = &[
    ("a form of another site", "POST /settings", &[HOST, ME, FORM, EVIL_ORIGIN], KEEP, Status(403)),
    ("from a sandbox or a file", "POST /settings", &[HOST, ME, FORM, "origin: null"], KEEP, Status(403)),
    ("another port of this host", "POST /settings", &[HOST, ME, FORM, "origin: http://localhost:3000"], KEEP, Status(403)),
    ("a host that begins as ours", "POST /settings", &[HOST, ME, FORM, "origin: http://localhost:8080.evil.example"], KEEP, Status(403)),
    ("two origins, one of them ours", "POST /settings", &[HOST, ME, FORM, "origin: http://localhost:8080", EVIL_ORIGIN], KEEP, Status(403)),
    ("no origin, and the browser says whence", "POST /settings", &[HOST, ME, FORM, "sec-fetch-site: cross-site"], KEEP, Status(403)),
    ("a host beside ours", "POST /settings", &[HOST, ME, FORM, "sec-fetch-site: same-site"], KEEP, Status(403)),
    ("as text, which needs no leave", "POST /settings", &[HOST, ME, "content-type: text/plain", EVIL_ORIGIN], KEEP, Status(403)),
    ("as a form with files", "POST /settings", &[HOST, ME, "content-type: multipart/form-data; boundary=x", EVIL_ORIGIN], KEEP, Status(403)),
    ("signs in as somebody else", "POST /sign-in", &[HOST, FORM, EVIL_ORIGIN], "name=eva&password=x", Status(403)),
    ("signs somebody out", "POST /sign-out", &[HOST, ME, EVIL_ORIGIN], "", Status(403)),
    ("signs out by an image", "GET /sign-out", &[HOST, ME], "", Status(405)),
    ("chooses by an image", "GET /settings?language=es&theme=dark&keys=off", &[HOST, ME], "", Status(200)),
    ("asks before it sends", "OPTIONS /settings", &[HOST, ME, EVIL_ORIGIN, "access-control-request-method: POST"], "", Status(403)),
    ("listens to what happens", "GET /events", &[HOST, EVIL_ORIGIN, ME], "", Status(403)),
];

/// Whom a request asks.
pub(super) const HOSTS: &[Attempt] = &[
    ("another name for this address", "GET /settings", &["host: evil.example", ME], "", Status(421)),
    ("a name that begins as ours", "GET /settings", &["host: localhost.evil.example:8080", ME], "", Status(421)),
    ("ours before another's", "GET /settings", &["host: localhost@evil.example", ME], "", Status(421)),
    ("two hosts", "GET /settings", &[HOST, "host: evil.example", ME], "", Status(421)),
    ("none", "GET /settings", &[ME], "", Status(421)),
    ("in the request line", "GET http://evil.example/settings", &[HOST, ME], "", Status(421)),
    ("by what a proxy would say", "GET /teams", &[HOST, "x-forwarded-host: evil.example", "forwarded: host=evil.example"], "", LeadsTo("/sign-in?back=%2Fteams")),
    ("the sign-in of another name", "GET /sign-in", &["host: evil.example"], "", Status(421)),
    ("the files of another name", "GET /assets/x.css", &["host: evil.example"], "", Status(421)),
];

/// Where a page may lead: to pages of ours.
pub(super) const WAYS: &[Attempt] = &[
    ("the page that asked", "GET /teams/cards?tab=mine", &[HOST], "", LeadsTo("/sign-in?back=%2Fteams%2Fcards%3Ftab%3Dmine")),
    ("another host after two slashes", "GET //evil.example/teams", &[HOST], "", Status(404)),
    ("kept by the sign-in", "GET /sign-in?back=//evil.example", &[HOST], "", Status(200)),
    ("with a backslash", "GET /sign-in?back=/%5Cevil.example", &[HOST], "", Status(200)),
    ("with a scheme", "GET /sign-in?back=javascript:alert(1)", &[HOST], "", Status(200)),
    ("with a line of its own", "GET /sign-in?back=/teams%0d%0aset-cookie:%20a=b", &[HOST], "", Status(200)),
    ("to the sign-out", "GET /sign-in?back=/sign-out", &[HOST], "", Status(200)),
    ("twice, one of them another's", "GET /sign-in?back=/desk&back=//evil.example", &[HOST], "", Status(400)),
    ("at the provider's way in", "GET /oidc/start?back=//evil.example", &[HOST], "", Status(404)),
    ("the next one behind another host", "GET /vulnerable?go=next&passed=//evil.example", &[HOST, ME], "", LeadsTo("/vulnerable")),
    ("the next of the sample", "GET /sample?go=next&passed=//evil.example&read=//evil.example", &[HOST, ME], "", LeadsTo("/sample")),
    ("a complaint that is an address", "POST /desk/next", &[HOST, ME, FORM], "complaint_id=%2F%2Fevil.example", Status(404)),
    ("what was skipped as an address", "POST /desk/next", &[HOST, ME, FORM], "skipped=%2F%2Fevil.example%0D%0Ax-injected:%201", LeadsTo("/desk?skipped=%2F%2Fevil.example%0Ax-injected%3A%201")),
];

/// Paths that mean another place.
pub(super) const PATHS: &[Attempt] = &[
    ("above the files", "GET /assets/../settings", &[HOST], "", Status(404)),
    ("above them, encoded", "GET /assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd", &[HOST], "", Status(404)),
    ("with backslashes", "GET /assets/..%5c..%5cetc%5cpasswd", &[HOST], "", Status(404)),
    ("encoded twice", "GET /assets/%252e%252e%252fombud.toml", &[HOST], "", Status(404)),
    ("a byte that ends names", "GET /assets/ombud.css%00.js", &[HOST], "", Status(404)),
    ("the folder itself", "GET /assets/", &[HOST], "", Status(404)),
    ("an id that goes up", "GET /complaints/..%2fsettings", &[HOST, ME], "", Status(404)),
    ("an id of dots", "GET /complaints/%2e%2e", &[HOST, ME], "", Status(404)),
    ("an id that is no text", "GET /complaints/%ff%fe", &[HOST, ME], "", Status(422)),
    ("an id with a line of its own", "GET /complaints/c%0d%0ax-injected:%201", &[HOST, ME], "", Status(404)),
    ("a team with one, in a file's name", "GET /teams/c%0d%0ax-injected:%201/export", &[HOST, ME], "", Status(200)),
    ("a slash at the end", "GET /settings/", &[HOST, ME], "", Status(404)),
    ("in capitals", "GET /SETTINGS", &[HOST, ME], "", Status(404)),
    ("a path of another's making", "GET /settings;jsessionid=1", &[HOST, ME], "", Status(404)),
];

/// Methods, types, sizes and shapes.
pub(super) const SHAPES: &[Attempt] = &[
    ("puts", "PUT /settings", &[HOST, ME, FORM], KEEP, Status(404)),
    ("deletes", "DELETE /complaints/c-1", &[HOST, ME], "", Status(404)),
    ("patches", "PATCH /strategy", &[HOST, ME], "", Status(404)),
    ("has its own headers sent back", "TRACE /settings", &[HOST, ME], "", Status(404)),
    ("sends to a page that takes nothing", "POST /teams", &[HOST, ME, FORM], "", Status(404)),
    ("names a method in a field", "POST /settings", &[HOST, ME, FORM], "_method=DELETE&language=en&theme=system&keys=on", LeadsTo("/settings?done=settings-kept")),
    ("names one in a header", "GET /settings", &[HOST, ME, "x-http-method-override: DELETE"], "", Status(200)),
    ("a form as JSON", "POST /settings", &[HOST, ME, "content-type: application/json"], r#"{"language":"en"}"#, Status(415)),
    ("a form as what it is not", "POST /settings", &[HOST, ME, "content-type: multipart/form-data; boundary=x"], "--x--", Status(415)),
    ("a form without its fields", "POST /settings", &[HOST, ME, FORM], "language=en", Status(422)),
    ("a field twice", "POST /settings", &[HOST, ME, FORM], "language=en&language=es&theme=system&keys=on", Status(422)),
    ("a cookie of one's own making", "POST /settings", &[HOST, ME, FORM], "language=en%0d%0ax-injected:%201&theme=%3B%20Domain%3Devil&keys=on", LeadsTo("/settings?done=settings-kept")),
    ("text that is no text", "POST /complaints/c-1/work", &[HOST, ME, FORM], "kind=%ff%fe&reason_code=%00", Status(422)),
    ("a body before it is read", "POST /settings", &[HOST, ME, FORM, "expect: 100-continue", "content-length: 99999999999"], "", ClosedOr(413)),
    ("a page that is too long ago", "GET /trail?before=9223372036854775808", &[HOST, ME], "", Status(422)),
    ("a head that ends nowhere near", "GET /settings", &[HOST, "x-long: LONG"], "", ClosedOr(431)),
];

/// Two requests where one is meant, and heads that others read otherwise.
pub(super) const HEADS: &[Attempt] = &[
    ("two lengths", "POST /settings", &[HOST, ME, FORM, "content-length: 5", "content-length: 6"], "", ClosedOr(400)),
    ("a length that is none", "POST /settings", &[HOST, ME, FORM, "content-length: +5"], "", ClosedOr(400)),
    ("a coding that nobody knows", "POST /settings", &[HOST, ME, FORM, "transfer-encoding: xchunked"], "", ClosedOr(400)),
    ("chunked, but not last", "POST /settings", &[HOST, ME, FORM, "transfer-encoding: chunked, identity"], "", ClosedOr(400)),
    ("a space before the colon", "POST /settings", &[HOST, ME, FORM, "transfer-encoding : chunked"], "", ClosedOr(400)),
    ("a line that goes on", "GET /settings", &[HOST, ME, "x-a: b\r\n x-injected: 1"], "", ClosedOr(400)),
    ("a name with a byte that ends names", "GET /settings", &[HOST, ME, "x\0a: b"], "", ClosedOr(400)),
    ("a path with a space", "GET /settings HTTP/1.1\r\nx-injected:", &["1", HOST], "", ClosedOr(400)),
];

/// Who somebody is by their own word.
pub(super) const WORDS: &[Attempt] = &[
    ("nobody", "GET /settings", &[HOST], "", LeadsTo("/sign-in?back=%2Fsettings")),
    ("an id that was thought up", "GET /settings", &[HOST, "cookie: ombud=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "", LeadsTo("/sign-in?back=%2Fsettings")),
    ("two, one of them another's", "GET /settings", &[HOST, "cookie: ME; ombud=aaaa"], "", LeadsTo("/sign-in?back=%2Fsettings")),
    ("the name that a cookie has over TLS", "GET /settings", &[HOST, "cookie: __Host-ME"], "", LeadsTo("/sign-in?back=%2Fsettings")),
    ("in the address", "GET /desk?ombud=aaaa", &[HOST], "", LeadsTo("/sign-in?back=%2Fdesk%3Fombud%3Daaaa")),
    ("as a proxy would", "GET /settings", &[HOST, "x-forwarded-user: eva", "x-forwarded-groups: lead", "x-ombud-proxy-secret: guess"], "", LeadsTo("/sign-in?back=%2Fsettings")),
    ("as the operator", "GET /health", &[HOST, "authorization: Bearer operator"], "", LeadsTo("/sign-in?back=%2Fhealth")),
    ("a form without a session", "POST /desk/next", &[HOST, FORM], "", LeadsTo("/sign-in")),
];

/// Every table.
pub(super) const ALL: [(&str, &[Attempt]); 7] = [
    ("another site", ANOTHER_SITE),
    ("hosts", HOSTS),
    ("ways", WAYS),
    ("paths", PATHS),
    ("shapes", SHAPES),
    ("heads", HEADS),
    ("words", WORDS),
];

/// Addresses in which `EVIL` is a value that pages read.
pub(super) const ADDRESSES: &[&str] = &[
    "/settings?done=EVIL&count=EVIL",
    "/desk?done=EVIL&undo=EVIL&undo_of=EVIL&skipped=EVIL",
    "/desk/EVIL?undo=EVIL",
    "/teams/EVIL",
    "/teams/card-services?tab=EVIL&product=EVIL&customer=EVIL&vulnerable=EVIL&due_before=EVIL&after=EVIL&undo=work.EVIL.EVIL&chosen=EVIL",
    "/teams/card-services?undo=EVIL&done=team-move&count=EVIL",
    "/teams/card-services/export?product=EVIL&tab=EVIL",
    "/vulnerable?flag=EVIL&after=EVIL&of=EVIL&undo=EVIL&note=EVIL",
    "/vulnerable/EVIL?of=EVIL&undo=EVIL",
    "/complaints?q=EVIL",
    "/complaints/EVIL?undo=EVIL",
    "/complaints/EVIL/narrative",
    "/complaints/EVIL/dossier?as_of=EVIL&reason=EVIL",
    "/sample?read=EVIL&go=EVIL&passed=EVIL",
    "/sample/EVIL?done=EVIL&read=EVIL",
    "/trail?complaint=EVIL",
    "/trail?before=EVIL",
    "/models/EVIL/EVIL?day=EVIL&evaluation=EVIL",
    "/strategy/change?change=EVIL&task=EVIL&model=EVIL&percent=EVIL",
    "/strategy/change?change=canary&task=product&model=EVIL&percent=5&reason=EVIL",
    "/strategy/history?before=EVIL",
    "/strategy/versions/EVIL",
    "/strategy/requests?done=EVIL",
    "/quality?days=EVIL",
    "/quality/cases?days=EVIL&part=EVIL&task=EVIL&label=EVIL",
    "/radar?page=EVIL&after=EVIL&order=EVIL",
    "/radar/EVIL?after=EVIL",
    "/health?sent=EVIL&already=EVIL&refused=EVIL&examine=EVIL",
    "/sign-in?back=EVIL",
    "/sign-in/link?token=EVIL",
    "/oidc/callback?code=EVIL&state=EVIL&iss=EVIL&error=EVIL",
    "/EVIL",
];
