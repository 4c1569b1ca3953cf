#![allow(dead_code)]
// facts of Rust
use dotenvy::dotenv;
//  ^^^^^^^^^^^^^^^ import.name
const A: &str = "one";
//    ^ binding.name
//               ^^^ string.value
//              ^^^^^ binding.value
static B: &str = r#"two"#;
//     ^ binding.name
//                  ^^^ string.value
pub const C: &str = "three";
//        ^ binding.name
//  ^^^^^^^^^^^^^^^^^^^^^^^^ slot.constant
impl S {
    const D: &'static str = "four";
//  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ slot.associated-constant
}
fn main() {
    let a = "five";
//      ^ binding.name
//          ^^^^^^ slot.borrowed
    let b = String::from("six");
//          ^^^^^^^^^^^^^^^^^^^ slot.owned
//          ^^^^^^^^^^^^ call.callee
    let c: String = "seven".to_owned();
//                  ^^^^^^^^^^^^^^^^^^ slot.owned
    let d = Config { api_key: "eight", n: 1 };
//                   ^^^^^^^ binding.name
//                            ^^^^^^^ binding.value
    client.header("Authorization", "Bearer nine");
//                 ^^^^^^^^^^^^^ binding.name
//                                 ^^^^^^^^^^^^^ binding.value
    builder.api_key("ten");
//          ^^^^^^^ binding.name
//                  ^^^^^ binding.value
    let e = b"eleven";
//          ^^^^^^^^^ slot.bytes
    let f = key == "twelve";
//                 ^^^^^^^^ slot.bare
    let g = "thirteen".len();
//          ^^^^^^^^^^ slot.bare
    let g = "thirteen".trim();
//          ^^^^^^^^^^ !slot.bare
    let h = HeaderValue::from_static("fourteen");
//                                   ^^^^^^^^^^ slot.value
    println!("fifteen {}", a);
//           ^^^^^^^^^^^^ slot.format
    let i = concat!("a", "b");
//          ^^^^^^^^^^^^^^^^^ within.concat
    let j = vec!["sixteen".to_string()];
//               ^^^^^^^^^ slot.bare
    let k = json!({"api_key": "seventeen"});
//                  ^^^^^^^ binding.name
//                            ^^^^^^^^^^^ binding.value
    let r = std::env::var("NAME");
//                         ^^^^ env.read.name
    let s = std::env::var("NAME").unwrap_or("x".to_string());
//                         ^^^^ env.read.name
//                                          ^^^^^^^^^^^^^^^ env.read.default
    let t = env::var("NAME").unwrap_or_else(|_| "x".into());
//                                          ^^^^^^^^^^^^^^ env.read.default
    let u = env::var("NAME").ok().unwrap_or("x".into());
//                                          ^^^^^^^^^^ env.read.default
    unsafe { std::env::set_var("NAME", "value"); }
//                              ^^^^ env.write.name
//                                     ^^^^^^^ env.write.value
    dotenvy::dotenv().ok();
//  ^^^^^^^^^^^^^^^^^ env.load
    let w = [0; A.len()];
//              ^^^^^^^ within.constant-part
    let x = const { A.len() };
//          ^^^^^^^^^^^^^^^^^ within.constant-part
    assert!(y.is_empty(), "not empty");
//                        ^^^^^^^^^^^ slot.literal-only
    let v = || "x";
//          ^^^^^^ within.value
    match x {
        "pattern" => 1,
//      ^^^^^^^^^ within.pattern
        _ => 2,
    };
}
#[arg(default_value = "eighteen")]
//^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ !slot.borrowed
struct X;
