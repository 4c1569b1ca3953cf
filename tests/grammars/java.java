package a.b;
import com.openai.Client;
//     ^^^^^^^^^^^^^^^^^ import.name
import static a.b.C.*;
//            ^^^^^ import.name
@Named(value = "one")
class C {
  @Value("two") String a = "three";
//^^^^^^^^^^^^^ within.annotation
//                     ^ binding.name
//                         ^^^^^^^ binding.value
//                          ^^^^^ string.value
  public static final String B = "four";
//                           ^^^^^^^^^^ slot.constant
  private static final String D = "five";
//                            ^^^^^^^^^^ !slot.constant
//                            ^ binding.name
  void f(Map<String, String> m) {
    this.apiKey = "six";
//       ^^^^^^ binding.name
//                ^^^^^ binding.value
    m.put("api_key", "seven");
//         ^^^^^^^ binding.name
//  ^^^^^ call.callee
    b.header("Authorization", "Bearer " + key).apiKey("eight");
//            ^^^^^^^^^^^^^ binding.name
//                            ^^^^^^^^^^^^^^^ joined
//                                             ^^^^^^ binding.name
    new Client("nine", 1);
//      ^^^^^^ call.callee
//              ^^^^ string.value
    Map.of("a", "b", "key", "ten");
//                    ^^^ binding.name
//                          ^^^^^ binding.value
    var r = System.getenv("NAME");
//                         ^^^^ env.read.name
    var s = System.getenv().getOrDefault("NAME", "default");
//                                        ^^^^ env.read.name
//                                               ^^^^^^^^^ env.read.default
    var t = Optional.ofNullable(System.getenv("NAME")).orElse("default");
//                                             ^^^^ env.read.name
//                                                            ^^^^^^^^^ env.read.default
    var u = Objects.requireNonNullElse(System.getenv("NAME"), "default");
//                                                    ^^^^ env.read.name
//                                                            ^^^^^^^^^ env.read.default
    switch (x) { case "eleven": break; }
//               ^^^^^^^^^^^^^ within.case
    "twelve".getBytes();
//  ^^^^^^^^ slot.bracketed
    var v = String.format("%s", "a"); // a comment
//          ^^^^^^^^^^^^^^^^^^^^^^^^ folded
//                                    ^^^^^^^^^^^^ comment
    run(() -> "thirteen");
//            ^^^^^^^^^^ deferred
  }
}
interface I { String KEY = "fourteen"; }
//                   ^^^^^^^^^^^^^^^^ slot.constant
class K { String fifteenKey() { return "fifteen"; } }
//               ^^^^^^^^^^ binding.name
//                                     ^^^^^^^^^ binding.value
