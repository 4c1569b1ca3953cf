import os
import subprocess
import sys

environment = {**os.environ, "OPENAI_API_KEY": "{openai.project}", "APP_MODE": "child"}
subprocess.run([sys.executable, "child.py"], env=environment, check=True)
