//! A server that dies of some requests, for the tests of supervision. The tests compile it by themselves; it uses nothing but
//! the standard library.
//!
//! Arguments: the port, then any of `fixed` (it dies of nothing), `slow` (it takes a while until it listens), `up=FILE`
//! (it writes its process number there once it listens), `once=FILE` (it dies of a request that is answered otherwise once
//! there is such a file) and `broken` (it does not get that far).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static ARMED: AtomicBool = AtomicBool::new(false);
static FIXED: AtomicBool = AtomicBool::new(false);
/// Whoever holds it keeps all others from being served.
static TURN: Mutex<()> = Mutex::new(());

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("broken") {
        eprintln!("the configuration is broken");
        std::process::exit(7);
    }
    if has("slow") {
        std::thread::sleep(Duration::from_millis(300));
    }
    FIXED.store(has("fixed"), Ordering::SeqCst);
    let listener = TcpListener::bind(("127.0.0.1", arguments[0].parse().unwrap())).unwrap();
    println!("listening on {}", arguments[0]);
    if let Some(file) = arguments.iter().find_map(|argument| argument.strip_prefix("up=")) {
        std::fs::write(file, std::process::id().to_string()).unwrap();
    }
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || serve(stream));
    }
}

fn serve(stream: TcpStream) {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut length = 0;
    let mut authorization = "nobody".to_owned();
    let mut id = String::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if let Some(value) = header.strip_prefix("X-Gadfly-Id:") {
            id = format!(" id {}", value.trim());
        }
        if let Some(value) = header.strip_prefix("Authorization:") {
            authorization = value.trim().to_owned();
        }
    }
    let mut body = Vec::new();
    let _ = reader.take(length).read_to_end(&mut body);
    eprintln!("request {} as {authorization}{id}", line.trim());
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    drop(TURN.lock());
    let number = |name: &str| parameter(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let is_fixed = FIXED.load(Ordering::SeqCst);
    match path {
        "/abort" if parameter("mode") == Some("boom") && !is_fixed => std::process::abort(),
        "/nest" if number("depth") > 50_000 && !is_fixed => println!("{}", nest(number("depth"))),
        "/fill" if number("size") > 900 && !is_fixed => fill(),
        "/panic" if number("at") == 9 && !is_fixed => panic!("no ninth thing"),
        "/spawn" if number("at") == 7 && !is_fixed => {
            let _ = std::thread::spawn(|| panic!("no seventh thing")).join();
        }
        "/caught" if number("at") == 5 && !is_fixed => {
            let _ = std::thread::spawn(|| panic!("no fifth thing")).join();
            return answer(stream, "500 Internal Server Error");
        }
        "/lock" if parameter("for") == Some("ever") && !is_fixed => {
            let _turn = TURN.lock();
            eprintln!("never let go");
            std::thread::sleep(Duration::from_secs(1_000));
        }
        "/timer" if parameter("set") == Some("yes") && !is_fixed => {
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(100));
                std::process::exit(5)
            });
        }
        "/once" => {
            let file = std::env::args().find_map(|argument| argument.strip_prefix("once=").map(str::to_owned));
            if file.is_some_and(|file| std::fs::File::create_new(file).is_ok()) {
                std::process::exit(6);
            }
        }
        "/arm" => ARMED.store(true, Ordering::SeqCst),
        "/fire" if ARMED.load(Ordering::SeqCst) && !is_fixed => {
            eprintln!("fired");
            std::process::exit(3)
        }
        "/fail" if number("at") == 3 && !is_fixed => {
            eprintln!("there is no third thing");
            return answer(stream, "500 Internal Server Error");
        }
        _ => {}
    }
    answer(stream, "200 OK");
    if path == "/late" && parameter("when") == Some("soon") && !is_fixed {
        std::process::exit(4);
    }
}

fn answer(mut stream: TcpStream, status: &str) {
    let head = "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close";
    let _ = stream.write_all(format!("HTTP/1.1 {status}\r\n{head}\r\n\r\n{{}}").as_bytes());
}

/// Deeper than any stack.
fn nest(depth: u64) -> u64 {
    let filler = std::hint::black_box([depth; 256]);
    filler[0] + if depth == u64::MAX { 0 } else { nest(depth + 1) }
}

/// More and more, up to what a machine bears if nobody stops it.
fn fill() {
    let mut all = Vec::new();
    for _ in 0..2_048 {
        all.push(vec![1_u8; 1 << 20]);
        std::thread::sleep(Duration::from_millis(1));
    }
    std::hint::black_box(all);
}
