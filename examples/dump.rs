//! dump
use gadfly::seed::Seed;
fn main() {
    let mut args = std::env::args().skip(1);
    let loaded = gadfly::spec::load_file(std::path::Path::new(&args.next().unwrap())).unwrap();
    let wanted = args.next().unwrap();
    let op = loaded.api.operations.iter().find(|o| o.id.as_str() == wanted).unwrap();
    let only = args.next();
    for g in gadfly::generate::standard() {
        if only.as_ref().is_some_and(|o| o != g.id().0) {
            continue;
        }
        let n = g.count(op);
        println!("== {} {n:?}", g.id());
        for i in 0..n.unwrap_or(20).min(60) {
            match g.case(op, i, Seed::new(1)) {
                None => println!("{i} -"),
                Some(c) => {
                    let r = gadfly::scenario::encode(&c, "/v1");
                    println!(
                        "{i} {:?} {} {} {:?} {:?}",
                        c.intent,
                        r.method,
                        r.target_text(),
                        r.headers
                            .iter()
                            .map(|h| format!(
                                "{}: {}",
                                String::from_utf8_lossy(&h.name),
                                String::from_utf8_lossy(&h.value)
                            ))
                            .filter(|h| !h.starts_with("Accept:"))
                            .collect::<Vec<_>>(),
                        String::from_utf8_lossy(&r.body).chars().take(200).collect::<String>()
                    );
                }
            }
        }
    }
}
