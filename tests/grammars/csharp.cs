using System;
//    ^^^^^^ import.name
using Client = OpenAI.Client;
//             ^^^^^^^^^^^^^ import.name
[Header("one")]
class C {
    const string A = "two";
//        ^^^^^^^^^^^^^^^^ within.const
//               ^ binding.name
//                    ^^^ string.value
    private const int B = 1;
    string D { get; set; } = "three";
//         ^ binding.name
//                           ^^^^^^^ binding.value
    void F(string e = "four") {
//         ^^^^^^^^^^^^^^^^^ within.parameter
//                ^ binding.name
        this.key = "five";
//           ^^^ binding.name
        var g = new Options { ApiKey = "six" };
//                            ^^^^^^ binding.name
//                                     ^^^^^ binding.value
        run(apiKey: "seven");
//          ^^^^^^ binding.name
//                  ^^^^^^^ binding.value
//      ^^^ call.callee
        var h = new Dictionary<string, string> { ["key"] = "eight", { "key", "nine" } };
//                                                 ^^^ binding.name
//                                                         ^^^^^^^ binding.value
//                                                                           ^^^^^^ binding.value
        client.Headers.Add("x-api-key", "ten");
//                          ^^^^^^^^^ binding.name
//                                      ^^^^^ binding.value
        var i = new ApiKeyCredential("eleven");
//                  ^^^^^^^^^^^^^^^^ binding.name
//                  ^^^^^^^^^^^^^^^^ call.callee
        var j = Environment.GetEnvironmentVariable("NAME") ?? "default";
//                                                  ^^^^ env.read.name
//                                                            ^^^^^^^^^ env.read.default
        Environment.SetEnvironmentVariable("NAME", "value");
//                                          ^^^^ env.write.name
//                                                 ^^^^^^^ env.write.value
        if (x) Environment.SetEnvironmentVariable("NAME", "value");
//                                                 ^^^^ !env.write.name
        var k = $"Bearer {key}";
//              ^^^^^^^^^^^^^^^ slot.template
//                       ^^^^^ template
//                ^^^^^^^ string.value
//              ^^^^^^^^^^^^^^^ folded
        var l = @"twelve" + """thirteen""";
//              ^^^^^^^^^ slot.verbatim
//                             ^^^^^^^^ string.value
//                          ^^^^^^^^^^^^^^ slot.raw
//              ^^^^^^^^^^^^^^^^^^^^^^^^^^ joined
        var m = x switch { "fourteen" => 1 };
//                         ^^^^^^^^^^ within.pattern
        if (x is "fifteen") DotNetEnv.Env.Load(); // a comment
//               ^^^^^^^^^ within.pattern
//                          ^^^^^^^^^^^^^^^^^^^^ env.load
//                                                ^^^^^^^^^^^^ comment
        const string n = "sixteen";
//            ^^^^^^^^^^^^^^^^^^^^ within.const
        o["key"] = "seventeen";
//         ^^^ binding.name
        run(() => "eighteen");
//                ^^^^^^^^^^ deferred
    }
}
