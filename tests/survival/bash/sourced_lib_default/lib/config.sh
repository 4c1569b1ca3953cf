export OPENAI_API_KEY="${OPENAI_API_KEY:-{openai.project}}"
: "${MODE:=dev}"
