FROM alpine
ENV ONE=first TWO="second" THREE='third'
#       ^^^^^ string.value
#                 ^^^^^^^^ binding.value
#                  ^^^^^^ string.value
#                          ^^^^^ env.write.name
#                                 ^^^^^ string.value
ENV OLD some words
#       ^^^^^^^^^^ string.value
#   ^^^ env.write.name
ARG FOUR=fourth
#        ^^^^^^ env.write.value
ENV SIX=a"pieces"
#         ^^^^^^ string.value
ARG FIVE
#   ^^^^ !env.write.name
LABEL maintainer="someone"
#                 ^^^^^^^ string.value
#     ^^^^^^^^^^ binding.name
RUN --mount=type=cache,target=/c curl -H "A: b"
#                                ^^^^^^^^^^^^^^ binding.value
#                                ^^^^^^^^^^^^^^ string.value
CMD ["app", "--key"]
#     ^^^ string.value
COPY a /b
#      ^^ binding.value
#    ^ binding.value
# nobody runs this
