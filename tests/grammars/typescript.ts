import { Mistral } from "@mistralai/mistralai";
//                       ^^^^^^^^^^^^^^^^^^^^ import.name
const a: string = "one";
//    ^ binding.name
//                ^^^^^ binding.value
function f(key: string = "two", other?: string) {
//         ^^^ binding.name
//                       ^^^^^ binding.value
  return key;
}
class Service {
  private readonly key: string = "three";
//                 ^^^ binding.name
//                               ^^^^^^^ binding.value
}
enum Keys { A = "four" }
//          ^ binding.name
//        ^^^^^^^^^^^^^^ within.enum
type Key = "five" | "six";
//         ^^^^^^ within.type
const r = process.env.NAME ?? "default";
//                    ^^^^ env.read.name
//                            ^^^^^^^^^ env.read.default
const s = { apiKey: "seven" as const } satisfies Options;
//          ^^^^^^ binding.name
//                   ^^^^^ string.value
process.env.NAME = "value";
//          ^^^^ env.write.name
