"""Facts of Python."""
# prologue is the line above
from __future__ import annotations
#^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ !import.name
import os
#      ^^ import.name
from dotenv import load_dotenv
#    ^^^^^^ import.name
A = "one"
#^ !binding.value
#    ^^^ string.value
#   ^^^^^ binding.value
b: str = 'two'
#         ^^^ string.value
#        ^^^^^ binding.value
obj.api_key = "three"
#   ^^^^^^^ binding.name
#             ^^^^^^^ binding.value
config["api_key"] = """four"""
#       ^^^^^^^ binding.name
#                      ^^^^ string.value
if (c := "five"):
#   ^ binding.name
    pass
client = OpenAI(api_key="six", n=1)
#               ^^^^^^^ binding.name
#        ^^^^^^ call.callee
#                       ^^^^^ binding.value
positional = Client("seven")
#                    ^^^^^ string.value
def f(x, key="eight", *, k: str = "nine"):
#        ^^^ binding.name
#            ^^^^^^^ slot.parameter
#                                 ^^^^^^ slot.parameter
    """Doc."""
#   ^^^^^^^^^^ prologue
#   ^^^^^^^^^^ !string.nothing
    return x
entry = {"Authorization": "Bearer ten"}
#         ^^^^^^^^^^^^^ binding.name
#                          ^^^^^^^^^^ string.value
raw = r"eleven"
#     ^^^^^^^^^ !slot.bytes
byte = b"twelve"
#      ^^^^^^^^^ slot.bytes
form = f"Bearer {x} thirteen"
#      ^^^^^^^^^^^^^^^^^^^^^^ slot.template
joined = ("a" "b")
#         ^^^ slot.joined
r1 = os.environ["NAME"]
#                ^^^^ env.read.name
r2 = os.getenv("NAME", "default")
#               ^^^^ env.read.name
#                      ^^^^^^^^^ env.read.default
r3 = os.environ.get("NAME") or "default"
#                              ^^^^^^^^^ env.read.default
r4 = environ.get("NAME", "default")
#                 ^^^^ env.read.name
os.environ["NAME"] = "value"
#           ^^^^ env.write.name
#                    ^^^^^^^ env.write.value
os.environ.setdefault("NAME", "value")
#                      ^^^^ env.write.name
load_dotenv()
#^^^^^^^^^^^^ !env.load
os.putenv("NAME", "value")
#          ^^^^ env.write.name
x = 1  # a comment
#      ^^^^^^^^^^^ comment
later = lambda: "z"
#               ^^^ deferred
match token:
    case "pattern":
#        ^^^^^^^^^ !slot.template
        pass
class Settings(BaseSettings, env_prefix="APP_"):
#              ^^^^^^^^^^^^ subclass.of
    api_key: str = "seven"
#   ^^^^^^^ setting.name
    model_config: SettingsConfigDict = {}
#   ^^^^^^^^^^^^ !setting.name
    count: ClassVar[int] = 1
#   ^^^^^ !setting.name
class Other(BaseModel):
    api_key: str = "eight"
#   ^^^^^^^ !setting.name
