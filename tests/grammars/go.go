package main
import "os"
//      ^^ import.name
import (
    env "os"
//       ^^ import.name
    _ "github.com/joho/godotenv/autoload"
//  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ env.load
    "github.com/openai/openai-go"
//   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ import.name
)
const A = "one"
//         ^^^ string.value
//    ^^^^^^^^^ within.const
//        ^^^^^ binding.value
const B string = `two`
//                ^^^ string.value
//    ^ binding.name
const (
    C = "three"
//  ^^^^^^^^^^^ within.const
)
var d, e = "four", "five"
//          ^^^^ string.value
//         ^^^^^^ !binding.value
var F Secret = "six"
//  ^ binding.name
//             ^^^^^ slot.converted
func run(key string) {
    key = "seven"
//  ^^^ binding.name
//        ^^^^^^^ binding.value
    k := "eight" + key
//  ^ binding.name
//       ^^^^^^^^^^^^^ joined
    o.Key = "nine"
//    ^^^ binding.name
    m := map[string]string{"Authorization": "Bearer ten"}
//                          ^^^^^^^^^^^^^ binding.name
//                                           ^^^^^^^^^^ string.value
    c := Client{APIKey: "eleven"}
//              ^^^^^^ binding.name
//                      ^^^^^^^^ binding.value
    c.Header.Set("x-api-key", "twelve")
//                ^^^^^^^^^ binding.name
//                            ^^^^^^^^ binding.value
//  ^^^^^^^^^^^^ call.callee
    n := option.WithAPIKey("thirteen")
//              ^^^^^^^^^^ binding.name
//       ^^^^^^^^^^^^^^^^^ call.callee
    r := os.Getenv("NAME")
//                  ^^^^ env.read.name
    s, ok := os.LookupEnv("NAME")
//                         ^^^^ env.read.name
    t := getEnv("NAME", "default")
//               ^^^^ env.read.name
//                      ^^^^^^^^^ env.read.default
    os.Setenv("NAME", "value")
//             ^^^^ !env.write.name
//             ^^^^ binding.name
    os.Unsetenv("NAME")
//  ^^^^^^^^^^^^^^^^^^^ env.remove
    m["key"] = "fourteen"
//     ^^^ binding.name
    u := fmt.Sprintf("%s%s", "a", "b")
//       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ folded
    u += "c" // a comment
//  ^^^^^^^^ folded
//           ^^^^^^^^^^^^ comment
    later(func() { godotenv.Load() })
//               ^^^^^^^^^^^^^^^^^^^ deferred
//                 ^^^^^^^^^^^^^^^ env.load
    v := `raw`
//       ^^^^^ slot.raw
}
type T struct {
    Key string `json:"key"`
//             ^^^^^^^^^^^^ within.tag
}
func nineteenKey() string {
//   ^^^^^^^^^^^ binding.name
    return "nineteen"
//         ^^^^^^^^^^ binding.value
}
func twenty() string {
    if v := os.Getenv("TWENTY"); v != "" {
//                     ^^^^^^ binding.name
        return v
    }
    return "twenty"
//         ^^^^^^^^ binding.value
}
func flags() {
    first, second := "1st", "2nd"
//  ^^^^^ binding.name
//         ^^^^^^ binding.name
//                          ^^^^^ binding.value
    third, ok := f()
//  ^^^^^ binding.name
    _ = &cli.StringFlag{EnvVars: []string{"FLAG"}, Value: "flag"}
//                                         ^^^^ binding.name
//                                                        ^^^^^^ binding.value
}
