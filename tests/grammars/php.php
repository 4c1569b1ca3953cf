<?php
declare(strict_types=1);
namespace A;
use OpenAI\Client as C;
//  ^^^^^^^^^^^^^ import.name
const K = 'one';
//    ^^^^^^^^^ within.constant
//    ^ binding.name
//         ^^^ string.value
class D {
    private const L = "two";
//                ^^^^^^^^^ within.constant
    private string $key = 'three';
//                 ^^^^^^^^^^^^^^ within.property
//                  ^^^ binding.name
    function f($a = 'four', ?string $b = "five", string $c = 'six') {
//                  ^^^^^^ slot.parameter
//                                       ^^^^^^ slot.parameter
//                                                           ^^^^^ within.default
        $this->key = 'seven';
//             ^^^ binding.name
//                   ^^^^^^^ binding.value
    }
}
$x = getenv('NAME') ?: 'default';
//           ^^^^ env.read.name
//                     ^^^^^^^^^ env.read.default
$x = $_ENV['NAME'] ?? "default";
//          ^^^^ env.read.name
//                    ^^^^^^^^^ env.read.default
$x = env('NAME', 'default');
//        ^^^^ env.read.name
//               ^^^^^^^^^ env.read.default
$_ENV['NAME'] = 'value';
//     ^^^^ !env.write.name
//     ^^^^ binding.name
$o = ['api_key' => 'eight'];
//     ^^^^^^^ binding.name
//                 ^^^^^^^ binding.value
new Client(apiKey: 'nine', k: "Bearer $key");
//         ^^^^^^ binding.name
//                                    ^^^^ template
//  ^^^^^^ call.callee
OpenAI::client('ten');
//             ^^^^^ binding.value
$r->withHeader('Authorization', 'eleven');
//              ^^^^^^^^^^^^^ binding.name
$y = $r->withHeader('Authorization', 'eleven');
//   ^^^^^^^^^^^^^^ call.callee
define('API_KEY', 'twelve'); # a comment
//      ^^^^^^^ binding.name
//                           ^^^^^^^^^^^ comment
$x = 'a' . "b";
//   ^^^^^^^^^ joined
//   ^^^ slot.single
$x .= 'c';
#[Named('thirteen')]
function g() { return 'fourteen'; }
//           ^^^^^^^^^^^^^^^^^^^^^^ deferred
$d = Dotenv\Dotenv::createUnsafeImmutable(__DIR__);
$h = <<<END
fifteen
END;
$k = new SixteenKey('sixteen');
//       ^^^^^^^^^^ binding.name
