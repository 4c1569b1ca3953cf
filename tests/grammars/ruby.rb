# frozen_string_literal: true
#
require "dotenv/load"
#        ^^^^^^^^^^^ import.name
KEY = "one"
#      ^^^ string.value
#     ^^^^^ binding.value
 @key = 'two'
#^^^^ binding.name
#       ^^^^^ slot.single
opts = { "a" => "three", api_key: "four", :b => "five" }
#               ^^^^^^^ binding.value
#                        ^^^^^^^ binding.name
#                                         ^^ binding.name
Client.new(access_token: "six")
#          ^^^^^^^^^^^^ binding.name
x = OpenAI::Client.new(key: "seven")
#   ^^^^^^^^^^^^^^^^^^ call.callee
x = ENV["NAME"]
#        ^^^^ env.read.name
x = ENV["NAME"] || "default"
#        ^^^^ env.read.name
#                  ^^^^^^^^^ env.read.default
x = ENV.fetch("NAME", "default")
#              ^^^^ env.read.name
#                     ^^^^^^^^^ env.read.default
x = ENV.fetch("NAME") { "default" }
#              ^^^^ env.read.name
#                       ^^^^^^^^^ env.read.default
ENV["NAME"] = "value" unless x
#    ^^^^ !env.write.name
#    ^^^^ binding.name
#             ^^^^^^^ binding.value
request["Authorization"] = "Bearer #{x} eight"
#        ^^^^^^^^^^^^^ binding.name
#                                  ^^^^ template
def f(a = "nine", k: "ten") = "eleven"
#     ^ binding.name
#                 ^ binding.name
#                             ^^^^^^^^ deferred
config.api_key = "twelve" # a comment
#      ^^^^^^^ binding.name
#                         ^^^^^^^^^^^ comment
x = "a" 'b'
#   ^^^^^^^ joined
#   ^^^ slot.joined
#       ^^^ slot.joined-single
x = "a" + B
#   ^^^^^^^ joined
x = 'it\'s'
#   ^^^^^^^ slot.escaped
x.header("x-api-key", "thirteen")
#         ^^^^^^^^^ binding.name
x = "a#{B}"
#   ^^^^^^^ folded
run { Dotenv.load }
#     ^^^^^^^^^^^ env.load
x = <<~END
  fourteen
END
x = { "fifteen": 1 }
#     ^^^^^^^^^ within.symbol
ENV.delete("NAME")
attribute :sixteen, :string, default: -> { "sixteen" }
#         ^^^^^^^^ binding.name
#                                     ^^^^^^^^^^^^^^^^ binding.value
