#!/usr/bin/env bash
export A=one B='two' C="three$D"
#        ^^^ string.value
#               ^^^ string.value
#                       ^^^^^ string.value
#            ^ binding.name
#              ^^^^^ slot.plain
#                      ^^^^^^^^^ slot.quoted
#                            ^^ template
K="four" run
# ^^^^^^ binding.value
#  ^^^^ string.value
run --api-key five-5-five-5-five -H "Bearer $D"
#   ^^^^^^^^^ binding.name
#             ^^^^^^^^^^^^^^^^^^ string.value
x=${NAME:-fallback}
#   ^^^^ env.read.name
#         ^^^^^^^^ env.read.default
#         ^^^^^^^^ slot.bare
y="${NAME:=fallback}"
#    ^^^^ env.read.name
#          ^^^^^^^^ env.read.default
z=${#NAME}
#    ^^^^ !env.read.name
w=$NAME
#  ^^^^ env.read.name
for f in "${list[@]}"; do run '{"a": 1}' $'six'; done
#                             ^^^^^^^^^^ slot.raw
#                                        ^^^^^^ slot.ansi
unset NAME  # a comment
#           ^^^^^^^^^^^ comment
run; source .env
#    ^^^^^^^^^^^ env.load
run; . "$HOME/.env.local"
#    ^^^^^^^^^^^^^^^^^^^^ env.load
f() { local key="seven"; }
#   ^^^^^^^^^^^^^^^^^^^^^^ deferred
#           ^^^ binding.name
  joined=ab"cd"
#        ^^^^^^ joined
  cat <<MORE
$NAME is read
MORE
  declare -A map=([key]="eight")
#                        ^^^^^ string.value
v=${NAME:-sk-fall_back-1}
#         ^^^^^^^^^^^^^^ string.value
#         ^^^^^^^^^^^^^^ slot.bare
#         ^^^^^^^^^^^^^^ env.read.default
for word in one-1-one-1-one-1 two-2-two-2-two-2; do run; done
#           ^^^^^^^^^^^^^^^^^ string.value
#                             ^^^^^^^^^^^^^^^^^ string.value
read -r word <<< here-1-here-1-here
#                ^^^^^^^^^^^^^^^^^^ string.value
gh secret set NAME --body "nine"
#             ^^^^ binding.name
run; export $(grep -v x .env | xargs)
#    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ env.override
n=$1; m=${2:-two}
#  ^ !env.read.name
