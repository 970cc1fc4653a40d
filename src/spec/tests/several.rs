//! Documents of several files, read from memory.

use std::collections::BTreeMap;
use std::io;

use super::*;

struct Memory(BTreeMap<&'static str, &'static str>);

impl Fetch for Memory {
    fn fetch(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path.to_str().unwrap()).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }
}

#[track_caller]
fn load_files(files: &[(&'static str, &'static str)]) -> Loaded {
    let loaded = load_with(files[0].0, files[0].1.as_bytes(), &Memory(files.iter().copied().collect())).unwrap();
    check_sound(&loaded);
    loaded
}

const ROOT: &str = r"
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /a: {$ref: 'paths/a.yaml'}
  /b~c: {$ref: 'paths/all.yaml#/~1b~0c'}
components:
  schemas: {Own: {type: int}}
";

#[test]
fn files_folders_and_escapes() {
    let loaded = load_files(&[
        ("api/root.yaml", ROOT),
        (
            "api/paths/a.yaml",
            "get:\n  parameters: [{$ref: '../more.yaml#/parameters/p%20q'}]\n  responses: {200: {description: d, content: {a/b: {schema: {$ref: ../schemas/Pet.json}}}}}\n",
        ),
        ("api/paths/all.yaml", "/b~c:\n  get: {responses: {200: {$ref: '#/ok'}}}\nok: {description: d}\n"),
        (
            "api/more.yaml",
            "parameters:\n  p q: {name: p, in: query, schema: {$ref: 'root.yaml#/components/schemas/Own'}}\n",
        ),
        (
            "api/schemas/Pet.json",
            "{\"type\": \"object\",\n \"properties\": {\"parent\": {\"$ref\": \"#\"}, \"n\": {\"$ref\": \"./../../n.yaml\"}}}",
        ),
        ("n.yaml", "type: wibble\nmaximum: 3\n"),
    ]);
    let told: Vec<_> = loaded.notes.iter().map(|note| note.position.as_ref().unwrap().to_string()).collect();
    assert_eq!(told, ["api/root.yaml:8:19", "n.yaml:1:1"]);
    let ids: Vec<_> = loaded.api.operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids, ["GET /a", "GET /b~c"]);
    let get = &loaded.api.operations[0];
    assert_eq!(get.parameters[0].pointer, "/parameters/p q");
    assert!(!get.parameters[0].schema.conforms(View::Request, &json!("a")));
    let schema = get.responses.0[0].1.contents[0].schema.clone().unwrap();
    assert!(schema.conforms(View::Response, &json!({"parent": {"n": 3}})));
    assert!(!schema.conforms(View::Response, &json!({"parent": {"n": 4}})));
    assert_eq!(loaded.api.operations[1].responses.0[0].1.description, "d");
}

#[test]
fn a_missing_file_costs_what_it_describes() {
    let loaded = load_files(&[
        ("root.yaml", ROOT),
        ("paths/a.yaml", "get:\n  responses: {200: {description: d, content: {a/b: {schema: {$ref: none.yaml}}}}}\n"),
    ]);
    let told: Vec<_> =
        loaded.notes.iter().map(|note| (note.level, note.position.as_ref().unwrap().to_string())).collect();
    assert_eq!(
        told,
        [
            (Level::Skipped, "root.yaml:6:3".to_owned()),
            (Level::Assumed, "root.yaml:8:19".to_owned()),
            (Level::Assumed, "paths/a.yaml:2:53".to_owned()),
        ]
    );
    let schema = loaded.api.operations[0].responses.0[0].1.contents[0].schema.clone().unwrap();
    assert!(schema.conforms(View::Response, &json!(5)));
}

#[test]
fn a_broken_file_is_told_once_and_circles_of_files_end() {
    let loaded = load_files(&[
        ("root.yaml", ROOT),
        ("paths/a.yaml", "$ref: all.yaml#/x"),
        ("paths/all.yaml", "x: {$ref: 'a.yaml'}\n/b~c: {get: {responses: {200: {$ref: ../bad.yaml}}}}\n"),
        ("bad.yaml", "a: b: c"),
    ]);
    let bad: Vec<_> = loaded.notes.iter().filter(|note| note.message.contains("not valid YAML")).collect();
    assert_eq!(bad.len(), 1);
    assert!(loaded.notes.iter().any(|note| note.pointer == "/paths/~1a" && note.level == Level::Skipped));
}

#[test]
fn each_file_is_read_by_its_own_version() {
    let loaded = load_files(&[
        (
            "root.yaml",
            "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a: {get: {responses: {200: {description: d, \
                       content: {a/b: {schema: {$ref: 'new.yaml#/components/schemas/N'}}}}}}}\n",
        ),
        (
            "new.yaml",
            "openapi: 3.1.0\ncomponents:\n  schemas:\n    N: {properties: {a: {$ref: '#/components/schemas/S', const: x}}}\n    \
                      S: {type: string}\n",
        ),
    ]);
    let schema = loaded.api.operations[0].responses.0[0].1.contents[0].schema.clone().unwrap();
    assert!(
        schema.conforms(View::Response, &json!({"a": "x"})) && !schema.conforms(View::Response, &json!({"a": "y"}))
    );
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

#[test]
fn anchors_and_ids_are_followed() {
    let loaded = load_files(&[(
        "root.yaml",
        r"
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a:
    get:
      responses:
        200:
          description: d
          content:
            a/b: {schema: {properties: {x: {$ref: '#num'}, y: {$ref: 'https://example.org/tree'}, z: {$ref: 'https://example.org/tree#/$defs/leaf'}}}}
components:
  schemas:
    N: {$anchor: num, type: integer}
    T:
      $id: https://example.org/tree
      type: array
      items: {anyOf: [{$ref: '#/$defs/leaf'}, {$dynamicRef: '#node'}]}
      $defs: {leaf: {type: string}}
      $dynamicAnchor: node
",
    )]);
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    let schema = loaded.api.operations[0].responses.0[0].1.contents[0].schema.clone().unwrap();
    assert!(schema.conforms(View::Response, &json!({"x": 1, "y": ["a", ["b", []]], "z": "c"})));
    for wrong in [json!({"x": "1"}), json!({"y": [[1]]}), json!({"z": 1})] {
        assert!(!schema.conforms(View::Response, &wrong), "{wrong}");
    }
}

#[test]
fn swagger_is_lifted_across_files() {
    let loaded = load_files(&[
        (
            "root.yaml",
            "swagger: '2.0'\ninfo: {title: t, version: '1'}\nconsumes: [text/x]\npaths:\n  /a: {$ref: 'a.yaml'}\n",
        ),
        (
            "a.yaml",
            "post:\n  parameters: [{$ref: 'p.yaml#/q'}, {$ref: 'p.yaml#/b'}]\n  responses: {200: {$ref: 'p.yaml#/r'}}\n",
        ),
        (
            "p.yaml",
            "q: {name: q, in: query, type: int}\nb: {name: b, in: body, schema: {$ref: '#/s'}}\n\
                    r: {description: d, schema: {$ref: '#/s'}}\ns: {type: wibble}\n",
        ),
    ]);
    let post = &loaded.api.operations[0];
    assert_eq!(post.body.as_ref().unwrap().contents[0].name, "text/x");
    assert!(!post.parameters[0].schema.conforms(View::Request, &json!("a")));
    assert_eq!(post.responses.0[0].1.contents[0].name, "*/*");
    let told: Vec<_> = loaded.notes.iter().map(|note| note.position.as_ref().unwrap().to_string()).collect();
    assert_eq!(told, ["p.yaml:1:25", "p.yaml:4:5"]);
}

#[test]
fn what_lies_outside_is_not_fetched() {
    let loaded = load_files(&[(
        "root.yaml",
        "openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths:\n  \
        /a: {get: {responses: {200: {description: d, content: {a/b: {schema: {$ref: /etc/passwd}}, c/d: {schema: {$ref: 'http://127.0.0.1/x'}}}}}}}\n",
    )]);
    let messages: Vec<_> = loaded.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(messages[0].contains("absolute path") && messages[1].contains("is a URL"), "{messages:?}");
}
