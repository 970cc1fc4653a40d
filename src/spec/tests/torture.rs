//! Documents with the defects that real ones have: each is read, and says what was assumed and where.

use super::*;

/// Where a defect is written: into the operation `GET /a`, into `components`, or into the root.
enum In {
    Operation,
    Components,
    Root,
}

/// A sound document into which a defect is written.
fn document(place: &In, defect: &str) -> String {
    let mut root = json!({
        "openapi": "3.0.3", "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "fine"}}}}}, "components": {}
    });
    let target = match place {
        In::Operation => &mut root["paths"]["/a"]["get"],
        In::Components => &mut root["components"],
        In::Root => &mut root,
    };
    let defect: Value = text::parse(defect).unwrap().value;
    for (key, value) in defect.as_object().unwrap() {
        target[key] = value.clone();
    }
    serde_json::to_string_pretty(&root).unwrap()
}

/// The operation survives, and a note of the level says `told` about `pointer`.
#[track_caller]
fn check_level(place: &In, defect: &str, level: Level, pointer: &str, told: &str) -> Loaded {
    let loaded = load(&document(place, defect));
    check_sound(&loaded);
    let note = loaded.notes.iter().find(|note| note.pointer == pointer && note.message.contains(told));
    let note = note.unwrap_or_else(|| panic!("nothing like `{told}` about {pointer} in {:#?}", loaded.notes));
    assert_eq!(note.level, level);
    assert!(note.position.as_ref().is_some_and(|position| position.line > 1), "{note:?}");
    loaded
}

#[track_caller]
fn check(place: &In, defect: &str, pointer: &str, told: &str) -> Loaded {
    let loaded = check_level(place, defect, Level::Assumed, pointer, told);
    assert!(loaded.api.operation(&OperationId::new("get", "/a")).is_some(), "the operation is lost");
    loaded
}

#[track_caller]
fn check_operation(defect: &str, below: &str, told: &str) -> Loaded {
    check(&In::Operation, defect, &format!("/paths/~1a/get{below}"), told)
}

#[test]
fn defects_of_parameters() {
    check_operation("parameters: [{name: q, in: path, required: true, schema: {}}]", "", "does not occur in the path");
    check_operation("parameters: [{$ref: '#/components/parameters/None'}]", "/parameters/0", "leads nowhere");
    check_operation("parameters: {}", "/parameters", "must be a list");
    check_operation("parameters: [null]", "/parameters/0", "can't be found");
    check_operation("parameters: [{name: q, in: query, style: simple}]", "/parameters/0/style", "none for a parameter");
    check_operation("parameters: [{name: q, in: query}, {name: q, in: query}]", "/parameters/1", "declared twice");
    check_operation("parameters: [{name: Content-Type, in: header}]", "/parameters/0", "is ignored");
    let bare =
        check_operation("parameters: [{name: q, in: query, type: integer}]", "/parameters/0", "as in Swagger 2.0");
    assert!(!bare.api.operations[0].parameters[0].schema.conforms(View::Request, &json!("a")));
    let body =
        check_operation("parameters: [{name: b, in: body, schema: {type: string}}]", "/parameters/0", "Swagger 2.0");
    assert_eq!(body.api.operations[0].body.as_ref().unwrap().contents[0].name, "application/json");
    for lost in ["{in: query}", "{name: q}", "{name: q, in: nowhere}"] {
        let pointer = "/paths/~1a/get/parameters/0";
        let loaded =
            check_level(&In::Operation, &format!("parameters: [{lost}]"), Level::Skipped, pointer, "can't be sent");
        assert_eq!(loaded.api.operations.len(), 1);
    }
}

#[test]
fn path_parameters_are_always_there() {
    let paths = "paths: {'/a': {get: {responses: {}}}, '/b/{id}/{x}': {get: {parameters: [{name: id, in: path, schema: {type: int}}], \
                 responses: {200: {description: d}}}}}";
    let loaded = check(&In::Root, paths, "/paths/~1b~1{id}~1{x}/get", "`x` is not declared");
    check(&In::Root, paths, "/paths/~1b~1{id}~1{x}/get/parameters/0", "not `required`");
    let parameters: Vec<_> =
        loaded.api.operations[1].parameters.iter().map(|p| (p.name.as_str(), p.required)).collect();
    assert_eq!(parameters, [("id", true), ("x", true)]);
}

#[test]
fn defects_of_bodies_and_answers() {
    check_operation("requestBody: {content: {}}", "/requestBody", "names no media type");
    check_operation("requestBody: {$ref: '#/components/requestBodies/None'}", "/requestBody", "leads nowhere");
    check_operation("requestBody: {content: {json: {}}}", "/requestBody/content/json", "read as `application/json`");
    check_operation("requestBody: {content: {blob: {}}}", "/requestBody/content/blob", "used as written");
    check_operation("responses: null", "/responses", "documents no answers");
    check_operation("responses: {200: {}}", "/responses/200", "no `description`");
    check_operation("responses: {ok: {description: d}}", "/responses/ok", "is no status");
    check_operation("responses: {404: {description: d}}", "/responses", "no answer of success");
    check_operation("responses: {200: {$ref: '#/components/responses/None'}}", "/responses/200", "leads nowhere");
    let empty = check_operation(
        "responses: {204: {description: d, content: {text/plain: {}}}}",
        "/responses/204",
        "has no body",
    );
    assert!(empty.api.operations[0].responses.0[0].1.contents.is_empty());
    let old =
        check_operation("responses: {200: {description: d, schema: {type: string}}}", "/responses/200", "Swagger 2.0");
    assert!(old.api.operations[0].responses.0[0].1.contents[0].schema.is_some());
}

#[test]
fn defects_of_schemas() {
    let schema = |schema: &str, below: &str, told: &str| {
        check(&In::Components, &format!("schemas: {{S: {schema}}}"), &format!("/components/schemas/S{below}"), told);
    };
    schema("{type: int}", "/type", "read as `integer`");
    schema("{type: wibble}", "/type", "no type");
    schema("null", "", "must be an object");
    schema("[]", "", "must be an object");
    schema("{type: integer, enum: ['1']}", "/enum", "not of type");
    schema("{enum: []}", "/enum", "no members");
    schema("{enum: a}", "/enum", "must be a list");
    schema("{enum: [a, a]}", "/enum", "twice");
    schema("{type: integer, default: a}", "/default", "not of type");
    schema("{enum: [a], default: b}", "/default", "no member");
    schema("{properties: {p: {type: string, required: true}}}", "/properties/p/required", "stands at a property");
    schema("{type: integer, pattern: a}", "/pattern", "no effect");
    schema("{pattern: '(a'}", "/pattern", "no regular expression");
    schema("{$ref: '#/components/schemas/None'}", "", "leads nowhere");
    schema("{$ref: 'https://example.org/s.json'}", "", "is a URL");
    schema("{$ref: 'other.yaml#/S'}", "", "can't be read");
    schema("{$ref: '#/components/schemas/S'}", "", "leads in a circle");
    schema("{$ref: '#/components/schemas/T', maxLength: 1}", "", "is ignored before");
}

#[test]
fn defects_of_the_rest() {
    let root = |defect: &str, pointer: &str, told: &str| check(&In::Root, defect, pointer, told);
    root("info: {title: t}", "/info", "`info.version` is missing");
    let open = root("servers: [{url: 'https://{region}.example.org'}]", "/servers/0/url", "no default");
    assert_eq!(open.api.servers, ["https://region.example.org"]);
    root("security: [{none: []}]", "/security/0", "is not declared");
    check_operation("security: {}", "/security", "must be a list");
    check_operation("servers: [{url: /other}]", "/servers", "are not used");
    let two = "paths: {/a: {get: {operationId: x, responses: {}}}, /b: {get: {operationId: x, responses: {}}}}";
    root(two, "/paths/~1b/get", "used twice");
    let same =
        "paths: {/a: {get: {responses: {}}}, '/b/{x}': {get: {responses: {}}}, '/b/{y}': {get: {responses: {}}}}";
    root(same, "/paths/~1b~1{y}/get", "differ in parameter names only");
    let bare = root("paths: {a: {get: {responses: {}}}}", "/paths/a", "must begin with a slash");
    assert_eq!(bare.api.operations[0].path, "/a");
}

#[test]
fn a_broken_operation_costs_only_itself() {
    let paths = "paths: {/a: {get: {responses: {}}}, /b: {get: 5, put: {responses: {}}}, /c: [], /d: {$ref: '#/none'}}";
    for (pointer, told) in
        [("/paths/~1b/get", "must be an object"), ("/paths/~1c", "must be an object"), ("/paths/~1d", "leads nowhere")]
    {
        let loaded = check_level(&In::Root, paths, Level::Skipped, pointer, told);
        let ids: Vec<_> = loaded.api.operations.iter().map(|operation| operation.id.as_str()).collect();
        assert_eq!(ids, ["GET /a", "PUT /b"]);
    }
}

#[test]
fn swagger_names_the_users_own_places() {
    let text = r"
swagger: 2.0
info: {title: t, version: '1'}
host: example.org
basePath: v1
schemes: [https, ws]
consumes: [application/json]
securityDefinitions: {b: {type: basic}}
parameters:
  P: {name: p, in: query, type: int}
paths:
  /f:
    post:
      parameters:
      - {name: h, in: header, type: wibble}
      - {name: file, in: formData, type: file, required: true}
      - {name: n, in: formData, type: int}
      - {$ref: '#/parameters/P'}
      - {name: l, in: query, type: array, items: {type: int}, collectionFormat: tsv}
      responses: {200: {description: fine, schema: {$ref: '#/definitions/D'}, examples: {a/b: {x: 1}}}}
definitions:
  D: {properties: {x: {type: int}, y: {$ref: '#/definitions/D/properties/x'}, z: {type: string, x-nullable: true}}}
";
    let loaded = load(text);
    check_sound(&loaded);
    let api = &loaded.api;
    assert_eq!(api.servers, ["https://example.org/v1"]);
    let told: Vec<_> = loaded.notes.iter().map(|n| (n.position.as_ref().unwrap().line, n.pointer.as_str())).collect();
    assert_eq!(
        told,
        [
            (10, "/parameters/P/type"),
            (15, "/paths/~1f/post/parameters/0/type"),
            (17, "/paths/~1f/post/parameters/2/type"),
            (19, "/paths/~1f/post/parameters/4/items/type"),
            (22, "/definitions/D/properties/x/type"),
        ]
    );
    let operation = &api.operations[0];
    let styles: Vec<_> = operation.parameters.iter().map(|p| (p.name.as_str(), p.style, p.pointer.as_str())).collect();
    assert_eq!(
        styles,
        [
            ("h", Style::Simple, "/paths/~1f/post/parameters/0"),
            ("p", Style::Form, "/parameters/P"),
            ("l", Style::TabDelimited, "/paths/~1f/post/parameters/4"),
        ]
    );
    let media = &operation.body.as_ref().unwrap().contents[0];
    assert_eq!(media.name, "multipart/form-data");
    let file = media.schema.as_ref().unwrap().below(&["properties", "file"]).unwrap();
    assert_eq!(*file.value(), json!({"type": "string", "format": "binary"}));
    let answer = &operation.responses.0[0].1.contents[0];
    assert_eq!((answer.name.as_str(), &answer.examples[..]), ("a/b", &[json!({"x": 1})][..]));
    let schema = answer.schema.as_ref().unwrap();
    assert!(schema.conforms(View::Response, &json!({"x": 1, "y": 2, "z": null})));
    assert!(!schema.conforms(View::Response, &json!({"y": "a"})));
}

#[test]
fn a_document_that_is_none_gives_one_clear_error() {
    for (text, part, line) in [
        ("", "the document is empty", None),
        ("# only a comment\n", "the document is empty", None),
        ("<html><body>404</body></html>", "no OpenAPI document", None),
        ("just text", "no OpenAPI document", None),
        ("[1, 2]", "no OpenAPI document", None),
        (r#"{"name": "package", "version": "1.0.0"}"#, "neither `openapi` nor `swagger`", None),
        ("swagger: '1.2'\npaths: {}", "convert the document", None),
        ("openapi: 3.0.0\npaths:\n  /a: [\n", "not valid YAML", Some(3)),
        ("openapi: 3.0.0\ninfo:\n  title: a: b\n", "not valid YAML", Some(3)),
        ("{\n  \"openapi\": \"3.0.0\"\n  \"paths\": {}\n}", "not valid JSON", Some(3)),
    ] {
        let error = load_bytes("a.yaml", text.as_bytes()).unwrap_err();
        assert!(error.message.contains(part) && !error.is_io, "{text:?}: {error}");
        assert_eq!(error.position.as_ref().map(|position| position.line), line, "{text:?}: {error}");
    }
    let missing = load_file(Path::new("no/such/file.yaml")).unwrap_err();
    assert!(missing.is_io && missing.to_string().starts_with("failed to read no/such/file.yaml: "), "{missing}");
    let folder = load_file(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
    assert!(folder.is_io && folder.message.contains("no file"), "{folder}");
}
