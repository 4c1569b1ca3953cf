"use strict";
//^^^^^^^^^^ !string.nothing
import OpenAI from "openai";
//                  ^^^^^^ import.name
import { Mistral as M } from "@mistralai/mistralai";
//                            ^^^^^^^^^^^^^^^^^^^^ import.name
const dotenv = require("dotenv");
//                      ^^^^^^ import.name
dotenv.config({ path: ".env" });
//     ^^^^^^ !binding.name
const a = "one";
//    ^ binding.name
//         ^^^ string.value
//        ^^^^^ binding.value
let b = 'two', c = `three`;
//       ^^^ string.value
//                 ^^^^^^^ slot.template
//                  ^^^^^ string.value
obj.apiKey = "four";
//  ^^^^^^ binding.name
//           ^^^^^^ binding.value
config["api-key"] = "five";
//      ^^^^^^^ binding.name
options ??= "six";
// ^^^^ !binding.value
const client = new OpenAI({ apiKey: "seven", "x-api-key": `eight` });
//                 ^^^^^^ call.callee
//                          ^^^^^^ binding.name
//                                  ^^^^^^^ binding.value
//                                            ^^^^^^^^^ binding.name
headers.set("Authorization", "Bearer nine");
//           ^^^^^^^^^^^^^ binding.name
//                           ^^^^^^^^^^^^^ binding.value
client.setApiKey("ten");
//     ^^^^^^^^^ binding.name
const pairs = [["x-api-key", "eleven"]];
//               ^^^^^^^^^ binding.name
function f(key = "twelve", { token = "thirteen" } = {}) {
//         ^^^ binding.name
//               ^^^^^^^^ binding.value
//                           ^^^^^ binding.name
  return key;
}
class Service {
  #key = "fourteen";
//^^^^ binding.name
}
const r1 = process.env.NAME;
//                     ^^^^ env.read.name
const r2 = process.env["NAME"] ?? "default";
//                      ^^^^ env.read.name
//                                ^^^^^^^^^ env.read.default
const r3 = import.meta.env.NAME || "default";
//                                 ^^^^^^^^^ env.read.default
const r4 = Deno.env.get("NAME");
//                       ^^^^ env.read.name
process.env.NAME = "value";
//          ^^^^ env.write.name
//                 ^^^^^^^ env.write.value
if (a) process.env.NAME = "value";
//                 ^^^^ !env.write.name
delete process.env.NAME;
// ^^^ !env.write.name
const text = `Bearer ${a} b`;
//           ^^^^^^^^^^^^^^^ folded
//                   ^^^^ template
const sum = "a" + b;
//          ^^^^^^^ joined
const list = ["a", "b"].join("-");
//           ^^^^^^^^^^^^^^^^^^^^ folded
const tagged = sql`select`;
//                ^^^^^^^^ within.tagged
const view = <Input apiKey="fifteen" n={1} />;
//                  ^^^^^^ binding.name
//                         ^^^^^^^^^ slot.jsx
